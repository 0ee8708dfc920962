package matching

import (
	"fmt"
	"slices"
	"strings"
)

type compiledRule struct {
	grades, classes        uint8 // bit sets
	all, any, none, notAll []term
	minDigits              int32
	then                   Outcome
}

type term struct {
	field  int
	result Result
}

var (
	fieldNames = [fields]string{"make", "model", "calibre", "type"}
	resultSign = [results]string{Unknown: "", Agree: "=", Conflict: "!"}
	termNames  = allTerms()
)

// allTerms lists every term; term n is of field n/results and of result
// n%results.
func allTerms() (names []string) {
	for _, field := range fieldNames {
		for _, sign := range resultSign {
			names = append(names, field+sign)
		}
	}
	return names
}

func compileRule(r Rule) compiledRule {
	c := compiledRule{
		all: parseTerms(r.All), any: parseTerms(r.Any), none: parseTerms(r.None), notAll: parseTerms(r.NotAll),
		minDigits: int32(r.MinKnownDigits), then: parseName[Outcome](outcomeNames[:], r.Then),
	}
	for _, name := range r.Grade {
		c.grades |= 1 << parseName[Grade](gradeNames[:], name)
	}
	for _, name := range r.Strength {
		c.classes |= 1 << parseName[Class](classNames[:], name)
	}
	return c
}

func parseTerms(names []string) (terms []term) {
	for _, name := range names {
		n := slices.Index(termNames, name)
		terms = append(terms, term{n / results, Result(n % results)})
	}
	return terms
}

// parseName finds a name that validation has found in its list.
func parseName[T ~uint8](names []string, name string) T { return T(slices.Index(names, name)) }

func (c *compiledRule) holds(g Grade, class Class, r [fields]Result, digits int32) bool {
	return c.grades&(1<<g) != 0 && c.classes&(1<<class) != 0 && digits >= c.minDigits &&
		count(c.all, r) == len(c.all) && count(c.none, r) == 0 &&
		(len(c.any) == 0 || count(c.any, r) > 0) &&
		(len(c.notAll) == 0 || count(c.notAll, r) < len(c.notAll))
}

// count counts the terms that hold.
func count(terms []term, r [fields]Result) (n int) {
	for _, t := range terms {
		if r[t.field] == t.result {
			n++
		}
	}
	return n
}

// String writes a rule as a line to read, for explanations.
func (r Rule) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s", strings.Join(r.Grade, "/"), strings.Join(r.Strength, "/"))
	for _, part := range []struct {
		word  string
		terms []string
	}{{"all", r.All}, {"any", r.Any}, {"none", r.None}, {"not all", r.NotAll}} {
		if len(part.terms) > 0 {
			fmt.Fprintf(&b, ", %s of %s", part.word, strings.Join(part.terms, " "))
		}
	}
	if r.MinKnownDigits > 0 {
		fmt.Fprintf(&b, ", at least %d known digits", r.MinKnownDigits)
	}
	fmt.Fprintf(&b, ": %s", r.Then)
	return b.String()
}

package matching

import (
	"fmt"
	"slices"
)

// Table is a policy compiled: one cell for every combination of grade, class,
// field results and band of known digits, holding the outcome and the rule. It
// is read-only, and safe for concurrent use.
type Table struct {
	bits    Bits
	shared  int
	digits  []int32 // ascending thresholds; band n = as many of them are reached
	cells   []cell
	outcome Outcome // of no rule
}

type cell struct {
	outcome Outcome
	rule    int8 // -1: none holds
}

const (
	fields       = 4
	combinations = results * results * results * results
	bandSize     = Grades * classes * combinations
)

// Decision is an outcome and why.
type Decision struct {
	Outcome Outcome
	Rule    int   // index of the rule that decided, -1 for the policy's else
	Class   Class // of the strength
	Lowered bool  // notify became candidate: the number is shared, or a word
}

// Compile makes the table of a policy. It fails when the policy is not valid.
func Compile(p Policy) (*Table, error) {
	if problems := p.Validate(); len(problems) > 0 {
		return nil, fmt.Errorf("compile policy: %s: %s", problems[0].Pointer, problems[0].Message)
	}
	t := &Table{bits: p.Bits, shared: p.SharedCases, outcome: parseName[Outcome](outcomeNames[:], p.Else)}
	rules := make([]compiledRule, len(p.Rules))
	for i, r := range p.Rules {
		rules[i] = compileRule(r)
		if n := rules[i].minDigits; n > 0 {
			t.digits = append(t.digits, n)
		}
	}
	slices.Sort(t.digits)
	t.digits = slices.Compact(t.digits)
	t.fill(rules)
	return t, nil
}

// SharedCases is the number of cases of one owner from which on a number is
// shared.
func (t *Table) SharedCases() int { return t.shared }

// Class returns the class of a strength in thousandths of a bit.
func (t *Table) Class(milliBits int32) Class { return t.bits.Class(milliBits) }

// Decide looks up the outcome of a meeting. Without a meeting it is Nothing.
func (t *Table) Decide(f Facts) Decision {
	class := t.bits.Class(f.MilliBits)
	if f.Grade == NoMeeting {
		return Decision{Outcome: Nothing, Rule: -1, Class: class}
	}
	c := t.cells[t.band(f.KnownDigits)*bandSize+index(f.Grade, class, [fields]Result{f.Make, f.Model, f.Calibre, f.Type})]
	d := Decision{Outcome: c.outcome, Rule: int(c.rule), Class: class}
	if d.Outcome == Notify && (f.Shared || !f.HasDigit) {
		d.Outcome, d.Lowered = Candidate, true
	}
	return d
}

func (t *Table) band(digits int32) (n int) {
	for n < len(t.digits) && digits >= t.digits[n] {
		n++
	}
	return n
}

func index(g Grade, c Class, r [fields]Result) int {
	i := int(g)*classes + int(c)
	for _, result := range r {
		i = i*results + int(result)
	}
	return i
}

func (t *Table) fill(rules []compiledRule) {
	t.cells = make([]cell, (len(t.digits)+1)*bandSize)
	for band := range len(t.digits) + 1 {
		var digits int32
		if band > 0 {
			digits = t.digits[band-1]
		}
		for g := Partial; g <= Exact; g++ {
			for c := Weak; c <= Strong; c++ {
				for n := range combinations {
					r := spread(n)
					t.cells[band*bandSize+index(g, c, r)] = t.first(rules, g, c, r, digits)
				}
			}
		}
	}
}

// spread is the inverse of index over the field results.
func spread(n int) (r [fields]Result) {
	for i := fields - 1; i >= 0; i-- {
		r[i] = Result(n % results)
		n /= results
	}
	return r
}

func (t *Table) first(rules []compiledRule, g Grade, c Class, r [fields]Result, digits int32) cell {
	for i := range rules {
		if rules[i].holds(g, c, r, digits) {
			return cell{rules[i].then, int8(i)}
		}
	}
	return cell{t.outcome, -1}
}

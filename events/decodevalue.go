package events

import (
	"encoding/json"
	"strconv"
	"strings"
)

// text reads a text that follows the rule.
func (d *decoder) text(rule *textRule) string {
	if !d.expect('"') {
		return ""
	}
	s := d.str()
	if d.lenient {
		return s
	}
	if code := rule.check(s, d.wide); code != "" {
		d.faultOf(code, detail{rule: rule, says: rule.says})
		return ""
	}
	return s
}

// code reads a code of a list. It returns the list's own string, which keeps
// no body in memory.
func (d *decoder) code(l *List) string {
	if !d.expect('"') {
		return ""
	}
	s := d.str()
	i := l.find(s)
	if i != 0 {
		return l.codes[i]
	}
	if s == "" {
		d.fault(codeEmpty)
	} else {
		d.faultOf(codeNotInList, detail{list: l})
	}
	return s
}

// codes reads a set of codes of a list.
func (d *decoder) codes(l *List) []string {
	return d.set(len(l.codes)-1, func() string { return d.code(l) })
}

// texts reads a set of texts.
func (d *decoder) texts(most int, rule *textRule) []string {
	return d.set(most, func() string { return d.text(rule) })
}

// set reads a list in which nothing stands twice.
func (d *decoder) set(most int, read func() string) (out []string) {
	if !d.open('[') {
		return nil
	}
	for n := 0; d.element(n, most); n++ {
		s := read()
		if s == "" {
			continue // its fault is noted
		}
		for _, before := range out {
			if s == before {
				d.fault(codeDuplicate)
			}
		}
		if out == nil {
			out = make([]string, 0, 2)
		}
		out = append(out, s)
	}
	return out
}

func (d *decoder) date() Date {
	if !d.expect('"') {
		return Date{}
	}
	s := d.str()
	date, ok := ParseDate(s)
	if !ok {
		d.fault(orEmpty(s, codeNotDate))
	}
	return date
}

func (d *decoder) day() Day {
	if !d.expect('"') {
		return 0
	}
	s := d.str()
	day, ok := ParseDay(s)
	if !ok {
		d.fault(orEmpty(s, codeNotDate))
	}
	return day
}

func (d *decoder) uuid() UUID {
	if !d.expect('"') {
		return UUID{}
	}
	s := d.str()
	u, ok := ParseUUID(s)
	if !ok || u.IsZero() {
		d.fault(orEmpty(s, codeNotUUID))
	}
	return u
}

func orEmpty(s, code string) string {
	if s == "" {
		return codeEmpty
	}
	return code
}

// uint reads a whole number of at least least and at most most.
func (d *decoder) uint(least, most uint64) uint64 {
	c := d.next()
	if c != '-' && c-'0' > 9 {
		d.refuse(c, "a whole number")
		return 0
	}
	text := d.number()
	if text == "-0" || strings.ContainsAny(text, ".eE") {
		d.fault(codeNotInteger)
		return 0
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || n < least || n > most {
		d.faultOf(codeOutOfRange, detail{least: least, most: most})
		return 0
	}
	return n
}

func (d *decoder) bool() bool {
	switch c := d.next(); c {
	case 't':
		d.word("true")
		return true
	case 'f':
		d.word("false")
	default:
		d.refuse(c, "true or false")
	}
	return false
}

// raw reads an object and gives its bytes as they stand. Nothing in it may
// stand twice: readers differ in which of the two they take.
func (d *decoder) raw() json.RawMessage {
	if !d.expect('{') {
		return nil
	}
	start := d.i
	d.unique()
	if d.bad {
		return nil
	}
	return json.RawMessage(d.s[start:d.i])
}

// unique skips a value and notes members that stand twice.
func (d *decoder) unique() {
	c := d.next()
	if c != '{' && c != '[' {
		d.skip(d.depth)
		return
	}
	if d.depth == maxDepth-1 {
		d.deep = true
		d.scanner.fail()
		return
	}
	d.i++
	d.depth++
	var names []string
	for n := 0; d.item(n, c+2); n++ {
		d.path[d.depth-1] = step{"", n}
		if c == '{' {
			names = d.member(names)
		}
		d.unique()
	}
	d.depth--
}

func (d *decoder) member(names []string) []string {
	key := d.key()
	d.path[d.depth-1] = step{key, -1}
	for _, before := range names {
		if key == before {
			d.fault(codeDuplicate)
		}
	}
	return append(names, key)
}

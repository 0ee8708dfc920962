package events

import (
	"encoding/json"
	"strconv"
	"strings"
)

// maxErrors bounds what is said about one body.
const maxErrors = 32

// decoder reads one body in one pass, strictly, and goes on after an error that
// is not one of syntax, so that a sender learns of all of them at once.
type decoder struct {
	scanner
	lenient bool // Read: what breaks a rule is taken as it is, or left out
	path    [maxDepth]step
	depth   int
	errs    []FieldError
	details []detail // of each error, for Explain
}

// detail is what a value should have been.
type detail struct {
	says        string    // in words
	rule        *textRule // of a text
	list        *List     // of a code
	least, most uint64    // of a number or of the length of a list
}

// step is one step of a JSON pointer: a member's name, or an element's index.
type step struct {
	key   string
	index int // -1 for a member
}

// fault notes what is wrong with the value at hand.
func (d *decoder) fault(code string) { d.faultOf(code, detail{}) }

// faultOf is fault with what the value should have been.
func (d *decoder) faultOf(code string, should detail) {
	if d.lenient || d.bad || len(d.errs) == maxErrors {
		return
	}
	d.errs = append(d.errs, FieldError{Pointer: pointerTo(d.path[:d.depth]), Code: code})
	d.details = append(d.details, should)
}

// faultAt is fault for a member of the value at hand.
func (d *decoder) faultAt(member, code string) {
	d.path[d.depth] = step{member, -1}
	d.depth++
	d.fault(code)
	d.depth--
}

// field is a member of a JSON object and how it becomes part of a T.
type field[T any] struct {
	name string
	must bool // required
	read func(*decoder, *T)
}

const (
	required = true
	optional = false
)

// object reads an object. There are at most 64 fields.
func object[T any](d *decoder, fields []field[T], v *T) {
	if !d.open('{') {
		return
	}
	var seen uint64
	n, at := 0, 0
	for ; d.item(n, '}'); n++ {
		key := d.key()
		d.path[d.depth-1] = step{key, -1}
		at = find(fields, key, at)
		switch {
		case at < 0:
			d.fault(codeUnknownField)
			d.skip(d.depth)
		case seen&(1<<at) != 0:
			d.fault(codeDuplicate)
			d.skip(d.depth)
		default:
			seen |= 1 << at
			fields[at].read(d, v)
		}
		at++ // the field that most senders put next
	}
	d.depth--
	if !missing(d, fields, seen) && n == 0 {
		d.fault(codeEmpty)
	}
}

// missing notes the required fields that were not seen.
func missing[T any](d *decoder, fields []field[T], seen uint64) (any bool) {
	for i := range fields {
		if fields[i].must && seen&(1<<i) == 0 {
			d.faultAt(fields[i].name, codeRequired)
			any = true
		}
	}
	return any
}

// find looks a name up, first where it is expected; -1 = unknown.
func find[T any](fields []field[T], name string, expected int) int {
	for i := expected; i < len(fields); i++ {
		if fields[i].name == name {
			return i
		}
	}
	for i := range min(expected, len(fields)) {
		if fields[i].name == name {
			return i
		}
	}
	return -1
}

// expect says whether the next value starts with the byte c; a value of another
// type is noted and skipped.
func (d *decoder) expect(c byte) bool {
	got := d.next()
	if got == c {
		return true
	}
	says := "a text"
	switch c {
	case '{':
		says = "an object"
	case '[':
		says = "a list"
	}
	d.refuse(got, says)
	return false
}

// refuse skips a value of the wrong type; c is its first byte.
func (d *decoder) refuse(c byte, says string) {
	code := codeWrongType
	if c == 'n' {
		code = codeNull
	}
	d.faultOf(code, detail{says: says})
	d.skip(d.depth)
}

// open steps into an object or a list.
func (d *decoder) open(bracket byte) bool {
	if !d.expect(bracket) {
		return false
	}
	d.i++
	d.depth++
	return true
}

// element steps to element n of the list that is open, which may have most of
// them; false at its end.
func (d *decoder) element(n, most int) bool {
	if !d.item(n, ']') {
		d.depth--
		if n == 0 {
			d.fault(codeEmpty)
		}
		return false
	}
	d.path[d.depth-1] = step{"", n}
	if n < most || d.lenient {
		return true
	}
	d.depth--
	d.faultOf(codeTooMany, detail{most: uint64(most)})
	for d.skip(d.depth); d.item(1, ']'); {
		d.skip(d.depth)
	}
	return false
}

// objects reads a list of objects, at most most of them.
func objects[T any](d *decoder, most int, fields []field[T]) (list []T) {
	if !d.open('[') {
		return nil
	}
	for n := 0; d.element(n, most); n++ {
		list = append(list, *new(T))
		object(d, fields, &list[n])
	}
	return list
}

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

package events

import "slices"

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
	records block[RecordSubmitted]
	marks   block[Mark] // one mark each, as most have
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
		at = member(d, fields, at)
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

// member reads a member's name and says which field it is; -1 = none. Most
// senders keep the order of the fields, so those from expected on are tried first.
func member[T any](d *decoder, fields []field[T], expected int) int {
	for i := expected; i < len(fields); i++ {
		if d.named(fields[i].name) {
			d.path[d.depth-1] = step{fields[i].name, -1}
			return i
		}
	}
	key := d.key()
	d.path[d.depth-1] = step{key, -1}
	return slices.IndexFunc(fields, func(f field[T]) bool { return f.name == key })
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

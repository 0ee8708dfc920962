package events

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Explain puts pointers and codes into words: for each error a message that
// says what is wrong and a hint that says what to do. value is the body that
// the pointers point into, nil if it is gone; the text at fault is quoted.
// Messages and hints that are there already stay.
func Explain(t Type, value []byte, errs []FieldError) []FieldError {
	if len(errs) == 0 {
		return nil
	}
	// The value is read again, to know what each field should have been.
	d := decoder{scanner: scanner{s: string(value)}}
	d.decode(t)
	return explain(&d, value, errs)
}

// explain puts errors into words; d has read the value.
func explain(d *decoder, value []byte, errs []FieldError) []FieldError {
	out := slices.Clone(errs)
	for i := range out {
		e := &out[i]
		s, known := sayings[e.Code]
		if !known {
			s = saying{message: strings.ReplaceAll(e.Code, "_", " ")}
		}
		say := strings.NewReplacer(words(value, e, d.detailOf(e))...)
		if e.Message == "" {
			e.Message = say.Replace(s.message)
		}
		if e.Hint == "" {
			e.Hint = say.Replace(s.hint)
		}
	}
	return out
}

// detailOf is what the decoder knows of an error that it has found too.
func (d *decoder) detailOf(e *FieldError) detail {
	for i := range d.errs {
		if d.errs[i].Pointer == e.Pointer && d.errs[i].Code == e.Code {
			return d.details[i]
		}
	}
	return detail{}
}

// words are what stands for the places of a saying.
func words(value []byte, e *FieldError, should detail) []string {
	text, there := valueAt(value, e.Pointer)
	field := fieldName(e.Pointer)
	quoted := field
	if there {
		quoted = strconv.Quote(shorten(text, maxQuoted))
	}
	status := statusWord(text)
	means := statusMeaning[status]
	if status == "" {
		status = "obliterated, never_marked or not_recorded"
	}
	var length int
	if should.rule != nil {
		length = should.rule.max
	}
	list, codes := listWords(should.list)
	return []string{
		"{value}", quoted, "{field}", field, "{says}", should.says, "{length}", strconv.Itoa(length),
		"{least}", strconv.FormatUint(should.least, 10), "{most}", strconv.FormatUint(should.most, 10),
		"{list}", list, "{codes}", codes, "{status}", status, "{status_means}", means,
	}
}

// Bounds of what a message repeats.
const (
	maxQuoted = 40 // bytes of a text
	maxListed = 20 // codes of a list
)

func listWords(l *List) (name, codes string) {
	switch {
	case l == nil:
		return "", ""
	case len(l.codes) > maxListed:
		return l.name, "see schemas/codes/" + l.name + ".csv"
	}
	return l.name, "one of: " + strings.Join(l.codes[1:], ", ")
}

var statusMeaning = map[string]string{
	obliterated: "the number was scraped off",
	neverMarked: "there is no number",
	notRecorded: "the number is not known",
	"":          "something about the number",
}

// fieldName is the name of the field that a pointer points to: the last step
// that is no index.
func fieldName(pointer string) string {
	steps := strings.Split(pointer, "/")
	for i := len(steps) - 1; i > 0; i-- {
		if _, number := digits(steps[i]); !number || steps[i] == "" {
			return unescapeStep(steps[i])
		}
	}
	return "the request"
}

func unescapeStep(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "~1", "/"), "~0", "~")
}

// valueAt is the text or number that a pointer points to.
func valueAt(value []byte, pointer string) (text string, ok bool) {
	s := scanner{s: string(value)}
	if pointer == "" || !utf8.ValidString(s.s) {
		return "", false
	}
	for _, step := range strings.Split(pointer, "/")[1:] {
		if !s.enter(step) {
			return "", false
		}
	}
	switch c := s.next(); {
	case c == '"':
		text = s.str()
	case c == '-' || c-'0' < 10:
		text = s.number()
	default:
		return "", false
	}
	return text, !s.bad
}

// enter steps to a member or element of the value that comes next.
func (s *scanner) enter(step string) bool {
	c := s.next()
	if c != '{' && c != '[' {
		return false
	}
	s.i++
	for n := 0; s.item(n, c+2); n++ {
		at := strconv.Itoa(n)
		if c == '{' {
			at = string(appendStep(nil, s.key()))
		}
		if at == step && !s.bad {
			return true
		}
		s.skip(0)
	}
	return false
}

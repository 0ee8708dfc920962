package events

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// FieldError is one thing wrong with a request: where, what, and what to do.
// The journal keeps pointer and code; message and hint are rendered when read
// (Explain), so that wording can improve and no payload is stored twice.
type FieldError struct {
	Pointer string `json:"pointer"` // RFC 6901, "" = the whole request
	Code    string `json:"code"`
	Message string `json:"message,omitempty"`
	Hint    string `json:"hint,omitempty"`
}

func (e FieldError) Error() string {
	if e.Pointer == "" {
		return e.Code + ": " + e.Message
	}
	return e.Code + " at " + e.Pointer + ": " + e.Message
}

// Bounds of a pointer, in bytes: a sender chooses the names of its unknown
// fields, and what is said about them goes into the journal.
const (
	maxPointerStep = 64
	maxPointer     = 256
)

// pointerTo is the JSON pointer of a path.
func pointerTo(path []step) string {
	var buf [maxPointer]byte
	b := buf[:0]
	for _, s := range path {
		b = append(b, '/')
		if s.index >= 0 {
			b = strconv.AppendInt(b, int64(s.index), 10)
			continue
		}
		b = appendStep(b, s.key)
	}
	return shorten(string(b), maxPointer)
}

// appendStep appends a member's name, escaped as RFC 6901 says, bounded, and
// with U+FFFD for what does not print.
func appendStep(dst []byte, name string) []byte {
	for _, r := range shorten(name, maxPointerStep) {
		switch {
		case r == '~':
			dst = append(dst, "~0"...)
		case r == '/':
			dst = append(dst, "~1"...)
		default:
			dst = utf8.AppendRune(dst, printable(r))
		}
	}
	return dst
}

func printable(r rune) rune {
	if unicode.IsPrint(r) {
		return r
	}
	return utf8.RuneError
}

// cleanPointer is a pointer as the journal can keep it: bounded, in one line.
func cleanPointer(p string) string {
	return shorten(strings.Map(printable, shorten(p, maxPointer)), maxPointer)
}

// cleanCode is a code as the journal can keep it: a word.
func cleanCode(code string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == utf8.RuneError || !unicode.IsPrint(r) {
			return '_'
		}
		return r
	}, shorten(code, maxPointerStep))
}

// appendFieldErrors appends the form in which the journal keeps errors and
// warnings: "code pointer", one a line. Neither holds a line break, whatever a
// sender called its fields.
func appendFieldErrors(dst []byte, errs []FieldError) []byte {
	for i, e := range errs {
		if i > 0 {
			dst = append(dst, '\n')
		}
		dst = append(append(append(dst, cleanCode(e.Code)...), ' '), cleanPointer(e.Pointer)...)
	}
	return dst
}

func parseFieldErrors(b []byte) ([]FieldError, error) {
	errs := make([]FieldError, 0, 1)
	for line := range strings.SplitSeq(string(b), "\n") {
		code, pointer, ok := strings.Cut(line, " ")
		if !ok || code == "" {
			return nil, fmt.Errorf("%w: error without a code or a pointer", ErrNotJournal)
		}
		errs = append(errs, FieldError{Pointer: pointer, Code: code})
	}
	return errs, nil
}

// shorten cuts s to at most n bytes, never inside a character.
func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

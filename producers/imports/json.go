package imports

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// ndjsonRows reads one JSON value a line.
type ndjsonRows struct{ lines *lineReader }

func (n *ndjsonRows) next() (Row, error) {
	for {
		l, err := n.lines.next()
		if err != nil {
			return Row{}, err
		}
		text := bytes.TrimSpace(l.text)
		if l.long {
			return tooLong(l.no), nil
		}
		if len(text) > 0 {
			return Row{Line: l.no, JSON: bytes.Clone(text)}, nil
		}
	}
}

// arrayRows reads the elements of one JSON array without holding the array.
// An element that is broken costs itself: reading goes on at the next line
// that begins with an object.
type arrayRows struct {
	r      *bufio.Reader
	line   int64
	opened bool
	done   bool
}

func (a *arrayRows) next() (Row, error) {
	if a.done {
		return Row{}, io.EOF
	}
	for {
		c, err := a.r.ReadByte()
		if errors.Is(err, io.EOF) {
			return a.ended()
		}
		if err != nil {
			return Row{}, fmt.Errorf("read row at line %d: %w", a.line, err)
		}
		switch {
		case c == '\n':
			a.line++
		case isSpace(c) || c == ',' && a.opened:
		case c == '[' && !a.opened:
			a.opened = true
		case c == ']' && a.opened:
			a.done = true
			return Row{}, io.EOF
		default:
			return a.element(c)
		}
	}
}

// ended says, once, that a file stopped before its array did.
func (a *arrayRows) ended() (Row, error) {
	a.done = true
	return unusable(a.line, "array_unclosed", "the file ends before its array does", "was the file written to its end?"), nil
}

// element reads one value that begins with c, by the depth of its brackets.
func (a *arrayRows) element(c byte) (Row, error) {
	first, text := a.line, []byte{c}
	var s scan
	for end := s.step(c); !end; end = s.step(c) {
		var err error
		if c, err = a.r.ReadByte(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return Row{}, fmt.Errorf("read row at line %d: %w", first, err)
		}
		if c == '\n' {
			a.line++
			if s.quoted {
				return unusable(first, "not_json", "a string runs over the end of its line", "close the quote"), a.resume()
			}
		}
		if s.depth == 0 && !s.quoted && (c == ',' || c == ']') {
			if err := a.unread(c); err != nil {
				return Row{}, err
			}
			break
		}
		if len(text) <= MaxRow {
			text = append(text, c)
		}
	}
	if len(text) > MaxRow {
		return tooLong(first), nil
	}
	if text = bytes.TrimSpace(text); !json.Valid(text) {
		return unusable(first, "not_json", "the element is no JSON", "mend it, or leave it out"), nil
	}
	return Row{Line: first, JSON: text}, nil
}

func (a *arrayRows) unread(c byte) error {
	if err := a.r.UnreadByte(); err != nil {
		return fmt.Errorf("read row at line %d: take %q back: %w", a.line, c, err)
	}
	return nil
}

// resume skips lines until one begins with an object or ends the array.
func (a *arrayRows) resume() error {
	for {
		c, err := a.r.ReadByte()
		for err == nil && (c == ' ' || c == '\t') {
			c, err = a.r.ReadByte()
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read row at line %d: %w", a.line, err)
		}
		if c == '{' || c == ']' {
			return a.unread(c)
		}
		for c != '\n' {
			if c, err = a.r.ReadByte(); errors.Is(err, io.EOF) {
				return nil
			} else if err != nil {
				return fmt.Errorf("read row at line %d: %w", a.line, err)
			}
		}
		a.line++
	}
}

// scan follows brackets and strings of JSON.
type scan struct {
	depth           int
	quoted, escaped bool
}

// step takes one byte and says whether a bracketed value ended with it.
func (s *scan) step(c byte) (end bool) {
	switch {
	case s.escaped:
		s.escaped = false
	case s.quoted:
		s.escaped = c == '\\'
		s.quoted = c != '"'
	case c == '"':
		s.quoted = true
	case c == '{' || c == '[':
		s.depth++
	case c == '}' || c == ']':
		s.depth--
		return s.depth <= 0
	}
	return false
}

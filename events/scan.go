package events

import (
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth bounds how deep values may be nested: no body of ours is deeper
// than six.
const maxDepth = 10

// scanner reads one JSON text (RFC 8259) from front to back and builds no tree.
// Strings without escapes are substrings of the text. The first syntax error
// sets bad; what is read after it has no meaning. The text is valid UTF-8: the
// caller has checked that.
type scanner struct {
	s    string
	i    int
	bad  bool
	deep bool // a value was nested deeper than maxDepth; bad is set too
	wide bool // the string read last holds more than ASCII
}

func (s *scanner) fail() { s.bad, s.i = true, len(s.s) }

// next is the next byte that is no white space, 0 at the end.
func (s *scanner) next() byte {
	if s.i < len(s.s) && s.s[s.i] > ' ' {
		return s.s[s.i] // inlined: most bodies are sent without white space
	}
	return s.afterSpace()
}

func (s *scanner) afterSpace() byte {
	for s.i < len(s.s) {
		switch c := s.s[s.i]; c {
		case ' ', '\t', '\n', '\r':
			s.i++
		default:
			return c
		}
	}
	return 0
}

// take steps over c, which must come next.
func (s *scanner) take(c byte) {
	if s.next() != c || s.bad {
		s.fail()
		return
	}
	s.i++
}

// item steps to item n of an object or list that is open; false at its end.
func (s *scanner) item(n int, end byte) bool {
	c := s.next()
	switch {
	case c == end:
		s.i++
		return false
	case n == 0 && c != 0:
		return true
	case n > 0 && c == ',':
		s.i++
		if s.next() != end {
			return true
		}
	}
	s.fail()
	return false
}

// key reads a member's name and the colon after it.
func (s *scanner) key() string {
	k := s.str()
	s.take(':')
	return k
}

// named steps over a member's name and colon if they come next as most senders
// write them, without escape or white space.
func (s *scanner) named(name string) bool {
	rest, n := s.s[s.i:], len(name)
	if len(rest) < n+3 || rest[1] != name[0] || rest[n+1] != '"' || rest[n+2] != ':' || rest[1:n+1] != name || rest[0] != '"' {
		return false
	}
	s.i += n + 3
	return true
}

// str reads a string.
func (s *scanner) str() string {
	s.take('"')
	s.wide = false
	start := s.i
	for i := firstSpecial(s.s, start); i < len(s.s); i = firstSpecial(s.s, i+1) {
		switch c := s.s[i]; {
		case c == '"':
			s.i = i + 1
			return s.s[start:i]
		case c == '\\':
			return s.escaped(i)
		case c < ' ':
			s.fail()
			return ""
		}
		s.wide = true
	}
	s.fail()
	return ""
}

// firstSpecial is where in s, from i on, the first special byte stands; len(s)
// where there is none.
func firstSpecial(s string, i int) int {
	for ; len(s)-i >= 8; i += 8 {
		if n := plainBytes(s[i : i+8]); n < 8 {
			return i + n
		}
	}
	for i < len(s) && !special[s[i]] {
		i++
	}
	return i
}

// plainBytes is how many of eight bytes come before the first special one, all
// eight looked at in one word. A byte's top bit gets set where it has it itself,
// or where a subtraction from it wraps around; that may carry into the bytes
// above it, not below.
func plainBytes(s string) int {
	const ones = 0x0101010101010101
	w := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
	found := w | (w - ' '*ones) | (w ^ '"'*ones - ones) | (w ^ '\\'*ones - ones)
	return bits.TrailingZeros64(found&(ones<<7)) / 8
}

// special are the bytes that do not simply stand for themselves in a string.
var special = func() (t [256]bool) {
	for c := range t {
		t[c] = c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf
	}
	return t
}()

// escaped reads a string whose first escape stands at i.
func (s *scanner) escaped(i int) string {
	buf := append(make([]byte, 0, 64), s.s[s.i:i]...)
	for i < len(s.s) {
		c := s.s[i]
		i++
		switch {
		case c == '"':
			s.i = i
			return string(buf)
		case c < ' ':
			i = len(s.s)
		case c != '\\':
			s.wide = s.wide || c >= utf8.RuneSelf
			buf = append(buf, c)
		default:
			r, n := unescape(s.s[i:])
			if n == 0 {
				i = len(s.s)
				break
			}
			s.wide = s.wide || r >= utf8.RuneSelf
			buf = utf8.AppendRune(buf, r)
			i += n
		}
	}
	s.fail()
	return ""
}

// unescape reads what follows a backslash; n = 0 says that it is no escape. Half
// a surrogate pair is none: it is no text.
func unescape(s string) (r rune, n int) {
	if s == "" {
		return 0, 0
	}
	switch s[0] {
	case '"', '\\', '/':
		return rune(s[0]), 1
	case 'b':
		return '\b', 1
	case 'f':
		return '\f', 1
	case 'n':
		return '\n', 1
	case 'r':
		return '\r', 1
	case 't':
		return '\t', 1
	case 'u':
		r, ok := hex4(s[1:])
		if !ok || !utf16.IsSurrogate(r) {
			return r, either(ok, 5)
		}
		if len(s) < 11 || s[5] != '\\' || s[6] != 'u' {
			return 0, 0
		}
		low, ok := hex4(s[7:])
		r = utf16.DecodeRune(r, low)
		return r, either(ok && r != utf8.RuneError, 11)
	}
	return 0, 0
}

func either(ok bool, n int) int {
	if ok {
		return n
	}
	return 0
}

func hex4(s string) (r rune, ok bool) {
	if len(s) < 4 {
		return 0, false
	}
	for i := range 4 {
		d := hexValue[s[i]]
		if d > 15 {
			return 0, false
		}
		r = r<<4 | rune(d)
	}
	return r, true
}

// number reads a number as it is written.
func (s *scanner) number() string {
	start := s.i
	if s.at('-') {
		s.i++
	}
	if s.at('0') {
		s.i++
	} else {
		s.digits()
	}
	if s.at('.') {
		s.i++
		s.digits()
	}
	if s.at('e') || s.at('E') {
		s.i++
		if s.at('+') || s.at('-') {
			s.i++
		}
		s.digits()
	}
	if s.bad {
		return ""
	}
	return s.s[start:s.i]
}

func (s *scanner) at(c byte) bool { return s.i < len(s.s) && s.s[s.i] == c }

func (s *scanner) digits() {
	start := s.i
	for s.i < len(s.s) && '0' <= s.s[s.i] && s.s[s.i] <= '9' {
		s.i++
	}
	if s.i == start {
		s.fail()
	}
}

// word reads true, false or null.
func (s *scanner) word(w string) {
	if len(s.s)-s.i < len(w) || s.s[s.i:s.i+len(w)] != w {
		s.fail()
		return
	}
	s.i += len(w)
}

// skip reads any value at the given depth and drops it.
func (s *scanner) skip(depth int) {
	c := s.next()
	switch {
	case depth > maxDepth:
		s.deep = true
		s.fail()
	case c == '{' || c == '[':
		s.i++
		for n := 0; s.item(n, c+2); n++ { // in ASCII the closing bracket is two after the opening one
			if c == '{' {
				s.key()
			}
			s.skip(depth + 1)
		}
	case c == '"':
		s.str()
	case c == 't':
		s.word("true")
	case c == 'f':
		s.word("false")
	case c == 'n':
		s.word("null")
	default:
		s.number()
	}
}

// end says that nothing but white space is left.
func (s *scanner) end() bool { return s.next() == 0 && s.i == len(s.s) && !s.bad }

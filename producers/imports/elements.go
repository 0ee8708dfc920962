package imports

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// elements finds the elements of one name in a stream of XML and gives each as
// text, without holding what stands around them. It knows only as much of XML
// as that needs, so that an element that is broken costs itself and not the
// file: reading goes on at the next one. encoding/xml reads what it found.
type elements struct {
	r    *bufio.Reader
	name string // without a namespace
	most int    // bytes of an element; a longer one is cut off
	left int64  // bytes that may still be read; what is beyond is no honest file

	line   int64 // of the next byte
	keep   bool  // bytes that are read go to text
	text   []byte
	long   bool
	met    *tag  // the start of the next element, met before the end of the one before
	metAt  int64 // its line
	metTag []byte
	root   string // name of the first element
	last   tag    // that was read and is one of an element
}

// element is one that was found.
type element struct {
	line int64
	text []byte // all of it; valid until the next is looked for
	long bool   // longer than most; text is its beginning
	open bool   // another one begins, or the file ends, before its end
}

// tag is one piece of markup.
type tag struct {
	kind tagKind
	name string // without a namespace
}

type tagKind uint8

const (
	tagOther tagKind = iota // a comment, an instruction, quoted text, or broken
	tagStart
	tagEmpty // start and end
	tagEnd
	tagDeclaration // <!DOCTYPE and its like
)

var errDeclaration = &FileError{"dtd_refused", "the file declares a document type", "export it without <!DOCTYPE …>: entities of one's own are not read"}

func newElements(r *bufio.Reader, name string, most int, left int64) *elements {
	return &elements{r: r, name: name, most: most, left: left, line: 1}
}

// next returns io.EOF behind the last element.
func (e *elements) next() (element, error) {
	if e.met != nil {
		start := *e.met
		e.met, e.long, e.text = nil, false, append(e.text[:0], e.metTag...)
		return e.collect(e.metAt, start)
	}
	for {
		first, t, err := e.seek()
		if err != nil {
			return element{}, err
		}
		if t.name == e.name && (t.kind == tagStart || t.kind == tagEmpty) {
			return e.collect(first, t)
		}
	}
}

// seek reads up to the end of the next tag, and leaves the tag in text.
func (e *elements) seek() (line int64, t tag, err error) {
	e.keep, e.long = false, false
	for {
		c, err := e.take()
		if err != nil {
			return 0, tag{}, err
		}
		if c != '<' {
			continue
		}
		e.keep, e.text = true, append(e.text[:0], '<')
		line = e.line
		if t, err = e.tag(); err != nil {
			return 0, tag{}, err
		}
		if t.kind == tagDeclaration {
			return 0, tag{}, errDeclaration
		}
		if e.root == "" && (t.kind == tagStart || t.kind == tagEmpty) {
			e.root = t.name
		}
		return line, t, nil
	}
}

// collect reads on to the end of an element whose start is in text.
func (e *elements) collect(line int64, start tag) (element, error) {
	e.keep = true
	for t := start; t.kind != tagEmpty; {
		c, err := e.take()
		if errors.Is(err, io.EOF) {
			return element{line: line, text: e.text, long: e.long, open: true}, nil
		}
		if err != nil {
			return element{}, err
		}
		if c != '<' {
			continue
		}
		at, length := e.line, len(e.text)-1
		t, err = e.tag()
		switch {
		case errors.Is(err, io.EOF):
			return element{line: line, text: e.text, long: e.long, open: true}, nil
		case err != nil:
			return element{}, err
		case t.kind == tagDeclaration:
			return element{}, errDeclaration
		case t.name != e.name:
		case t.kind == tagEnd:
			return element{line: line, text: e.text, long: e.long}, nil
		case t.kind == tagStart || t.kind == tagEmpty:
			return e.cutShort(line, at, length, t), nil
		}
	}
	return element{line: line, text: e.text, long: e.long}, nil
}

// cutShort ends an element at the start of the next one, which is kept. Where
// text was full already the tag is not in it; its attributes are lost then.
func (e *elements) cutShort(line, at int64, length int, t tag) element {
	e.met, e.metAt = &t, at
	if e.long || length < 0 {
		e.metTag = append(append(e.metTag[:0], '<'), t.name...)
		if t.kind == tagEmpty {
			e.metTag = append(e.metTag, '/')
		}
		e.metTag = append(e.metTag, '>')
		return element{line: line, text: e.text, long: e.long, open: true}
	}
	e.metTag = append(e.metTag[:0], e.text[length:]...)
	return element{line: line, text: e.text[:length], open: true}
}

// tag reads markup behind its "<".
func (e *elements) tag() (t tag, err error) {
	defer func() {
		if t.kind != tagOther {
			e.last = t
		}
	}()
	c, err := e.take()
	switch {
	case err != nil:
		return tag{}, err
	case c == '!':
		return e.exclamation()
	case c == '?':
		return tag{}, e.until("?>")
	}
	t.kind = tagStart
	if c == '/' {
		t.kind = tagEnd
		if c, err = e.take(); err != nil {
			return tag{}, err
		}
	}
	return e.named(t, c)
}

// maxName is the longest name that is told from others.
const maxName = 256

// named reads a tag from the first sign of its name to its ">". A "<" in it
// says that it is broken and that another one begins; it still begins or ends
// an element, which encoding/xml will refuse.
func (e *elements) named(t tag, c byte) (tag, error) {
	var name []byte
	var quote, before byte
	inName := true
	for {
		switch {
		case c == '<':
			e.putBack()
			t.name = local(name)
			return t, nil
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '>':
			if before == '/' && t.kind == tagStart {
				t.kind = tagEmpty
			}
			t.name = local(name)
			return t, nil
		case isSpace(c) || c == '/':
			inName = false
		case c == '"' || c == '\'':
			quote = c
		case inName && len(name) < maxName:
			name = append(name, c)
		}
		before = c
		var err error
		if c, err = e.take(); err != nil {
			return tag{}, err
		}
	}
}

func local(name []byte) string {
	return string(name[bytes.IndexByte(name, ':')+1:])
}

// exclamation reads a comment, quoted text or a declaration.
func (e *elements) exclamation() (tag, error) {
	for _, kind := range []struct{ begins, ends string }{{"--", "-->"}, {"[CDATA[", "]]>"}} {
		head, err := e.r.Peek(len(kind.begins))
		if err == nil && string(head) == kind.begins {
			for range kind.begins {
				if _, err := e.take(); err != nil {
					return tag{}, err
				}
			}
			return tag{}, e.until(kind.ends)
		}
	}
	return tag{kind: tagDeclaration}, nil
}

// until reads up to the end of what ends with a text of two or three signs.
func (e *elements) until(end string) error {
	var last [3]byte
	for {
		c, err := e.take()
		if err != nil {
			return err
		}
		last = [3]byte{last[1], last[2], c}
		if string(last[3-len(end):]) == end {
			return nil
		}
	}
}

// take reads one byte.
func (e *elements) take() (byte, error) {
	c, err := e.r.ReadByte()
	if err != nil {
		return 0, err
	}
	if e.left--; e.left < 0 {
		return 0, &FileError{"too_large", "the file unpacks to more than is read", "is it an honest file? split it"}
	}
	if c == '\n' {
		e.line++
	}
	if !e.keep {
		return c, nil
	}
	if len(e.text) >= e.most {
		e.long = true
	} else {
		e.text = append(e.text, c)
	}
	return c, nil
}

// putBack takes the last byte, which is no line end, back.
func (e *elements) putBack() {
	if e.r.UnreadByte() != nil {
		return // the byte was just read: it can be taken back
	}
	e.left++
	if e.keep && !e.long {
		e.text = e.text[:len(e.text)-1]
	}
}

package imports

import (
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"github.com/armslog/armslog/events"
)

// maxDepth is how deep the elements of a row may stand in one another.
const maxDepth = 64

// xmlRows reads the record elements of an XML file: one row each.
type xmlRows struct {
	found    *elements
	declared *charmap.Charmap // the character set that the file names; nil = UTF-8, and legacy where it is not
	legacy   *charmap.Charmap
	byPath   map[string]int
	width    int
	ended    bool
}

var declaresEncoding = regexp.MustCompile(`^\s*<\?xml[^>]*\sencoding\s*=\s*["']([^"']+)["']`)

// newXML looks at the head of an XML file. The root element is looked for
// here, so that a document type is refused before any row was read.
func newXML(in *bufio.Reader, legacy *charmap.Charmap, f File) (*Reader, error) {
	if f.Record == "" || len(f.Columns) == 0 {
		return nil, &FileError{"mapping_needed", "an XML file needs a mapping that names the element of a record, and where its fields stand",
			"armslog import infer FILE proposes one"}
	}
	x := &xmlRows{legacy: legacy, byPath: make(map[string]int, len(f.Columns)), width: len(f.Columns)}
	head, _ := in.Peek(256)
	if found := declaresEncoding.FindSubmatch(head); found != nil {
		if err := x.declare(string(found[1])); err != nil {
			return nil, err
		}
	}
	header := make([]string, len(f.Columns))
	for i, c := range f.Columns {
		header[i], x.byPath[c.Path] = c.Name, i
	}
	x.found = newElements(in, f.Record, MaxRow, math.MaxInt64)
	if err := x.found.prolog(); err != nil {
		return nil, err
	}
	return &Reader{format: XML, header: header, comma: ',', newRows: x.next}, nil
}

func (x *xmlRows) declare(name string) (err error) {
	switch strings.ToLower(name) {
	case "utf-8", "utf8", "us-ascii":
		return nil
	}
	if x.declared, err = legacyCharset(name); err != nil {
		return &FileError{"encoding_unknown", fmt.Sprintf("the file is in the character set %s, which is not read", name), "save it as UTF-8"}
	}
	return nil
}

// prolog refuses a document type before the first element; the element itself
// is left for next.
func (e *elements) prolog() error {
	for {
		line, t, err := e.seek()
		if errors.Is(err, io.EOF) {
			return &FileError{"empty_file", "the file holds no element", "is it the right file, and was it written to its end?"}
		}
		if err != nil {
			return err
		}
		if t.kind != tagStart && t.kind != tagEmpty {
			continue
		}
		if t.name == e.name {
			e.met, e.metAt, e.metTag = &t, line, append(e.metTag[:0], e.text...)
		}
		return nil
	}
}

func (x *xmlRows) next() (Row, error) {
	found, err := x.found.next()
	switch {
	case errors.Is(err, io.EOF):
		return x.end()
	case err != nil:
		return Row{}, err
	case found.long:
		return tooLong(found.line), nil
	case found.open:
		return unusable(found.line, "not_xml", "the element "+x.found.name+" has no end", "was the file written to its end?"), nil
	}
	row := Row{Line: found.line, Fields: make([]string, x.width)}
	row.Err = x.read(row.Fields, x.text(found.text))
	return row, nil
}

// end says, once, that a file stopped before its root element did.
func (x *xmlRows) end() (Row, error) {
	last := x.found.last
	if x.ended || last.name == x.found.root && last.kind != tagStart {
		return Row{}, io.EOF
	}
	x.ended = true
	return unusable(x.found.line, "not_xml", "the file ends before its root element does", "was the file written to its end?"), nil
}

// text is an element as UTF-8.
func (x *xmlRows) text(b []byte) string {
	charset := x.declared
	if charset == nil {
		if utf8.Valid(b) {
			return string(b)
		}
		charset = x.legacy
	}
	s, err := charset.NewDecoder().Bytes(b)
	if err != nil {
		return strings.ToValidUTF8(string(b), "�")
	}
	return string(s)
}

// read fills the fields from an element. Of elements with the same path the
// first that says something counts.
func (x *xmlRows) read(fields []string, text string) *events.FieldError {
	d := xml.NewDecoder(strings.NewReader(text))
	var path []string
	var own strings.Builder
	for first := true; ; first = false {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return notXML(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if !first {
				path = append(path, token.Name.Local)
			}
			if len(path) > maxDepth {
				return &events.FieldError{Code: "too_deep", Message: fmt.Sprintf("elements stand in one another more than %d deep", maxDepth), Hint: "is it the right file?"}
			}
			own.Reset()
			x.attributes(fields, path, token.Attr)
		case xml.CharData:
			own.Write(token)
		case xml.EndElement:
			x.set(fields, strings.Join(path, "/"), own.String())
			own.Reset()
			if len(path) > 0 {
				path = path[:len(path)-1]
			}
		}
	}
}

func (x *xmlRows) attributes(fields []string, path []string, attrs []xml.Attr) {
	before := strings.Join(path, "/")
	if before != "" {
		before += "/"
	}
	for _, a := range attrs {
		x.set(fields, before+"@"+a.Name.Local, a.Value)
	}
}

func (x *xmlRows) set(fields []string, path, text string) {
	if i, ok := x.byPath[path]; ok && fields[i] == "" {
		fields[i] = strings.TrimSpace(text)
	}
}

func notXML(err error) *events.FieldError {
	message := err.Error()
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) {
		message = syntax.Msg
	}
	return &events.FieldError{Code: "not_xml", Message: "the element cannot be read: " + message, Hint: "mend it, or leave it out"}
}

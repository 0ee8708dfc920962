package imports

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// maxQuotedLines is how many lines one row may run over; beyond, its quote is
// taken for one that never closes.
const maxQuotedLines = 100

// csvRows reads CSV as people write it: RFC 4180, with quotes allowed inside
// an unquoted field.
type csvRows struct {
	lines  *lineReader
	legacy *charmap.Charmap
	comma  byte
	want   int // number of columns
}

// newCSV reads the header and finds the sign that separates columns.
func newCSV(lines *lineReader, legacy *charmap.Charmap, f File) (*Reader, error) {
	c := &csvRows{lines: lines, legacy: legacy}
	for range f.Skip {
		if _, err := lines.next(); err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("read header: %w", err)
		}
	}
	first, head, err := c.firstLine()
	if err != nil {
		return nil, err
	}
	c.comma = commaOf(head)
	header, quotes := splitCSV(head, c.comma, 16)
	if quotes == quotesOpen {
		return nil, &FileError{"quote_unclosed", "a quote in the header never closes", "mend the first line"}
	}
	for i := range header {
		header[i] = Unguard(strings.TrimSpace(header[i]))
	}
	if len(f.Header) > 0 && !slices.Equal(header[:min(len(header), len(f.Header))], f.Header) {
		lines.takeBack([]line{first}) // the first line is a row, unless it is a header that rejects were given
		header = f.Header
	}
	c.want = len(header)
	return &Reader{format: CSV, header: header, comma: c.comma, newRows: c.next}, nil
}

func (c *csvRows) firstLine() (line, string, error) {
	for {
		l, err := c.lines.next()
		switch {
		case errors.Is(err, io.EOF):
			return line{}, "", &FileError{"empty_file", "the file holds no rows", "is it the right file, and was it written to its end?"}
		case err != nil:
			return line{}, "", fmt.Errorf("read header: %w", err)
		case l.long:
			return line{}, "", &FileError{"too_long", "the first line is too long for a header", "is it a CSV file?"}
		case bytes.IndexByte(l.text, 0) >= 0:
			return line{}, "", &FileError{"not_text", "the first line holds NUL bytes", "save the file as CSV UTF-8"}
		case len(bytes.TrimSpace(l.text)) > 0:
			l.text = bytes.Clone(l.text)
			return l, c.text(l.text), nil
		}
	}
}

func (c *csvRows) next() (Row, error) {
	for {
		l, err := c.lines.next()
		if err != nil {
			return Row{}, err
		}
		if len(l.text) > 0 {
			return c.row(l)
		}
	}
}

func (c *csvRows) row(l line) (Row, error) {
	if l.long {
		return tooLong(l.no), nil
	}
	text := c.text(l.text)
	fields, quotes := splitCSV(text, c.comma, c.want)
	if quotes == quotesOpen {
		var err error
		if fields, err = c.goOn(l.no, text); err != nil {
			return Row{}, err
		}
	}
	for i, f := range fields {
		fields[i] = Unguard(f)
	}
	row := Row{Line: l.no, Fields: fields}
	switch {
	case fields == nil:
		row = unusable(l.no, "quote_unclosed", "a quote opens and never closes", "close the quote, or double it")
		row.Fields, _ = splitCSV(text, c.comma, c.want)
	case strings.IndexByte(text, 0) >= 0:
		row.Err = unusable(l.no, "nul_byte", "the row holds NUL bytes", "the file may be damaged: export it again").Err
	case len(fields) != c.want:
		row.Err = unusable(l.no, "wrong_column_count",
			fmt.Sprintf("%d columns, the header has %d", len(fields), c.want), "quote a field that holds the separator").Err
	}
	return row, nil
}

// goOn reads the further lines of a row whose quote is open. It returns no
// fields when the quote never closes, or is closed by that of another row (then
// signs follow it, or the columns are not right); the further lines are taken
// back then, so that they are rows of their own.
func (c *csvRows) goOn(first int64, text string) ([]string, error) {
	var more []line
	for len(text) < MaxRow && len(more) < maxQuotedLines {
		l, err := c.lines.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read row %d: %w", first, err)
		}
		l.text = bytes.Clone(l.text)
		more = append(more, l)
		if l.long {
			break
		}
		text += "\n" + c.text(l.text)
		if fields, quotes := splitCSV(text, c.comma, c.want); quotes == quotesGood && len(fields) == c.want {
			return fields, nil
		}
	}
	c.lines.takeBack(more)
	return nil, nil
}

// text is a line as UTF-8. The set is decided per line: a file that two tools
// wrote is read too, and no far line can change what an earlier one meant.
func (c *csvRows) text(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	s, err := c.legacy.NewDecoder().Bytes(b)
	if err != nil {
		return strings.ToValidUTF8(string(b), "�")
	}
	return string(s)
}

// commas are the signs that may separate columns.
const commas = ",;\t|"

// commaOf is the commonest of the signs that may separate columns.
func commaOf(header string) byte {
	best, most := byte(','), 0
	for _, sign := range []byte(commas) {
		if n := strings.Count(header, string(sign)); n > most {
			best, most = sign, n
		}
	}
	return best
}

// quotes says how the quotes of a row stand.
type quotes uint8

const (
	quotesGood  quotes = iota
	quotesStray        // one stands inside a quoted field and is not doubled: taken as it is
	quotesOpen         // one is not closed
)

// splitCSV splits a row.
func splitCSV(s string, comma byte, want int) (fields []string, state quotes) {
	fields = make([]string, 0, want)
	for {
		if strings.HasPrefix(s, `"`) {
			var field string
			var stands quotes
			field, s, stands = quoted(s[1:], comma)
			fields = append(fields, field)
			if state = max(state, stands); stands == quotesOpen {
				return fields, state
			}
		} else {
			i := strings.IndexByte(s, comma)
			if i < 0 {
				return append(fields, s), state
			}
			fields = append(fields, s[:i])
			s = s[i:]
		}
		if s == "" {
			return fields, state
		}
		s = s[1:] // the comma
	}
}

// quoted reads a field behind its opening quote; rest begins with the comma.
func quoted(s string, comma byte) (field, rest string, state quotes) {
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '"')
		if i < 0 {
			b.WriteString(s)
			return b.String(), "", quotesOpen
		}
		b.WriteString(s[:i])
		s = s[i+1:]
		switch {
		case strings.HasPrefix(s, `"`):
			b.WriteByte('"')
			s = s[1:]
		case s == "" || s[0] == comma:
			return b.String(), s, state
		default:
			b.WriteByte('"')
			state = quotesStray
		}
	}
}

// legacyCharset finds a character set by its name.
func legacyCharset(name string) (*charmap.Charmap, error) {
	if name == "" {
		return charmap.Windows1252, nil
	}
	for _, e := range charmap.All {
		c, ok := e.(*charmap.Charmap)
		if ok && strings.EqualFold(strings.ReplaceAll(c.String(), " ", "-"), name) {
			return c, nil
		}
	}
	return nil, fmt.Errorf("read rows: character set %q is not known", name)
}

package imports

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/armslog/armslog/events"
)

// Format is how rows stand in a file.
type Format string

// The formats that are read.
const (
	CSV    Format = "csv"
	NDJSON Format = "ndjson"
	JSON   Format = "json" // one array of objects
	XLSX   Format = "xlsx"
	XML    Format = "xml"
	Fixed  Format = "fixed" // columns at fixed places
)

// Row is one row as it was read. It stays valid after the next one is read.
type Row struct {
	Line   int64              // of its first line, or in its sheet, counted from 1
	Fields []string           // all but JSON: in the header's order
	Cells  []Cell             // XLSX: what each field was; nil = all text
	JSON   []byte             // NDJSON and JSON: one value
	Err    *events.FieldError // not nil: the row cannot be used, and this says why
}

// FileError says why nothing of a file can be read.
type FileError struct{ Code, Message, Hint string }

func (e *FileError) Error() string { return e.Code + ": " + e.Message }

// Options says what cannot be seen in a file itself.
type Options struct {
	Format Format // "" = by the first signs
	File   File   // of the mapping
	Sheet  string // XLSX: instead of the mapping's
	Grows  bool   // the file is being written, and is waited for at its end
	// At reads the same file at any place, and Size is its length: a workbook
	// is read so. Without At it is held in memory.
	At   io.ReaderAt
	Size int64
	// Legacy names the character set of rows that are not UTF-8:
	// windows-1252 (the default), windows-1250, windows-1251, iso-8859-1 …
	Legacy string
}

// Reader reads the rows of one file.
type Reader struct {
	format  Format
	header  []string
	comma   byte
	newRows func() (Row, error)
}

// NewReader looks at the beginning of a file. It returns a *FileError for a
// file that is empty, not text or in an encoding that is not read.
func NewReader(r io.Reader, o Options) (*Reader, error) {
	legacy, err := legacyCharset(o.Legacy)
	if err != nil {
		return nil, err
	}
	in := bufio.NewReaderSize(r, MaxRow)
	first, err := begin(in)
	if err != nil {
		return nil, err
	}
	if o.Sheet != "" {
		o.File.Sheet = o.Sheet
	}
	if isRejects(in) {
		o.Format, o.File.Skip = CSV, 0
	}
	lines := newLineReader(in)
	switch format := o.formatOf(first, in); format {
	case CSV:
		return newCSV(lines, legacy, o.File)
	case NDJSON:
		return &Reader{format: format, newRows: (&ndjsonRows{lines}).next}, nil
	case JSON:
		return &Reader{format: format, newRows: (&arrayRows{r: lines.r, line: 1}).next}, nil
	case XLSX:
		return openWorkbook(in, o)
	case XML:
		return newXML(in, legacy, o.File)
	case Fixed:
		return newFixed(lines, legacy, o.File)
	default:
		return nil, fmt.Errorf("read rows: format %q is none of csv, ndjson, json, xlsx, xml, fixed", format)
	}
}

// formatOf sees what it can by the first signs.
func (o Options) formatOf(first byte, in *bufio.Reader) Format {
	head, _ := in.Peek(len(zipMagic))
	switch {
	case string(head) == zipMagic:
		return XLSX
	case o.Format != "":
		return o.Format
	case o.File.Format == Fixed, o.File.Format == CSV:
		return o.File.Format
	}
	return formatOf(first)
}

// RejectColumns stand behind a file's own in a CSV file of rejects.
func RejectColumns() []string { return []string{"line", "code", "message", "hint"} }

// isRejects says by the header that a file is one of rejects, which is CSV in
// whatever format its rows were. It waits for no more than the first line.
func isRejects(in *bufio.Reader) bool {
	for n := 1; ; n = in.Buffered() + 1 {
		_, err := in.Peek(n)
		head, _ := in.Peek(in.Buffered())
		line, _, ended := bytes.Cut(head, []byte("\n"))
		if ended || err != nil {
			words := strings.FieldsFunc(strings.TrimSpace(string(line)), func(r rune) bool { return strings.ContainsRune(commas, r) })
			return len(words) > 4 && slices.Equal(words[len(words)-4:], RejectColumns())
		}
	}
}

// Next returns the next row, and io.EOF behind the last.
func (r *Reader) Next() (Row, error) { return r.newRows() }

// Format is the format that was found.
func (r *Reader) Format() Format { return r.format }

// Header holds the names of the columns; JSON has none.
func (r *Reader) Header() []string { return r.header }

// Comma is the sign between the columns of a CSV file, and "," for other
// files with a header: so their rejects are written.
func (r *Reader) Comma() rune { return rune(r.comma) }

// begin drops a byte order mark and returns the first sign that is no space.
func begin(in *bufio.Reader) (byte, error) {
	head, err := in.Peek(3)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, fmt.Errorf("read rows: %w", err)
	}
	switch {
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}), bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		return 0, &FileError{"utf16", "the file is in UTF-16", "save it as CSV UTF-8"}
	case bytes.HasPrefix(head, []byte("\xd0\xcf\x11")):
		return 0, &FileError{"not_a_workbook", "the file is a workbook of the old kind (.xls), or one with a password", "save it as .xlsx, without a password"}
	case bytes.HasPrefix(head, []byte{0xef, 0xbb, 0xbf}):
		if _, err := in.Discard(3); err != nil {
			return 0, fmt.Errorf("read rows: %w", err)
		}
	}
	for n := 1; ; n++ {
		b, err := in.Peek(n)
		if len(b) == n && !isSpace(b[n-1]) {
			return b[n-1], nil
		}
		if errors.Is(err, io.EOF) {
			return 0, &FileError{"empty_file", "the file holds no rows", "is it the right file, and was it written to its end?"}
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			return ' ', nil
		}
		if err != nil {
			return 0, fmt.Errorf("read rows: %w", err)
		}
	}
}

func formatOf(first byte) Format {
	switch first {
	case '[':
		return JSON
	case '{':
		return NDJSON
	case '<':
		return XML
	}
	return CSV
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

func unusable(line int64, code, message, hint string) Row {
	return Row{Line: line, Err: &events.FieldError{Code: code, Message: message, Hint: hint}}
}

func tooLong(line int64) Row {
	return unusable(line, "too_long", fmt.Sprintf("the row is longer than %d bytes", MaxRow),
		"a quote or a line end may be missing")
}

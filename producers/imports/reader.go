package imports

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/armslog/armslog/events"
)

// Format is how rows stand in a file.
type Format string

// The formats that are read.
const (
	CSV    Format = "csv"
	NDJSON Format = "ndjson"
	JSON   Format = "json" // one array of objects
)

// Row is one row as it was read. It stays valid after the next one is read.
type Row struct {
	Line   int64              // of its first line, counted from 1
	Fields []string           // CSV: in the header's order
	JSON   []byte             // NDJSON and JSON: one value
	Err    *events.FieldError // not nil: the row cannot be used, and this says why
}

// FileError says why nothing of a file can be read.
type FileError struct{ Code, Message, Hint string }

func (e *FileError) Error() string { return e.Code + ": " + e.Message }

// Options says what cannot be seen in a file itself.
type Options struct {
	Format Format // "" = by the first sign
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
	in := bufio.NewReaderSize(r, 4096)
	first, err := begin(in)
	if err != nil {
		return nil, err
	}
	format := o.Format
	if format == "" {
		format = formatOf(first)
	}
	lines := newLineReader(in)
	switch format {
	case CSV:
		return newCSV(lines, legacy)
	case NDJSON:
		return &Reader{format: format, newRows: (&ndjsonRows{lines}).next}, nil
	case JSON:
		return &Reader{format: format, newRows: (&arrayRows{r: lines.r, line: 1}).next}, nil
	}
	return nil, fmt.Errorf("read rows: format %q is none of csv, ndjson, json", format)
}

// Next returns the next row, and io.EOF behind the last.
func (r *Reader) Next() (Row, error) { return r.newRows() }

// Format is the format that was found.
func (r *Reader) Format() Format { return r.format }

// Header holds the names of the columns of a CSV file.
func (r *Reader) Header() []string { return r.header }

// Comma is the sign between the columns of a CSV file.
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
	case bytes.HasPrefix(head, []byte("PK\x03")):
		return 0, &FileError{"not_text", "the file is a workbook or an archive", "save the sheet as CSV UTF-8"}
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

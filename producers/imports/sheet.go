package imports

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/flate"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/armslog/armslog/events"
)

// sheetRows reads the rows of one sheet, each by itself.
type sheetRows struct {
	book   *workbook
	found  *elements
	part   io.Closer
	number int64 // of the row read last, as it stands beside it
	width  int
	back   *Row // read already: the first row of a sheet without a header
	ended  bool
}

// rows opens a sheet and finds its header: the first row that is not empty.
func (w *workbook) rows(s sheet, f File) (*Reader, error) {
	part := w.parts[s.part]
	if part == nil {
		return nil, notWorkbook(fmt.Sprintf("the workbook's sheet %q is not in it", s.name))
	}
	in, err := part.Open()
	if err != nil {
		return nil, damaged(s.part, err)
	}
	rows := &sheetRows{book: w, part: in, found: newElements(bufio.NewReaderSize(in, MaxRow), "row", maxSheetRow, maxSheet)}
	rows.width = maxColumns
	head, err := rows.header(f.Skip)
	if err != nil {
		return nil, errors.Join(err, in.Close())
	}
	header := head.Fields
	for len(header) > 0 && header[len(header)-1] == "" {
		header = header[:len(header)-1]
	}
	for i := range header {
		header[i] = cleanText(header[i])
	}
	if len(f.Header) > 0 && !slices.Equal(header, f.Header) {
		rows.back = &head
		header = f.Header
	}
	rows.width = len(header)
	return &Reader{format: XLSX, header: header, comma: ',', newRows: rows.next}, nil
}

func (s *sheetRows) header(skip int) (Row, error) {
	for {
		row, err := s.next()
		switch {
		case errors.Is(err, io.EOF):
			return Row{}, &FileError{"empty_file", "the sheet holds no rows", "is it the right sheet?"}
		case err != nil:
			return Row{}, err
		case row.Line <= int64(skip):
			continue
		case row.Err != nil:
			return Row{}, &FileError{row.Err.Code, "the header: " + row.Err.Message, row.Err.Hint}
		}
		return row, nil
	}
}

// next gives the next row that is not empty.
func (s *sheetRows) next() (Row, error) {
	if s.back != nil {
		row := *s.back
		s.back = nil
		row.Fields, row.Cells = fit(row.Fields, s.width), fit(row.Cells, s.width)
		return row, nil
	}
	for {
		found, err := s.found.next()
		switch {
		case errors.Is(err, io.EOF):
			return s.end()
		case cannotUnpack(err):
			return s.stop("the rest of the sheet cannot be unpacked")
		case err != nil:
			return Row{}, err
		}
		s.number = max(s.number+1, rowNumber(found.text))
		if found.open {
			return unusable(s.number, "not_xml", "the row has no end", "was the file written to its end?"), nil
		}
		if row := s.read(found); row.Err != nil || slices.ContainsFunc(row.Fields, func(f string) bool { return f != "" }) {
			return row, nil
		}
	}
}

// fit makes a row as wide as the header. What stands beyond it has no name.
func fit[T any](cells []T, width int) []T {
	for len(cells) < width {
		var none T
		cells = append(cells, none)
	}
	return cells[:width]
}

// end says, once, that a sheet stopped before its end.
func (s *sheetRows) end() (Row, error) {
	if last := s.found.last; last.kind == tagStart || last.kind == tagEnd && last.name == "row" {
		return s.stop("the sheet ends before its end")
	}
	if s.part != nil {
		part := s.part
		s.part = nil
		return Row{}, errors.Join(io.EOF, part.Close())
	}
	return Row{}, io.EOF
}

// cannotUnpack tells a damaged archive from a disk that fails.
func cannotUnpack(err error) bool {
	var corrupt flate.CorruptInputError
	return errors.As(err, &corrupt) || errors.Is(err, zip.ErrFormat) || errors.Is(err, zip.ErrChecksum) || errors.Is(err, io.ErrUnexpectedEOF)
}

func (s *sheetRows) stop(why string) (Row, error) {
	if s.ended {
		return Row{}, io.EOF
	}
	s.ended = true
	return unusable(s.number+1, "not_xml", why, "was the file written to its end?"), nil
}

var rowNumbered = regexp.MustCompile(`^<[^>]*\sr="([0-9]{1,9})"`)

func rowNumber(text []byte) int64 {
	found := rowNumbered.FindSubmatch(text[:min(len(text), 256)])
	if found == nil {
		return 0
	}
	n, err := strconv.ParseInt(string(found[1]), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// read takes the cells of a row.
func (s *sheetRows) read(found element) Row {
	if found.long {
		return tooLong(s.number)
	}
	row := Row{Line: s.number}
	d := xml.NewDecoder(bytes.NewReader(found.text))
	at, total := -1, 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Row{Line: s.number, Err: notXML(err)}
		}
		start, ok := token.(xml.StartElement)
		if !ok || start.Name.Local != "c" {
			continue
		}
		var c cellXML
		if err := d.DecodeElement(&c, &start); err != nil {
			return Row{Line: s.number, Err: notXML(err)}
		}
		at = columnOf(c.At, at+1)
		text, kind, fault := s.book.cell(c)
		if fault != nil {
			return Row{Line: s.number, Err: fault}
		}
		if text == "" && kind != CellError || at >= s.width {
			continue
		}
		total += len(text)
		row.Fields, row.Cells = fit(row.Fields, max(len(row.Fields), at+1)), fit(row.Cells, max(len(row.Cells), at+1))
		row.Fields[at], row.Cells[at] = text, kind
	}
	if total > MaxRow {
		return tooLong(s.number)
	}
	if s.width < maxColumns {
		row.Fields, row.Cells = fit(row.Fields, s.width), fit(row.Cells, s.width)
	}
	return row
}

type cellXML struct {
	At     string `xml:"r,attr"`
	Type   string `xml:"t,attr"`
	Style  int    `xml:"s,attr"`
	Value  string `xml:"v"`
	Inline struct {
		Inner []byte `xml:",innerxml"`
	} `xml:"is"`
}

// columnOf is the column of a reference such as AB12, counted from 0;
// otherwise where it has none.
func columnOf(ref string, otherwise int) int {
	n := 0
	for _, c := range []byte(strings.ToUpper(ref)) {
		if c < 'A' || c > 'Z' || n > maxColumns {
			break
		}
		n = n*26 + int(c-'A') + 1
	}
	if n == 0 || n > maxColumns {
		return otherwise
	}
	return n - 1
}

// cell is what a cell says.
func (w *workbook) cell(c cellXML) (string, Cell, *events.FieldError) {
	switch c.Type {
	case "s":
		i, err := strconv.Atoi(strings.TrimSpace(c.Value))
		if err != nil || i < 0 || i >= len(w.texts) {
			return "", CellText, &events.FieldError{Code: "not_xml", Message: "the cell " + c.At + " names a text that the workbook does not have", Hint: "save the workbook again"}
		}
		return w.texts[i], CellText, nil
	case "inlineStr":
		text, err := textOf(element{text: append(append([]byte("<is>"), c.Inline.Inner...), "</is>"...)})
		if err != nil {
			return "", CellText, notXML(err)
		}
		return text, CellText, nil
	case "str":
		return unescape(c.Value), CellText, nil
	case "b":
		return map[string]string{"1": "TRUE", "0": "FALSE"}[c.Value], CellText, nil
	case "e":
		return "", CellError, nil
	case "d":
		return c.Value, CellDate, nil
	}
	if c.Value == "" {
		return "", CellText, nil
	}
	text, kind := w.number(c.Value, c.Style)
	return text, kind, nil
}

var escaped = regexp.MustCompile(`_x[0-9A-Fa-f]{4}_`)

// unescape reads the signs that XML cannot hold, as sheets write them.
func unescape(s string) string {
	if !strings.Contains(s, "_x") {
		return s
	}
	return escaped.ReplaceAllStringFunc(s, func(e string) string {
		n, err := strconv.ParseUint(e[2:6], 16, 16)
		if err != nil || !utf8.ValidRune(rune(n)) {
			return e
		}
		return string(rune(n))
	})
}

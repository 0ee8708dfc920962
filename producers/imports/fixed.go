package imports

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/text/encoding/charmap"
)

// fixedRows reads rows whose columns stand at fixed places, counted in
// characters.
type fixedRows struct {
	csvRows // for lines and character sets
	file    File
}

func newFixed(lines *lineReader, legacy *charmap.Charmap, f File) (*Reader, error) {
	if len(f.Columns) == 0 {
		return nil, &FileError{"mapping_needed", "a file of fixed width needs a mapping that says where its columns stand", "armslog import infer FILE proposes one"}
	}
	x := &fixedRows{csvRows{lines: lines, legacy: legacy}, f}
	header := make([]string, len(f.Columns))
	for i, c := range f.Columns {
		header[i] = c.Name
	}
	for range f.Skip {
		if _, err := lines.next(); err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("read header: %w", err)
		}
	}
	return &Reader{format: Fixed, header: header, comma: ',', newRows: x.next}, nil
}

func (x *fixedRows) next() (Row, error) {
	for {
		l, err := x.lines.next()
		if err != nil {
			return Row{}, err
		}
		if l.long {
			return tooLong(l.no), nil
		}
		if text := x.text(l.text); strings.Trim(text, " \t\x1a") != "" { // ^Z ends files of old systems
			return x.cut(l.no, text), nil
		}
	}
}

// cut splits a row. One that is shorter lacks the spaces at its end, as many
// programs leave them out; one that is longer has been shifted.
func (x *fixedRows) cut(no int64, text string) Row {
	signs := []rune(text)
	row := Row{Line: no, Fields: make([]string, len(x.file.Columns))}
	for i, c := range x.file.Columns {
		from, to := min(c.At-1, len(signs)), min(c.At-1+c.Length, len(signs))
		row.Fields[i] = strings.TrimSpace(string(signs[from:to]))
	}
	switch length := len([]rune(strings.TrimRight(text, " "))); {
	case strings.IndexByte(text, 0) >= 0:
		row.Err = unusable(no, "nul_byte", "the row holds NUL bytes", "the file may be damaged: export it again").Err
	case x.file.Length > 0 && length > x.file.Length:
		row.Err = unusable(no, "wrong_row_length", fmt.Sprintf("%d characters, a row has %d", length, x.file.Length),
			"a column may have been shifted: export it again").Err
	}
	return row
}

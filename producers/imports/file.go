package imports

import (
	"errors"
	"fmt"
	"slices"
)

// File says of a file what it does not say itself: where its rows and columns
// are.
type File struct {
	Format  Format   `json:"format,omitempty"`     // needed for fixed; the others are seen
	Sheet   string   `json:"sheet,omitempty"`      // XLSX: needed where there are several
	Skip    int      `json:"skip,omitempty"`       // lines or rows above the header; fixed: above the first row
	Header  []string `json:"header,omitempty"`     // CSV, XLSX: the names of the columns, where the file has no header
	Record  string   `json:"record,omitempty"`     // XML: the element that is a record
	Columns []Column `json:"columns,omitempty"`    // XML, fixed
	Length  int      `json:"row_length,omitempty"` // fixed: characters of a row; a longer one is rejected
}

// Column is one column of a file without a header.
type Column struct {
	Name   string `json:"name"`
	Path   string `json:"path,omitempty"`   // XML: from the record: ident/serial, @id, make/@code
	At     int    `json:"at,omitempty"`     // fixed: its first character, counted from 1
	Length int    `json:"length,omitempty"` // fixed: in characters
}

// maxColumns is as wide as a sheet may be.
const maxColumns = 16_384

var errColumn = errors.New("a column needs a name, and a path (XML) or at and length (fixed)")

func (f *File) check() error {
	if !slices.Contains([]Format{"", CSV, NDJSON, JSON, XLSX, XML, Fixed}, f.Format) {
		return fmt.Errorf("format %q is none of csv, ndjson, json, xlsx, xml, fixed", f.Format)
	}
	if f.Skip < 0 || f.Length < 0 || len(f.Columns) > maxColumns {
		return errors.New("skip, row_length and the number of columns have bounds")
	}
	seen := map[string]bool{}
	for _, c := range f.Columns {
		fixed := c.At > 0 && c.Length > 0 && c.At <= MaxRow && c.Length <= MaxRow && c.Path == ""
		path := c.At == 0 && c.Length == 0 && c.Path != ""
		if c.Name == "" || !fixed && !path || f.Format == Fixed && !fixed {
			return fmt.Errorf("column %q: %w", c.Name, errColumn)
		}
		if seen[c.Name] {
			return fmt.Errorf("column %q is there twice", c.Name)
		}
		seen[c.Name] = true
	}
	return nil
}

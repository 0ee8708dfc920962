package imports

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/armslog/armslog/schemas/mappings"
)

// Mapping says how the rows of one source become records. It is data, in a
// file with a version: docs/mappings.md describes it.
type Mapping struct {
	Name        string          `json:"mapping"` // sp-ssp@1
	Description string          `json:"description"`
	Questions   []string        `json:"questions,omitempty"`      // that a proposal leaves to you; nothing reads them
	Legacy      string          `json:"legacy_charset,omitempty"` // of rows that are not UTF-8
	File        File            `json:"file,omitzero"`
	Optional    []string        `json:"optional_columns,omitempty"`
	Filter      []Condition     `json:"filter,omitempty"` // rows that meet none of a condition's texts are left out
	Reject      []Rejection     `json:"reject,omitempty"`
	Absent      Words           `json:"absent,omitzero"` // what says nothing, in any column
	Fields      map[string]Rule `json:"fields"`
	Marks       []MarkRule      `json:"marks"`
}

// Condition holds when the column's text is one of Is.
type Condition struct {
	Column string   `json:"column"`
	Is     []string `json:"is"`
}

// Rejection is a condition under which a row is refused, and why.
type Rejection struct {
	Condition
	Code    string `json:"code"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

// Rule gives one field its text. Exactly one of Value, Column, Template,
// Digest, Date and Retain says where from.
type Rule struct {
	Value    string      `json:"value,omitempty"`
	Column   string      `json:"column,omitempty"`
	Template string      `json:"template,omitempty"` // {COLUMN} is replaced; absent when one of them is
	Digest   []string    `json:"digest,omitempty"`   // an id for rows that have none: a hash of these columns
	Prefix   string      `json:"prefix,omitempty"`   // of the digest
	Date     *DateRule   `json:"date,omitempty"`
	Retain   *RetainRule `json:"retain,omitempty"`

	Absent       Words             `json:"absent,omitzero"`         // what says nothing in this column
	Table        map[string]string `json:"table,omitempty"`         // text to code, looked up in folded form
	Otherwise    string            `json:"otherwise,omitempty"`     // code for a text that the table does not have; "absent" = none, and no warning
	Rewrite      [][2]string       `json:"rewrite,omitempty"`       // regular expression and what replaces it, the first that meets
	DecimalComma bool              `json:"decimal_comma,omitempty"` // 7,62 is 7.62
}

// DateRule reads a date of whatever precision is there.
type DateRule struct {
	Year    string   `json:"year,omitempty"` // columns
	Month   string   `json:"month,omitempty"`
	Day     string   `json:"day,omitempty"`
	Column  string   `json:"column,omitempty"`  // or one column, in the first
	Layouts []string `json:"layouts,omitempty"` // of these layouts that fits (as in Go's package time)
	From    string   `json:"from,omitempty"`    // dates before it are left out, with a warning
	Until   string   `json:"until,omitempty"`   // so are later ones; "incident.date" is the row's own
}

// RetainRule is the last day of the year that many years after a date.
type RetainRule struct {
	Years int    `json:"years"`
	From  string `json:"from"` // incident.date, or where there is none, run: the day of the import
}

// MarkRule makes one mark of a row.
type MarkRule struct {
	Kind         string       `json:"kind"`
	Place        string       `json:"place,omitempty"`
	Column       string       `json:"column"`
	SeriesColumn string       `json:"series_column,omitempty"`
	Strip        []string     `json:"strip,omitempty"`        // regular expressions; what stands in their brackets is kept
	UnknownChar  string       `json:"unknown_char,omitempty"` // signs that each stand for one unknown sign
	UnknownRun   string       `json:"unknown_run,omitempty"`  // a regular expression: each sign of what it meets is unknown
	Says         []MarkStatus `json:"says,omitempty"`         // words that stand where a number belongs, first that holds
	NoDigit      *NoDigit     `json:"no_digit,omitempty"`
	Empty        string       `json:"empty"` // status of a mark without text
}

// MarkStatus is what some words say about a mark.
type MarkStatus struct {
	Words
	Status  string `json:"status"`
	Warning string `json:"warning,omitempty"` // code, where something was lost on the way
}

// NoDigit says what a text without a digit is when it is longer than a prefix
// can be: a phrase, and no number.
type NoDigit struct {
	LongerThan int    `json:"longer_than"`
	Status     string `json:"status"`
}

// LoadMapping finds a mapping by its name (sp-ssp, sp-ssp@1) or reads it from
// a file (a name that ends in .json).
func LoadMapping(name string) (*Mapping, error) {
	var text []byte
	var err error
	base, version, versioned := strings.Cut(name, "@")
	if filepath.Ext(name) == ".json" {
		text, err = os.ReadFile(name)
		versioned = false
	} else {
		text, err = mappings.FS.ReadFile(base + ".json")
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("load mapping: %q is not known: there are %s, or name a .json file", name, strings.Join(MappingNames(), ", "))
	}
	if err != nil {
		return nil, fmt.Errorf("load mapping: %w", err)
	}
	m, err := ParseMapping(text)
	if err != nil {
		return nil, fmt.Errorf("load mapping %s: %w", name, err)
	}
	if versioned && m.Name != base+"@"+version {
		return nil, fmt.Errorf("load mapping: %q is not there, %s is", name, m.Name)
	}
	return m, nil
}

// ParseMapping reads a mapping; an unknown word in it is an error.
func ParseMapping(text []byte) (*Mapping, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	m := new(Mapping)
	if err := d.Decode(m); err != nil {
		return nil, fmt.Errorf("parse mapping: %w", err)
	}
	if name, version, ok := strings.Cut(m.Name, "@"); !ok || name == "" || version == "" {
		return nil, fmt.Errorf("parse mapping: %q is no name with a version, such as sp-ssp@1", m.Name)
	}
	if err := m.File.check(); err != nil {
		return nil, fmt.Errorf("parse mapping: file: %w", err)
	}
	return m, nil
}

// MappingNames lists the mappings that ship, sorted.
func MappingNames() []string {
	files, err := fs.Glob(mappings.FS, "*.json")
	if err != nil {
		return nil
	}
	for i, f := range files {
		files[i] = strings.TrimSuffix(f, ".json")
	}
	slices.Sort(files)
	return files
}

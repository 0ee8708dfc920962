package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/armslog/armslog/producers/imports"
)

// column is one column of a list: its head, and where its value stands in an
// item's JSON. A short one shows the beginning of an id in tables.
type column struct {
	title, path string
	short       bool
}

// format is how data is written.
func (a *app) format() (string, error) {
	switch f := a.settings.get("output"); f {
	case "table", "json", "ndjson", "csv":
		return f, nil
	case "":
		if terminal(a.out) {
			return "table", nil
		}
		return "ndjson", nil
	default:
		return "", &usageError{fmt.Sprintf("-o %s is no format", f), "one of table, json, ndjson, csv"}
	}
}

// list writes items in the format that is asked for.
type list struct {
	app     *app
	format  string
	columns []column
	rows    [][]string
	items   []json.RawMessage
	csv     *csv.Writer
}

func (a *app) newList(columns []column) (*list, error) {
	format, err := a.format()
	if err != nil {
		return nil, err
	}
	l := &list{app: a, format: format, columns: columns}
	if format == "csv" {
		l.csv = csv.NewWriter(a.out)
		head := make([]string, len(columns))
		for i, c := range columns {
			head[i] = strings.ReplaceAll(c.path, ".", "_")
		}
		return l, l.csv.Write(guarded(head))
	}
	return l, nil
}

// add takes one item, as the registry sent it.
func (l *list) add(item json.RawMessage) error {
	switch l.format {
	case "ndjson":
		return writeLine(l.app.out, item)
	case "json":
		l.items = append(l.items, item)
		return nil
	}
	row, err := l.row(item)
	if err != nil {
		return err
	}
	if l.csv != nil {
		return l.csv.Write(guarded(row))
	}
	l.rows = append(l.rows, row)
	return nil
}

// guarded makes the cells of a row, in place, safe for spreadsheets.
func guarded(row []string) []string {
	for i, cell := range row {
		row[i] = imports.Guard(cell)
	}
	return row
}

func (l *list) row(item json.RawMessage) ([]string, error) {
	d := json.NewDecoder(bytes.NewReader(item))
	d.UseNumber()
	var object map[string]any
	if err := d.Decode(&object); err != nil {
		return nil, fmt.Errorf("read item: %w", err)
	}
	row := make([]string, len(l.columns))
	for i, c := range l.columns {
		row[i] = plain(lookUp(object, c.path))
		if c.short && l.format == "table" {
			row[i] = shortID(row[i])
		}
	}
	return row, nil
}

// close writes what waits for the end.
func (l *list) close() error {
	switch {
	case l.csv != nil:
		l.csv.Flush()
		return l.csv.Error()
	case l.format == "json":
		if l.items == nil {
			l.items = []json.RawMessage{}
		}
		return writeIndented(l.app.out, l.items)
	case l.format == "table" && len(l.rows) == 0:
		l.app.note("none")
		return nil
	case l.format == "table":
		head := make([]string, len(l.columns))
		for i, c := range l.columns {
			head[i] = c.title
		}
		return l.app.table(head, l.rows)
	}
	return nil
}

// lookUp finds a value by its path.
func lookUp(object map[string]any, path string) any {
	v, there := object[path]
	name, rest, deeper := strings.Cut(path, ".")
	if there || !deeper {
		return v
	}
	v = object[name]
	inner, _ := v.(map[string]any)
	return lookUp(inner, rest)
}

func plain(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	case []any:
		parts := make([]string, len(v))
		for i := range v {
			parts[i] = plain(v[i])
		}
		return strings.Join(parts, " ")
	}
	text, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(text)
}

// object writes one thing: as JSON, or as the table form says.
func (a *app) object(raw json.RawMessage, table func() error) error {
	format, err := a.format()
	if err != nil {
		return err
	}
	switch {
	case format == "table" && table != nil:
		return table()
	case format == "json" || format == "table":
		return writeIndented(a.out, raw)
	case format == "csv":
		return &usageError{"-o csv is for lists", "-o json or -o table"}
	}
	return writeLine(a.out, raw)
}

func writeLine(w io.Writer, raw []byte) error {
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		return fmt.Errorf("write item: %w", err)
	}
	b.WriteByte('\n')
	_, err := w.Write(b.Bytes())
	return err
}

func writeIndented(w io.Writer, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("write item: %w", err)
	}
	_, err = w.Write(append(text, '\n'))
	return err
}

func marshal(v any) (json.RawMessage, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("write item: %w", err)
	}
	return text, nil
}

package imports

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/armslog/armslog/events"
)

// RecordTable writes records as rows of cells and reads them back unchanged:
// how records are exported to CSV and XLSX. Its columns follow from the
// language itself, so that a field that is added to a record is in the next
// export.
type RecordTable struct{ columns []recordColumn }

// recordColumn is one place of a record.
type recordColumn struct {
	path []string // source, system; of a mark: firearm, marks, 0, text
	kind columnKind
}

type columnKind uint8

const (
	columnText   columnKind = iota
	columnNumber            // digits
	columnWords             // a list of codes: separated by spaces
	columnJSON              // a list of other things, as JSON
)

// tableMarks is how many marks have columns of their own; of more of them the
// last column holds the rest.
const tableMarks = 4

// moreMarks is the name of that column.
const moreMarks = "more"

// NewRecordTable is the table of all fields of a record.
func NewRecordTable() *RecordTable {
	t := &RecordTable{}
	t.walk(reflect.TypeFor[events.RecordSubmitted](), nil)
	return t
}

// walk adds the columns of a struct by the names of its JSON.
func (t *RecordTable) walk(of reflect.Type, path []string) {
	for i := range of.NumField() {
		f := of.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "base_revision" {
			continue // says what a request expects, and is no part of a record
		}
		at, is := append(slices.Clone(path), name), f.Type
		if is.Kind() == reflect.Pointer {
			is = is.Elem()
		}
		switch {
		case is.Implements(reflect.TypeFor[encoding.TextMarshaler]()), is.Kind() == reflect.String:
			t.columns = append(t.columns, recordColumn{at, columnText})
		case is.Kind() == reflect.Struct:
			t.walk(is, at)
		case is == reflect.TypeFor[[]events.Mark]():
			for n := range tableMarks {
				t.walk(is.Elem(), append(slices.Clone(at), strconv.Itoa(n)))
			}
			t.columns = append(t.columns, recordColumn{append(at, moreMarks), columnJSON})
		case is.Kind() == reflect.Slice && is.Elem().Kind() == reflect.String:
			t.columns = append(t.columns, recordColumn{at, columnWords})
		case is.Kind() == reflect.Slice:
			t.columns = append(t.columns, recordColumn{at, columnJSON})
		default:
			t.columns = append(t.columns, recordColumn{at, columnNumber})
		}
	}
}

// Header names the columns: source_system, firearm_marks_0_text …
func (t *RecordTable) Header() []string {
	names := make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i] = strings.Join(c.path, "_")
	}
	return names
}

// Row is a record as cells.
func (t *RecordTable) Row(record json.RawMessage) ([]string, error) {
	d := json.NewDecoder(bytes.NewReader(record))
	d.UseNumber()
	var object any
	if err := d.Decode(&object); err != nil {
		return nil, fmt.Errorf("read record: %w", err)
	}
	row := make([]string, len(t.columns))
	for i, c := range t.columns {
		var err error
		if row[i], err = cellOf(valueAt(object, c.path), c.kind); err != nil {
			return nil, fmt.Errorf("write column %s: %w", strings.Join(c.path, "_"), err)
		}
	}
	return row, nil
}

// valueAt finds what stands at a path, nil for nothing.
func valueAt(v any, path []string) any {
	if len(path) == 0 {
		return v
	}
	switch v := v.(type) {
	case map[string]any:
		return valueAt(v[path[0]], path[1:])
	case []any:
		if path[0] == moreMarks && len(v) > tableMarks {
			return v[tableMarks:]
		}
		if n, err := strconv.Atoi(path[0]); err == nil && n < len(v) {
			return valueAt(v[n], path[1:])
		}
	}
	return nil
}

func cellOf(v any, kind columnKind) (string, error) {
	if v == nil {
		return "", nil
	}
	if kind == columnJSON {
		text, err := json.Marshal(v)
		return string(text), err
	}
	if list, ok := v.([]any); ok {
		words := make([]string, len(list))
		for i, word := range list {
			words[i] = fmt.Sprint(word)
		}
		return strings.Join(words, " "), nil
	}
	return fmt.Sprint(v), nil
}

// BoundTable is a RecordTable in a file with a header.
type BoundTable struct {
	columns []recordColumn
	at      []int
	status  int // where the record's status stands, -1 = nowhere
}

// Bind finds the columns in a header; ok says whether it is one of such a
// table. Columns may be missing, in another order, or of the reader's own.
func (t *RecordTable) Bind(header []string) (b *BoundTable, ok bool) {
	b = &BoundTable{status: slices.Index(header, "status")}
	for i, name := range t.Header() {
		if at := slices.Index(header, name); at >= 0 {
			b.columns, b.at = append(b.columns, t.columns[i]), append(b.at, at)
		}
	}
	for _, needed := range []string{"source_system", "source_id", "category", "firearm_type", "firearm_marks_0_kind", "firearm_marks_0_status"} {
		if !slices.Contains(header, needed) {
			return nil, false
		}
	}
	return b, true
}

// Map makes the request of a row. Rows of records that are closed are left
// out: there is nothing to register.
func (b *BoundTable) Map(row Row) Mapped {
	if row.Err != nil {
		return rejected(*row.Err)
	}
	if b.status >= 0 && closed(row.Fields[b.status]) {
		return Mapped{Outcome: Filtered}
	}
	record := map[string]any{}
	var marks [tableMarks]map[string]any
	var more []any
	for i, c := range b.columns {
		cell := row.Fields[b.at[i]]
		if cell == "" {
			continue
		}
		value, err := valueOf(cell, c.kind)
		if err != nil {
			return rejected(events.FieldError{Code: "not_json", Pointer: "/" + strings.Join(c.path, "/"), Message: "the cell holds no list as JSON", Hint: "leave it as it was exported"})
		}
		if len(c.path) < 3 || c.path[1] != "marks" {
			put(record, c.path, value)
			continue
		}
		if c.path[2] == moreMarks {
			more, _ = value.([]any)
			continue
		}
		n, _ := strconv.Atoi(c.path[2]) // walk wrote it
		if marks[n] == nil {
			marks[n] = map[string]any{}
		}
		marks[n][c.path[3]] = value
	}
	all := []any{}
	for _, m := range marks {
		if m != nil {
			all = append(all, m)
		}
	}
	put(record, []string{"firearm", "marks"}, append(all, more...))
	body, err := json.Marshal(record)
	if err != nil {
		return rejected(events.FieldError{Code: "not_json", Message: err.Error()})
	}
	return Mapped{Body: body}
}

func valueOf(cell string, kind columnKind) (value any, err error) {
	switch kind {
	case columnNumber:
		if n, err := strconv.ParseUint(cell, 10, 32); err == nil {
			return n, nil
		}
	case columnWords:
		return strings.Fields(cell), nil
	case columnJSON:
		err = json.Unmarshal([]byte(cell), &value)
		return value, err
	}
	return cell, nil // what is no number is the registry's to refuse
}

func put(object map[string]any, path []string, value any) {
	for ; len(path) > 1; path = path[1:] {
		inner, ok := object[path[0]].(map[string]any)
		if !ok {
			inner = map[string]any{}
			object[path[0]] = inner
		}
		object = inner
	}
	object[path[0]] = value
}

// closed says of a record's status that there is nothing left to register.
func closed(status string) bool { return status == "withdrawn" || status == "expired" }

package imports

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
	"time"

	"github.com/armslog/armslog/events"
)

// Outcome is what became of a row here, before any request was made.
type Outcome uint8

// The outcomes of a row.
const (
	Ready    Outcome = iota // Body is a request
	Filtered                // the mapping leaves such rows out
	Rejected                // Errors say why
)

// Mapped is a row that was mapped.
type Mapped struct {
	Outcome  Outcome
	Body     []byte // record.submitted as JSON
	Errors   []events.FieldError
	Warnings []events.FieldError
}

// Mapper maps the rows of one file. It is not safe for concurrent use.
type Mapper struct {
	mapping *Mapping
	columns []string // that the mapping uses
	at      []int    // where each stands in the file's header; JSON: nil
	byName  map[string]int
	filter  []condition
	reject  []condition
	fields  []mappedField
	marks   []*mark
	state   rowState
	seed    maphash.Seed
	seen    map[uint64]int64 // hash of a source id -> its line
}

type condition struct {
	column int
	is     map[string]bool
}

type mappedField struct {
	field
	from source
}

// NewMapper makes a mapping ready for a file with that header; a JSON file has
// none. Today is the day of the import, for dates that count from it. It
// returns a *FileError for a file that lacks a column.
func NewMapper(m *Mapping, header []string, today time.Time) (*Mapper, error) {
	b := &builder{index: map[string]int{}}
	out := &Mapper{mapping: m, seed: maphash.MakeSeed(), seen: map[uint64]int64{}}
	out.state.today = events.DayOf(today.UnixMilli())
	if err := out.compile(b); err != nil {
		return nil, fmt.Errorf("compile mapping %s: %w", m.Name, err)
	}
	out.columns, out.byName = b.columns, b.index
	out.state.vals, out.state.cells = make([]string, len(b.columns)), make([]Cell, len(b.columns))
	if header == nil {
		return out, nil
	}
	return out, out.bind(header)
}

func (m *Mapper) compile(b *builder) (err error) {
	if b.absent, err = m.mapping.Absent.compile(); err != nil {
		return err
	}
	for _, f := range m.mapping.Filter {
		m.filter = append(m.filter, b.condition(f))
	}
	for _, r := range m.mapping.Reject {
		m.reject = append(m.reject, b.condition(r.Condition))
	}
	known := fields()
	for path := range m.mapping.Fields {
		if !slices.ContainsFunc(known, func(f field) bool { return f.path == path }) {
			return fmt.Errorf("field %q is not one that a mapping fills", path)
		}
	}
	for _, f := range known {
		rule, ok := m.mapping.Fields[f.path]
		if !ok {
			continue
		}
		from, err := b.rule(rule)
		if err != nil {
			return fmt.Errorf("field %s: %w", f.path, err)
		}
		m.fields = append(m.fields, mappedField{f, from})
	}
	if len(m.mapping.Marks) == 0 {
		return errors.New("a record needs a mark, and no rule makes one")
	}
	for i, r := range m.mapping.Marks {
		mk, err := b.mark(r)
		if err != nil {
			return fmt.Errorf("mark %d: %w", i, err)
		}
		m.marks = append(m.marks, mk)
	}
	return nil
}

func (b *builder) condition(c Condition) condition {
	is := make(map[string]bool, len(c.Is))
	for _, text := range c.Is {
		is[fold(text)] = true
	}
	return condition{b.column(c.Column), is}
}

func (m *Mapper) bind(header []string) error {
	for _, name := range m.columns {
		i := slices.Index(header, name)
		if i < 0 && !slices.Contains(m.mapping.Optional, name) {
			return &FileError{"column_missing", fmt.Sprintf("mapping %s reads a column %s, which the file does not have", m.mapping.Name, name),
				"the file has " + strings.Join(header, ", ")}
		}
		if i >= 0 && slices.Contains(header[i+1:], name) {
			return &FileError{"column_twice", fmt.Sprintf("the file has two columns %s", name), "rename one of them"}
		}
		m.at = append(m.at, i)
	}
	return nil
}

// Map maps a row that could be read.
func (m *Mapper) Map(row Row) Mapped {
	if row.Err != nil {
		return rejected(*row.Err)
	}
	if err := m.load(row); err != nil {
		return rejected(*err)
	}
	vals := m.state.vals
	for _, f := range m.filter {
		if !f.is[fold(vals[f.column])] {
			return Mapped{Outcome: Filtered}
		}
	}
	for i, c := range m.reject {
		if c.is[fold(vals[c.column])] {
			r := m.mapping.Reject[i]
			return rejected(events.FieldError{Code: r.Code, Message: r.Message, Hint: r.Hint})
		}
	}
	return m.record(row.Line)
}

func rejected(errs ...events.FieldError) Mapped { return Mapped{Outcome: Rejected, Errors: errs} }

// load puts the columns that the mapping uses into the state.
func (m *Mapper) load(row Row) *events.FieldError {
	clear(m.state.vals)
	clear(m.state.cells)
	if row.JSON != nil {
		return m.loadJSON(row.JSON)
	}
	for i, at := range m.at {
		if at < 0 {
			continue
		}
		m.state.vals[i] = row.Fields[at]
		if row.Cells != nil {
			m.state.cells[i] = row.Cells[at]
		}
	}
	return nil
}

func (m *Mapper) loadJSON(value []byte) *events.FieldError {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(value, &object); err != nil {
		return &events.FieldError{Code: "not_json", Message: "the row is no JSON object", Hint: "one object a row"}
	}
	for name, raw := range object {
		i, ok := m.byName[name]
		if !ok {
			continue
		}
		if raw[0] != '"' {
			if string(raw) != "null" {
				m.state.vals[i] = string(raw)
			}
			continue
		}
		if err := json.Unmarshal(raw, &m.state.vals[i]); err != nil {
			return &events.FieldError{Pointer: "/" + name, Code: "not_json", Message: "the text is no JSON string"}
		}
	}
	return nil
}

// record makes the request of the state.
func (m *Mapper) record(line int64) Mapped {
	r, warnings := m.fill()
	if before := m.before(r.Source, line); before > 0 {
		warnings = append(warnings, events.FieldError{Pointer: "/source/id", Code: "source_id_twice",
			Message: fmt.Sprintf("the same id stands on line %d: this row amends that one", before)})
	}
	return m.finish(r, warnings)
}

// fill fills a record from the state, whatever may be missing in it.
func (m *Mapper) fill() (*events.RecordSubmitted, []events.FieldError) {
	r := new(events.RecordSubmitted)
	m.state.record = r
	var warnings []events.FieldError
	warn := func(path, code string) {
		if code != "" {
			warnings = append(warnings, warning(path, code))
		}
	}
	for _, f := range m.fields {
		text, code := f.from(&m.state)
		if text != "" && !f.set(r, text) {
			code = "left_out"
		}
		warn(f.path, code)
	}
	for i, mk := range m.marks {
		made, code := mk.of(&m.state)
		r.Firearm.Marks = append(r.Firearm.Marks, made)
		warn(fmt.Sprintf("firearm.marks.%d", i), code)
	}
	for i, cell := range m.state.cells {
		if cell == CellError {
			warn(m.columns[i], "cell_error")
		}
	}
	return r, warnings
}

// before is the line on which a source id stood already, 0 if on none.
func (m *Mapper) before(s events.Source, line int64) int64 {
	var h maphash.Hash
	h.SetSeed(m.seed)
	h.WriteString(s.System)
	h.WriteByte(0)
	h.WriteString(s.ID)
	before := m.seen[h.Sum64()]
	m.seen[h.Sum64()] = line
	return before
}

// finish writes the request and looks at it with the eyes of the registry. A
// field that may be absent and holds what the contract refuses is left out
// with a warning; anything else refuses the row.
func (m *Mapper) finish(r *events.RecordSubmitted, warnings []events.FieldError) Mapped {
	for {
		body, err := json.Marshal(r)
		if err != nil {
			return rejected(events.FieldError{Code: "not_json", Message: err.Error()})
		}
		_, errs := events.Decode(events.TypeRecordSubmitted, body)
		if len(errs) == 0 {
			return Mapped{Body: body, Warnings: warnings}
		}
		out, left := m.leaveOut(r, errs)
		if !left {
			return rejected(events.Explain(events.TypeRecordSubmitted, body, errs)...)
		}
		warnings = append(warnings, out...)
	}
}

// leaveOut empties the fields that errors point at; left is false where one of
// them is needed, or has nothing to leave out.
func (m *Mapper) leaveOut(r *events.RecordSubmitted, errs []events.FieldError) (out []events.FieldError, left bool) {
	for _, e := range errs {
		i := slices.IndexFunc(m.fields, func(f mappedField) bool {
			at := pointerOf(f.path)
			return f.optional && (e.Pointer == at || strings.HasPrefix(e.Pointer, at+"/"))
		})
		if i < 0 || e.Code == "required" {
			return nil, false
		}
		m.fields[i].set(r, "")
		out = append(out, warning(m.fields[i].path, "left_out"))
	}
	return out, true
}

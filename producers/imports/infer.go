package imports

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/armslog/armslog/events"
)

// Known is what the user says of a file; "" and 0 are not known.
type Known struct {
	Sheet, Country, Category string
	RetainYears              int
}

// Proposal is a mapping that was made by looking at a file, and why it is as
// it is. What could not be decided is not in it: the mapping's questions say
// what that is.
type Proposal struct {
	Mapping  *Mapping
	Format   Format
	Comma    rune // CSV
	Findings []Finding
	Rows     int // looked at
	Sample   []*events.RecordSubmitted
}

// sampleRows is how many rows are shown.
const sampleRows = 5

// Infer proposes a mapping for a file, by its beginning. It returns a
// *FileError for a file in which no table is found.
func Infer(file io.ReaderAt, size int64, name string, k Known) (*Proposal, error) {
	head := make([]byte, min(size, inferBytes))
	if _, err := file.ReadAt(head, 0); err != nil && int64(len(head)) < min(size, inferBytes) {
		return nil, fmt.Errorf("read file: %w", err)
	}
	text := head
	if size > int64(len(head)) {
		text = head[:bytes.LastIndexByte(head, '\n')+1] // a line that is cut off is no row
	}
	o := Options{Sheet: k.Sheet, At: file, Size: size}
	questions, err := structure(text, &o)
	if err != nil {
		return nil, err
	}
	p := &Proposal{Mapping: &Mapping{
		Name: slug(name) + "@1", Description: "proposed by armslog import infer for " + name, Questions: questions,
		Legacy: o.Legacy, Fields: map[string]Rule{}, Absent: inferredAbsent,
	}}
	r, err := p.reader(text, &o)
	if err != nil {
		return nil, err
	}
	if _, ours := NewRecordTable().Bind(r.Header()); ours {
		return nil, &FileError{"no_mapping_needed", "the file is one that armslog wrote", "armslog import reads it as it is"}
	}
	columns, rows, err := columnsOf(r)
	if err != nil {
		return nil, err
	}
	if p.Rows = len(rows); p.Rows == 0 {
		return nil, &FileError{"empty_file", "the file holds no rows that can be read", "is it the right file?"}
	}
	p.Format, p.Comma, p.Mapping.File = r.Format(), r.Comma(), o.File
	if p.Mapping.File.Format == "" && p.Format != CSV {
		p.Mapping.File.Format = p.Format
	}
	p.Mapping.File.Sheet = k.Sheet
	p.propose(columns, k, name)
	return p, p.try(r.Header(), rows)
}

// reader opens the file, a second time where it turns out to have no header.
func (p *Proposal) reader(text []byte, o *Options) (*Reader, error) {
	open := func() (*Reader, error) { return NewReader(bytes.NewReader(text), *o) }
	r, err := open()
	if err != nil || r.Format() != CSV && r.Format() != XLSX || !headless(r.Header()) {
		return r, err
	}
	for i := range r.Header() {
		o.File.Header = append(o.File.Header, fmt.Sprintf("column_%d", i+1))
	}
	p.ask("The file has no header: are file.header's names, column_1 and so on, good ones?")
	return open()
}

func (p *Proposal) ask(format string, args ...any) {
	p.Mapping.Questions = append(p.Mapping.Questions, fmt.Sprintf(format, args...))
}

// propose makes the rules of a mapping.
func (p *Proposal) propose(columns []*sampled, k Known, name string) {
	byName := make(map[string]*sampled, len(columns))
	for _, c := range columns {
		byName[c.name] = c
	}
	found, doubtful := assign(columns)
	slices.SortStableFunc(found, func(x, y Finding) int { return strings.Compare(order(x.Field), order(y.Field)) })
	used := map[string]bool{}
	for _, f := range found {
		if p.rule(f, byName[f.Column], columns) {
			p.Findings = append(p.Findings, f)
			used[f.Column] = true
		}
	}
	for _, f := range doubtful {
		p.ask("Is the column %s %s (%s)?", f.Column, fieldWords(f.Field), f.Field)
	}
	p.required(columns, k, name, used)
	for _, c := range columns {
		if !used[c.name] && isFlag(c) {
			p.ask("The column %s says %s: are some of these rows to be left out (filter)?", c.name, strings.Join(commonest(c, 2), " or "))
		}
	}
}

// order puts the fields in the order in which people name them.
func order(field string) string {
	for i, f := range []string{"mark", "firearm.type", "firearm.make", "firearm.model", "firearm.calibre", "category", "incident.date"} {
		if f == field {
			return string(rune('0' + i))
		}
	}
	return field
}

// fieldWords names a field.
func fieldWords(field string) string {
	if field == "mark" {
		return "the serial number"
	}
	return "the " + strings.ReplaceAll(field[strings.LastIndexByte(field, '.')+1:], "_", " ")
}

// required fills what no record is without, from what the user says, or asks.
func (p *Proposal) required(columns []*sampled, k Known, name string, used map[string]bool) {
	fields := p.Mapping.Fields
	fields["source.system"] = Rule{Value: slug(name)}
	if len(p.Mapping.Marks) == 0 {
		p.ask("Which column holds the serial number (marks)?")
	}
	if _, ok := fields["source.id"]; !ok {
		p.sourceID(columns, used)
	}
	if k.Country != "" {
		fields["incident.country"] = Rule{Value: strings.ToUpper(k.Country)}
	} else if _, ok := fields["incident.country"]; !ok {
		p.ask("In which country did it happen (incident.country)? --country BR")
	}
	if k.Category != "" {
		fields["category"] = Rule{Value: k.Category}
	} else if _, ok := fields["category"]; !ok {
		p.ask("Were the weapons lost, stolen, seized, found … (category)? --category seized")
	}
	if k.RetainYears > 0 {
		fields["retain_until"] = Rule{Retain: &RetainRule{Years: k.RetainYears, From: "incident.date"}}
	} else {
		p.ask("For how many years are the records kept (retain_until)? --retain-years 15")
	}
	if _, ok := fields["firearm.type"]; !ok {
		fields["firearm.type"] = Rule{Value: "unknown"}
		p.ask("Which column tells pistols from rifles (firearm.type)? Until then all are unknown.")
	}
}

// try maps the rows; it shows the first that are not left out.
func (p *Proposal) try(header []string, rows []Row) error {
	if len(p.Mapping.Marks) == 0 {
		return nil
	}
	m, err := NewMapper(p.Mapping, header, time.Now())
	if err != nil {
		return err
	}
	for _, row := range rows[:min(len(rows), sampleRows)] {
		if err := m.load(row); err == nil {
			r, _ := m.fill()
			p.Sample = append(p.Sample, r)
		}
	}
	return nil
}

// isFlag says that a column says one of two things, of the kind of yes and no.
func isFlag(c *sampled) bool {
	flags := []string{"TRUE", "FALSE", "YES", "NO", "SIM", "NAO", "SI", "OUI", "NON", "1", "0", "S", "N", "Y"}
	return c.filled > 0 && len(c.texts) <= 2 && c.share(func(t string) bool { return slices.Contains(flags, fold(t)) }) == 1
}

// commonest are the texts of a column that stand most often.
func commonest(c *sampled, most int) []string {
	texts := slices.SortedFunc(maps.Keys(c.texts), func(x, y string) int {
		if d := c.texts[y] - c.texts[x]; d != 0 {
			return d
		}
		return strings.Compare(x, y)
	})
	return texts[:min(len(texts), most)]
}

// slug makes a name of a file's name.
func slug(name string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(fold(name)) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	if s := strings.Trim(b.String(), "-"); s != "" && s[0] >= 'a' {
		return s[:min(len(s), 32)]
	}
	return "own-table"
}

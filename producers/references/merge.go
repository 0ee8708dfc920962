package references

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
	"github.com/armslog/armslog/registry/reference"
)

// Merged is what a table adds to the reference table.
type Merged struct {
	Changed []*events.ReferenceSubmitted // full states to submit, in this order
	Added   int
	Amended int
	Known   int            // rows that say nothing new
	Left    map[string]int // rows that are left out, by reason
}

// Merge adds rows to the entries that there are. An entry is named by its code
// or by a spelling; what names two entries, or one by its code and another by
// its spelling, is left out. No entry is made whose spelling another has, and no
// make unless newMakes says so: two makes that the table knows are a conflict
// when firearms are compared, so each should be one.
func Merge(have []*events.ReferenceSubmitted, rows []Row, newMakes bool) Merged {
	m := &merger{
		newMakes: newMakes,
		byID:     map[string]*entry{}, byCode: map[string]*entry{}, byFold: map[string]*entry{}, byKey: map[string]*entry{},
		left: map[string]int{},
	}
	for _, body := range have {
		e := &entry{body: body}
		m.index(e)
	}
	for i := range rows {
		m.add(&rows[i])
	}
	out := Merged{Known: m.known, Left: m.left}
	for _, e := range m.changed {
		out.Changed = append(out.Changed, e.body)
		if e.isNew {
			out.Added++
		} else {
			out.Amended++
		}
	}
	return out
}

type entry struct {
	body    *events.ReferenceSubmitted
	isNew   bool
	changed bool
}

type merger struct {
	newMakes bool
	byID     map[string]*entry
	byCode   map[string]*entry
	byFold   map[string]*entry
	byKey    map[string]*entry // nil: several entries have such a name
	changed  []*entry          // in the order of their first change
	known    int
	left     map[string]int
}

// place is where names of a kind are apart: those of a model under its make.
func place(kind, maker string) string { return kind + " " + maker + " " }

func (m *merger) index(e *entry) {
	m.byID[registry.ReferenceID(e.body)] = e
	at := place(e.body.Kind, e.body.Make)
	for _, name := range append([]string{e.body.Name}, e.body.Aliases...) {
		m.name(e, at, name)
	}
	if e.body.Kind != "calibre" { // whose codes stand for families
		for list, code := range e.body.Codes {
			m.byCode[place(e.body.Kind, list)+code] = e
		}
	}
}

func (m *merger) name(e *entry, at, name string) {
	m.byFold[at+reference.Fold(name)] = e
	key := at + reference.Key(name)
	if other, taken := m.byKey[key]; taken && other != e {
		e = nil
	}
	m.byKey[key] = e
}

func (m *merger) add(r *Row) {
	switch {
	case r.Left != "":
		m.left[r.Left]++
	case r.Whole != nil:
		m.addWhole(r.Whole)
	default:
		m.addRow(r)
	}
}

func (m *merger) addRow(r *Row) {
	maker := ""
	if r.Kind == "model" {
		e := m.named(place("make", ""), r.Maker)
		if e == nil {
			m.left["make_unknown"]++
			return
		}
		maker = registry.ReferenceID(e.body)
	}
	at := place(r.Kind, maker)
	byName := m.named(at, r.Names)
	byCode := m.byCode[place(r.Kind, r.List)+r.Code]
	switch {
	case byCode != nil && byName != nil && byCode != byName:
		m.left["names_two"]++
	case byCode != nil && byName == nil && !isLike(byCode, r.Names[0]):
		m.left["code_of_another"]++
	case byCode != nil:
		m.amend(byCode, at, r)
	case byName != nil:
		m.amend(byName, at, r)
	case !r.Adds || r.Kind == "make" && !m.newMakes:
		m.left["unknown"]++
	default:
		m.make(at, maker, r)
	}
}

// named is the one entry that any of the names means, by its spelling, or else
// by its words in any order.
func (m *merger) named(at string, names []string) *entry {
	for _, name := range names {
		if e := m.byFold[at+reference.Fold(name)]; e != nil {
			return e
		}
	}
	for _, name := range names {
		if e := m.byKey[at+reference.Key(name)]; e != nil {
			return e
		}
	}
	return nil
}

// isLike keeps a code that stands for one model of a make, or for its importer,
// from naming the make.
func isLike(e *entry, name string) bool {
	s := reference.SpellingsOf(e.body.Name, e.body.Aliases, nil)
	return len(reference.Find(name, slices.All([]*reference.Spellings{s}), 1)) > 0
}

const maxAliases = 64

// amend adds what an entry lacks: a code of a list that it has none of, and
// spellings of a make or model that nobody has.
func (m *merger) amend(e *entry, at string, r *Row) {
	next := *e.body
	if r.Code != "" && next.Codes[r.List] == "" {
		next.Codes = maps.Clone(next.Codes)
		if next.Codes == nil {
			next.Codes = map[string]string{}
		}
		next.Codes[r.List] = r.Code
	}
	if r.Kind == "make" || r.Kind == "model" {
		next.Aliases = m.unclaimed(at, e.body.Aliases, r.Names)
	}
	if len(next.Codes) == len(e.body.Codes) && len(next.Aliases) == len(e.body.Aliases) {
		m.known++
		return
	}
	if m.put(e, &next) {
		m.index(e)
	}
}

// unclaimed adds to aliases the names that stand for nothing yet.
func (m *merger) unclaimed(at string, aliases, names []string) []string {
	out := slices.Clone(aliases)
	for _, name := range names {
		f := reference.Fold(name)
		claimed := f == "" || m.byFold[at+f] != nil || slices.ContainsFunc(out, func(a string) bool { return reference.Fold(a) == f })
		if !claimed && len(out) < maxAliases {
			out = append(out, name)
		}
	}
	return out
}

func (m *merger) make(at, maker string, r *Row) {
	if reference.Fold(r.Names[0]) == "" {
		m.left["no_name"]++
		return
	}
	body := &events.ReferenceSubmitted{Name: r.Names[0], Kind: r.Kind, Make: maker}
	if r.Code != "" {
		body.Codes = map[string]string{r.List: r.Code}
	}
	body.Aliases = m.unclaimed(at, nil, r.Names)[1:] // the name itself is the first
	if len(body.Aliases) == 0 {
		body.Aliases = nil
	}
	if e := (&entry{isNew: true}); m.put(e, body) {
		m.index(e)
	}
}

// addWhole takes a full entry. One of its id that is there keeps what it has and
// gets what it lacks.
func (m *merger) addWhole(body *events.ReferenceSubmitted) {
	id, at := registry.ReferenceID(body), place(body.Kind, body.Make)
	for _, name := range append([]string{body.Name}, body.Aliases...) {
		if e := m.byFold[at+reference.Fold(name)]; e != nil && registry.ReferenceID(e.body) != id {
			m.left["names_two"]++
			return
		}
	}
	e := m.byID[id]
	if e == nil {
		e = &entry{isNew: true}
	} else {
		body = m.union(at, e.body, body)
		if same(e.body, body) {
			m.known++
			return
		}
	}
	if m.put(e, body) {
		m.index(e)
	}
}

// union is an entry with what another state of it has beside.
func (m *merger) union(at string, have, more *events.ReferenceSubmitted) *events.ReferenceSubmitted {
	out := *have
	out.Country, out.FirearmType = cmp.Or(have.Country, more.Country), cmp.Or(have.FirearmType, more.FirearmType)
	out.Aliases = m.unclaimed(at, have.Aliases, append([]string{more.Name}, more.Aliases...))
	out.Related, out.Calibres = joined(have.Related, more.Related), joined(have.Calibres, more.Calibres)
	if len(have.Codes)+len(more.Codes) > 0 {
		out.Codes = maps.Clone(more.Codes)
		if out.Codes == nil {
			out.Codes = map[string]string{}
		}
		maps.Copy(out.Codes, have.Codes)
	}
	if len(have.SerialForms) == 0 {
		out.SerialForms = more.SerialForms
	}
	return &out
}

func joined(have, more []string) []string {
	out := slices.Clone(have)
	for _, s := range more {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

func same(a, b *events.ReferenceSubmitted) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && string(x) == string(y)
}

// put gives an entry a new state, if the registry would take it.
func (m *merger) put(e *entry, body *events.ReferenceSubmitted) bool {
	text, err := json.Marshal(body)
	if err != nil {
		m.left["not_json"]++
		return false
	}
	if _, errs := events.Decode(events.TypeReferenceSubmitted, text); len(errs) > 0 {
		m.left[errs[0].Code]++
		return false
	}
	e.body = body
	if !e.changed {
		e.changed = true
		m.changed = append(m.changed, e)
	}
	return true
}

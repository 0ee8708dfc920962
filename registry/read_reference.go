package registry

import (
	"iter"
	"slices"
	"strings"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry/reference"
)

// ReferenceInfo is an entry of the firearms reference table.
type ReferenceInfo struct {
	ID string `json:"id"`
	events.ReferenceSubmitted
	Seq uint64 `json:"seq" doc:"Journal entry of its last change: it holds from there on."`
}

// ReferenceName is an entry by id and name.
type ReferenceName struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// FoundReference is an entry that was looked for.
type FoundReference struct {
	ReferenceInfo
	Reason    string          `json:"reason,omitempty" doc:"Why it was found: name, alias, code, words, beginning, spelling, part."`
	Spelling  string          `json:"spelling,omitempty" doc:"The spelling of it that was found."`
	RelatedTo []ReferenceName `json:"related_to,omitempty" doc:"Entries that name it as related, or that it names: joint production."`
}

// MayReadReference says whether an organisation may read the reference table:
// the General Secretariat, and who has the right.
func (s *State) MayReadReference(org events.OrgID) bool {
	_, ref := s.lookup(org)
	return ref != 0 && (ref == s.secretary || s.has(ref, rightReference, s.at))
}

func (s *State) lexicons() []*lexicon {
	return []*lexicon{&s.makes, &s.models, &s.calibres, &s.types}
}

// References are the makes, models, calibres and types of the reference table,
// in the order in which each kind came in.
func (s *State) References() (list []ReferenceInfo) {
	for _, l := range s.lexicons() {
		for _, e := range l.known {
			list = append(list, e.info())
		}
	}
	return list
}

// ReferencePage are at most limit entries of a kind ("" = all) behind the entry
// named after ("" = from the first); ok is false where there is no such entry.
func (s *State) ReferencePage(kind, after string, limit int) (list []ReferenceInfo, next string, ok bool) {
	ok = after == ""
	for _, l := range s.lexicons() {
		start := 0
		if !ok {
			i, here := l.byID[after]
			if !here {
				continue
			}
			start, ok = int(i)+1, true
		}
		for _, e := range l.known[start:] {
			if kind != "" && e.Kind != kind {
				break // a lexicon holds one kind
			}
			if len(list) == limit {
				return list, list[limit-1].ID, true
			}
			list = append(list, e.info())
		}
	}
	return list, "", ok
}

// Reference is one entry by its id.
func (s *State) Reference(id string) (FoundReference, bool) {
	for _, l := range s.lexicons() {
		if i, ok := l.byID[id]; ok {
			return FoundReference{ReferenceInfo: l.known[i].info(), RelatedTo: l.relatedTo(i)}, true
		}
	}
	return FoundReference{}, false
}

// FindReferences looks a name up, however it is spelt, among the entries of a
// kind ("" = all): the best first, at most limit.
func (s *State) FindReferences(text, kind string, limit int) []FoundReference {
	type place struct {
		in *lexicon
		at int
	}
	var places []place
	all := func(yield func(int, *reference.Spellings) bool) {
		for _, l := range s.lexicons() {
			for i, e := range l.known {
				if kind != "" && e.Kind != kind {
					break
				}
				places = append(places, place{l, i})
				if !yield(len(places)-1, e.spellings) {
					return
				}
			}
		}
	}
	found := []FoundReference{}
	for _, h := range reference.Find(text, iter.Seq2[int, *reference.Spellings](all), limit) {
		p := places[h.Entry]
		found = append(found, FoundReference{
			ReferenceInfo: p.in.known[p.at].info(), Reason: h.Reason.String(), Spelling: h.Spelling, RelatedTo: p.in.relatedTo(uint32(p.at)),
		})
	}
	return found
}

// SerialCheck is what the reference table says of a make's serial number.
type SerialCheck struct {
	Make  ReferenceName  `json:"make"`
	Model *ReferenceName `json:"model,omitempty"`
	reference.Check
}

// CheckSerial says whether a serial number fits a make, one of its models ("" =
// not stated) and a year (0 = not stated). The forms of the model stand before
// those of the make. ok is false where the make cannot be told.
func (s *State) CheckSerial(maker, model, serial string, year int) (c SerialCheck, ok bool) {
	e := s.makes.only(maker)
	if e == nil {
		return c, false
	}
	c.Make = ReferenceName{e.id, e.Name}
	forms := e.SerialForms
	if m := s.modelOf(e.id, model); m != nil {
		c.Model = &ReferenceName{m.id, m.Name}
		if len(m.SerialForms) > 0 {
			forms = m.SerialForms
		}
	}
	c.Check = reference.CheckSerial(forms, serial, year)
	return c, true
}

// only is the entry that a text, or an id, leaves no choice about.
func (l *lexicon) only(text string) *entry {
	if i, ok := l.byID[text]; ok {
		return l.known[i]
	}
	hit, ok := reference.Only(reference.Find(text, l.spelt(), 0))
	if !ok {
		return nil
	}
	return l.known[hit.Entry]
}

func (s *State) modelOf(maker, text string) *entry {
	fold := reference.Fold(text)
	for _, e := range s.models.known {
		if fold != "" && e.Make == maker && e.named(fold) {
			return e
		}
	}
	return nil
}

func (e *entry) named(fold string) bool {
	return reference.Fold(e.Name) == fold || slices.ContainsFunc(e.Aliases, func(a string) bool { return reference.Fold(a) == fold })
}

func (l *lexicon) spelt() iter.Seq2[int, *reference.Spellings] {
	return func(yield func(int, *reference.Spellings) bool) {
		for i, e := range l.known {
			if !yield(i, e.spellings) {
				return
			}
		}
	}
}

func (l *lexicon) relatedTo(i uint32) (list []ReferenceName) {
	for j, e := range l.known {
		if uint32(j) != i && l.related(i, uint32(j)) {
			list = append(list, ReferenceName{e.id, e.Name})
		}
	}
	slices.SortFunc(list, func(a, b ReferenceName) int { return strings.Compare(a.Name, b.Name) })
	return list
}

func (e *entry) info() ReferenceInfo {
	return ReferenceInfo{ID: e.id, ReferenceSubmitted: e.ReferenceSubmitted, Seq: e.seq}
}

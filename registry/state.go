package registry

import (
	"slices"
	"strings"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry/matching"
)

// State is everything the registry knows at one seq. It is not safe for
// concurrent use: its holder guards it with one lock. Decide and the reads do
// not change it; Evolve does.
type State struct {
	next    uint64 // seq of the next entry
	at      int64  // log time of the last entry
	journal events.UUID

	directory
	requests   requests
	subjects   arena[subject]
	byID       idTable
	moreMarks  map[uint32][]matching.MarkID // second and further marks of a subject
	index      matching.Index
	makes      lexicon
	models     lexicon
	calibres   lexicon
	types      lexicon // of the reference table alone: a firearm states a code
	places     lexicon
	denySets   [][]orgRef        // each sorted; 0 is the empty set
	denyByName map[string]uint16 // the set's ids, joined
	matches    matches
	traces     traces
	policy     *matching.Table
	policyName string
	operations map[string]*operation
	policies   []policySet // that were put in force, the last one is
	due        dueWork
	call       call     // a buffer of Decide, no part of what is known
	meeting    meeting  // the same
	calendar   calendar // of the last day asked for, no part of what is known
	seen       uint8    // by Foresee, no part of what is known
	kinds      kinds    // how many subjects of each kind there are: for gauges alone
}

// New is the state before the first entry.
func New() *State {
	s := &State{
		directory: newDirectory(),
		moreMarks: map[uint32][]matching.MarkID{},
		makes:     newLexicon(), models: newLexicon(), calibres: newLexicon(), places: newLexicon(), types: newLexicon(),
		denySets: [][]orgRef{nil}, denyByName: map[string]uint16{"": 0},
		matches: newMatches(), traces: newTraces(),
		due: newDueWork(),

		operations: map[string]*operation{},
	}
	s.models.shared = true
	return s
}

// Next is the seq of the next entry.
func (s *State) Next() uint64 { return s.next }

// LastAt is the log time of the last entry, Unix milliseconds.
func (s *State) LastAt() int64 { return s.at }

// JournalID is the id that the genesis entry gave the journal.
func (s *State) JournalID() events.UUID { return s.journal }

func (s *State) subject(row uint32) *subject { return s.subjects.at(row) }

func (s *State) subjectID(row uint32) events.UUID { return s.subjects.at(row).id }

func (s *State) findSubject(id events.UUID) (row uint32, ok bool) {
	return s.byID.find(id, s.subjectID)
}

// addSubject adds a row; its marks are added by setMarks.
func (s *State) addSubject(r subject) uint32 {
	row := s.subjects.add(r)
	s.kinds.add(&r)
	s.byID.insert(r.id, row)
	return row
}

// setMarks puts the marks that can find a weapon into the index, in place of
// those the subject had. Marks that stay as they were are left alone.
func (s *State) setMarks(row uint32, marks []events.Mark) {
	r := s.subject(row)
	if r.marks > 0 {
		if s.sameMarks(row, marks) {
			return
		}
		s.dropMarks(row)
	}
	for i, m := range marks {
		if !makesKey(m) {
			continue
		}
		id := s.index.Add(matching.Entry{Mark: markOf(m), Subject: row, Number: uint8(i), Indexed: true})
		if r.marks == 0 {
			r.mark = uint32(id)
		} else {
			s.moreMarks[row] = append(s.moreMarks[row], id)
		}
		r.marks++
	}
}

func (s *State) sameMarks(row uint32, marks []events.Mark) bool {
	old := s.marksOf(row)
	n := 0
	for i, m := range marks {
		if !makesKey(m) {
			continue
		}
		if n == len(old) || s.index.Mark(old[n]) != markOf(m) {
			return false
		}
		if _, no := s.index.Subject(old[n]); int(no) != i {
			return false
		}
		n++
	}
	return n == len(old) && n > 0
}

func (s *State) dropMarks(row uint32) {
	for _, id := range s.marksOf(row) {
		s.index.Remove(id)
	}
	if r := s.subject(row); r.marks > 1 {
		delete(s.moreMarks, row)
	}
	s.subject(row).marks = 0
}

func (s *State) marksOf(row uint32) []matching.MarkID {
	r := s.subject(row)
	if r.marks == 0 {
		return nil
	}
	return append([]matching.MarkID{matching.MarkID(r.mark)}, s.moreMarks[row]...)
}

// makesKey says whether a mark can find a weapon: serial numbers and numbers
// that an owner applied. Import and proof marks are shared by thousands.
func makesKey(m events.Mark) bool {
	return m.Text != "" && (m.Kind == "serial" || m.Kind == "owner_applied")
}

func markOf(m events.Mark) matching.Mark {
	return matching.Mark{Text: m.Text, Series: m.Series, Partial: m.Status == "partial"}
}

// denySet numbers a set of organisations from which a record is withheld.
func (s *State) denySet(deny []events.OrgID) uint16 {
	if len(deny) == 0 {
		return 0
	}
	ids := slices.Clone(deny)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	key := strings.Join(ids, ",")
	if n, ok := s.denyByName[key]; ok {
		return n
	}
	refs := make([]orgRef, 0, len(ids))
	for _, id := range ids {
		refs = append(refs, s.refOf(id))
	}
	slices.Sort(refs)
	s.denySets = append(s.denySets, refs)
	n := uint16(len(s.denySets) - 1)
	s.denyByName[strings.Clone(key)] = n
	return n
}

// refOf numbers an organisation even before the directory names it: a record
// may be withheld from one that does not exist yet.
func (d *directory) refOf(id events.OrgID) orgRef {
	ref, ok := d.byID[id]
	if !ok {
		d.orgs = append(d.orgs, organisation{OrganisationSubmitted: events.OrganisationSubmitted{OrganisationID: strings.Clone(id)}})
		ref = orgRef(len(d.orgs) - 1)
		d.byID[d.orgs[ref].OrganisationID] = ref
	}
	return ref
}

// storedMarks are the marks that can find a subject, each at its place in the
// description; the others are left blank.
func (s *State) storedMarks(row uint32) (marks []events.Mark) {
	for _, id := range s.marksOf(row) {
		_, no := s.index.Subject(id)
		for len(marks) <= int(no) {
			marks = append(marks, events.Mark{})
		}
		m := s.index.Mark(id)
		marks[no] = events.Mark{Kind: "serial", Status: "readable", Text: m.Text, Series: m.Series}
		if m.Partial {
			marks[no].Status = "partial"
		}
	}
	return marks
}

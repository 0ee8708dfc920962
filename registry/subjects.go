package registry

import (
	"hash/fnv"

	"github.com/armslog/armslog/events"
)

// subject is a firearm as somebody described it: a record, or a question. Both
// stand in one table and one index, because a question meets records and a
// record meets questions by the same marks. One row, no pointers.
type subject struct {
	id       events.UUID
	seq      uint64 // entry that holds the description as it stands
	digest   [8]byte
	make     name
	model    name
	calibre  name
	place    name
	caseHash uint32     // of system and case number; a missing case number is a case of its own
	from, to events.Day // of the incident; both 0 and flagDated unset: no date stated
	until    events.Day // last day on which a record is kept
	stands   events.Day // last day on which it stands as a question; 0 = it does not
	revision uint32
	mark     uint32 // first mark of the index; further ones in State.moreMarks
	org      orgRef // owner of the record, or asker
	acting   orgRef // body the asker acted for
	deny     uint16 // set of organisations, State.denySets
	country  uint16 // of the incident, see countryRef
	marks    uint8  // how many marks of the index are this subject's
	category uint8  // of a record, 1.. in events.Categories; 0 = a question
	context  uint8  // of a question, 1.. in events.Contexts, or contextTrace
	typ      uint8  // 1.. in events.FirearmTypes
	flags    uint8
}

const (
	flagDated   uint8 = 1 << iota // from and to are stated
	flagClosed                    // withdrawn: a record or question that is no more
	flagKept                      // a question that stands though its agreement was revoked
	flagEnded                     // a question that stands no more
	flagExpired                   // a record whose last day is over, and due work has said so
	flagErased                    // its description can no longer be read
)

func (r *subject) is(flag uint8) bool { return r.flags&flag != 0 }

// isRecord says record or question; a recovered record is both.
func (r *subject) isRecord() bool { return r.category != 0 }

// isSearch and isTrace say which kind of question it is that is no record.
func (r *subject) isSearch() bool { return !r.isRecord() && !r.isTrace() }

func (r *subject) isTrace() bool { return r.context == contextTrace }

func (r *subject) wanted() bool {
	return r.isRecord() && events.Family(events.Categories.At(r.category)) == events.Wanted
}

func (r *subject) recovered() bool { return r.isRecord() && !r.wanted() }

// live says whether a record counts at log time at. The date itself decides,
// not the due work that will say so later.
func (r *subject) live(at int64) bool {
	return r.isRecord() && !r.is(flagClosed) && at < (r.until+1).Start()
}

// standing says whether the subject is a question that stands at log time at:
// a search until its day, a recovered record for five years or until closed.
func (r *subject) standing(at int64) bool {
	if r.isRecord() && !(r.recovered() && r.live(at)) {
		return false
	}
	return !r.is(flagEnded) && r.stands != 0 && at < (r.stands+1).Start()
}

// countryRef numbers a country by its place in the code list, which only grows.
func countryRef(code string) uint16 {
	i, _ := events.Countries.Index(code)
	return uint16(i)
}

// draftRecord is the row of a record as far as it follows from the request
// alone.
func draftRecord(id events.UUID, b *events.RecordSubmitted) subject {
	r := subject{id: id, revision: 1, digest: events.Digest(b), caseHash: caseHash(b), until: b.RetainUntil.Max(), country: countryRef(b.Incident.Country)}
	r.category, _ = events.Categories.Index(b.Category)
	r.typ, _ = events.FirearmTypes.Index(b.Firearm.Type)
	r.setDate(b.Incident.Date)
	return r
}

// draftSearch is the row of a question as far as it follows from the request
// alone.
func draftSearch(id events.UUID, b *events.SearchMade) subject {
	r := subject{id: id, revision: 1, country: countryRef(b.Incident.Country)}
	r.context, _ = events.Contexts.Index(b.Context)
	r.typ, _ = events.FirearmTypes.Index(b.Firearm.Type)
	r.setDate(b.Incident.Date)
	return r
}

// recordRow is the row of a record as submitted, but for what only Evolve may
// give it: its names' numbers, its deny set and its marks.
func (s *State) recordRow(p *Prepared, owner orgRef, at int64) subject {
	r := p.draft
	r.seq, r.org = s.next, owner
	if r.recovered() {
		r.stands = s.lastDay(contextRecovered, at)
	}
	return r
}

// searchRow is the row of a question, with the same reserve.
func (s *State) searchRow(p *Prepared, b *events.SearchMade, seq uint64, asker, acting orgRef, at int64) subject {
	r := p.draft
	r.seq, r.org, r.acting, r.stands = seq, asker, acting, s.standsUntil(b, at)
	return r
}

func (r *subject) setDate(d events.Date) {
	r.from, r.to = d.Min(), d.Max()
	r.flags &^= flagDated
	if !d.IsZero() {
		r.flags |= flagDated
	}
}

// caseHash tells the cases of one owner apart: FNV-1a, 32 bits.
func caseHash(b *events.RecordSubmitted) uint32 {
	h := fnv.New32a()
	number, kind := b.Incident.CaseNumber, byte(1)
	if number == "" {
		number, kind = b.Source.ID, 2
	}
	for _, part := range []string{b.Source.System, number} {
		h.Write([]byte(part))
		h.Write([]byte{0, kind})
	}
	return h.Sum32()
}

package registry

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"hash"
	"maps"
	"slices"

	"github.com/armslog/armslog/events"
)

// StateForm is the version of what Hash covers and of how it does: hashes of two
// forms say nothing of each other. It grows with every change that gives the same
// history another hash (TestStateForm); what keeps a hash keeps the form with it.
const StateForm = 2

// Hash is a digest of all that is known: two states that evolved by the same
// entries have the same hash, on any machine. It walks the whole state.
func (s *State) Hash() [32]byte {
	d := digest{sha256.New()}
	d.values(s.next, s.at, s.journal, s.policyName, s.secretary)
	s.hashDirectory(d)
	s.hashRequests(d)
	s.hashSubjects(d)
	s.hashMatches(d)
	s.hashTraces(d)
	s.hashConfirmations(d)
	s.hashDue(d)
	s.hashOperations(d)
	for _, p := range s.policies {
		d.values(p.name, p.seq, p.at, p.digest)
	}
	for _, l := range []*lexicon{&s.makes, &s.models, &s.calibres, &s.places, &s.types} {
		d.values(l.texts, l.folds, l.entries)
		for _, r := range l.known {
			d.json(r.ReferenceSubmitted)
			d.values(r.id, r.seq, len(r.folds), r.folds)
		}
	}
	s.index.Hash(d.Hash)
	return [32]byte(d.Sum(nil))
}

// digest writes values so that no two sequences of values write the same bytes.
type digest struct{ hash.Hash }

func (d digest) values(values ...any) {
	for _, v := range values {
		switch v := v.(type) {
		case string:
			d.values(uint64(len(v)))
			d.Write([]byte(v))
		case []string:
			d.values(uint64(len(v)))
			for _, s := range v {
				d.values(s)
			}
		case int:
			d.values(uint64(v))
		default: // numbers of fixed size, arrays and slices of them
			if n := binary.Size(v); n < 0 {
				panic("registry: hash of a value without a fixed size")
			} else if err := binary.Write(d, binary.LittleEndian, v); err != nil {
				panic("registry: " + err.Error())
			}
		}
	}
}

func (s *State) hashDirectory(d digest) {
	for i := range s.orgs {
		o := &s.orgs[i]
		d.json(o.OrganisationSubmitted)
		d.values(o.seq, o.parent, uint64(len(o.questions)), o.questions, o.over, uint64(len(o.inbox)), o.inbox, o.acked, o.digest, o.digestDay, o.used, o.decided, o.passable)
	}
	for _, a := range s.directory.sorted() {
		d.json(a.AgreementGranted)
		d.values(a.seq, a.ended, a.keep)
	}
	for i, set := range s.denySets {
		d.values(i, len(set), set)
	}
}

// json writes a wire body; its fields are in the order of its declaration.
func (d digest) json(body any) {
	b, err := json.Marshal(body)
	if err != nil {
		panic("registry: hash: " + err.Error())
	}
	d.values(string(b))
}

func (s *State) hashRequests(d digest) {
	d.values(s.requests.next - s.requests.front)
	for n := s.requests.front; n < s.requests.next; n++ {
		q := s.requests.at(n)
		d.values(q.id, q.seq, q.body, q.day, q.org)
	}
}

func (s *State) hashSubjects(d digest) {
	var row [128]byte
	d.values(s.subjects.len())
	for i := range s.subjects.len() {
		n, err := binary.Encode(row[:], binary.LittleEndian, s.subject(uint32(i)).fixed())
		if err != nil {
			panic("registry: hash: " + err.Error())
		}
		d.Write(row[:n])
		for _, id := range s.marksOf(uint32(i)) {
			d.values(uint32(id))
		}
	}
}

// fixed is a row as hashed: every field of it.
func (r *subject) fixed() any {
	return &struct {
		ID                                    events.UUID
		Seq                                   uint64
		Digest                                [8]byte
		Make, Model, Calibre, Place, Case     uint32
		From, To, Until, Stands               events.Day
		Revision                              uint32
		Org, Acting, Deny, Country            uint16
		Marks, Category, Context, Type, Flags uint8
	}{
		r.id, r.seq, r.digest, r.make, r.model, r.calibre, r.place, r.caseHash, r.from, r.to, r.until, r.stands, r.revision,
		r.org, r.acting, r.deny, r.country, r.marks, r.category, r.context, r.typ, r.flags,
	}
}

func (s *State) hashMatches(d digest) {
	d.values(s.matches.all.len())
	for i := range s.matches.all.len() {
		m := s.matches.all.at(uint32(i))
		d.values(m.id, m.seq, m.question, m.record, m.class, m.status, m.told, m.seen, m.ended)
	}
}

func (s *State) hashDue(d digest) {
	for _, day := range slices.Sorted(maps.Keys(s.due.lapsing)) {
		d.values(day, len(s.due.lapsing[day]), s.due.lapsing[day])
	}
	for _, m := range s.due.more {
		d.values(m.of, m.cursor, m.subject, m.org)
	}
	d.values(len(s.due.digests), s.due.digests)
	a := s.due.again
	d.values(a.of, a.next, a.end, a.left, a.due, a.latest)
	d.values(len(s.due.deadlines.heap))
	for _, x := range s.due.deadlines.heap {
		d.values(x.at, uint8(x.kind), x.of, x.no)
	}
	s.due.keeping.hash(d)
}

func (s *State) hashTraces(d digest) {
	d.values(s.traces.all.len())
	for i := range s.traces.all.len() {
		t := s.traces.all.at(uint32(i))
		d.values(t.id, t.record, t.seq, t.question, t.by, t.org, t.acting, t.urgency, t.forwarding, t.outcome, t.asks)
		s.traces.each(t, func(_ uint32, a *addressee) { d.values(a.by, a.org, a.stage, a.alarm, a.flags) })
		d.values(s.traces.seqs(t))
	}
}

func (k *keeping) hash(d digest) {
	for _, day := range slices.Sorted(maps.Keys(k.days)) {
		d.values(day, len(k.days[day]))
		for _, x := range k.days[day] {
			d.values(x.owner, x.n, len(x.rows), x.rows)
		}
	}
	for _, days := range k.due {
		d.values(len(days), days)
	}
	d.values(k.told[:])
}

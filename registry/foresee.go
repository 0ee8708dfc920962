package registry

import (
	"iter"

	"github.com/armslog/armslog/events"
)

// Ahead is how many requests are foreseen at a time: what they touch is in the
// processor's caches still when it is needed.
const Ahead = 128

// Foresee reads where deciding or folding these requests, each with its sender,
// will look: the requests themselves, which were decoded elsewhere, the tables of
// requests and of ids, and the index. Each place is far
// from the last one in memory, and none depends on another, so that the
// processor waits for many of them at once, where Decide and Evolve would wait
// for one after the other. It changes nothing that is known, and may be left
// out.
func (s *State) Foresee(requests iter.Seq2[events.OrgID, *Prepared]) {
	sum := s.seen
	for sender, p := range requests {
		sum += s.requests.glance(s.directory.byID[sender], p.Envelope.ID)
		sum += s.byID.Glance(idHash(p.RecordID))
		for _, m := range p.Marks {
			sum += s.index.Glance(m.Key)
		}
		sum += glanceAt(p.Body)
	}
	s.seen = sum // used, so that the reads are not optimised away
}

// Foreseen are the first inputs, as Foresee takes them.
func Foreseen(inputs []*Input) iter.Seq2[events.OrgID, *Prepared] {
	return func(yield func(events.OrgID, *Prepared) bool) {
		for _, in := range inputs[:min(Ahead, len(inputs))] {
			if !yield(in.Src, in.Prepared) {
				return
			}
		}
	}
}

// glanceAt reads what is said of a firearm, a place in each part of it.
func glanceAt(b events.Body) uint8 {
	switch b := b.(type) {
	case *events.RecordSubmitted:
		return glanceFirearm(&b.Firearm) + first(b.Incident.Place) + first(b.Source.ID)
	case *events.SearchMade:
		return glanceFirearm(&b.Firearm) + first(b.Incident.Place)
	}
	return 0
}

func glanceFirearm(f *events.Firearm) (sum uint8) {
	for i := range f.Marks {
		sum += first(f.Marks[i].Kind) + first(f.Marks[i].Text)
	}
	return sum + first(f.Make) + first(f.Model) + first(f.Calibre)
}

func first(s string) uint8 {
	if s == "" {
		return 0
	}
	return s[0]
}

package registry

import "github.com/armslog/armslog/events"

// Foresee reads where deciding these requests will look: the tables of requests
// and of ids, and the index. Each place is far from the last one in memory, and
// none depends on another, so that the processor waits for many of them at
// once, where Decide would wait for one after the other. It changes nothing
// that is known, and may be left out.
func (s *State) Foresee(inputs []*Input) {
	sum := s.seen
	for _, in := range inputs {
		sum += s.requests.glance(s.directory.byID[in.Src], in.Envelope.ID)
		sum += s.byID.glance(in.RecordID)
		for _, m := range in.Marks {
			sum += s.index.Glance(m.Key)
		}
	}
	s.seen = sum // used, so that the reads are not optimised away
}

func (r *requests) glance(org orgRef, id events.UUID) uint8 {
	if len(r.tags) == 0 {
		return 0
	}
	return r.tags[requestHash(org, id)&uint64(len(r.tags)-1)]
}

func (t *idTable) glance(id events.UUID) uint8 {
	if len(t.tags) == 0 {
		return 0
	}
	return t.tags[idHash(id)>>8&uint64(len(t.tags)-1)]
}

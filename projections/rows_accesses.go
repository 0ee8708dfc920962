package projections

import "github.com/armslog/armslog/events"

// access adds who was shown what. Of an erased look remain the organisation and
// the thing.
func (r *Rows) access(e *events.Entry, f events.AccessEffect, body events.Body) {
	b, _ := body.(*events.AccessMade)
	if b == nil {
		b = &events.AccessMade{}
	}
	s := &r.sheets[accessSheet]
	s.uuid(f.ID)
	s.uuid(e.Envelope.ID)
	s.when(e)
	s.strs(f.Org, b.Actor, b.ActingFor, f.What)
	s.list(f.Parties)
	s.str(b.Purpose)
	s.u64(b.Seq)
	s.end(e.Seq)
}

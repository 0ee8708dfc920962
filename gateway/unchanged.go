package gateway

import (
	"context"
	"time"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
)

// caughtUpWithin bounds the wait for the journal's end: where it is far, an
// append is as fast.
const caughtUpWithin = 250 * time.Millisecond

// answerUnchanged answers at the edge the rows whose content the registry has
// already, and leaves the others to be appended, in flight from here on. An
// answer at the edge is right only while no request about the record is in
// flight here, and when the state has seen all that the journal held as the
// rows arrived: what was answered before they were sent is in their answer.
//
// A row that was asked before under the same id is appended too, whatever it
// holds: its first answer is told again, not "unchanged".
func (b *batch) answerUnchanged(ch *chunk) {
	prepared := make([]*registry.Prepared, len(ch.messages))
	for i, m := range ch.messages {
		prepared[i] = registry.Prepare(b.org(), m.Headers, m.Value)
	}
	if b.worthwhile(prepared) && b.caughtUp() {
		// One read lock for the whole chunk: the leader holds the write lock
		// until its batch is acknowledged.
		b.cfg.Registry.Read(func(s *registry.State) { b.divide(ch, prepared, s) })
	} else {
		b.divide(ch, prepared, nil)
	}
	kept, m := ch.messages[:0], 0
	for i := range ch.rows {
		if ch.rows[i].code != "" {
			continue
		}
		if ch.rows[i].fate == appended {
			kept = append(kept, ch.messages[m])
		}
		m++
	}
	ch.messages = kept
}

// worthwhile looks whether there is any such row: only then is it worth asking
// for the journal's end.
func (b *batch) worthwhile(prepared []*registry.Prepared) (found bool) {
	if b.text(headerOnBehalfOf) != "" {
		return false // whether it may is the registry's to say
	}
	b.cfg.Registry.Read(func(s *registry.State) {
		for _, p := range prepared {
			if _, found = b.unchangedIn(s, p); found {
				return
			}
		}
	})
	return found
}

func (b *batch) unchangedIn(s *registry.State, p *registry.Prepared) (events.Reply, bool) {
	if _, asked := s.Requested(b.org(), p.Envelope.ID); asked {
		return events.Reply{}, false
	}
	return s.Unchanged(b.org(), p)
}

func (b *batch) caughtUp() bool {
	ctx, cancel := context.WithTimeout(b.ctx, caughtUpWithin)
	defer cancel()
	return b.cfg.Registry.CatchUp(ctx) == nil
}

// divide goes through the rows in order, since an earlier one puts its record
// in flight for a later one. It looks at the flight before the state: a request
// that has left the one is in the other. Without a state all are appended.
func (b *batch) divide(ch *chunk, prepared []*registry.Prepared, s *registry.State) {
	m := 0
	for i := range ch.rows {
		r := &ch.rows[i]
		if r.fate != appended {
			continue
		}
		p := prepared[m]
		m++
		r.record = p.RecordID
		if s != nil && !b.flight.has(r.record) {
			if reply, ok := b.unchangedIn(s, p); ok {
				r.fate, r.seq = unchangedAtEdge, reply.Seq
				continue
			}
		}
		b.flight.start(r.record)
	}
}

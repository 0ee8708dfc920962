package gateway

import (
	"bytes"
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
	prepared, found := b.known(ch)
	// One read lock for the whole chunk: the leader holds the write lock until
	// its batch is acknowledged.
	divided := found && b.caughtUp() &&
		b.cfg.Registry.Read(b.ctx, func(s *registry.State) { b.divide(ch, prepared, s) }) == nil
	if !divided {
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

// known identifies the records of the rows, and prepares the rows about records
// that exist: only they can be unchanged. found says that there are any, so
// that it is worth asking for the journal's end.
func (b *batch) known(ch *chunk) (prepared []*registry.Prepared, found bool) {
	prepared = make([]*registry.Prepared, len(ch.messages))
	m := 0
	for i := range ch.rows {
		r := &ch.rows[i]
		if r.fate != appended {
			continue
		}
		var ok bool
		if r.record, ok = recordID(b.org(), ch.messages[m].Value); !ok {
			prepared[m] = b.prepare(ch.messages[m])
			r.record = prepared[m].RecordID
		}
		m++
	}
	if b.kind != events.TypeRecordSubmitted || b.text(headerOnBehalfOf) != "" {
		return prepared, false // whether it may is the registry's to say
	}
	var exist []int
	if b.cfg.Registry.Read(b.ctx, func(s *registry.State) { exist = existing(ch, s) }) != nil {
		return prepared, false // the registry will say so
	}
	for _, m := range exist {
		if prepared[m] == nil {
			prepared[m] = b.prepare(ch.messages[m])
		}
	}
	return prepared, len(exist) > 0
}

func (b *batch) prepare(m events.Message) *registry.Prepared {
	return registry.Prepare(b.org(), m.Headers, m.Value)
}

// existing are the messages about records that s knows.
func existing(ch *chunk, s *registry.State) (messages []int) {
	m := 0
	for i := range ch.rows {
		if ch.rows[i].fate != appended {
			continue
		}
		if _, ok := s.Record(ch.rows[i].record); ok {
			messages = append(messages, m)
		}
		m++
	}
	return messages
}

// recordID reads the source of a body that begins with it in its plainest form,
// as those of importers do; ok is false for all others. It spares the edge the
// decoding of rows that it can only append. An id that a body turns out not to
// have does no harm: it is one record more in flight.
func recordID(org events.OrgID, body []byte) (id events.UUID, ok bool) {
	rest, ok := bytes.CutPrefix(body, []byte(`{"source":{"system":"`))
	if !ok {
		return id, false
	}
	system, rest, ok := plainText(rest, `","id":"`)
	if !ok {
		return id, false
	}
	name, _, ok := plainText(rest, `"}`)
	if !ok {
		return id, false
	}
	return events.RecordID(org, events.Source{System: string(system), ID: string(name)}), true
}

// plainText reads a text up to its end, which begins with its closing quote; ok
// is false where it holds an escape.
func plainText(b []byte, end string) (text, rest []byte, ok bool) {
	i := bytes.IndexByte(b, '"')
	if i < 0 || !bytes.HasPrefix(b[i:], []byte(end)) || bytes.IndexByte(b[:i], '\\') >= 0 {
		return nil, nil, false
	}
	return b[:i], b[i+len(end):], true
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
		if s != nil && p != nil && !b.flight.has(r.record) {
			if reply, ok := b.unchangedIn(s, p); ok {
				r.fate, r.seq = unchangedAtEdge, reply.Seq
				continue
			}
		}
		b.flight.start(r.record)
	}
}

func (b *batch) unchangedIn(s *registry.State, p *registry.Prepared) (events.Reply, bool) {
	if _, asked := s.Requested(b.org(), p.Envelope.ID); asked {
		return events.Reply{}, false
	}
	return s.Unchanged(b.org(), p)
}

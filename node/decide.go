package node

import (
	"crypto/rand"
	"time"

	"github.com/armslog/armslog/consumers"
	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/producers"
	"github.com/armslog/armslog/registry"
)

const (
	// batchEntries are decided between two acknowledgements: enough to share one
	// fsync, and few enough that the batch, which a broker only ever hands out
	// whole, is soon read when one of its entries is wanted.
	batchEntries = 1000
	batchInput   = 2 << 20 // bytes of requests that are taken for one batch
	// batchBytes ends a batch. One entry more, of the largest request and with
	// the most effects, still fits below producers.MaxJournalBatch.
	batchBytes = 4 << 20
	dueEntries = 64 // of due work in one batch: it is one more mailbox
	// dueBytes ends the due work of a batch: a day on which a million records
	// expire comes in parts, and whoever asks waits for one of them.
	dueBytes = 256 << 10
)

// decided is a batch of decisions that are not acknowledged yet. The state has
// evolved past them.
type decided struct {
	state *registry.State
	nonce string

	requests int // decided, due work included
	entries  []*events.Entry
	prepared []*registry.Prepared
	messages []events.Message
	bytes    int
	verdicts map[events.Verdict]int64 // requests
	rejects  map[string]int64         // by class
	salts    []byte                   // fresh random bytes

	run         *events.Entry // unchanged inputs in a row, not evolved yet
	runPrepared *registry.Prepared
}

// decide makes a batch of what waits, at most what turn allows: due work, which
// gets no more than half of it, then the mailboxes in turn.
// Log time is the clock's, but never before that of the last entry.
func (n *Node) decide(boxes *consumers.Mailboxes, nonce string, turn turn, now time.Time) *decided {
	d := &decided{state: n.state, nonce: nonce, verdicts: map[events.Verdict]int64{}, rejects: map[string]int64{}}
	defer func() { n.pace.decided(d.requests, turn.early) }()
	at := max(now.UnixMilli(), n.state.LastAt())
	due := n.pos.Reader.Frontier[events.SourceRegistry]
	if n.state.Next() == 0 {
		in := registry.GenesisInput(*n.cfg.Genesis, at)
		d.decide(in, due, at)
		return d
	}
	for i := 0; i < min(dueEntries, turn.most/2) && d.bytes < dueBytes; i++ {
		in := n.state.Due(at)
		if in == nil {
			break
		}
		d.decide(in, due, at)
		due++
	}
	if len(n.taken) == 0 {
		if most := turn.most - d.requests; turn.early {
			n.taken = inputs(boxes.TakeNew(most))
		} else {
			n.taken = inputs(boxes.Take(most, batchInput))
		}
	}
	for i := 0; len(n.taken) > 0 && d.requests < turn.most && d.bytes < batchBytes; i++ {
		if i%registry.Ahead == 0 {
			n.state.Foresee(registry.Foreseen(n.taken))
		}
		in := n.taken[0]
		n.taken[0], n.taken = nil, n.taken[1:]
		d.decide(in, in.Off, at)
	}
	d.endRun()
	return d
}

func inputs(requests []*consumers.Request) []*registry.Input {
	in := make([]*registry.Input, len(requests))
	for i, r := range requests {
		in[i] = &registry.Input{Src: r.Org, Off: r.Off, Span: r.Span, Value: r.Value, Prepared: r.Prepared}
	}
	return in
}

// decide decides one request. From one mailbox, a run of requests that change
// nothing becomes one entry.
func (d *decided) decide(in *registry.Input, off, at int64) {
	d.requests++
	in.Off, in.At, in.Salt = off, at, d.salt()
	e := d.state.Decide(in)
	if d.run != nil {
		if joins(e) && e.Src == d.run.Src && e.Off == d.run.Off+d.run.Span {
			d.run.Span += e.Span
			d.run.Envelope, d.run.Effects, d.runPrepared = events.Envelope{}, nil, nil
			return
		}
		d.endRun()
		e = d.state.Decide(in) // one seq later
	}
	if joins(e) {
		d.run, d.runPrepared = e, in.Prepared
		return
	}
	d.add(e, in.Prepared)
}

// joins says whether an entry says nothing but that nothing changed: its one
// effect names the record as it stands. One that covers offsets without a
// request stands alone: in a run each offset counts as decided, and what was
// lost and passed over is not.
func joins(e *events.Entry) bool {
	return e.Verdict == events.Unchanged && len(e.Warnings) == 0 && e.Span == 1
}

func (d *decided) endRun() {
	if d.run != nil {
		d.add(d.run, d.runPrepared)
		d.run, d.runPrepared = nil, nil
	}
}

func (d *decided) add(e *events.Entry, p *registry.Prepared) {
	e.Owner = d.nonce
	d.state.Evolve(e, p)
	m := events.Message{Headers: e.Headers(), Value: e.Value}
	d.entries = append(d.entries, e)
	d.prepared = append(d.prepared, p)
	d.messages = append(d.messages, m)
	d.bytes += producers.Size(m)
	if d.verdicts[e.Verdict] += e.Requests(); e.Verdict == events.Rejected {
		d.rejects[classOf(e.Errors)]++
	}
}

// items are the entries as the journal holds them from offset on.
func (d *decided) items(offset int64) []consumers.Item {
	items := make([]consumers.Item, len(d.entries))
	for i, e := range d.entries {
		items[i] = consumers.Item{Item: events.Item{Entry: e, Offset: offset + int64(i)}, Prepared: d.prepared[i]}
	}
	return items
}

func (d *decided) salt() (salt [16]byte) {
	if len(d.salts) == 0 {
		d.salts = make([]byte, 64*len(salt))
		_, _ = rand.Read(d.salts) // never fails
	}
	copy(salt[:], d.salts)
	d.salts = d.salts[len(salt):]
	return salt
}

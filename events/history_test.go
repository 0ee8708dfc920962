package events_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/armslog/armslog/events"
)

const (
	mailboxes = 3
	leaders   = 3
)

var sources = [mailboxes]string{"NCB-AA", "NCB-BB", events.SourceRegistry}

// history is one journal, its broker's faults and the leaders that write it.
type history struct {
	*rand.Rand
	read    rule
	journal []events.Item
	network [][]events.Item // batches on their way, stored at any later time
	inputs  [mailboxes]int64
	leaders [leaders]leader
	nonces  int
	told    []*events.Entry // by seq: what a leader believes was accepted

	violation                       string
	reigns, ignored, deposed, spans int
}

// leader is one node that would like to lead: what it knows is what it has read.
type leader struct {
	reader  events.Reader
	offset  int // next item of the journal to read
	nonce   string
	pending []events.Item // the batch that is not acknowledged yet
	leads   bool          // its fence was acknowledged and read back
	pause   int
}

func newHistory(seed uint64, read rule) *history {
	return &history{Rand: rand.New(rand.NewPCG(seed, 1)), read: read}
}

func (h *history) run() {
	for range 60 + h.IntN(60) {
		h.step()
	}
	// In the end the network has delivered everything, and one leader is left.
	for len(h.network) > 0 {
		h.deliver()
	}
	h.leaders[0] = leader{}
	for h.violation == "" && !h.decided(&h.leaders[0]) {
		h.act(&h.leaders[0], true)
	}
	h.audit()
}

func (h *history) step() {
	if h.IntN(3) == 0 {
		h.inputs[h.IntN(mailboxes)]++
	}
	if len(h.network) > 0 && h.IntN(8) == 0 {
		h.deliver()
	}
	l := &h.leaders[h.IntN(leaders)]
	switch {
	case l.pause > 0:
		l.pause--
	case h.IntN(20) == 0:
		l.pause = h.IntN(12)
	case h.IntN(40) == 0:
		*l = leader{} // crash: all it knew is gone, what it sent is not
	default:
		h.act(l, false)
	}
}

// act is one step of a leader's loop, numbered as there.
func (h *history) act(l *leader, reliable bool) {
	switch {
	case l.pending != nil: // 2, 5: send until acknowledged
		if h.produce(l.pending, reliable) {
			h.acknowledged(l)
		}
	case !l.leads: // 1: follow; 2: fence, naming the owner that it knows of
		if l.follow(h, !reliable); !reliable && h.IntN(6) > 0 {
			return
		}
		h.nonces++
		l.nonce = fmt.Sprint("n", h.nonces)
		l.pending = []events.Item{{Fence: &events.Fence{Nonce: l.nonce, Prev: l.reader.Owner}}}
	default: // 4: decide
		l.pending = h.decide(l)
	}
}

// acknowledged reads back what was appended: only then is it known who leads
// (2) and what was accepted (6).
func (h *history) acknowledged(l *leader) {
	batch := l.pending
	l.pending = nil
	l.follow(h, false)
	if l.reader.Owner != l.nonce {
		h.deposed++
		*l = leader{}
		return
	}
	if !l.leads {
		l.leads = true
		h.reigns++
		return
	}
	for _, it := range batch {
		h.tell(it.Entry)
	}
}

// tell is the moment in which somebody is answered: nothing else may ever be
// accepted in this entry's place.
func (h *history) tell(e *events.Entry) {
	for uint64(len(h.told)) <= e.Seq {
		h.told = append(h.told, nil)
	}
	if other := h.told[e.Seq]; other != nil && other != e {
		h.violate("seq %d was told twice", e.Seq)
	}
	h.told[e.Seq] = e
}

// decide makes one batch of what waits, in runs of 1 to 3 inputs an entry.
func (h *history) decide(l *leader) (batch []events.Item) {
	next := l.reader.Next
	var ahead [mailboxes]int64
	for range 1 + h.IntN(3) {
		m := h.IntN(mailboxes)
		off := l.reader.Frontier[sources[m]] + ahead[m]
		if off >= h.inputs[m] {
			continue
		}
		span := 1 + h.Int64N(min(3, h.inputs[m]-off))
		batch = append(batch, events.Item{Entry: &events.Entry{Seq: next, Owner: l.nonce, Src: sources[m], Off: off, Span: span}})
		ahead[m] += span
		next++
	}
	return batch
}

// produce sends one batch, all or nothing; stored and acknowledged fail
// independently.
func (h *history) produce(batch []events.Item, reliable bool) (acknowledged bool) {
	fate := h.IntN(10)
	if reliable {
		fate = 9
	}
	switch fate {
	case 0: // lost
	case 1, 2: // stored later, not acknowledged
		h.network = append(h.network, batch)
	case 3: // stored, not acknowledged
		h.store(batch)
	case 4: // stored twice
		h.store(batch)
		h.store(batch)
		return true
	case 5, 6: // stored, and once more later
		h.store(batch)
		h.network = append(h.network, batch)
		return true
	default:
		h.store(batch)
		return true
	}
	return false
}

func (h *history) store(batch []events.Item) { h.journal = append(h.journal, batch...) }

func (h *history) deliver() {
	i, last := h.IntN(len(h.network)), len(h.network)-1
	h.store(h.network[i])
	h.network[i] = h.network[last]
	h.network = h.network[:last]
}

// follow reads to the journal's end or, for a follower that lags, somewhere
// before it.
func (l *leader) follow(h *history, lag bool) {
	end := len(h.journal)
	if lag {
		end = l.offset + h.IntN(end-l.offset+1)
	}
	for ; l.offset < end; l.offset++ {
		if _, err := h.read(&l.reader, h.journal[l.offset]); err != nil {
			h.violate("a leader: %v", err)
			return
		}
	}
}

func (h *history) decided(l *leader) bool {
	for m, src := range sources {
		if l.reader.Frontier[src] < h.inputs[m] {
			return false
		}
	}
	return true
}

// audit reads the whole journal as somebody who was never there, and checks
// what was accepted without the reader's own books.
func (h *history) audit() {
	var r events.Reader
	var covered [mailboxes]int64
	var seq uint64
	for i, it := range h.journal {
		accepted, err := h.read(&r, it)
		if err != nil {
			h.violate("the auditor at %d: %v", i, err)
			return
		}
		if !accepted {
			if it.Entry != nil {
				h.ignored++
			}
			continue
		}
		h.check(it.Entry, seq, &covered)
		seq++
	}
	if covered != h.inputs {
		h.violate("decided up to %v of %v", covered, h.inputs)
	}
	if uint64(len(h.told)) > seq {
		h.violate("seq %d was told and is not there", len(h.told)-1)
	}
}

func (h *history) check(e *events.Entry, seq uint64, covered *[mailboxes]int64) {
	if e.Seq != seq {
		h.violate("seq %d in the place of %d", e.Seq, seq)
	}
	if seq < uint64(len(h.told)) && h.told[seq] != nil && h.told[seq] != e {
		h.violate("seq %d is not what was told", seq)
	}
	for m, src := range sources {
		if src != e.Src {
			continue
		}
		if e.Off != covered[m] {
			h.violate("input %d of %s in the place of %d", e.Off, src, covered[m])
		}
		covered[m] = e.Off + e.Span
	}
	if e.Span > 1 {
		h.spans++
	}
}

func (h *history) violate(format string, args ...any) {
	if h.violation == "" {
		h.violation = fmt.Sprintf(format, args...)
	}
}

func (h *history) count(one *history) {
	h.reigns += one.reigns
	h.ignored += one.ignored
	h.deposed += one.deposed
	h.spans += one.spans
}

package node

import (
	"context"
	"errors"
	"sync"

	"github.com/armslog/armslog/consumers"
	"github.com/armslog/armslog/events"
)

// errMissed is returned when an entry was accepted too long ago to be found by
// its place in the mailbox.
var errMissed = errors.New("entry is no longer among the recent ones")

// hub hands accepted entries to those who wait for them. It keeps the recent
// ones, a bounded number of bytes, because most are asked for at once: by the
// gateway whose append was decided faster than acknowledged, by the projector
// that is one batch behind.
type hub struct {
	limit int // bytes of recent entries

	mu      sync.Mutex
	recent  []*events.Entry // seq next-len(recent) .. next-1
	bytes   int
	next    uint64 // seq after the last accepted one
	offset  int64  // of the journal, after the last one followed
	boxes   map[events.OrgID]*box
	inboxes map[events.OrgID]chan struct{} // closed at the next notification
	moved   chan struct{}                  // closed when next or offset moves
}

// box is what is recent of one mailbox, and who waits for what is not decided.
type box struct {
	recent  []*events.Entry // those of hub.recent that came from this mailbox
	decided int64           // offset after the last entry
	waiters []waiter
}

type waiter struct {
	offset int64
	entry  chan<- *events.Entry // has room for one
}

func newHub(limit int) *hub {
	return &hub{limit: limit, boxes: map[events.OrgID]*box{}, inboxes: map[events.OrgID]chan struct{}{}, moved: make(chan struct{})}
}

// publish tells of accepted entries, in order, and how far the journal has been
// followed. The state MUST have evolved past them. Entries told before (the
// state was dropped and folded again) are told nobody twice.
func (h *hub) publish(entries []*events.Entry, offset int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range entries {
		if e.Seq < h.next {
			continue
		}
		h.next = e.Seq + 1
		h.keep(e)
		h.deliver(e)
		h.ring(e)
	}
	h.offset = max(h.offset, offset)
	close(h.moved)
	h.moved = make(chan struct{})
}

func (h *hub) keep(e *events.Entry) {
	h.recent = append(h.recent, e)
	h.bytes += consumers.SizeOf(e)
	b := h.box(e.Src)
	b.recent = append(b.recent, e)
	for h.bytes > h.limit && len(h.recent) > 1 {
		old := h.recent[0]
		h.recent[0] = nil
		h.recent = h.recent[1:]
		h.bytes -= consumers.SizeOf(old)
		of := h.boxes[old.Src] // its oldest is this one: both are in the order of seq
		of.recent[0] = nil
		of.recent = of.recent[1:]
	}
}

func (h *hub) box(org events.OrgID) *box {
	b := h.boxes[org]
	if b == nil {
		b = &box{}
		h.boxes[org] = b
	}
	return b
}

// deliver hands e to those who wait for an offset that it covers.
func (h *hub) deliver(e *events.Entry) {
	b := h.box(e.Src)
	b.decided = e.Off + e.Span
	left := b.waiters[:0]
	for _, w := range b.waiters {
		if w.offset < b.decided {
			w.entry <- e
		} else {
			left = append(left, w)
		}
	}
	clear(b.waiters[len(left):])
	b.waiters = left
}

// ring wakes those who watch the inboxes that e tells something.
func (h *hub) ring(e *events.Entry) {
	if len(h.inboxes) == 0 {
		return
	}
	for _, x := range e.Effects {
		for _, tell := range told(x) {
			if c := h.inboxes[tell.Org]; c != nil {
				close(c)
				delete(h.inboxes, tell.Org)
			}
		}
	}
}

func told(x events.Effect) []events.Tell {
	switch x := x.(type) {
	case *events.MatchEffect:
		return x.Tell
	case *events.MatchRenewedEffect:
		return x.Tell
	case events.MatchEndedEffect:
		return x.Tell
	case events.NotifyEffect:
		return []events.Tell{{Org: x.Org, N: x.N}}
	}
	return nil
}

// wait returns the entry that covers an offset of a mailbox, as soon as it is
// accepted. It returns errMissed for one that is no longer recent.
func (h *hub) wait(ctx context.Context, org events.OrgID, offset int64) (*events.Entry, error) {
	h.mu.Lock()
	b := h.box(org)
	if offset < b.decided {
		defer h.mu.Unlock()
		return b.find(offset)
	}
	found := make(chan *events.Entry, 1)
	b.waiters = append(b.waiters, waiter{offset, found})
	h.mu.Unlock()
	select {
	case e := <-found:
		return e, nil
	case <-ctx.Done():
		h.leave(b, found)
		return nil, ctx.Err()
	}
}

func (h *hub) leave(b *box, found chan *events.Entry) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, w := range b.waiters {
		if w.entry == found {
			b.waiters = append(b.waiters[:i], b.waiters[i+1:]...)
			return
		}
	}
}

// find searches the recent entries of a mailbox, which are in its order.
func (b *box) find(offset int64) (*events.Entry, error) {
	lo, hi := 0, len(b.recent)
	for lo < hi {
		mid := (lo + hi) / 2
		if e := b.recent[mid]; e.Off+e.Span <= offset {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo == len(b.recent) || b.recent[lo].Off > offset {
		return nil, errMissed
	}
	return b.recent[lo], nil
}

// until waits until reached is true of the hub.
func (h *hub) until(ctx context.Context, reached func() bool) error {
	for {
		h.mu.Lock()
		done, moved := reached(), h.moved
		h.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// since returns the recent entries from seq on, at most limit. older is the
// first recent seq, where seq lies before it; none are returned then.
func (h *hub) since(seq uint64, limit int) (entries []*events.Entry, older uint64, moved <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	first := h.next - uint64(len(h.recent))
	if seq < first {
		return nil, first, h.moved
	}
	if seq >= h.next {
		return nil, 0, h.moved
	}
	part := h.recent[seq-first:]
	part = part[:min(len(part), limit)]
	return append([]*events.Entry(nil), part...), 0, h.moved
}

func (h *hub) entry(seq uint64) *events.Entry {
	entries, _, _ := h.since(seq, 1)
	if len(entries) == 0 {
		return nil
	}
	return entries[0]
}

// inbox is closed at the next notification to org.
func (h *hub) inbox(org events.OrgID) <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := h.inboxes[org]
	if c == nil {
		c = make(chan struct{})
		h.inboxes[org] = c
	}
	return c
}

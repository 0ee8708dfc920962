package node

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/armslog/armslog/consumers"
	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/producers"
)

// errMissed is returned when an entry was accepted too long ago to be found by
// its place in the mailbox.
var errMissed = errors.New("entry is no longer among the recent ones")

// errPassedOver is returned when a request was lost before it was decided, and
// the General Secretariat has let its mailbox go on: it will never be decided.
// Whoever waits may ask again under the same ce_id.
var errPassedOver = fmt.Errorf("%w: the mailbox has lost the request before it was decided", producers.ErrUnavailable)

// hub hands accepted entries to those who wait for them. It keeps the recent
// ones, a bounded number of bytes, because most are asked for at once: by the
// gateway whose append was decided faster than acknowledged, by the projector
// that is one batch behind.
type hub struct {
	limit  int // bytes of recent entries
	bounds Backlog

	mu        sync.Mutex
	recent    []*events.Entry // seq next-len(recent) .. next-1
	ends      []end           // of what was published, from before the first recent entry on
	bytes     int
	next      uint64 // seq after the last accepted one
	at        int64  // log time of the last accepted one
	offset    int64  // of the journal, after the last one followed
	boxes     map[events.OrgID]*box
	undecided int                            // bytes of what was admitted, of all boxes
	inboxes   map[events.OrgID]chan struct{} // closed at the next notification
	moved     chan struct{}                  // closed when next or offset moves
}

// end is where the journal stood after something was published: a follower that
// was handed all entries before next may go on reading at offset.
type end struct {
	next   uint64
	offset int64
	owner  string
	engine uint32
}

// box is what is recent of one mailbox, and who waits for what is not decided.
type box struct {
	recent  []*events.Entry // those of hub.recent that came from this mailbox
	decided int64           // offset after the last entry
	waiting []*collection
	mine    backlog
}

func newHub(limit int, bounds Backlog) *hub {
	return &hub{limit: limit, bounds: bounds, boxes: map[events.OrgID]*box{}, inboxes: map[events.OrgID]chan struct{}{}, moved: make(chan struct{})}
}

// publish tells of accepted entries, in order, and where the journal has been
// followed to. The state MUST have evolved past them. Entries told before (the
// state was dropped and folded again) are told nobody twice. old says that they
// are far from the journal's end: nobody asks for them by their place.
func (h *hub) publish(entries []*events.Entry, pos consumers.Position, old bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range entries {
		if e.Seq < h.next {
			continue
		}
		h.next, h.at = e.Seq+1, e.At
		if old {
			h.forget()
		} else {
			h.keep(e)
		}
		h.deliver(e)
		h.ring(e)
	}
	if pos.Offset > h.offset {
		h.offset = pos.Offset
		h.ends = append(h.ends, end{h.next, pos.Offset, pos.Reader.Owner, pos.Reader.Engine})
	}
	first := h.next - uint64(len(h.recent))
	for len(h.ends) > 1 && h.ends[1].next <= first {
		h.ends = h.ends[1:]
	}
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

func (h *hub) forget() {
	if len(h.recent) == 0 {
		return
	}
	h.recent, h.bytes = nil, 0
	for _, b := range h.boxes {
		b.recent = nil
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
	left := b.waiting[:0]
	for _, c := range b.waiting {
		c.add(e)
		if b.decided < c.to {
			left = append(left, c)
		} else {
			h.release(b, c.admitted)
		}
	}
	clear(b.waiting[len(left):])
	b.waiting = left
	b.rest()
}

// ring wakes those who watch the inboxes that e tells something.
func (h *hub) ring(e *events.Entry) {
	if len(h.inboxes) == 0 {
		return
	}
	for _, x := range e.Effects {
		for _, tell := range events.Told(x) {
			if c := h.inboxes[tell.Org]; c != nil {
				close(c)
				delete(h.inboxes, tell.Org)
			}
		}
	}
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

// after returns the recent entries from pos on, up to an end that was published:
// at most limit, unless one end holds more. held is false where pos lies before
// what is recent, and where nothing was published yet.
func (h *hub) after(pos consumers.Position, limit int) (entries []*events.Entry, to end, held bool, moved <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	seq, first := pos.Reader.Next, h.next-uint64(len(h.recent))
	if len(h.ends) == 0 || seq < first || pos.Offset > h.offset {
		return nil, to, false, h.moved
	}
	for _, e := range h.ends {
		if e.offset <= pos.Offset {
			continue
		}
		if to.offset != 0 && e.next > seq+uint64(limit) {
			break
		}
		to = e
	}
	if to.next > seq {
		entries = append(entries, h.recent[seq-first:to.next-first]...)
	}
	return entries, to, true, h.moved
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

// reached is how far the journal has been followed: the next seq, and the
// offset behind the last record.
func (h *hub) reached() (next uint64, offset int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.next, h.offset
}

// lag is how many entries a follower has not done with that is at seq next, and
// the age of the oldest of them; where that is not recent, a lower bound of it.
func (h *hub) lag(next uint64, now time.Time) (entries uint64, age time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if next >= h.next {
		return 0, 0
	}
	at := h.at
	if n := uint64(len(h.recent)); n > 0 {
		first := h.next - n
		at = h.recent[max(next, first)-first].At
	}
	return h.next - next, max(0, now.Sub(time.UnixMilli(at)))
}

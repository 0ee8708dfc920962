package node

import (
	"context"
	"time"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/producers"
)

// A mailbox is a queue on disk that takes whatever is appended, so it is here
// that somebody pushes back: a node refuses what would wait longer than its
// caller does, and what it could not remember in a bounded memory.

// Backlog bounds what a node has been given and not seen decided. Zero fields
// take the defaults.
type Backlog struct {
	Messages int // of one mailbox; 0 = 16,384
	Bytes    int // of one mailbox, as producers.Size counts them; 0 = 16 MiB
	AllBytes int // of all mailboxes together; 0 = 256 MiB
}

func (b Backlog) withDefaults() Backlog {
	for _, f := range []struct {
		field *int
		value int
	}{{&b.Messages, 16 << 10}, {&b.Bytes, 16 << 20}, {&b.AllBytes, 256 << 20}} {
		if *f.field == 0 {
			*f.field = f.value
		}
	}
	return b
}

// admitted is what was counted in.
type admitted struct{ messages, bytes int }

// backlog is what this node knows of the requests that wait in one mailbox:
// those that it appended, and those of others that came before them.
type backlog struct {
	admitted       // given to this node and not seen decided
	queued   int   // of these, not known to be stored
	stored   int64 // offset after the last that this node has stored

	// How fast the mailbox is decided is measured only while something waits.
	since time.Time // beginning of the window; zero = nothing has waited since
	from  int64     // decided then
	rate  float64   // requests a second of the last window; 0 = not known
}

// A window ends when it says something, and is given up where nothing was
// decided in it: then there is no leader, which says nothing of how fast one is.
const (
	rateWindow    = 250 * time.Millisecond
	rateDecided   = 8
	rateWindowMax = 2 * time.Second
)

// retryAtMost bounds the hint of when to come back.
const retryAtMost = time.Minute

// admit counts messages in that a caller brings, who waits until the deadline of
// ctx, if it has one. It returns *producers.BusyError, and counts nothing, where
// they would take half of that time or more, as fast as their mailbox is decided
// now, or where a bound of memory would be exceeded.
func (h *hub) admit(ctx context.Context, org events.OrgID, a admitted) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	b := h.box(org)
	now := time.Now()
	if deadline, ok := ctx.Deadline(); ok {
		if over := b.expected(now) - deadline.Sub(now)/2; over > 0 {
			return &producers.BusyError{RetryAfter: min(max(over, time.Second), retryAtMost)}
		}
	}
	full := b.mine.messages+a.messages > h.bounds.Messages || b.mine.bytes+a.bytes > h.bounds.Bytes
	if b.mine.messages > 0 && (full || h.undecided+a.bytes > h.bounds.AllBytes) {
		return &producers.BusyError{RetryAfter: min(max(b.expected(now)/2, time.Second), retryAtMost)}
	}
	b.mine.messages += a.messages
	b.mine.queued += a.messages
	b.mine.bytes += a.bytes
	h.undecided += a.bytes
	return nil
}

// expected is how long what is appended now would wait for its decision; 0 =
// not known.
func (b *box) expected(now time.Time) time.Duration {
	m := &b.mine
	ahead := float64(max(0, m.stored-b.decided)) + float64(m.queued)
	if ahead == 0 {
		return 0
	}
	decided := b.decided - m.from
	switch span := now.Sub(m.since); {
	case m.since.IsZero():
		m.since, m.from = now, b.decided
	case decided > 0 && (span >= rateWindowMax || span >= rateWindow && decided >= rateDecided):
		m.rate = float64(decided) / span.Seconds()
		m.since, m.from = now, b.decided
	case span >= rateWindowMax:
		m.since = now
	}
	if m.rate == 0 {
		return 0
	}
	return time.Duration(min(ahead/m.rate, float64(time.Hour/time.Second)) * float64(time.Second))
}

// kept says that admitted messages are stored up to the offset end, or, where
// end is 0, that they are not.
func (h *hub) kept(org events.OrgID, a admitted, end int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	b := h.box(org)
	b.mine.queued -= a.messages
	b.mine.stored = max(b.mine.stored, end)
	if end == 0 {
		h.release(b, a)
	}
}

// release counts messages out: they are decided, or will never be.
func (h *hub) release(b *box, a admitted) {
	b.mine.messages -= a.messages
	b.mine.bytes -= a.bytes
	h.undecided -= a.bytes
}

// rest forgets how fast a mailbox was, once nothing waits in it that is known of.
func (b *box) rest() {
	if b.decided >= b.mine.stored && b.mine.queued == 0 {
		b.mine.since, b.mine.rate = time.Time{}, 0
	}
}

// Undecided is what this node has been given, of all mailboxes, and not seen
// decided: requests, and their bytes.
func (n *Node) Undecided() (messages, bytes int) {
	n.hub.mu.Lock()
	defer n.hub.mu.Unlock()
	for _, b := range n.hub.boxes {
		messages += b.mine.messages
	}
	return messages, n.hub.undecided
}

package node

import (
	"context"

	"github.com/armslog/armslog/consumers"
	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
)

// Wait returns the accepted entry that decides what lies at an offset of org's
// mailbox.
func (n *Node) Wait(ctx context.Context, org events.OrgID, offset int64) (*events.Entry, error) {
	return n.hub.wait(ctx, org, offset)
}

// WaitSeq returns once the state has folded the entry seq.
func (n *Node) WaitSeq(ctx context.Context, seq uint64) error {
	return n.hub.until(ctx, func() bool { return n.hub.next > seq })
}

// CatchUp returns once the state has folded everything that the journal held
// when CatchUp was called. It asks for that end until it is told, or ctx ends.
func (n *Node) CatchUp(ctx context.Context) error {
	end, err := n.journalEnd(ctx)
	if err != nil {
		return err
	}
	return n.hub.until(ctx, func() bool { return n.hub.offset >= end })
}

// InboxChanged is closed at the next notification to org.
func (n *Node) InboxChanged(org events.OrgID) <-chan struct{} { return n.hub.inbox(org) }

// Entry is the accepted entry seq. It returns consumers.ErrNotFollowed when
// this node does not know it yet.
func (n *Node) Entry(ctx context.Context, seq uint64) (*events.Entry, error) {
	if e := n.hub.entry(seq); e != nil {
		return e, nil
	}
	return n.entries.Entry(ctx, seq)
}

// Losses are the organisations whose requests this node, as the leader, does
// not decide because some that came before are gone from the mailbox.
func (n *Node) Losses() []consumers.Loss {
	boxes := n.reading.Load()
	if boxes == nil || !n.Leads() {
		return nil
	}
	return boxes.Losses()
}

// View renders replies and notifications from this node's state and journal. It
// waits for both as long as its callers' contexts do.
func (n *Node) View() registry.View {
	return registry.View{Read: n.Read, Entries: n, Recent: n.hub.entry}
}

// Subscription hands out accepted entries, each once and in order.
type Subscription struct {
	node *Node
	next uint64
}

// Subscribe begins at the entry from. A subscriber that keeps up is served from
// memory, one that does not from the journal; none is ever waited for.
func (n *Node) Subscribe(from uint64) *Subscription { return &Subscription{node: n, next: from} }

// subscriptionBatch bounds what Next returns from memory.
const subscriptionBatch = 4096

// Next returns at least one entry, in order, as soon as there is one. It is not
// safe for concurrent use.
func (s *Subscription) Next(ctx context.Context) ([]*events.Entry, error) {
	for {
		entries, older, moved := s.node.hub.since(s.next, subscriptionBatch)
		if older > 0 {
			var err error
			if entries, err = s.fromJournal(ctx, older); err != nil {
				return nil, err
			}
		}
		if len(entries) > 0 {
			s.next = entries[len(entries)-1].Seq + 1
			return entries, nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// fromJournal reads one stretch of what is no longer in memory.
func (s *Subscription) fromJournal(ctx context.Context, until uint64) (entries []*events.Entry, err error) {
	err = s.node.entries.From(ctx, s.next, min(until, s.next+subscriptionBatch), func(part []*events.Entry) error {
		entries = append(entries, part...)
		return nil
	})
	return entries, err
}

// waiting is how many requests this leader has read and not decided.
func (n *Node) waiting() int {
	if boxes := n.reading.Load(); boxes != nil && n.Leads() {
		return boxes.Waiting()
	}
	return 0
}

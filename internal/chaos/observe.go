package main

import (
	"context"
	"slices"
	"time"

	"github.com/armslog/armslog/events"
)

// decision is an accepted entry of the journal, as somebody reads it who was
// not there.
type decision struct {
	Seq     uint64
	Src     string
	Off     int64
	Span    int64
	At      time.Time
	ID      events.UUID
	Verdict events.Verdict
	Of      uint64 // of a duplicate
	Told    told   // what its sender is to be told
}

// note is a notification, as far as it never changes.
type note struct {
	N      uint64
	Seq    uint64
	Reason string
	About  string // kind and id
	Role   string
}

func noteOf(n *events.Notification) note {
	return note{n.N, n.Seq, n.Reason, n.About.Kind + " " + n.About.ID, n.Role}
}

// message is one of an outbox.
type message struct {
	Seq   uint64
	Reply *told       // of a reply
	ID    events.UUID // of a reply's request
	Note  *note       // of a notification
}

// position is how far a node has folded the journal, and to what.
type position struct {
	Name string
	Seq  uint64
	Hash string
}

// observed is all that can be seen of the registry in the end.
type observed struct {
	Decisions []decision
	Fences    int // that replaced an owner
	Stale     int // records of the journal that do not count
	Fold      position
	Nodes     []position
	Expected  map[events.OrgID][]note // by the fold
	Inboxes   map[string][]note       // node and organisation
	Outboxes  map[events.OrgID][]message
	Mailed    map[events.UUID]bool // requests whose reply comes on the outbox
}

// observe waits until all nodes and the courier have come to the journal's end,
// and reads everything.
func (w *world) observe(ctx context.Context, requests []*request) (*observed, error) {
	ctx, cancel := context.WithTimeout(ctx, patience+w.cfg.length) // there is more to read after a longer run
	defer cancel()
	o, j, err := w.settled(ctx, requests)
	if err != nil {
		return nil, err
	}
	for _, org := range parties {
		if o.Expected[org], err = j.inbox(ctx, org); err != nil {
			return nil, err
		}
		for i, n := range w.fleet.Nodes {
			if o.Inboxes[n.Name()+" "+string(org)], err = w.inbox(ctx, i, org); err != nil {
				return nil, err
			}
		}
		if o.Outboxes[org], err = w.awaitOutbox(ctx, org, len(o.Expected[org]), o); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// settled reads the journal until every node has folded just that. Copies that
// were under way in the network may come even after all was mended: they are
// decided as duplicates, and whoever is asked a moment later knows more.
func (w *world) settled(ctx context.Context, requests []*request) (*observed, *journal, error) {
	for {
		o := observing(requests)
		j, err := w.readJournal(ctx, o)
		if err != nil {
			return nil, nil, err
		}
		if err := w.awaitNodes(ctx, o); err != nil {
			return nil, nil, err
		}
		if !slices.ContainsFunc(o.Nodes, func(at position) bool { return at.Seq > o.Fold.Seq }) {
			return o, j, nil
		}
	}
}

func observing(requests []*request) *observed {
	o := &observed{
		Expected: map[events.OrgID][]note{}, Inboxes: map[string][]note{}, Outboxes: map[events.OrgID][]message{}, Mailed: map[events.UUID]bool{},
	}
	for _, r := range requests {
		if r.Mail {
			o.Mailed[r.ID] = true
		}
	}
	return o
}

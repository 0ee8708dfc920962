package node

import (
	"context"
	"errors"
	"fmt"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/producers"
)

// Pending is an append whose decisions are on their way.
type Pending struct {
	node  *Node
	org   events.OrgID
	parts []*part // not answered yet
}

// part is one append to the mailbox.
type part struct {
	msgs    []events.Message // not answered yet
	stored  chan struct{}    // closed when the outcome of the append is known
	err     error            // of the append
	again   bool             // an earlier copy may be stored too
	entries *collection      // nil where the decision came and went unseen
}

// Submit queues msgs for the mailbox of org, at once and in the order of the
// calls. The caller leaves msgs alone until the last of them has been answered.
// The deadline of ctx is how long the caller will wait for the decision. It
// returns a producers.BusyError when that is too short or a queue is full, and
// producers.ErrRefused for a message that no mailbox takes.
func (n *Node) Submit(ctx context.Context, org events.OrgID, msgs []events.Message) (*Pending, error) {
	p := &Pending{node: n, org: org}
	for len(msgs) > 0 {
		fits := fitting(msgs)
		in := admitted{fits, sizeOf(msgs[:fits])}
		a, err := n.queue(ctx, org, msgs[:fits], in)
		if err != nil && len(p.parts) == 0 {
			return nil, fmt.Errorf("submit: %w", err)
		}
		next := &part{msgs: msgs[:fits], stored: make(chan struct{})}
		p.parts = append(p.parts, next)
		msgs = msgs[fits:]
		if err != nil { // the beginning is queued already: this fails when its turn comes
			next.err = fmt.Errorf("submit: %w: %w", producers.ErrUnavailable, err)
			close(next.stored)
			continue
		}
		go next.collect(n.hub, org, a, in)
	}
	return p, nil
}

// queue admits an append and queues it, or does neither.
func (n *Node) queue(ctx context.Context, org events.OrgID, msgs []events.Message, in admitted) (*producers.Append, error) {
	if err := n.hub.admit(ctx, org, in); err != nil {
		return nil, err
	}
	a, err := n.mailboxes.Queue(org, msgs)
	if err != nil {
		n.hub.kept(org, in, 0)
	}
	return a, err
}

func sizeOf(msgs []events.Message) (size int) {
	for _, m := range msgs {
		size += producers.Size(m)
	}
	return size
}

// fitting is how many of msgs one append takes, at least one.
func fitting(msgs []events.Message) int {
	size := 0
	for i, m := range msgs {
		if size += producers.Size(m); size > producers.MaxAppend && i > 0 {
			return i
		}
	}
	return len(msgs)
}

// Next waits for the accepted entry that decided the next message; one that
// covers several messages is returned once for each. The state has evolved past
// it. Where the request was appended more than once, because an outcome was
// unknown, the entry is the first one's, not that of its duplicate.
//
// It returns ctx's error, producers.ErrOutcomeUnknown, and
// producers.ErrUnavailable where nothing was appended, or where the mailbox has
// lost it before it was decided. After ctx's error it may
// be called again and goes on waiting for the same message.
func (p *Pending) Next(ctx context.Context) (*events.Entry, error) {
	part := p.parts[0]
	select {
	case <-part.stored:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if part.err != nil {
		return nil, part.err
	}
	e, err := p.node.decisionOf(ctx, p.org, part)
	if err != nil {
		return nil, err
	}
	if part.msgs = part.msgs[1:]; len(part.msgs) == 0 {
		p.parts = p.parts[1:]
	}
	return e, nil
}

// collect begins to gather the decisions as soon as the append is stored, not
// when somebody asks: a slow reader would find them no longer recent.
func (p *part) collect(h *hub, org events.OrgID, a *producers.Append, in admitted) {
	defer close(p.stored)
	at, err := a.Wait(context.Background())
	if err != nil {
		h.kept(org, in, 0)
		p.err = err
		return
	}
	h.kept(org, in, at.Offset+int64(len(p.msgs)))
	p.again = at.Again
	if c, err := h.collect(org, at.Offset, len(p.msgs), in); err == nil {
		p.entries = c
	}
}

// decisionOf is what was decided of the next message of a part.
func (n *Node) decisionOf(ctx context.Context, org events.OrgID, p *part) (e *events.Entry, err error) {
	if p.entries != nil {
		e, err = n.hub.take(ctx, p.entries)
	} else {
		e, err = n.askAgain(ctx, org, p.msgs[0])
	}
	if err != nil {
		return nil, err
	}
	if e.Verdict == events.Duplicate && (p.again || p.entries == nil) {
		return n.Entry(ctx, e.Of)
	}
	return e, nil
}

// askAgain sends a message once more whose decision came and went unseen. Under
// its ce_id it is a duplicate that names the entry.
func (n *Node) askAgain(ctx context.Context, org events.OrgID, m events.Message) (*events.Entry, error) {
	for {
		offset, err := n.mailboxes.Append(ctx, org, []events.Message{m})
		if err != nil {
			return nil, err
		}
		e, err := n.hub.wait(ctx, org, offset)
		if !errors.Is(err, errMissed) {
			return e, err
		}
	}
}

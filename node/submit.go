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
	msgs   []events.Message // not answered yet
	append *producers.Append
	stored *producers.Stored // of msgs[0], once known
}

// Submit queues msgs for the mailbox of org, at once and in the order of the
// calls. The caller leaves msgs alone until the last of them has been answered.
// It returns producers.ErrBusy when the queue is full, and producers.ErrRefused
// for a message that no mailbox takes.
func (n *Node) Submit(_ context.Context, org events.OrgID, msgs []events.Message) (*Pending, error) {
	p := &Pending{node: n, org: org}
	for len(msgs) > 0 {
		fits := fitting(msgs)
		a, err := n.mailboxes.Queue(org, msgs[:fits])
		if err != nil && len(p.parts) == 0 {
			return nil, fmt.Errorf("submit: %w", err)
		}
		if err != nil {
			// The beginning is queued already: the rest follows it when its
			// turn comes, as one that could not be appended.
			a = nil
		}
		p.parts = append(p.parts, &part{msgs: msgs[:fits], append: a})
		msgs = msgs[fits:]
	}
	return p, nil
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
// producers.ErrUnavailable where nothing was appended. After ctx's error it may
// be called again and goes on waiting for the same message.
func (p *Pending) Next(ctx context.Context) (*events.Entry, error) {
	part := p.parts[0]
	if err := part.wait(ctx); err != nil {
		return nil, err
	}
	e, err := p.node.decisionAt(ctx, p.org, part.stored, part.msgs[0])
	if err != nil {
		return nil, err
	}
	part.stored.Offset++
	if part.msgs = part.msgs[1:]; len(part.msgs) == 0 {
		p.parts = p.parts[1:]
	}
	return e, nil
}

func (p *part) wait(ctx context.Context) error {
	if p.stored != nil {
		return nil
	}
	if p.append == nil {
		return fmt.Errorf("submit: %w", producers.ErrUnavailable)
	}
	at, err := p.append.Wait(ctx)
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return err
	}
	p.stored = &at
	return nil
}

// decisionAt is what was decided of the message m stored at a place.
func (n *Node) decisionAt(ctx context.Context, org events.OrgID, at *producers.Stored, m events.Message) (*events.Entry, error) {
	e, err := n.hub.wait(ctx, org, at.Offset)
	again := at.Again
	for errors.Is(err, errMissed) {
		// It was decided, and too long ago. Sent again under its ce_id it is a
		// duplicate that names the entry.
		again = true
		stored, appendErr := n.mailboxes.Append(ctx, org, []events.Message{m})
		if appendErr != nil {
			return nil, appendErr
		}
		e, err = n.hub.wait(ctx, org, stored)
	}
	if err != nil {
		return nil, err
	}
	if again && e.Verdict == events.Duplicate {
		return n.Entry(ctx, e.Of)
	}
	return e, nil
}

package projections

import (
	"context"
	"maps"
	"slices"

	"github.com/armslog/armslog/events"
)

// reply adds the answer to the request that e completes, unless its sender
// wants none: nothing for what is unchanged, for requests that the gateway
// answers itself, and for the registry's own.
func (c *Courier) reply(ctx context.Context, e *events.Entry, answered uint64, out *outgoing) error {
	request := e
	if answered != e.Seq {
		if answered == pending {
			return nil
		}
		var err error
		if request, err = c.cfg.Entries.Entry(ctx, answered); err != nil {
			return err
		}
	}
	if request.Src == events.SourceRegistry || request.Src == events.SourceGateway || request.Envelope.NoReply || request.Verdict == events.Unchanged {
		return nil
	}
	if sent, err := c.sent(ctx, request.Src, e.Seq); err != nil || sent {
		return err
	}
	r, err := c.render(ctx, request)
	if err != nil {
		return err
	}
	if r.Status == string(events.Unchanged) {
		return nil
	}
	r.Request = request.Envelope.ID
	return out.add(request.Src, e.Seq, "reply", r)
}

// render is the whole reply to a request: a duplicate is told what the first
// was, and a decision that took several entries is told in one piece.
func (c *Courier) render(ctx context.Context, request *events.Entry) (events.Reply, error) {
	first := request
	if request.Verdict == events.Duplicate {
		var err error
		if first, err = c.cfg.Entries.Entry(ctx, request.Of); err != nil {
			return events.Reply{}, err
		}
	}
	r, err := c.cfg.Renderer.Reply(ctx, first)
	if err != nil {
		return r, err
	}
	for _, seq := range c.open.parts[first.Seq] {
		more, err := c.cfg.Entries.Entry(ctx, seq)
		if err != nil {
			return r, err
		}
		if err := c.cfg.Renderer.Continue(ctx, first, more, &r); err != nil {
			return r, err
		}
	}
	return r, nil
}

// continuations follows decisions with more effects than one entry holds: rare,
// so all of them are remembered.
type continuations struct {
	waiting map[uint64]bool     // requests whose answer waits for more
	parts   map[uint64][]uint64 // entries that went on, by the first
	first   map[uint64]uint64   // of an entry that went on
}

func newContinuations() continuations {
	return continuations{waiting: map[uint64]bool{}, parts: map[uint64][]uint64{}, first: map[uint64]uint64{}}
}

// clone is a copy that goes its own way.
func (c *continuations) clone() continuations {
	parts := make(map[uint64][]uint64, len(c.parts))
	for first, seqs := range c.parts {
		parts[first] = slices.Clone(seqs)
	}
	return continuations{waiting: maps.Clone(c.waiting), parts: parts, first: maps.Clone(c.first)}
}

// continued says whether taking entries changes what is open: seldom.
func continued(entries []*events.Entry) bool {
	return slices.ContainsFunc(entries, func(e *events.Entry) bool {
		_, goesOn := continues(e)
		return goesOn || hasMore(e)
	})
}

// pending stands for no entry: the answer waits for more.
const pending = ^uint64(0)

// take notes an entry and says which request it completes: itself, the one it
// goes on with, or none. What goes on after its request was answered (questions
// that end with an agreement) answers nothing.
func (c *continuations) take(e *events.Entry) (answered uint64) {
	root, goesOn := continues(e)
	if goesOn {
		if first, ok := c.first[root]; ok {
			root = first
		}
		c.first[e.Seq] = root
		c.parts[root] = append(c.parts[root], e.Seq)
	} else {
		root = e.Seq
	}
	if hasMore(e) {
		c.waiting[root] = c.waiting[root] || !goesOn
		return pending
	}
	if goesOn && !c.waiting[root] {
		return pending
	}
	delete(c.waiting, root)
	return root
}

// hasMore says whether another entry goes on with e.
func hasMore(e *events.Entry) bool {
	for _, f := range e.Effects {
		if _, more := f.(events.MoreEffect); more {
			return true
		}
	}
	return false
}

// continues says which entry e goes on with.
func continues(e *events.Entry) (of uint64, ok bool) {
	if e.Envelope.Type != events.TypeEffectsContinued || e.Verdict != events.Accepted {
		return 0, false
	}
	body, _ := events.Read(e.Envelope.Type, e.Value)
	b, ok := body.(*events.EffectsContinued)
	if !ok {
		return 0, false
	}
	return b.Of, true
}

package node

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/gateway"
	"github.com/armslog/armslog/producers"
	"github.com/armslog/armslog/registry"
)

// Gateway is the service that answers HTTP on l; as an early one it says what is
// wrong where the node cannot begin. What of cfg the node itself provides
// (mailboxes, state, view, readiness, its own checks) it fills in.
func Gateway(cfg gateway.Config, l net.Listener) Service {
	return func(ctx context.Context, n *Node) error {
		state := edgeState{n}
		cfg.Accesses = mailboxLog{n}
		cfg.Mailboxes, cfg.Registry, cfg.View = mailboxLog{n}, state, edgeView{registry.View{Read: state.Read, Entries: state, Recent: n.hub.entry}, state}
		cfg.Ready, cfg.Opened, cfg.Leads, cfg.Trials, cfg.Drain = n.readiness, n.ready, n.Leads, n, n.cfg.Drain
		cfg.Secretariat = func() events.OrgID { return n.figures.Load().secretariat }
		if beside := cfg.Checks; beside != nil {
			cfg.Checks = func() []gateway.Check { return append(n.Checks(), beside()...) }
		} else {
			cfg.Checks = n.Checks
		}
		g, err := gateway.New(cfg)
		if err != nil {
			return err
		}
		return g.Serve(ctx, l)
	}
}

// readiness says why this node cannot answer well now, or nil.
func (n *Node) readiness() error {
	if n.failed.Load() == nil && n.isReady() {
		return nil
	}
	for _, c := range []gateway.Check{n.checkJournal(), n.checkBrokers()} {
		if c.State == gateway.CheckFailed {
			return errors.New(c.Says)
		}
	}
	return errors.New(n.checkState().Says)
}

// mailboxLog is the way of the edge's requests: Submit, with the errors that
// the edge knows.
type mailboxLog struct{ n *Node }

func (m mailboxLog) Submit(ctx context.Context, org events.OrgID, msgs []events.Message) (gateway.Pending, error) {
	p, err := m.n.Submit(ctx, org, msgs)
	if err != nil {
		return nil, edgeError(err)
	}
	return edgePending{p}, nil
}

// LogAccess waits for the gateway's own mailbox, not for the decision.
func (m mailboxLog) LogAccess(ctx context.Context, msg events.Message) error {
	_, err := m.n.mailboxes.Append(ctx, events.SourceGateway, []events.Message{msg})
	return edgeError(err)
}

type edgePending struct{ p *Pending }

func (e edgePending) Next(ctx context.Context) (*events.Entry, error) {
	entry, err := e.p.Next(ctx)
	return entry, edgeError(err)
}

// edgeError is a producer's error as the edge tells it.
func edgeError(err error) error {
	if err == nil {
		return nil // the next line allocates
	}
	var busy *producers.BusyError
	switch {
	case errors.As(err, &busy):
		return &gateway.BusyError{RetryAfter: busy.RetryAfter}
	case errors.Is(err, producers.ErrOutcomeUnknown):
		return gateway.ErrOutcomeUnknown
	case errors.Is(err, producers.ErrUnavailable):
		return errUnanswered
	}
	return err
}

// errUnanswered is what the edge tells while Kafka does not do its part.
var errUnanswered = &gateway.UnavailableError{
	Code: "unavailable", RetryAfter: time.Second, Detail: "the journal does not answer in time; what it has not acknowledged is shown to nobody",
}

// readWithin bounds a wait of the edge for the state, which a leader holds until
// Kafka acknowledges, and for an entry of the journal.
const readWithin = 2 * time.Second

// edgeState is the node as the edge reads it: at once, or soon, or with
// *gateway.UnavailableError.
type edgeState struct{ *Node }

func (s edgeState) Read(ctx context.Context, f func(*registry.State)) error {
	if s.tryRead(f) {
		return nil
	}
	return soon(ctx, func(ctx context.Context) error { return s.Node.Read(ctx, f) })
}

func (s edgeState) Entry(ctx context.Context, seq uint64) (e *events.Entry, err error) {
	if e := s.hub.entry(seq); e != nil {
		return e, nil
	}
	err = soon(ctx, func(ctx context.Context) error {
		e, err = s.entries.Entry(ctx, seq)
		return err
	})
	return e, err
}

// soon is what read returns, unless it takes longer than readWithin.
func soon(ctx context.Context, read func(context.Context) error) error {
	bounded, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	err := read(bounded)
	if err != nil && bounded.Err() != nil && ctx.Err() == nil {
		return errUnanswered
	}
	return err
}

// edgeView renders replies, and waits for those that due work continues: a
// search's reply waits for the last of it.
type edgeView struct {
	registry.View
	state edgeState
}

func (v edgeView) Entry(ctx context.Context, seq uint64) (*events.Entry, error) {
	return v.state.Entry(ctx, seq)
}

func (v edgeView) Replies(ctx context.Context, entries []*events.Entry) ([]events.Reply, error) {
	replies, err := v.View.Replies(ctx, entries)
	for i := range replies {
		if continues(entries[i]) {
			if err := v.follow(ctx, entries[i], &replies[i]); err != nil {
				return replies[:i], err
			}
		}
	}
	return replies, err
}

// follow adds to the reply what due work found after the entry was full.
func (v edgeView) follow(ctx context.Context, e *events.Entry, r *events.Reply) error {
	more := v.state.Subscribe(e.Seq + 1)
	for {
		entries, err := more.Next(ctx)
		if err != nil {
			return err
		}
		for _, x := range entries {
			if !continuesOf(x, e.Seq) {
				continue
			}
			if err := v.View.Continue(ctx, e, x, r); err != nil || !continues(x) {
				return err
			}
		}
	}
}

func continues(e *events.Entry) bool {
	if len(e.Effects) == 0 {
		return false
	}
	_, more := e.Effects[len(e.Effects)-1].(events.MoreEffect)
	return more
}

func continuesOf(e *events.Entry, seq uint64) bool {
	if e.Envelope.Type != events.TypeEffectsContinued {
		return false
	}
	body, _ := events.Read(e.Envelope.Type, e.Value)
	b, ok := body.(*events.EffectsContinued)
	return ok && b.Of == seq
}

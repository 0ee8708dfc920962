package node

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/armslog/armslog/consumers"
	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/producers"
	"github.com/armslog/armslog/projections"
)

// Source is the journal as the read models follow it: a reader of its own, so
// that a slow projector never holds up the state.
func (n *Node) Source() projections.Source { return source{n.plain} }

type source struct{ journal *consumers.Journal }

// JournalID reads the genesis entry.
func (s source) JournalID(ctx context.Context) (id events.UUID, err error) {
	found := errors.New("found")
	err = s.Follow(ctx, projections.Position{}, func(b projections.Batch) error {
		if len(b.Entries) == 0 {
			return ErrNoGenesis
		}
		body, errs := events.Read(b.Entries[0].Envelope.Type, b.Entries[0].Value)
		g, ok := body.(*events.Genesis)
		if len(errs) > 0 || !ok {
			return fmt.Errorf("read genesis: %w", events.ErrDamaged)
		}
		id = g.JournalID
		return found
	})
	if errors.Is(err, found) {
		return id, nil
	}
	return id, err
}

func (s source) End(ctx context.Context) (int64, error) { return s.journal.End(ctx) }

func (s source) Follow(ctx context.Context, from projections.Position, handle func(projections.Batch) error) error {
	at := consumers.Position{Offset: from.Offset, Reader: from.Reader.Clone()}
	return s.journal.Follow(ctx, at, func(b *consumers.Batch) error {
		return handle(projections.Batch{
			Entries:  append([]*events.Entry(nil), b.Entries...),
			Position: projections.Position{Offset: b.Position.Offset, Reader: b.Position.Reader.Clone()},
			End:      b.End,
		})
	})
}

// Outbox is armslog.out as the courier writes it.
func (n *Node) Outbox() projections.Outbox { return outbox{n.outboxes, n.last} }

type outbox struct {
	*producers.Outboxes
	last func(ctx context.Context, topic string) (events.Message, bool, error)
}

func (o outbox) LastSeq(ctx context.Context, org events.OrgID) (seq uint64, ok bool, err error) {
	m, ok, err := o.last(ctx, events.OutboxTopic(org))
	if err != nil || !ok {
		return 0, false, err
	}
	for _, h := range m.Headers {
		if h.Key == projections.HeaderSeq {
			seq, err = strconv.ParseUint(string(h.Value), 10, 64)
			return seq, err == nil, err
		}
	}
	return 0, false, fmt.Errorf("read the last message of an outbox: it bears no %s", projections.HeaderSeq)
}

// Projector is the service that fills the tables. Where p ends early, the
// tables belong to another journal, or know more than this one: the node goes
// on without them.
func Projector(p *projections.Projector) Service {
	return func(ctx context.Context, n *Node) error {
		if err := p.Run(ctx); err != nil {
			n.log.Error("projector has stopped: the tables no longer follow", "err", err)
		}
		return nil
	}
}

// Courier is the service that takes replies and notifications to the
// organisations' outboxes.
func Courier(metrics *projections.Metrics) Service {
	return func(ctx context.Context, n *Node) error {
		return projections.NewCourier(projections.CourierConfig{
			Source: n.Source(), Renderer: n.View(), Entries: n, Outbox: n.Outbox(), Metrics: metrics, Now: n.cfg.Now, Log: n.log,
		}).Run(ctx)
	}
}

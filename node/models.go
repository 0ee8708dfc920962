package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/armslog/armslog/consumers"
	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/producers"
	"github.com/armslog/armslog/projections"
)

// Source is the journal as the read models follow it. Each has a position of
// its own, so that a slow projector never holds up the state; one that keeps up
// is handed what the node has in memory, and nothing is fetched twice.
func (n *Node) Source() projections.Source { return source{n.plain, n.hub} }

type source struct {
	journal *consumers.Journal
	hub     *hub
}

// JournalID reads the genesis entry.
func (s source) JournalID(ctx context.Context) (id events.UUID, err error) {
	err = s.journal.Follow(ctx, consumers.Position{}, func(b *consumers.Batch) error {
		if len(b.Entries) == 0 {
			return ErrNoGenesis
		}
		body, errs := events.Read(b.Entries[0].Envelope.Type, b.Entries[0].Value)
		g, ok := body.(*events.Genesis)
		if len(errs) > 0 || !ok {
			return fmt.Errorf("read genesis: %w", events.ErrDamaged)
		}
		id = g.JournalID
		return errEnough
	})
	if errors.Is(err, errEnough) {
		return id, nil
	}
	return id, err
}

// errEnough ends following where what was looked for is found.
var errEnough = errors.New("enough")

func (s source) End(ctx context.Context) (int64, error) { return s.journal.End(ctx) }

func (s source) Follow(ctx context.Context, from projections.Position, handle func(projections.Batch) error) error {
	at := consumers.Position{Offset: from.Offset, Reader: from.Reader.Clone()}
	for {
		err := s.fromMemory(ctx, &at, handle)
		if err == nil {
			err = s.fromJournal(ctx, &at, handle)
		}
		if err != nil {
			return err
		}
	}
}

// fromJournal reads until the node holds what comes next.
func (s source) fromJournal(ctx context.Context, at *consumers.Position, handle func(projections.Batch) error) error {
	err := s.journal.Follow(ctx, *at, func(b *consumers.Batch) error {
		at.Offset, at.Reader = b.Position.Offset, b.Position.Reader.Clone()
		if err := handle(batch(append([]*events.Entry(nil), b.Entries...), at, b.End)); err != nil {
			return err
		}
		if _, _, held, _ := s.hub.after(*at, 0); held {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// memoryBatch bounds the entries that are handed over at once.
const memoryBatch = 10_000

// fromMemory hands over what the node has accepted, for as long as it is held;
// nil means that it is not.
func (s source) fromMemory(ctx context.Context, at *consumers.Position, handle func(projections.Batch) error) error {
	idle := time.NewTicker(idleEvery)
	defer idle.Stop()
	for {
		entries, to, held, moved := s.hub.after(*at, memoryBatch)
		if !held {
			return nil
		}
		if to.offset == 0 { // nothing is new
			select {
			case <-moved:
				continue
			case <-idle.C:
				to = end{next: at.Reader.Next, offset: at.Offset, owner: at.Reader.Owner, engine: at.Reader.Engine}
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		for _, e := range entries {
			at.Reader.Owner = e.Owner // it was accepted: whoever wrote it owned the journal
			if accepted, err := at.Reader.Read(events.Item{Entry: e, Offset: to.offset}); err != nil || !accepted {
				return fmt.Errorf("follow the node: seq %d: %w", e.Seq, cmp.Or(err, events.ErrDamaged))
			}
		}
		at.Offset, at.Reader.Owner, at.Reader.Engine = to.offset, to.owner, to.engine
		if err := handle(batch(entries, at, to.offset)); err != nil {
			return err
		}
	}
}

// idleEvery is how often a follower hears that nothing is new.
const idleEvery = 500 * time.Millisecond

func batch(entries []*events.Entry, at *consumers.Position, end int64) projections.Batch {
	return projections.Batch{
		Entries: entries, Position: projections.Position{Offset: at.Offset, Reader: at.Reader.Clone()}, End: end,
	}
}

// Outbox is armslog.out as the courier writes it.
func (n *Node) Outbox() projections.Outbox {
	return outbox{n.outboxes, n.last, took(n.metrics.appends[logOutbox])}
}

type outbox struct {
	*producers.Outboxes
	last func(ctx context.Context, topic string) (events.Message, int64, bool, error)
	took func(time.Duration)
}

func (o outbox) Append(ctx context.Context, org events.OrgID, msgs []events.Message) error {
	began := time.Now()
	err := o.Outboxes.Append(ctx, org, msgs)
	if err == nil {
		o.took(time.Since(began))
	}
	return noOutbox(err)
}

// noOutbox puts the courier's name to what brokers say of a topic that is not
// there.
func noOutbox(err error) error {
	if producers.IsNoOutbox(err) {
		return fmt.Errorf("%w: %w", projections.ErrNoOutbox, err)
	}
	return err
}

func (o outbox) LastSeq(ctx context.Context, org events.OrgID) (seq uint64, ok bool, err error) {
	m, end, ok, err := o.last(ctx, events.OutboxTopic(org))
	if err != nil {
		return 0, false, noOutbox(err)
	}
	o.Looked(org, end)
	if !ok {
		return 0, false, nil
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
			n.log.Error("projector has stopped: the tables no longer follow", "error", err)
		}
		return nil
	}
}

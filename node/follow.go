package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/armslog/armslog/consumers"
	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
)

var (
	// ErrNoGenesis is returned when the journal is empty and this node was not
	// told to begin one: what was there is lost.
	ErrNoGenesis = errors.New("the journal is empty: it has lost its history, or nobody has begun it")
	// ErrUnknownEntry is returned when the journal holds an accepted request of
	// a type that this version does not know: it cannot say what follows.
	ErrUnknownEntry = errors.New("the journal holds a request of an unknown type: a newer version is needed")

	errElected = errors.New("elected") // ends following, not the node
	// Each ends a reign, not the node.
	errDeposed    = errors.New("another leader owns the journal")
	errNotElected = errors.New("another node is elected")
	errUnfit      = errors.New("this node may not lead")
	errTooOld     = fmt.Errorf("%w: a newer version has led", errUnfit)
)

// followAndLead is the life of a node: it follows, and leads while it is
// elected. Nothing else writes the state.
func (n *Node) followAndLead(ctx context.Context) error {
	for {
		err := n.follow(ctx)
		if errors.Is(err, errElected) {
			err = n.lead(ctx)
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, errUnfit):
			n.log.Error("refuses to lead", slog.Any("error", err))
			n.refusal.Store(&refusal{time.Now(), err})
			n.leaveElection()
		case errors.Is(err, errDeposed):
			n.log.Warn("stops leading", slog.Any("error", err))
			n.doubtElection()
		case errors.Is(err, errNotElected):
			n.log.Info("stops leading", slog.Any("error", err))
		case err != nil:
			n.metrics.damaged.Store(errors.Is(err, events.ErrDamaged) || errors.Is(err, events.ErrNotJournal) || errors.Is(err, consumers.ErrLost))
			return err
		}
	}
}

// follow evolves the state by what is accepted, until this node is elected and
// has reached the journal's end. A failover therefore needs no restore.
func (n *Node) follow(ctx context.Context) error {
	elected, changed := n.election.now()
	if elected {
		end, err := n.journalEnd(ctx)
		if err != nil {
			return err
		}
		if n.pos.Offset == end { // no need to wait for a fetch that finds nothing
			if err := n.caughtUp(); err != nil {
				return err
			}
			if n.mayLead() {
				return errElected
			}
		}
	}
	following, stop := context.WithCancel(ctx)
	defer stop()
	if !elected {
		go func() {
			select {
			case <-changed:
				stop() // a fetch that waits for news is not waited for
			case <-following.Done():
			}
		}()
	}
	err := n.journal.Follow(following, n.pos, func(b *consumers.Batch) error {
		if err := n.evolve(b); err != nil {
			return err
		}
		if b.Position.Offset < b.End {
			return nil
		}
		if err := n.caughtUp(); err != nil {
			return err
		}
		if elected, _ := n.election.now(); elected && n.mayLead() {
			return errElected
		}
		return nil
	})
	if following.Err() != nil && ctx.Err() == nil {
		return nil // elected, perhaps before the end was reached: once more
	}
	return err
}

// evolve takes a stretch of the journal into the state, and tells of it.
func (n *Node) evolve(b *consumers.Batch) error {
	n.hold()
	err := n.fold(b)
	n.letGo()
	if err != nil {
		return err
	}
	n.tell(b)
	return nil
}

// fold is evolve for the holder of the lock.
func (n *Node) fold(b *consumers.Batch) error {
	for i, e := range b.Entries {
		if i%registry.Ahead == 0 {
			n.state.Foresee(b.Requests(i))
		}
		if unknown(e, b.Prepared[i]) {
			return fmt.Errorf("fold seq %d: %w", e.Seq, ErrUnknownEntry)
		}
		n.state.Evolve(e, b.Prepared[i])
	}
	n.pos = b.Position
	if n.pos.Reader.Owner != n.reign.last() {
		n.reign.end() // before anybody hears how far this node has read, see Standing
	}
	return nil
}

func unknown(e *events.Entry, p *registry.Prepared) bool {
	if e.Verdict != events.Accepted || p == nil {
		return false
	}
	for _, err := range p.Errors {
		if err.Code == "unknown_type" {
			return true
		}
	}
	return false
}

// catchingUp is how many records before the journal's end entries are old.
const catchingUp = 50_000

func (n *Node) tell(b *consumers.Batch) {
	n.metrics.saw(b.Position.Offset, max(b.End, b.Position.Offset))
	n.metrics.fences.Add(float64(b.Fences))
	for i, e := range b.Entries {
		n.entries.Accepted(e, b.Offsets[i])
	}
	n.hub.publish(b.Entries, n.pos, b.End-n.pos.Offset > catchingUp)
}

// mayLead says whether the state is what the journal makes of it: known to be at
// its end, or before its first entry where there has never been one.
func (n *Node) mayLead() bool {
	return n.isReady() || n.state.Next() == 0 && n.shortSince.IsZero()
}

// caughtUp is called at the journal's end. The first time, it holds that this
// is the journal that the node knows.
func (n *Node) caughtUp() error {
	select {
	case <-n.ready:
		return nil
	default:
	}
	if n.state.Next() == 0 && n.cfg.Genesis == nil {
		return ErrNoGenesis
	}
	n.first.Do(func() { close(n.atEnd) })
	if n.state.Next() == 0 { // whoever leads writes it, unless there was one
		_, err := n.wentBack()
		return err
	}
	if err := n.rememberJournal(); err != nil {
		return err
	}
	if short, err := n.wentBack(); short || err != nil {
		return err
	}
	n.log.Info("state has reached the journal's end", slog.Uint64("seq", n.state.Next()))
	close(n.ready)
	return nil
}

// refold drops the state and folds the journal again, under the lock: what the
// state held was decided and not accepted, so nobody may see it.
func (n *Node) refold(ctx context.Context) error {
	started := time.Now()
	n.state, n.pos = registry.New(), consumers.Position{}
	end, err := n.journalEnd(ctx)
	if err != nil {
		return err
	}
	if err := n.foldTo(ctx, end); err != nil {
		return err
	}
	n.log.Info("state was dropped and folded again", slog.Uint64("seq", n.state.Next()), slog.Duration("took", time.Since(started)))
	return nil
}

// foldTo folds what the journal holds up to the offset end, under the lock.
func (n *Node) foldTo(ctx context.Context, end int64) error {
	b := &consumers.Batch{Position: n.pos}
	return n.journal.Read(ctx, n.pos.Offset, end, func(items []consumers.Item) error {
		if err := b.Take(items); err != nil {
			return err
		}
		if err := n.fold(b); err != nil {
			return err
		}
		n.tell(b)
		return nil
	})
}

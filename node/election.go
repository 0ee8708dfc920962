package node

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/armslog/armslog/consumers"
	"github.com/armslog/armslog/producers"
)

// election is what this node knows of who should lead: a hint.
type election struct {
	mu      sync.Mutex
	outcome consumers.Elected
	retired bool // elected by itself, see standIn
	changed chan struct{}
	unfit   chan struct{} // a token: leave the election for a while
	doubted chan struct{} // a token: hold another election
}

func newElection() election {
	return election{changed: make(chan struct{}), unfit: make(chan struct{}, 1), doubted: make(chan struct{}, 1)}
}

func (e *election) set(outcome consumers.Elected) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.outcome.Self != outcome.Self {
		close(e.changed)
		e.changed = make(chan struct{})
	}
	e.outcome = outcome
}

func (e *election) now() (elected bool, changed <-chan struct{}) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.outcome.Self, e.changed
}

func (e *election) alone() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.outcome.Self && e.outcome.Alone
}

// standIn elects a node that has left the election.
func (e *election) standIn() {
	e.mu.Lock()
	e.retired = true
	e.mu.Unlock()
	e.set(consumers.Elected{Self: true})
}

func (e *election) standsIn() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.retired
}

// unfitPause is how long a node stays out of the election that may not lead.
const unfitPause = 30 * time.Second

// campaign takes part in the election from when the state has first reached the
// journal's end, since whoever is elected must not begin by folding. It ends
// with ctx. A node that finds itself unfit leaves for a while, so that another
// is elected; one that retires leaves for good.
func (n *Node) campaign(ctx context.Context, retire <-chan struct{}) error {
	select {
	case <-n.atEnd:
	case <-retire:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
	for {
		why, err := n.campaignUntil(ctx, retire)
		switch {
		case err != nil:
			return err
		case why == retired:
			return n.standIn(ctx)
		case why == doubted:
			continue
		}
		n.log.Warn("left the election", slog.Duration("for", unfitPause))
		select {
		case <-time.After(unfitPause):
		case <-retire:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// leaving is why a node leaves the election.
type leaving int

const (
	unfit leaving = iota
	doubted
	retired
)

// campaignUntil takes part until this node is unfit, doubts that it was elected,
// or retires. A leader that
// retires first stops, between two batches, and then leaves: its successor's
// fence finds nothing under way. One that is alone goes on to its end, for
// nobody else would answer those who wait.
func (n *Node) campaignUntil(ctx context.Context, retire <-chan struct{}) (why leaving, err error) {
	round, leave := context.WithCancel(ctx)
	defer leave()
	reason := make(chan leaving, 1)
	go func() {
		defer leave()
		select {
		case <-n.election.unfit:
			reason <- unfit
		case <-n.election.doubted:
			reason <- doubted
		case <-retire:
			if n.election.alone() {
				<-round.Done()
			}
			n.election.set(consumers.Elected{})
			n.reign.over(round)
			reason <- retired
		case <-round.Done():
			reason <- doubted
		}
	}()
	err = consumers.Campaign(round, n.electionConfig(), func(e consumers.Elected) {
		if round.Err() == nil {
			n.election.set(e)
		}
	})
	leave()
	why = <-reason
	n.election.set(consumers.Elected{})
	if ctx.Err() != nil {
		return why, ctx.Err()
	}
	if !errors.Is(err, context.Canceled) {
		return why, err
	}
	return why, nil
}

// standInAfter is how long a leader that has retired waits for a successor.
const standInAfter = 2 * time.Second

// standIn lets a leader that has retired lead once more where nobody has taken
// the journal over: lead looks.
func (n *Node) standIn(ctx context.Context) error {
	select {
	case <-time.After(standInAfter):
	case <-ctx.Done():
		return ctx.Err()
	}
	n.election.standIn()
	<-ctx.Done()
	return ctx.Err()
}

func (n *Node) electionConfig() consumers.ElectionConfig {
	return consumers.ElectionConfig{
		Brokers: n.cfg.Cluster.Brokers, Dialer: producers.Dialer(n.cfg.Cluster), Session: n.cfg.Election, Log: n.log,
		Standing: func() consumers.Standing {
			_, offset := n.hub.reached()
			return consumers.Standing{Leads: n.Leads(), Offset: offset}
		},
	}
}

// doubtElection holds another election: a leader that was replaced may have
// been paused, and what it knows of the last one is old. It must not replace its
// successor for that.
func (n *Node) doubtElection() {
	n.election.set(consumers.Elected{})
	select {
	case n.election.doubted <- struct{}{}:
	default:
	}
}

// leaveElection says that this node may not lead.
func (n *Node) leaveElection() {
	n.election.set(consumers.Elected{})
	select {
	case n.election.unfit <- struct{}{}:
	default:
	}
}

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
	elected bool
	changed chan struct{}
	unfit   chan struct{} // a token: leave the election for a while
}

func newElection() election {
	return election{changed: make(chan struct{}), unfit: make(chan struct{}, 1)}
}

func (e *election) set(elected bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.elected != elected {
		e.elected = elected
		close(e.changed)
		e.changed = make(chan struct{})
	}
}

func (e *election) now() (elected bool, changed <-chan struct{}) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.elected, e.changed
}

// Leads says whether this node has been elected. Whether it does lead, only the
// journal knows.
func (n *Node) Leads() bool {
	elected, _ := n.election.now()
	return elected
}

// unfitPause is how long a node stays out of the election that may not lead.
const unfitPause = 30 * time.Second

// campaign takes part in the election, for ever. A node that finds itself unfit
// leaves it for a while, so that another is elected.
func (n *Node) campaign(ctx context.Context) error {
	for {
		round, leave := context.WithCancel(ctx)
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			select {
			case <-n.election.unfit:
				leave()
			case <-round.Done():
			}
		}()
		err := consumers.Campaign(round, n.electionConfig(), n.election.set)
		leave()
		<-stopped
		n.election.set(false)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !errors.Is(err, context.Canceled) {
			return err
		}
		n.log.Warn("left the election", slog.Duration("for", unfitPause))
		select {
		case <-time.After(unfitPause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (n *Node) electionConfig() consumers.ElectionConfig {
	return consumers.ElectionConfig{
		Brokers: n.cfg.Cluster.Brokers, Dialer: producers.Dialer(n.cfg.Cluster), Session: n.cfg.Election, Log: n.log,
	}
}

// leaveElection says that this node may not lead.
func (n *Node) leaveElection() {
	n.election.set(false)
	select {
	case n.election.unfit <- struct{}{}:
	default:
	}
}

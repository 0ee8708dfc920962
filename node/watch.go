package node

import (
	"context"
	"time"

	"github.com/armslog/armslog/producers"
)

// What a node has learned of who leads.
const (
	leaderNotAsked int32 = iota
	leaderThere
	leaderNone
	leaderNotTold // the brokers did not answer
	leaderSecret  // this node may not ask
)

const (
	watchEvery  = 2 * time.Second
	watchWithin = 2 * time.Second
)

// watch asks from time to time what following does not tell, for whoever wants
// to know what is wrong: why the brokers are silent, and whether any node leads.
// Where neither is in question it asks nothing.
func (n *Node) watch(ctx context.Context) error {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	silent := false
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
		if n.silence() >= silentAfter {
			_, err := n.journal.End(ctx)
			if n.trouble.meet(n.log, err); err == nil {
				n.metrics.heard.Store(time.Now().UnixMilli()) // it is an append that they are silent about
			}
			silent = true
		} else if silent {
			n.trouble.meet(n.log, nil) // whoever else has met one meets it again
			silent = false
		}
		if !n.Leads() {
			n.leader.Store(n.lookForLeader(ctx))
		}
	}
}

func (n *Node) lookForLeader(ctx context.Context) int32 {
	ctx, cancel := context.WithTimeout(ctx, watchWithin)
	defer cancel()
	exists, err := n.hasLeader(ctx)
	switch {
	case producers.TroubleOf(err).Code == producers.BrokersRefuse:
		return leaderSecret
	case err != nil:
		return leaderNotTold
	case exists:
		return leaderThere
	}
	return leaderNone
}

// silence is for how long the brokers have not told where the journal ends.
func (n *Node) silence() time.Duration {
	if heard := n.metrics.heard.Load(); heard > 0 {
		return time.Since(time.UnixMilli(heard))
	}
	return time.Since(n.born)
}

package node

import (
	"context"
	"errors"
	"time"

	"github.com/armslog/armslog/projections"
)

// Courier is the service that takes replies and notifications to the
// organisations' outboxes. There MUST be one at most: a second one would tell
// everything twice.
func Courier(metrics *projections.Metrics, longestRest time.Duration) Service {
	return func(ctx context.Context, n *Node) error {
		return n.courier(n.Source(), metrics, longestRest).Run(ctx)
	}
}

// LeadersCourier is Courier on whichever node leads: all that may lead MUST bear
// it then, and no other node may be a Courier. docs/decisions/courier.md says
// what one can do that was replaced and does not know it.
func LeadersCourier(metrics *projections.Metrics, longestRest time.Duration) Service {
	return func(ctx context.Context, n *Node) error {
		return n.whileLeading(ctx, n.courier(ownSource{n.Source(), n}, metrics, longestRest).Run)
	}
}

func (n *Node) courier(source projections.Source, metrics *projections.Metrics, longestRest time.Duration) *projections.Courier {
	return projections.NewCourier(projections.CourierConfig{
		Source: source, Renderer: n.View(), Entries: n, Outbox: n.Outbox(), Metrics: metrics, Now: n.cfg.Now, Log: n.log,
		LongestRest: longestRest,
	})
}

// whileLeading runs do in each reign of this node, until ctx ends or do fails.
func (n *Node) whileLeading(ctx context.Context, do func(context.Context) error) error {
	for {
		leads, changed := n.reign.now()
		if leads {
			reign, stop := context.WithCancel(ctx)
			go func() {
				defer stop()
				select {
				case <-changed:
				case <-reign.Done():
				}
			}()
			err := do(reign)
			stop()
			if err != nil {
				return err
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil
		}
	}
}

// ownSource hands nothing out once the reign is over. A node knows that before
// it tells of anything that its successor decided, so a courier that was
// replaced appends at most what it had in hand.
type ownSource struct {
	projections.Source
	node *Node
}

var errReignOver = errors.New("this node no longer leads")

// Follow is that of projections.Source.
func (s ownSource) Follow(ctx context.Context, from projections.Position, handle func(projections.Batch) error) error {
	return s.Source.Follow(ctx, from, func(b projections.Batch) error {
		if !s.node.Leads() {
			return errReignOver
		}
		return handle(b)
	})
}

package node

import (
	"context"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"
)

// Early adds services that run from the node's start to its end, also while the
// state has not reached the journal's end: they MUST look whether it has. Call
// it before Run.
func (n *Node) Early(s ...Service) { n.early = append(n.early, s...) }

// early are the early services of a run. Its context ends when one of them fails,
// or the run is over.
type early struct {
	group *errgroup.Group
	ctx   context.Context
	stop  context.CancelFunc
}

func (n *Node) startEarly(ctx context.Context) *early {
	ctx, stop := context.WithCancel(ctx)
	group, ctx := errgroup.WithContext(ctx)
	for _, s := range n.early {
		group.Go(func() error { return s(ctx, n) })
	}
	return &early{group, ctx, stop}
}

// end stops them, and says what went wrong.
func (e *early) end() error {
	e.stop()
	return e.group.Wait()
}

// lingers lets the early services say for a while why this node cannot go on: of
// a process that has ended one only learns that it has.
func (n *Node) lingers(e *early, because error) {
	if n.cfg.Linger == 0 || len(n.early) == 0 {
		return
	}
	n.log.Error("cannot go on; answers HTTP for a while to say why, and ends", slog.Any("error", because), slog.Duration("after", n.cfg.Linger))
	select {
	case <-e.ctx.Done():
	case <-time.After(n.cfg.Linger):
	}
}

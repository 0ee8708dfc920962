package failover

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Restarts is what a restart of every node in turn came to, under load through a
// balancer, each request sent once.
type Restarts struct {
	Slowest  float64 `json:"slowest_seconds"` // answer
	Findings `json:"findings"`
}

// Restart stops and starts every node, one after another.
func (c *Cluster) Restart(ctx context.Context) (r Restarts, err error) {
	b := newBalancer(c.Nodes)
	defer b.close()
	l, err := c.startLoad(ctx, "r", b.server.URL, true)
	if err != nil {
		return r, err
	}
	defer l.end()
	for i, n := range c.Nodes {
		err := l.until(ctx, callers)
		if err == nil {
			err = n.Stop()
		}
		if err == nil {
			err = l.until(ctx, callers)
		}
		if err == nil {
			err = n.Start(ctx)
		}
		if err != nil {
			return r, fmt.Errorf("restart node %d: %w: %w", i+1, err, l.failure())
		}
	}
	if err := l.until(ctx, callers); err != nil {
		return r, err
	}
	l.end()
	r.Slowest = l.slowest.Seconds()
	if r.Findings, err = c.check(ctx, l); err != nil {
		return r, err
	}
	return r, errors.Join(r.Err(), l.failure())
}

// failure is that of the first request of which nobody was told.
func (l *load) failure() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.failed) == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d requests failed, such as %w", len(l.failed), l.tried, l.failed[0])
}

// Sleep is what became of a leader that was paused and went on.
type Sleep struct {
	Paused   float64 `json:"paused_seconds"`
	Back     float64 `json:"back_seconds"` // from when it went on until it followed its successor and answered
	Findings `json:"findings"`
}

// Sleep pauses the leader under load, for at least d and until another leads,
// and lets it go on. Whoever waited at it is told the truth, or to ask again.
func (c *Cluster) Sleep(ctx context.Context, d time.Duration) (s Sleep, err error) {
	var loads []*load
	defer func() {
		for _, l := range loads {
			l.end()
		}
	}()
	for i, n := range c.Nodes {
		l, err := c.startLoad(ctx, fmt.Sprint("s", i), n.URL, false)
		if err != nil {
			return s, err
		}
		loads = append(loads, l)
	}
	old, err := c.Leader(ctx)
	if err != nil {
		return s, err
	}
	for _, l := range loads {
		if err := l.until(ctx, callers); err != nil {
			return s, err
		}
	}
	if err := old.Pause(); err != nil {
		return s, err
	}
	slept := time.After(d)
	began := time.Now()
	next, err := c.Leader(ctx)
	if err != nil {
		return s, err
	}
	select {
	case <-slept:
	case <-ctx.Done():
		return s, ctx.Err()
	}
	s.Paused = time.Since(began).Seconds()
	ahead, err := next.status(ctx)
	if err != nil {
		return s, err
	}
	began = time.Now()
	if err := old.Resume(); err != nil {
		return s, err
	}
	for { // it follows what was decided meanwhile, and does not lead
		now, err := old.status(ctx)
		if err == nil && !now.Leads && now.NextSeq >= ahead.NextSeq {
			break
		}
		if err := pause(ctx); err != nil {
			return s, fmt.Errorf("wait for the node that was paused, at %d of %d, leads %v: %w", now.NextSeq, ahead.NextSeq, now.Leads, err)
		}
	}
	s.Back = time.Since(began).Seconds()
	for _, l := range loads {
		if err := l.until(ctx, callers); err != nil {
			return s, err
		}
	}
	if now, err := c.Leader(ctx); err != nil || now == old {
		return s, errors.Join(errors.New("the leader that was paused leads again, and another led in between"), err)
	}
	return s, c.settle(ctx, &s.Findings, loads)
}

// settle ends loads, has those ask again that were told to, and checks.
func (c *Cluster) settle(ctx context.Context, f *Findings, loads []*load) (err error) {
	ask, err := newClient(c.Nodes[0].URL, c.token)
	if err != nil {
		return err
	}
	for _, l := range loads {
		l.end()
		for _, id := range l.unknown {
			seq, err := register(ask, id)
			if err != nil {
				return fmt.Errorf("ask again: %w", err)
			}
			l.told[id] = seq
		}
	}
	if *f, err = c.check(ctx, loads...); err != nil {
		return err
	}
	return f.Err()
}

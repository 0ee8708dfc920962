package gateway

import (
	"context"
	"sync"
	"time"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
)

// watch wakes those who wait for their inbox to grow. One goroutine follows the
// state for all of them, so that a thousand open streams cost the leader's lock
// one look per step and not a thousand.
type watch struct {
	registry Registry

	mu      sync.Mutex
	inboxes map[events.OrgID]*watched // with at least one waiter
	first   chan struct{}             // a token: there is a waiter again
}

type watched struct {
	len     uint64
	waiters int
	grown   chan struct{} // closed when the inbox grew
}

// watchStep is the shortest time between two looks: entries come by the
// thousand, and nobody reads as fast.
const watchStep = 5 * time.Millisecond

func newWatch(r Registry) *watch {
	return &watch{registry: r, inboxes: map[events.OrgID]*watched{}, first: make(chan struct{}, 1)}
}

// wait returns once the inbox of org holds more than n entries, ctx ends, or
// the state cannot be read.
func (w *watch) wait(ctx context.Context, org events.OrgID, n uint64) error {
	for {
		box, err := w.join(ctx, org)
		if err != nil {
			return err
		}
		length, err := w.length(ctx, org)
		if err != nil || length > n {
			w.leave(org, box)
			return err
		}
		select {
		case <-box.grown:
			w.leave(org, box)
		case <-ctx.Done():
			w.leave(org, box)
			return ctx.Err()
		}
	}
}

// join comes before the look at the state: an entry that arrives in between
// closes the channel that is waited on.
func (w *watch) join(ctx context.Context, org events.OrgID) (*watched, error) {
	length, err := w.length(ctx, org)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	box := w.inboxes[org]
	if box == nil {
		box = &watched{len: length, grown: make(chan struct{})}
		w.inboxes[org] = box
	}
	box.waiters++
	select {
	case w.first <- struct{}{}:
	default:
	}
	return box, nil
}

func (w *watch) leave(org events.OrgID, box *watched) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if box.waiters--; box.waiters == 0 && w.inboxes[org] == box {
		delete(w.inboxes, org)
	}
}

func (w *watch) length(ctx context.Context, org events.OrgID) (n uint64, err error) {
	err = w.registry.Read(ctx, func(s *registry.State) { n = s.InboxLen(org) })
	return n, err
}

// run follows the state until ctx ends; it rests while nobody waits.
func (w *watch) run(ctx context.Context) {
	for {
		if w.empty() {
			select {
			case <-w.first:
			case <-ctx.Done():
				return
			}
		}
		if next, err := w.look(ctx); err == nil {
			_ = w.registry.WaitSeq(ctx, next) // an error is no news: look again
		}
		select {
		case <-time.After(watchStep):
		case <-ctx.Done():
			return
		}
	}
}

func (w *watch) empty() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.inboxes) == 0
}

// look compares every inbox that is waited for with what it was, and returns
// the seq to wait for next.
func (w *watch) look(ctx context.Context) (next uint64, err error) {
	err = w.registry.Read(ctx, func(s *registry.State) {
		w.mu.Lock()
		defer w.mu.Unlock()
		next = s.Next()
		for org, box := range w.inboxes {
			if s.InboxLen(org) > box.len {
				close(box.grown)
				delete(w.inboxes, org) // who waits again makes a new one
			}
		}
	})
	return next, err
}

package projections

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// LaggingError is returned when the tables do not yet hold what was asked for.
// The same question after RetryAfter may be answered.
type LaggingError struct {
	Seq        uint64 // asked for
	Next       uint64 // the tables hold all before it
	RetryAfter time.Duration
}

func (e *LaggingError) Error() string {
	return fmt.Sprintf("tables are at seq %d, not yet at %d", e.Next, e.Seq)
}

// watermark says how far the worker of this process is, to those that wait.
type watermark struct {
	mu    sync.Mutex
	next  uint64
	moved chan struct{} // closed when next grows
	hurry chan struct{} // holds a token when somebody waits
}

func newWatermark() watermark { return watermark{hurry: make(chan struct{}, 1)} }

// hurried ends a rest of the worker: somebody waits, or much does.
func (w *watermark) hurried() {
	select {
	case w.hurry <- struct{}{}:
	default:
	}
}

func (w *watermark) set(next uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if next <= w.next {
		return
	}
	w.next = next
	if w.moved != nil {
		close(w.moved)
		w.moved = nil
	}
}

// passed is closed when the watermark has moved; nil when it is beyond seq.
func (w *watermark) passed(seq uint64) <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.next > seq {
		return nil
	}
	if w.moved == nil {
		w.moved = make(chan struct{})
	}
	w.hurried()
	return w.moved
}

// Times of a wait for seq.
const (
	pollEvery  = 50 * time.Millisecond // of positions, which other processes move
	retryAfter = time.Second
)

// Wait returns when the tables hold everything up to seq. It returns a
// LaggingError when ctx ends first, and another error when ClickHouse does not
// answer. What counts is the position that the live tables state; the worker
// of this process, if any, only saves asking too early.
func (q *Queries) Wait(ctx context.Context, seq uint64) error {
	var next uint64
	for {
		if err := q.untilLikely(ctx, seq); err == nil {
			if next, err = q.next(ctx); err != nil && ctx.Err() == nil {
				return err
			} else if err == nil && next > seq {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return &LaggingError{Seq: seq, Next: next, RetryAfter: retryAfter}
		case <-time.After(pollEvery):
		}
	}
}

// untilLikely waits while the worker of this process is known to be behind.
func (q *Queries) untilLikely(ctx context.Context, seq uint64) error {
	if q.cfg.Projector == nil {
		return nil
	}
	for {
		moved := q.cfg.Projector.mark.passed(seq)
		if moved == nil {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// next is what all tables hold: of each table the furthest worker, of those
// the nearest.
func (q *Queries) next(ctx context.Context) (next uint64, err error) {
	err = q.db.native.QueryRow(ctx, "SELECT if(count() < {tables:UInt32}, 0, min(next)) FROM"+
		" (SELECT table, max(next) AS next FROM "+q.db.cfg.Database+".positions ARRAY JOIN tables AS table GROUP BY table)",
		named("tables", len(tables))).Scan(&next)
	if isMissing(err) {
		return 0, nil
	}
	if err != nil {
		return 0, errors.Join(ErrUnavailable, err)
	}
	return next, nil
}

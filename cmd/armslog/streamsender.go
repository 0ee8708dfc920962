package main

import (
	"context"
	"time"

	"github.com/armslog/armslog/internal/client"
)

// sender writes rows to one connection.
type sender struct {
	batch    *client.Batch
	again    []item      // under way when the connection before broke
	items    <-chan item // new ones
	queue    chan item   // what was taken from items, in order
	ended    chan struct{}
	carry    *item // set before ended is closed: taken, and not in the queue
	finished bool  // set before ended is closed: there are no more rows
}

// run ends when there is nothing more to write, or no use in it; the reader
// learns why.
func (w *sender) run(ctx context.Context) {
	defer close(w.ended)
	defer close(w.queue)
	for _, it := range w.again {
		if it.number > 0 && w.batch.Write(it.body) != nil {
			return
		}
	}
	for {
		it, more := w.next(ctx)
		if !more {
			w.finished = ctx.Err() == nil
			_ = w.batch.CloseSend()
			return
		}
		if !w.enqueue(ctx, it) {
			w.carry = &it
			_ = w.batch.CloseSend()
			return
		}
		if it.number > 0 && w.batch.Write(it.body) != nil {
			return
		}
	}
}

// enqueue says false where the queue stays full.
func (w *sender) enqueue(ctx context.Context, it item) bool {
	select {
	case w.queue <- it:
		return true
	default:
	}
	if w.batch.Flush() != nil {
		return false
	}
	select {
	case w.queue <- it:
		return true
	case <-time.After(maxStill):
	case <-ctx.Done():
	}
	return false
}

// next takes a row, and sends off what was kept back when there is none yet.
// An error of that comes again with the next row.
func (w *sender) next(ctx context.Context) (item, bool) {
	select {
	case it, ok := <-w.items:
		return it, ok
	default:
	}
	_ = w.batch.Flush()
	select {
	case it, ok := <-w.items:
		return it, ok
	case <-ctx.Done():
		return item{}, false
	}
}

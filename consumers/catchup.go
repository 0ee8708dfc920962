package consumers

import (
	"context"

	"golang.org/x/sync/errgroup"
)

// stretch is how many offsets one worker reads at a time while catching up.
const stretch = 8 << 10

// part is a stretch that is being read: its items come in order.
type part struct {
	from, to int64
	items    chan []Item // room for all of it, mostly: a worker goes on while the part before is handled
}

// Read hands the items [from, to) to handle, in order, a slice at a time. It
// tries again until ctx ends; see fetch for the errors after which nobody may
// read on. All of [from, to) MUST be stored.
func (j *Journal) Read(ctx context.Context, from, to int64, handle func([]Item) error) error {
	group, ctx := errgroup.WithContext(ctx)
	// One part for each worker is read ahead: that bounds the memory, and
	// handle gets them in order.
	todo, ordered := make(chan part), make(chan part, j.workers)
	for range j.workers {
		group.Go(func() error { return j.readParts(ctx, todo) })
	}
	group.Go(func() error {
		defer close(todo)
		defer close(ordered)
		for at := from; at < to; at += stretch {
			p := part{at, min(at+stretch, to), make(chan []Item, 8)}
			for _, c := range []chan part{ordered, todo} {
				select {
				case c <- p:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
		}
		return nil
	})
	group.Go(func() error { return handleParts(ctx, ordered, handle) })
	return group.Wait()
}

func handleParts(ctx context.Context, ordered <-chan part, handle func([]Item) error) error {
	for p := range ordered {
		for at := p.from; at < p.to; {
			select {
			case items := <-p.items:
				at += int64(len(items))
				if err := handle(items); err != nil {
					return err
				}
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	return nil
}

func (j *Journal) readParts(ctx context.Context, todo <-chan part) error {
	r := j.open()
	defer r.close()
	for p := range todo {
		for at := p.from; at < p.to; {
			items, _, err := r.next(ctx, at, fetchBytes, all)
			if err != nil {
				return err
			}
			items = items[:min(int64(len(items)), p.to-at)]
			at += int64(len(items))
			select {
			case p.items <- items:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	return nil
}

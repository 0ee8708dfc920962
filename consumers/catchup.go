package consumers

import (
	"context"

	"golang.org/x/sync/errgroup"
)

// stretch is how many offsets one worker reads at a time while catching up.
const stretch = 8 << 10

// Read hands the items [from, to) to handle, in order, a slice at a time. It
// tries again until ctx ends; see fetch for the errors after which nobody may
// read on. All of [from, to) MUST be stored.
func (j *Journal) Read(ctx context.Context, from, to int64, handle func([]Item) error) error {
	group, ctx := errgroup.WithContext(ctx)
	// As many stretches are read ahead as there are workers: that bounds the
	// memory, and handle gets them in order.
	ahead := make(chan chan []Item, j.workers)
	group.Go(func() error {
		defer close(ahead)
		for at := from; at < to; at += stretch {
			part := make(chan []Item, 1)
			select {
			case ahead <- part:
			case <-ctx.Done():
				return ctx.Err()
			}
			group.Go(func() error { return j.readStretch(ctx, at, min(at+stretch, to), part) })
		}
		return nil
	})
	group.Go(func() error {
		for part := range ahead {
			for items := range part {
				if err := handle(items); err != nil {
					return err
				}
			}
		}
		return ctx.Err()
	})
	return group.Wait()
}

func (j *Journal) readStretch(ctx context.Context, from, to int64, part chan<- []Item) error {
	defer close(part)
	for from < to {
		items, _, err := j.fetch(ctx, from, fetchBytes, maxWait)
		if err != nil {
			return err
		}
		items = items[:min(int64(len(items)), to-from)]
		from += int64(len(items))
		select {
		case part <- items:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

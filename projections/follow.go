package projections

import (
	"context"
	"errors"
	"fmt"

	"github.com/armslog/armslog/events"
)

// errEnd ends a Follow that has read what it was to read.
var errEnd = errors.New("end of what was to be read")

// upTo is a journal that ends where it ended when somebody looked. Follow then
// returns nil.
type upTo struct {
	Source
	end int64
}

// asItIs is the journal up to the end that it has now.
func asItIs(ctx context.Context, src Source) (upTo, error) {
	end, err := src.End(ctx)
	if err != nil {
		return upTo{}, fmt.Errorf("read journal end: %w", err)
	}
	return upTo{src, end}, nil
}

// folded is a journal whose entries are folded as they are read.
type folded struct {
	Source
	fold func(*events.Entry) // nil = nothing
}

func (f folded) Follow(ctx context.Context, from Position, handle func(Batch) error) error {
	if f.fold == nil {
		return f.Source.Follow(ctx, from, handle)
	}
	return f.Source.Follow(ctx, from, func(b Batch) error {
		for _, e := range b.Entries {
			f.fold(e)
		}
		return handle(b)
	})
}

func (u upTo) Follow(ctx context.Context, from Position, handle func(Batch) error) error {
	if from.Offset >= u.end {
		return nil
	}
	err := u.Source.Follow(ctx, from, func(b Batch) error {
		if err := handle(b); err != nil {
			return err
		}
		if b.Offset >= u.end {
			return errEnd
		}
		return nil
	})
	if errors.Is(err, errEnd) {
		return nil
	}
	return err
}

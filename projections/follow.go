package projections

import (
	"context"
	"errors"
	"fmt"
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

package projections

import (
	"context"

	"github.com/armslog/armslog/events"
)

// Source is the journal, as the read models follow it.
type Source interface {
	// JournalID is the id that the genesis entry gave the journal. It MUST fail
	// while there is none.
	JournalID(ctx context.Context) (events.UUID, error)
	// End is the offset after the journal's last item.
	End(ctx context.Context) (int64, error)
	// Follow applies the reader rule from a position on and hands over what is
	// accepted, in order and without a gap, until ctx ends or handle fails,
	// whose error it returns. It MUST wait at the journal's end for more, and
	// MUST NOT touch a batch once it has handed it over.
	Follow(ctx context.Context, from Position, handle func(Batch) error) error
}

// Batch is a run of accepted entries. It may be empty: fences move a reader too.
type Batch struct {
	Entries  []*events.Entry
	Position       // after the last of them
	End      int64 // the journal's end as last seen, for the lag
}

// At is the log time of the last entry, 0 without one.
func (b Batch) At() int64 {
	if len(b.Entries) == 0 {
		return 0
	}
	return b.Entries[len(b.Entries)-1].At
}

package consumers

import (
	"context"
	"iter"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
)

// Position is how far somebody has followed the journal. Kept with what was
// made of the journal so far, it is where to go on.
type Position struct {
	Offset int64         `json:"offset"` // of the next record of the topic
	Reader events.Reader `json:"reader"`
}

// Batch is a stretch of the journal: the entries that count, and where it ends.
type Batch struct {
	Entries  []*events.Entry
	Offsets  []int64              // of each entry
	Prepared []*registry.Prepared // of each entry; nil where there is none, or the config asks for none
	Position Position             // after it; the reader is the follower's own and changes with the next batch
	End      int64                // of the journal, as seen
	Fences   int                  // that replaced the journal's owner
}

// Follow hands the journal's accepted entries to handle, in order and each
// once, from pos on and for ever. Handle is called with an empty batch when
// nothing came for half a second, and after fences alone.
//
// It ends with the error of handle or of ctx, or with one that means that
// nobody may read on: ErrLost, events.ErrDamaged, events.ErrNotJournal.
func (j *Journal) Follow(ctx context.Context, pos Position, handle func(*Batch) error) error {
	b := &Batch{Position: pos}
	r := j.open()
	defer r.close()
	for {
		items, end, err := r.next(ctx, b.Position.Offset, fetchBytes, all)
		if err != nil {
			return err
		}
		b.End = max(end, b.Position.Offset+int64(len(items)))
		take := func(items []Item) error {
			if err := b.Take(items); err != nil {
				return err
			}
			return handle(b)
		}
		if err := take(items); err != nil {
			return err
		}
		if b.End-b.Position.Offset < stretch {
			continue
		}
		if err := j.Read(ctx, b.Position.Offset, b.End, take); err != nil {
			return err
		}
	}
}

// Take puts items in place of the batch's entries, as far as the reader rule
// accepts them. The items MUST begin at the batch's position.
func (b *Batch) Take(items []Item) error {
	b.Entries, b.Offsets, b.Prepared, b.Fences = b.Entries[:0:0], b.Offsets[:0:0], b.Prepared[:0:0], 0
	for _, it := range items {
		owner := b.Position.Reader.Owner
		accepted, err := b.Position.Reader.Read(it.Item)
		if err != nil {
			return err
		}
		b.Position.Offset = it.Offset + 1
		if b.Position.Reader.Owner != owner {
			b.Fences++
		}
		if accepted {
			b.Entries = append(b.Entries, it.Entry)
			b.Offsets = append(b.Offsets, it.Offset)
			b.Prepared = append(b.Prepared, it.Prepared)
		}
	}
	return nil
}

// Requests are what the entries from number i on hold, each with its sender, as
// far as it was prepared: as many as are foreseen at a time.
func (b *Batch) Requests(i int) iter.Seq2[events.OrgID, *registry.Prepared] {
	return func(yield func(events.OrgID, *registry.Prepared) bool) {
		for end := min(i+registry.Ahead, len(b.Prepared)); i < end; i++ {
			if p := b.Prepared[i]; p != nil && !yield(b.Entries[i].Src, p) {
				return
			}
		}
	}
}

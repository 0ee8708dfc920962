package faultsim

import (
	"context"
	"hash/fnv"
	"sync"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/node"
	"github.com/armslog/armslog/projections"
)

// table is what a read model holds: of each key the last row, as a digest.
type table map[string]lastRow

type lastRow struct{ seq, digest uint64 }

func (t table) add(rows *projections.Rows, entries []*events.Entry) {
	rows.Reset()
	rows.AddAll(entries)
	rows.Each(func(name string, key []byte, seq uint64, row []byte) {
		at := name + "\x00" + string(key)
		if old, known := t[at]; known && old.seq > seq {
			return
		}
		h := fnv.New64a()
		_, _ = h.Write(row)
		t[at] = lastRow{seq, h.Sum64()}
	})
}

func newRows() *projections.Rows { return projections.NewRows([16]byte{1}) }

// follower makes rows of what its node hands to the read models, as the
// projector does, and remembers the position with them: so it goes on after a
// crash.
type follower struct {
	mu    sync.Mutex
	at    projections.Position
	next  uint64
	table table
	rows  *projections.Rows
	wrong bool // entries were handed over twice, or not at all
}

func (f *follower) follow(ctx context.Context, n *node.Node) error {
	f.mu.Lock()
	from := projections.Position{Offset: f.at.Offset, Reader: f.at.Reader.Clone()}
	f.mu.Unlock()
	err := n.Source().Follow(ctx, from, f.take)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func (f *follower) take(b projections.Batch) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.table == nil {
		f.table, f.rows = table{}, newRows()
	}
	for _, e := range b.Entries {
		f.wrong = f.wrong || e.Seq != f.next
		f.next = e.Seq + 1
	}
	f.table.add(f.rows, b.Entries)
	f.at = projections.Position{Offset: b.Offset, Reader: b.Reader.Clone()}
	return nil
}

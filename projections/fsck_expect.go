package projections

import (
	"context"
	"runtime"
	"sync"

	"github.com/cespare/xxhash/v2"

	"github.com/armslog/armslog/events"
)

// expected is the fold of the journal as far as rows go: of every key the last
// row, both as hashes. Some 50 bytes a row, so tens of millions fit in memory.
type expected struct {
	next    uint64
	rows    []map[uint64]version // by table
	inboxes map[events.OrgID]struct{}
}

type version struct{ seq, hash uint64 }

func newExpected() *expected {
	want := &expected{inboxes: map[events.OrgID]struct{}{}}
	for range tables {
		want.rows = append(want.rows, map[uint64]version{})
	}
	return want
}

// expect reads the journal from its start to the end it has now.
func (d *Database) expect(ctx context.Context, cfg FsckConfig) (*expected, error) {
	want := newExpected()
	l := newLoad(d.cfg.MarkKey)
	journal, err := asItIs(ctx, cfg.Source)
	if err != nil {
		return nil, err
	}
	err = folded{journal, cfg.Fold}.Follow(ctx, Position{}, func(b Batch) error {
		l.add(b)
		want.take(l)
		l.reset()
		return nil
	})
	return want, err
}

// take adds the rows of a load: hashing is shared by the cores, then every
// table is filled by one of them.
func (w *expected) take(l *load) {
	w.next = max(w.next, l.last.Reader.Next)
	w.recipients(l)
	hashes := l.hashes()
	var group sync.WaitGroup
	turn := make(chan int, len(tables))
	for i := range tables {
		turn <- i
	}
	close(turn)
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for i := range turn {
				for _, part := range hashes {
					part[i].into(w.rows[i])
				}
			}
		})
	}
	group.Wait()
}

// hashed are rows of one table, as hashes.
type hashed []struct {
	key uint64
	version
}

func (h hashed) into(rows map[uint64]version) {
	for _, r := range h {
		if old, ok := rows[r.key]; !ok || r.seq >= old.seq {
			rows[r.key] = r.version
		}
	}
}

// hashes are the load's rows by part and table.
func (l *load) hashes() [][]hashed {
	all := make([][]hashed, len(l.parts))
	var group sync.WaitGroup
	for p, rows := range l.parts {
		group.Go(func() {
			for _, t := range tables {
				all[p] = append(all[p], rows.hashes(t))
			}
		})
	}
	group.Wait()
	return all
}

func (r *Rows) hashes(t Table) hashed {
	s := &r.sheets[t.sheet]
	h := make(hashed, len(s.rows))
	for i := range s.rows {
		row := s.row(i)
		h[i].key = xxhash.Sum64(t.keyOf(row))
		h[i].version = version{s.rows[i].seq, xxhash.Sum64(row)}
	}
	return h
}

// recipients notes whose inboxes have entries.
func (w *expected) recipients(l *load) {
	for _, rows := range l.parts {
		s := &rows.sheets[inboxSheet]
		for i := range s.rows {
			org, _ := cutText(s.row(i))
			w.inboxes[string(org)] = struct{}{}
		}
	}
}

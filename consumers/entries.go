package consumers

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"sync"

	"github.com/armslog/armslog/events"
)

// ErrNotFollowed is returned when an entry was asked for that the journal's
// follower has not accepted yet.
var ErrNotFollowed = errors.New("entry is not known here yet")

// Entries reads accepted entries by seq. It remembers where every sixteenth
// accepted entry is, half a byte for each entry, and reads on from there.
type Entries struct {
	journal *Journal
	cache   *entryCache
	idle    chan *reading // connections that nobody uses now

	mu      sync.RWMutex
	offsets []int64 // of seq 0, 16, 32, ...
	reigns  []reign // who owned the journal, from which seq on
	next    uint64
}

type reign struct {
	from  uint64
	owner string
}

const every = 16

// NewEntries reads through journal and keeps up to cacheBytes of what it read.
func NewEntries(journal *Journal, cacheBytes int) *Entries {
	return &Entries{journal: journal, cache: newEntryCache(cacheBytes), idle: make(chan *reading, keptOpen)}
}

// keptOpen bounds the connections that are kept for the next reader.
const keptOpen = 2

func (x *Entries) borrow() *reading {
	select {
	case r := <-x.idle:
		return r
	default:
		return x.journal.open()
	}
}

func (x *Entries) giveBack(r *reading) {
	select {
	case x.idle <- r:
	default:
		r.close()
	}
}

// Close ends the connections that are kept.
func (x *Entries) Close() {
	for {
		select {
		case r := <-x.idle:
			r.close()
		default:
			return
		}
	}
}

// Accepted notes where an accepted entry is. It MUST be called for each, in
// order; an entry that is known already is left alone.
func (x *Entries) Accepted(e *events.Entry, offset int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if e.Seq != x.next {
		return
	}
	if e.Seq%every == 0 {
		x.offsets = append(x.offsets, offset)
	}
	if n := len(x.reigns); n == 0 || x.reigns[n-1].owner != e.Owner {
		x.reigns = append(x.reigns, reign{e.Seq, e.Owner})
	}
	x.next++
}

// position is a place at or before seq from which it can be read again: the
// reader there knows owner and seq, not the mailboxes, which were verified when
// the journal was followed.
func (x *Entries) position(seq uint64) (offset int64, r events.Reader, err error) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if seq >= x.next {
		return 0, r, fmt.Errorf("find entry: %w: seq %d", ErrNotFollowed, seq)
	}
	at := seq / every
	i := sort.Search(len(x.reigns), func(i int) bool { return x.reigns[i].from > at*every }) - 1
	return x.offsets[at], events.Reader{Owner: x.reigns[i].owner, Next: at * every}, nil
}

// Entry is the accepted entry seq. It returns ErrNotFollowed when it is not
// known here yet.
func (x *Entries) Entry(ctx context.Context, seq uint64) (*events.Entry, error) {
	if e := x.cache.get(seq); e != nil {
		return e, nil
	}
	offset, reader, err := x.position(seq)
	if err != nil {
		return nil, err
	}
	r := x.borrow()
	defer x.giveBack(r)
	for {
		items, _, err := r.next(ctx, offset, entryBytes, every)
		if err != nil {
			return nil, err
		}
		for _, it := range items {
			offset = it.Offset + 1
			accepted, err := reread(&reader, it.Item)
			if err != nil {
				return nil, err
			}
			if accepted && it.Entry.Seq == seq {
				x.cache.put(it.Entry)
				return it.Entry, nil
			}
		}
	}
}

// entryBytes is asked for when one entry is wanted; the broker hands out the
// whole batch that holds it.
const entryBytes = 64 << 10

// reread applies the reader rule where the frontiers are not known, to entries
// that were accepted once already.
func reread(r *events.Reader, it events.Item) (accepted bool, err error) {
	if e := it.Entry; e != nil && e.Seq == r.Next && e.Owner == r.Owner {
		r.Frontier = map[string]int64{e.Src: e.Off}
	}
	return r.Read(it)
}

// From hands accepted entries from seq on to handle, up to the entry before
// until. All of them MUST have been followed.
func (x *Entries) From(ctx context.Context, seq, until uint64, handle func([]*events.Entry) error) error {
	if seq >= until {
		return nil
	}
	offset, reader, err := x.position(seq)
	if err != nil {
		return err
	}
	r := x.borrow()
	defer x.giveBack(r)
	for seq < until {
		items, _, err := r.next(ctx, offset, fetchBytes, all)
		if err != nil {
			return err
		}
		var entries []*events.Entry
		for _, it := range items {
			offset = it.Offset + 1
			accepted, err := reread(&reader, it.Item)
			if err != nil {
				return err
			}
			if accepted && it.Entry.Seq >= seq && it.Entry.Seq < until {
				entries = append(entries, it.Entry)
			}
		}
		if len(entries) == 0 {
			continue
		}
		seq = entries[len(entries)-1].Seq + 1
		if err := handle(entries); err != nil {
			return err
		}
	}
	return nil
}

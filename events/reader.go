package events

import (
	"errors"
	"fmt"
)

// ErrDamaged is returned when the journal cannot be what a leader wrote: a seq
// or a mailbox offset is missing. The reader stops; nothing is skipped.
var ErrDamaged = errors.New("journal is damaged")

// Reader is the reader rule: it says which entries of the journal count. Every
// reader uses it (leader, standby, projector, courier, gateway, ledger, fsck,
// auditor), so all see the same history.
//
// Kafka has no conditional append, so the compare-and-set that makes one
// leader the owner lives here, in the reading: a fence counts only if it names
// the owner it replaces. The zero Reader stands before the first entry.
type Reader struct {
	Owner    string           `json:"owner"`    // nonce of the leader whose entries count
	Next     uint64           `json:"next"`     // seq of the next entry
	Engine   uint32           `json:"engine"`   // highest version that ever led
	Frontier map[string]int64 `json:"frontier"` // per mailbox: the next offset to decide
}

// Read applies the rule to the next item of the journal. accepted is true for
// an entry that counts; fences and ignored entries are not accepted. It returns
// ErrDamaged (wrapped) when the log has a hole.
func (r *Reader) Read(it Item) (accepted bool, err error) {
	if it.Fence != nil {
		r.fence(it.Fence)
		return false, nil
	}
	e := it.Entry
	if e.Owner != r.Owner {
		return false, nil // a leader that was replaced and does not know it yet
	}
	if e.Seq < r.Next {
		return false, nil // a retry that was stored twice
	}
	if e.Seq > r.Next {
		return false, fmt.Errorf("%w: seq %d at offset %d, expected %d", ErrDamaged, e.Seq, it.Offset, r.Next)
	}
	if at := r.Frontier[e.Src]; e.Off != at {
		return false, fmt.Errorf("%w: seq %d covers offset %d of a mailbox decided up to %d", ErrDamaged, e.Seq, e.Off, at)
	}
	if r.Frontier == nil {
		r.Frontier = make(map[string]int64)
	}
	r.Next++
	r.Frontier[e.Src] = e.Off + e.Span
	return true, nil
}

func (r *Reader) fence(f *Fence) {
	if f.Prev != r.Owner {
		return // somebody else was faster
	}
	r.Owner = f.Nonce
	r.Engine = max(r.Engine, f.Engine)
}

// Clone is a reader that goes on from here on its own.
func (r *Reader) Clone() Reader {
	c := *r
	c.Frontier = make(map[string]int64, len(r.Frontier))
	for k, v := range r.Frontier {
		c.Frontier[k] = v
	}
	return c
}

package gateway

import (
	"sync"
	"time"

	"github.com/armslog/armslog/events"
)

// Bounds are what the edge lets in. Zero fields take the defaults.
type Bounds struct {
	Connections int // in all; more wait in the kernel's queue
	Requests    int // of one organisation at a time
	Batches     int // of one organisation at a time
	AllBatches  int // of all organisations together
	Streams     int // live inboxes and long polls of one organisation at a time
	HeaderBytes int
	BatchChunks int           // appends of one batch under way
	ReadTimeout time.Duration // of a whole body; in a batch, between two reads
	SendTimeout time.Duration // of a whole answer; in a stream, of each piece
	Wait        time.Duration // for a decision, unless Prefer: wait says otherwise
	BatchWait   time.Duration // for the decisions of one append of a batch
	SeqWait     time.Duration // for the entry that min_seq names
	Heartbeat   time.Duration // between comments on a silent stream
}

func (b Bounds) withDefaults() Bounds {
	def := func(n *int, v int) {
		if *n == 0 {
			*n = v
		}
	}
	span := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	def(&b.Connections, 4096)
	def(&b.Requests, 256)
	def(&b.Batches, 4)
	def(&b.AllBatches, 64)
	def(&b.Streams, 64)
	def(&b.HeaderBytes, 16<<10)
	def(&b.BatchChunks, 12)
	span(&b.ReadTimeout, 30*time.Second)
	span(&b.SendTimeout, 30*time.Second)
	span(&b.Wait, 10*time.Second)
	span(&b.BatchWait, time.Minute)
	span(&b.SeqWait, 2*time.Second)
	span(&b.Heartbeat, 15*time.Second)
	return b
}

// boundKind is what is counted apart: a bureau that streams its table must not
// keep its own officers from searching, and no organisation another.
type boundKind int

const (
	plainKind boundKind = iota
	batchKind
	streamKind
	boundKinds
)

func (k boundKind) String() string { return [...]string{"requests", "batches", "streams"}[k] }

// bounds counts what is under way.
type bounds struct {
	limit      [boundKinds]int
	allBatches int

	mu      sync.Mutex
	batches int
	orgs    map[events.OrgID]*[boundKinds]int // organisations with something under way
}

func newBounds(b Bounds) *bounds {
	return &bounds{
		limit:      [boundKinds]int{b.Requests, b.Batches, b.Streams},
		allBatches: b.AllBatches,
		orgs:       map[events.OrgID]*[boundKinds]int{},
	}
}

// enter takes a place; ok is false where there is none. leave gives it back.
func (b *bounds) enter(org events.OrgID, kind boundKind) (leave func(), ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := b.orgs[org]
	if n == nil {
		n = new([boundKinds]int)
		b.orgs[org] = n
	}
	if n[kind] >= b.limit[kind] || kind == batchKind && b.batches >= b.allBatches {
		b.forget(org, n)
		return nil, false
	}
	n[kind]++
	if kind == batchKind {
		b.batches++
	}
	return func() { b.leave(org, n, kind) }, true
}

func (b *bounds) leave(org events.OrgID, n *[boundKinds]int, kind boundKind) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n[kind]--
	if kind == batchKind {
		b.batches--
	}
	b.forget(org, n)
}

// forget keeps the map as small as what is under way.
func (b *bounds) forget(org events.OrgID, n *[boundKinds]int) {
	if *n == [boundKinds]int{} {
		delete(b.orgs, org)
	}
}

package gateway

import (
	"sync"

	"github.com/armslog/armslog/events"
)

// flight counts the requests about each record that were appended here and
// whose decision has not been seen. As long as there is one, what the state
// says of the record may be about to change.
type flight struct {
	shards [64]flightShard
}

type flightShard struct {
	mu sync.Mutex
	n  map[events.UUID]int32
}

func newFlight() *flight {
	f := &flight{}
	for i := range f.shards {
		f.shards[i].n = map[events.UUID]int32{}
	}
	return f
}

// The last byte of a UUIDv5 is as good as random.
func (f *flight) shard(id events.UUID) *flightShard { return &f.shards[id[15]%64] }

// start counts one request; the zero id stands for none.
func (f *flight) start(id events.UUID) {
	if id.IsZero() {
		return
	}
	s := f.shard(id)
	s.mu.Lock()
	s.n[id]++
	s.mu.Unlock()
}

// end takes it back, once its decision is in the state.
func (f *flight) end(id events.UUID) {
	if id.IsZero() {
		return
	}
	s := f.shard(id)
	s.mu.Lock()
	if s.n[id]--; s.n[id] <= 0 {
		delete(s.n, id)
	}
	s.mu.Unlock()
}

func (f *flight) has(id events.UUID) bool {
	s := f.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.n[id] > 0
}

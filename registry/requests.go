package registry

import (
	"encoding/binary"
	"math/bits"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry/internal/hashtable"
)

// requestWindow is how long a request id is remembered, in log time.
const requestWindow events.Day = 30

// requests remembers the requests of the last 30 days of log time, so that one
// sent again is answered again instead of being decided again. A queue in the
// order of the journal, found by hash: ids leave from the front in the order in
// which they came.
type requests struct {
	chunks [][]request     // the first holds number front
	front  uint64          // number of the oldest request remembered
	next   uint64          // number of the next one
	table  hashtable.Table // of the low bits of a request's number
}

type request struct {
	id   events.UUID
	seq  uint64
	body [8]byte // fingerprint of type and value
	day  events.Day
	org  orgRef
}

// requestHash spreads ids that senders chose, counted up perhaps: two rounds of
// multiplying to 128 bits and folding.
func requestHash(org orgRef, id events.UUID) uint64 {
	const a, b = 0x9e3779b97f4a7c15, 0xd6e8feb86659fd93 // odd, half their bits set
	hi, lo := bits.Mul64(binary.LittleEndian.Uint64(id[:])^a, binary.LittleEndian.Uint64(id[8:])^b)
	hi, lo = bits.Mul64(hi^lo^uint64(org), a)
	return hi ^ lo
}

func (r *requests) at(number uint64) *request {
	return &r.chunks[number>>chunkBits-r.front>>chunkBits][number&(chunkSize-1)]
}

// low is the request of the low bits of a number.
func (r *requests) low(bits uint32) *request { return r.at(r.front + uint64(bits-uint32(r.front))) }

// find returns the request if it is remembered at log time at: one older than
// the window is forgotten, whether or not it has been dropped yet.
func (r *requests) find(org orgRef, id events.UUID, at int64) (request, bool) {
	for p := r.table.Probe(requestHash(org, id)); ; {
		v, ok := p.Next()
		if !ok {
			return request{}, false
		}
		if q := r.low(v); q.id == id && q.org == org {
			return *q, q.day+requestWindow >= events.DayOf(at)
		}
	}
}

// add remembers a request and forgets those that the window has left behind.
// A request forgotten at q.day but still stored gives its place up.
func (r *requests) add(q request) {
	for r.front < r.next && r.at(r.front).day+requestWindow < q.day {
		r.drop()
	}
	if r.next&(chunkSize-1) == 0 {
		r.chunks = append(r.chunks, make([]request, chunkSize))
	}
	*r.at(r.next) = q
	r.table.Insert(requestHash(q.org, q.id), uint32(r.next))
	r.next++
}

// drop forgets the oldest request.
func (r *requests) drop() {
	q := r.at(r.front)
	p := r.table.Probe(requestHash(q.org, q.id))
	for v, _ := p.Next(); v != uint32(r.front); v, _ = p.Next() {
	}
	p.Remove()
	if r.front++; r.front&(chunkSize-1) == 0 {
		r.chunks[0] = nil
		r.chunks = r.chunks[1:]
	}
}

func (r *requests) glance(org orgRef, id events.UUID) uint8 {
	return r.table.Glance(requestHash(org, id))
}

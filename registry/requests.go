package registry

import (
	"encoding/binary"
	"math/bits"

	"github.com/armslog/armslog/events"
)

// requestWindow is how long a request id is remembered, in log time.
const requestWindow events.Day = 30

// requests remembers the requests of the last 30 days of log time, so that one
// sent again is answered again instead of being decided again. A ring in the
// order of the journal, found by hash: ids leave from the front in the order in
// which they came.
type requests struct {
	ring  []request // capacity is a power of two
	front uint64    // number of the oldest request remembered
	next  uint64    // number of the next one
	tags  []uint8   // of a slot's hash, as in idTable; 0 = free
	slots []uint32  // low bits of a request's number
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

func (r *requests) at(number uint64) *request { return &r.ring[number&uint64(len(r.ring)-1)] }

// find returns the request if it is remembered at log time at: one older than
// the window is forgotten, whether or not it has been dropped yet.
func (r *requests) find(org orgRef, id events.UUID, at int64) (request, bool) {
	if r.next == r.front {
		return request{}, false
	}
	hash, mask := requestHash(org, id), uint64(len(r.slots)-1)
	for i := hash & mask; r.tags[i] != 0; i = (i + 1) & mask {
		if r.tags[i] != tagOf(hash) {
			continue
		}
		if q := r.slot(i); q.id == id && q.org == org {
			return *q, q.day+requestWindow >= events.DayOf(at)
		}
	}
	return request{}, false
}

func (r *requests) slot(i uint64) *request { return &r.ring[r.slots[i]] }

// add remembers a request and forgets those that the window has left behind.
// A request forgotten at q.day but still stored gives its place up.
func (r *requests) add(q request) {
	for r.front < r.next && r.at(r.front).day+requestWindow < q.day {
		r.drop()
	}
	if r.next-r.front == uint64(len(r.ring)) {
		r.grow()
	}
	*r.at(r.next) = q
	r.place(r.next)
	r.next++
}

func (r *requests) place(number uint64) {
	q := r.at(number)
	hash, mask := requestHash(q.org, q.id), uint64(len(r.slots)-1)
	i := hash & mask
	for r.tags[i] != 0 {
		i = (i + 1) & mask
	}
	r.tags[i], r.slots[i] = tagOf(hash), uint32(number&uint64(len(r.ring)-1))
}

// drop forgets the oldest request. Later slots of its run move up, so that
// probing needs no tombstones (Knuth, TAOCP vol. 3, 6.4, algorithm R).
func (r *requests) drop() {
	mask := uint64(len(r.slots) - 1)
	q := r.at(r.front)
	i := requestHash(q.org, q.id) & mask
	for r.tags[i] == 0 || r.slots[i] != uint32(r.front&uint64(len(r.ring)-1)) {
		i = (i + 1) & mask
	}
	for j := i; ; {
		r.tags[i] = 0
		for {
			j = (j + 1) & mask
			if r.tags[j] == 0 {
				r.front++
				return
			}
			home := requestHash(r.slot(j).org, r.slot(j).id) & mask
			if (j-home)&mask >= (j-i)&mask {
				break
			}
		}
		r.tags[i], r.slots[i], i = r.tags[j], r.slots[j], j
	}
}

func (r *requests) grow() {
	old := r.ring
	r.ring = make([]request, max(64, 2*len(old)))
	for n := r.front; n < r.next; n++ {
		*r.at(n) = old[n&uint64(len(old)-1)]
	}
	r.tags, r.slots = make([]uint8, 2*len(r.ring)), make([]uint32, 2*len(r.ring))
	for n := r.front; n < r.next; n++ {
		r.place(n)
	}
}

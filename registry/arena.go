package registry

import (
	"encoding/binary"

	"github.com/armslog/armslog/events"
)

// arena is a growing array in chunks: no copying and no slack of a doubling
// slice, and one pointer per 4,096 values for the garbage collector to follow.
// T holds no pointers.
type arena[T any] struct {
	chunks [][]T
	n      int
}

const (
	chunkBits = 12
	chunkSize = 1 << chunkBits
)

func (a *arena[T]) add(v T) uint32 {
	if a.n&(chunkSize-1) == 0 {
		a.chunks = append(a.chunks, make([]T, 0, chunkSize))
	}
	last := &a.chunks[a.n>>chunkBits]
	*last = append(*last, v)
	a.n++
	return uint32(a.n - 1)
}

// at points to value i; the pointer holds until the arena is dropped.
func (a *arena[T]) at(i uint32) *T { return &a.chunks[i>>chunkBits][i&(chunkSize-1)] }

func (a *arena[T]) len() int { return a.n }

// idTable finds a value of an arena by its 16-byte id: open addressing with
// linear probing over 4-byte slots, at most 3/4 full. The ids themselves stay
// in the arena; a byte of each one's hash stands beside its slot, so that an id
// that is not there, as most are not when they are looked up first, is known as
// such without a look at the ids of others. Ids are hashes (UUIDv5) or hold 62
// random bits in their last eight bytes (UUIDv7): those eight bytes are the hash.
type idTable struct {
	tags  []uint8  // of the hash; 0 = the slot is free
	slots []uint32 // value number
	n     int
}

func idHash(id events.UUID) uint64 {
	return binary.LittleEndian.Uint64(id[8:]) * 0x9e3779b97f4a7c15
}

// tagOf is never 0, and made of bits that choose no slot.
func tagOf(hash uint64) uint8 { return uint8(hash>>56) | 1 }

func (t *idTable) find(id events.UUID, idOf func(uint32) events.UUID) (uint32, bool) {
	if t.n == 0 {
		return 0, false
	}
	hash, mask := idHash(id), uint64(len(t.slots)-1)
	tag := tagOf(hash)
	for i := hash >> 8 & mask; t.tags[i] != 0; i = (i + 1) & mask {
		if t.tags[i] == tag && idOf(t.slots[i]) == id {
			return t.slots[i], true
		}
	}
	return 0, false
}

// insert adds value v, the one after those inserted before; its id is not in the
// table yet.
func (t *idTable) insert(v uint32, idOf func(uint32) events.UUID) {
	if 4*(t.n+1) > 3*len(t.slots) {
		t.grow(idOf)
	}
	t.place(v, idOf(v))
	t.n++
}

func (t *idTable) place(v uint32, id events.UUID) {
	hash, mask := idHash(id), uint64(len(t.slots)-1)
	i := hash >> 8 & mask
	for t.tags[i] != 0 {
		i = (i + 1) & mask
	}
	t.tags[i], t.slots[i] = tagOf(hash), v
}

func (t *idTable) grow(idOf func(uint32) events.UUID) {
	size := max(64, 2*len(t.slots))
	t.tags, t.slots = make([]uint8, size), make([]uint32, size)
	for v := range uint32(t.n) {
		t.place(v, idOf(v)) // in the order of the arena: from slot to slot every id would be a cache miss
	}
}

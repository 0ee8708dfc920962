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
// in the arena. Ids are hashes (UUIDv5) or hold 62 random bits in their last
// eight bytes (UUIDv7), so those eight bytes are the hash.
type idTable struct {
	slots []uint32 // value number + 1; 0 = free
	n     int
}

func idHash(id events.UUID) uint64 {
	return binary.LittleEndian.Uint64(id[8:]) * 0x9e3779b97f4a7c15
}

func (t *idTable) find(id events.UUID, idOf func(uint32) events.UUID) (uint32, bool) {
	if t.n == 0 {
		return 0, false
	}
	mask := uint64(len(t.slots) - 1)
	for i := idHash(id) >> 8 & mask; ; i = (i + 1) & mask {
		s := t.slots[i]
		if s == 0 {
			return 0, false
		}
		if idOf(s-1) == id {
			return s - 1, true
		}
	}
}

// insert adds value v, whose id is not in the table yet.
func (t *idTable) insert(v uint32, idOf func(uint32) events.UUID) {
	if 4*(t.n+1) > 3*len(t.slots) {
		t.grow(idOf)
	}
	t.place(v, idOf(v))
	t.n++
}

func (t *idTable) place(v uint32, id events.UUID) {
	mask := uint64(len(t.slots) - 1)
	i := idHash(id) >> 8 & mask
	for t.slots[i] != 0 {
		i = (i + 1) & mask
	}
	t.slots[i] = v + 1
}

func (t *idTable) grow(idOf func(uint32) events.UUID) {
	old := t.slots
	t.slots = make([]uint32, max(64, 2*len(old)))
	for _, s := range old {
		if s != 0 {
			t.place(s-1, idOf(s-1))
		}
	}
}

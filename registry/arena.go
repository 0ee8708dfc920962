package registry

import (
	"encoding/binary"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry/internal/hashtable"
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

// idTable finds a value of an arena by its 16-byte id; the ids stay in the arena.
// Ids are hashes (UUIDv5) or hold 62 random bits in their last eight bytes
// (UUIDv7): those eight bytes are the hash.
type idTable struct{ hashtable.Table }

func idHash(id events.UUID) uint64 {
	return binary.LittleEndian.Uint64(id[8:]) * 0x9e3779b97f4a7c15
}

func (t *idTable) find(id events.UUID, idOf func(uint32) events.UUID) (uint32, bool) {
	for p := t.Probe(idHash(id)); ; {
		v, ok := p.Next()
		if !ok || idOf(v) == id {
			return v, ok
		}
	}
}

// insert adds value v, whose id is not in the table yet.
func (t *idTable) insert(id events.UUID, v uint32) { t.Insert(idHash(id), v) }

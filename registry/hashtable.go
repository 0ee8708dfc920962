package registry

// hashTable finds numbers by a hash of what they name: open addressing with
// linear probing over 4-byte slots, at most 3/4 full. What is named stays where
// it is; a byte of its hash stands beside the slot, so that what is not there,
// as most is not that is looked up first, is known as such without a look at the
// others.
//
// It is cut into segments by the top bits of the hash, each of which grows by
// itself: no decision waits while a table of millions is laid out anew.
type hashTable struct{ segments [tableSegments]tableSegment }

const tableSegments = 256

type tableSegment struct {
	tags  []uint8 // of the hash; 0 = the slot is free
	slots []uint32
	n     int
}

func (t *hashTable) segment(hash uint64) *tableSegment { return &t.segments[hash>>56] }

// tagOf is never 0, and made of bits that choose neither segment nor slot.
func tagOf(hash uint64) uint8 { return uint8(hash>>48) | 1 }

// home is where a hash's slot would be in an empty segment.
func (s *tableSegment) home(hash uint64) uint64 { return hash >> 8 & s.mask() }

func (s *tableSegment) mask() uint64 { return uint64(len(s.slots) - 1) }

// find returns the number for which is holds among those of the hash.
func (t *hashTable) find(hash uint64, is func(uint32) bool) (v uint32, ok bool) {
	s := t.segment(hash)
	if s.n == 0 {
		return 0, false
	}
	tag, mask := tagOf(hash), s.mask()
	for i := s.home(hash); s.tags[i] != 0; i = (i + 1) & mask {
		if s.tags[i] == tag && is(s.slots[i]) {
			return s.slots[i], true
		}
	}
	return 0, false
}

// insert adds a number; what it names is not in the table yet. hashOf is the
// hash of each number in the table.
func (t *hashTable) insert(hash uint64, v uint32, hashOf func(uint32) uint64) {
	s := t.segment(hash)
	if 4*(s.n+1) > 3*len(s.slots) {
		s.grow(hashOf)
	}
	s.place(hash, v)
	s.n++
}

func (s *tableSegment) place(hash uint64, v uint32) {
	i := s.home(hash)
	for s.tags[i] != 0 {
		i = (i + 1) & s.mask()
	}
	s.tags[i], s.slots[i] = tagOf(hash), v
}

func (s *tableSegment) grow(hashOf func(uint32) uint64) {
	tags, slots := s.tags, s.slots
	size := max(8, 2*len(slots))
	s.tags, s.slots = make([]uint8, size), make([]uint32, size)
	for i, tag := range tags {
		if tag != 0 {
			s.place(hashOf(slots[i]), slots[i])
		}
	}
}

// remove takes out a number that is in the table. Later slots of its run move
// up, so that probing needs no tombstones (Knuth, TAOCP vol. 3, 6.4, algorithm R).
func (t *hashTable) remove(hash uint64, v uint32, hashOf func(uint32) uint64) {
	s := t.segment(hash)
	mask := s.mask()
	i := s.home(hash)
	for s.tags[i] == 0 || s.slots[i] != v {
		i = (i + 1) & mask
	}
	s.n--
	for j := i; ; {
		s.tags[i] = 0
		for {
			j = (j + 1) & mask
			if s.tags[j] == 0 {
				return
			}
			if home := s.home(hashOf(s.slots[j])); (j-home)&mask >= (j-i)&mask {
				break
			}
		}
		s.tags[i], s.slots[i], i = s.tags[j], s.slots[j], j
	}
}

// glance reads where a hash would be looked up, see Foresee.
func (t *hashTable) glance(hash uint64) uint8 {
	s := t.segment(hash)
	if len(s.tags) == 0 {
		return 0
	}
	i := s.home(hash)
	return s.tags[i] + uint8(s.slots[i])
}

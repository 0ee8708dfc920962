// Package hashtable finds numbers by the hash of what they name: records by
// their ids, requests by theirs, marks by their keys. What is named stays where
// it is; the caller compares.
//
// A table is cut into segments by the top bits of the hash, each of which grows
// by a quarter, by itself, and in the order of its memory: no decision waits
// while a table of millions is laid out anew.
package hashtable

// Table is a table of numbers. The zero value is empty. Any number of readers
// may use it while nobody changes it.
type Table struct{ segments [segments]segment }

const segments = 256

// segment is an open-addressing table sorted by hash. A slot is 32 bits of the
// hash above the number, and never 0, which is empty. Home is the hash scaled to
// size; a slot lies at its home or after it with no gap between, and some slots
// are added behind the last home so that nothing wraps around.
type segment struct {
	slots []uint64
	size  uint32
	used  uint32
}

// part is the part of a hash that is kept; the bits above chose the segment.
func part(hash uint64) uint32 { return uint32(hash>>24) | 1 }

func partOf(slot uint64) uint32 { return uint32(slot >> 32) }

func makeSlot(part, number uint32) uint64 { return uint64(part)<<32 | uint64(number) }

func (s *segment) home(part uint32) int { return int(uint64(part) * uint64(s.size) >> 32) }

// Probe walks the numbers of a hash. Different things may share it: the caller
// compares what is named.
type Probe struct {
	seg  *segment
	part uint32
	i    int // the slot after the one last returned
}

// Probe begins before the first number of a hash.
func (t *Table) Probe(hash uint64) Probe {
	seg := &t.segments[hash>>56]
	p := Probe{seg: seg, part: part(hash)}
	p.i = seg.home(p.part)
	return p
}

// Next returns the next number of the hash; ok is false where there is none.
func (p *Probe) Next() (number uint32, ok bool) {
	for ; p.i < len(p.seg.slots); p.i++ {
		slot := p.seg.slots[p.i]
		if partOf(slot) > p.part || slot == 0 {
			return 0, false
		}
		if partOf(slot) == p.part {
			p.i++
			return uint32(slot), true
		}
	}
	return 0, false
}

// Replace puts another number in place of the one last returned.
func (p *Probe) Replace(number uint32) { p.seg.slots[p.i-1] = makeSlot(p.part, number) }

// Remove takes the number last returned out, and moves those behind it up.
func (p *Probe) Remove() {
	s := p.seg.slots
	i := p.i - 1
	for ; i+1 < len(s) && s[i+1] != 0 && p.seg.home(partOf(s[i+1])) <= i; i++ {
		s[i] = s[i+1]
	}
	s[i] = 0
	p.seg.used--
}

// Insert puts a number in, before those of greater hashes.
func (t *Table) Insert(hash uint64, number uint32) {
	s := &t.segments[hash>>56]
	if s.used*5 >= s.size*4 {
		s.grow()
	}
	for !s.put(makeSlot(part(hash), number)) {
		s.grow()
	}
	s.used++
}

// put fails when there is no empty slot left behind the slot's place.
func (s *segment) put(slot uint64) bool {
	i := s.home(partOf(slot))
	for i < len(s.slots) && s.slots[i] != 0 && partOf(s.slots[i]) <= partOf(slot) {
		i++
	}
	gap := i
	for gap < len(s.slots) && s.slots[gap] != 0 {
		gap++
	}
	if gap == len(s.slots) {
		return false
	}
	copy(s.slots[i+1:gap+1], s.slots[i:gap])
	s.slots[i] = slot
	return true
}

func (s *segment) grow() {
	old := s.slots
	s.size += s.size/4 + 8
	s.slots = make([]uint64, s.size+s.size/64+8)
	i := 0
	for _, slot := range old {
		if slot == 0 {
			continue
		}
		if i = max(i, s.home(partOf(slot))); i == len(s.slots) {
			s.slots = append(s.slots, 0)
		}
		s.slots[i] = slot
		i++
	}
}

// Glance reads the slot where a hash begins, and nothing else: a caller that is
// about to look many of them up may glance at all of them first, and waits for
// memory once. What it returns says nothing.
func (t *Table) Glance(hash uint64) uint8 {
	p := t.Probe(hash)
	if p.i >= len(p.seg.slots) {
		return 0
	}
	return uint8(p.seg.slots[p.i])
}

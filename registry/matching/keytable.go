package matching

// keyTable finds the marks of a key: an open-addressing table of heads, and the
// marks of one key in a ring, ascending, the table pointing to the greatest. So
// the order of a ring follows from its members alone, and a new mark, having
// mostly the greatest number, is put in without a walk. (A mark that reuses a
// number walks, as far as the removal that freed the number did.)
//
// The table is cut into segments by the top bits of the hash, so that growing
// is a small step each time.
type keyTable struct {
	segments [segments]segment
	next     column[uint32]
}

const segments = 256

// segment is sorted by hash. A slot is 32 bits of the hash above the greatest
// mark of the ring, plus one; 0 is empty. Home is the hash scaled to size,
// a slot lies at its home or after it with no gap between, and some slots are
// added behind the last home so that nothing wraps around.
type segment struct {
	slots []uint64
	size  uint32
	used  uint32
}

func slotHash(slot uint64) uint32 { return uint32(slot >> 32) }
func slotMark(slot uint64) uint32 { return uint32(slot) - 1 }

func makeSlot(hash, mark uint32) uint64 { return uint64(hash)<<32 | uint64(mark+1) }

func (s *segment) home(hash uint32) int { return int(uint64(hash) * uint64(s.size) >> 32) }

// probe walks the slots of a hash. Different keys may share it: the caller
// compares.
type probe struct {
	seg  *segment
	hash uint32
	i    int // the slot after the one last returned
}

func (t *keyTable) probe(hash uint64) probe {
	seg := &t.segments[hash>>56]
	p := probe{seg: seg, hash: uint32(hash >> 24)}
	p.i = seg.home(p.hash)
	return p
}

// next returns the greatest mark of the next ring of this hash.
func (p *probe) next() (mark uint32, ok bool) {
	for ; p.i < len(p.seg.slots); p.i++ {
		slot := p.seg.slots[p.i]
		if slot == 0 || slotHash(slot) > p.hash {
			return 0, false
		}
		if slotHash(slot) == p.hash {
			p.i++
			return slotMark(slot), true
		}
	}
	return 0, false
}

// replace changes the mark of the slot last returned.
func (p *probe) replace(mark uint32) { p.seg.slots[p.i-1] = makeSlot(p.hash, mark) }

// remove deletes the slot last returned and moves those behind it up.
func (p *probe) remove() {
	s := p.seg.slots
	i := p.i - 1
	for ; i+1 < len(s) && s[i+1] != 0 && p.seg.home(slotHash(s[i+1])) <= i; i++ {
		s[i] = s[i+1]
	}
	s[i] = 0
	p.seg.used--
}

// insert puts in a slot for a hash, before those of greater ones.
func (t *keyTable) insert(hash uint64, mark uint32) {
	s := &t.segments[hash>>56]
	if s.used*5 >= s.size*4 {
		s.grow()
	}
	for !s.put(makeSlot(uint32(hash>>24), mark)) {
		s.grow()
	}
	s.used++
}

// put fails when there is no empty slot left behind the slot's place.
func (s *segment) put(slot uint64) bool {
	i := s.home(slotHash(slot))
	for i < len(s.slots) && s.slots[i] != 0 && slotHash(s.slots[i]) <= slotHash(slot) {
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
		if i = max(i, s.home(slotHash(slot))); i == len(s.slots) {
			s.slots = append(s.slots, 0)
		}
		s.slots[i] = slot
		i++
	}
}

// join puts a mark into the ring of the given greatest mark and returns the
// greatest after that.
func (t *keyTable) join(greatest, mark uint32) uint32 {
	before := greatest
	if mark < greatest {
		for t.next.get(before) < mark {
			before = t.next.get(before)
		}
	}
	t.next.set(mark, t.next.get(before))
	t.next.set(before, mark)
	return max(greatest, mark)
}

// start makes a ring of one mark.
func (t *keyTable) start(mark uint32) uint32 {
	t.next.set(mark, mark)
	return mark
}

// leave takes a mark out of its ring and returns the greatest of those left;
// last is true when there is none.
func (t *keyTable) leave(greatest, mark uint32) (left uint32, last bool) {
	before := greatest
	for t.next.get(before) != mark {
		before = t.next.get(before)
	}
	if before == mark {
		return 0, true
	}
	t.next.set(before, t.next.get(mark))
	if mark == greatest {
		return before, false
	}
	return greatest, false
}

// ring visits the marks of a ring, ascending.
func (t *keyTable) ring(greatest uint32, visit func(uint32)) {
	for mark := t.next.get(greatest); ; mark = t.next.get(mark) {
		visit(mark)
		if mark == greatest {
			return
		}
	}
}

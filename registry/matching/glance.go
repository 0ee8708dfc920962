package matching

// KeyHash is the hash under which the index holds a full mark; 0 for a mark
// that has no key.
func KeyHash(m Mark) uint64 {
	if m.Partial {
		return 0
	}
	var form, key [64]byte
	f := AppendForm(AppendForm(form[:0], m.Series, false), m.Text, false)
	if len(f) == 0 {
		return 0
	}
	return HashKey(AppendKey(key[:0], f))
}

// Glance reads the slot where marks with this hash begin, and nothing else: a
// caller that is about to look many of them up may glance at all of them first
// and waits for memory once.
func (x *Index) Glance(hash uint64) uint8 {
	p := x.whole.probe(hash)
	if p.i >= len(p.seg.slots) {
		return 0
	}
	return uint8(p.seg.slots[p.i])
}

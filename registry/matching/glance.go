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

// Glance reads where marks with this hash begin, and nothing else (see
// hashtable.Table.Glance).
func (x *Index) Glance(hash uint64) uint8 { return x.whole.Glance(hash) }

package matching

import "github.com/armslog/armslog/registry/internal/hashtable"

// keyTable finds the marks of a key: an open-addressing table of heads, and the
// marks of one key in a ring, ascending, the table pointing to the greatest. So
// the order of a ring follows from its members alone, and a new mark, having
// mostly the greatest number, is put in without a walk. (A mark that reuses a
// number walks, as far as the removal that freed the number did.)
type keyTable struct {
	hashtable.Table
	next column[uint32]
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

package matching

import (
	"encoding/binary"
	"slices"
)

// postings lists, for each trigram, the marks that show it.
type postings struct {
	pages [trigrams / listPage]*[listPage]list
}

const listPage = 64

// list is the marks of one trigram: differences of ascending numbers as
// varints. A number that is not greater than the one before (it was reused) is
// written as 0 and itself.
//
// A removed mark stays in the list until half of it is garbage, so a reader
// takes what it finds as a hint: the mark may be gone, or another by now.
type list struct {
	bytes []byte
	last  uint32 // the number written last
	count uint32 // numbers written
	live  uint32 // marks that show the trigram
}

const minStale = 32 // numbers; less garbage is not worth a rewrite

func (p *postings) at(t trigram) *list {
	page := &p.pages[t/listPage]
	if *page == nil {
		*page = new([listPage]list)
	}
	return &(*page)[t%listPage]
}

// find is at for readers: nil where there is no list.
func (p *postings) find(t trigram) *list {
	if page := p.pages[t/listPage]; page != nil {
		return &page[t%listPage]
	}
	return nil
}

func (p *postings) live(t trigram) uint32 {
	if l := p.find(t); l != nil {
		return l.live
	}
	return 0
}

// size is the length of a trigram's list, with its garbage.
func (p *postings) size(t trigram) uint32 {
	if l := p.find(t); l != nil {
		return l.count
	}
	return 0
}

func (l *list) add(mark uint32) {
	l.live++
	if l.count > 0 && l.last == mark {
		return // it was here before, and is again
	}
	l.append(mark)
}

// append writes a number. The list grows by an eighth: appending to a slice
// would double it.
func (l *list) append(mark uint32) {
	if cap(l.bytes)-len(l.bytes) < 1+binary.MaxVarintLen32 {
		grown := make([]byte, len(l.bytes), len(l.bytes)+len(l.bytes)/8+16)
		copy(grown, l.bytes)
		l.bytes = grown
	}
	switch {
	case l.count == 0:
		l.bytes = binary.AppendUvarint(l.bytes, uint64(mark)+1)
	case mark > l.last:
		l.bytes = binary.AppendUvarint(l.bytes, uint64(mark-l.last))
	default:
		l.bytes = binary.AppendUvarint(append(l.bytes, 0), uint64(mark))
	}
	l.last = mark
	l.count++
}

// decode appends the marks of the list to dst, ascending, each once.
func (l *list) decode(dst []uint32) []uint32 {
	start := len(dst)
	mark, sorted := ^uint32(0), true // the first difference is from -1
	for b := l.bytes; len(b) > 0; {
		if b[0] == 0 {
			v, n := binary.Uvarint(b[1:])
			mark, sorted = uint32(v), false
			b = b[1+n:]
		} else {
			v, n := binary.Uvarint(b)
			mark += uint32(v)
			b = b[n:]
		}
		dst = append(dst, mark)
	}
	if sorted {
		return dst
	}
	slices.Sort(dst[start:])
	return dst[:start+len(slices.Compact(dst[start:]))]
}

// remove takes a mark off the count; it reports whether the list has become
// worth a rewrite.
func (l *list) remove() (stale bool) {
	l.live--
	return l.count > 2*l.live+minStale
}

// rewrite keeps the marks for which shows is true.
func (l *list) rewrite(shows func(uint32) bool) {
	marks := l.decode(nil)
	*l = list{live: l.live}
	for _, mark := range marks {
		if shows(mark) {
			l.append(mark)
		}
	}
	l.bytes = slices.Clip(l.bytes)
}

// intersect keeps in a the numbers that are in b too; both ascend.
func intersect(a, b []uint32) []uint32 {
	kept, j := a[:0], 0
	for _, v := range a {
		for j < len(b) && b[j] < v {
			j++
		}
		if j < len(b) && b[j] == v {
			kept = append(kept, v)
		}
	}
	return kept
}

package matching

import (
	"encoding/binary"
	"hash"
)

// MarkID names a mark of an index. It is the lowest number that was free when
// the mark was added, so numbers are dense, and are used again after Remove.
type MarkID uint32

// Entry is a mark to be kept in an index.
type Entry struct {
	Mark
	Subject uint32 // whose mark it is, a number of the caller's
	Number  uint8  // which of the subject's marks
	Indexed bool   // whether it can be found; else it is kept to be compared
}

// Index keeps marks and finds those that meet another. It has no pointer per
// mark: attributes lie in columns by number, texts in an arena. The zero value
// is ready; an index must not be copied.
//
// One goroutine at a time may change an index, while none reads it. Any number
// may read, each with a Scratch of its own: reading changes nothing in it.
// Everything follows from the marks it holds and their numbers; nothing depends
// on how it came to hold them.
type Index struct {
	ids     idSet
	subject column[uint32]
	number  column[uint8]
	flags   column[uint8]
	texts   texts

	whole    keyTable // full marks by their whole
	numbers  keyTable // full marks with a series by the number alone
	anchored anchors  // partial marks by one trigram, for full ones that come
	full     postings // full marks by every trigram, for partial ones that come
	partial  postings // partial marks by every trigram, for partial ones that come

	scratch, spare Scratch // the writer's
}

const (
	flagPartial = 1 << iota
	flagIndexed // found by full marks, partial marks, or both
	flagAsked   // Entry.Indexed as given, though nothing may find the mark
)

// Len is the number of marks held.
func (x *Index) Len() int { return x.ids.n }

// Has reports whether the index holds a mark of this number.
func (x *Index) Has(id MarkID) bool { return x.ids.has(uint32(id)) }

// Subject returns whose mark it is, and which of theirs.
func (x *Index) Subject(id MarkID) (subject uint32, number uint8) {
	return x.subject.get(uint32(id)), x.number.get(uint32(id))
}

// Mark returns a mark the index holds. Its strings stay valid for ever.
func (x *Index) Mark(id MarkID) Mark {
	series, text := x.texts.get(uint32(id))
	return Mark{Text: text, Series: series, Partial: x.flags.get(uint32(id))&flagPartial != 0}
}

// Scratch is the writer's own: a mark that was met with it is read already when
// it is added. Only who may change the index may use it.
func (x *Index) Scratch() *Scratch { return &x.scratch }

// Findable reports whether a mark can be found: it was to be indexed, and has a
// key or, if partial, is evidence enough.
func (x *Index) Findable(id MarkID) bool {
	return x.flags.get(uint32(id))&flagIndexed != 0
}

// Add keeps a mark. An index holds fewer than 1<<32-1 marks and less than 4 GiB
// of text.
func (x *Index) Add(e Entry) MarkID {
	id := x.ids.take()
	x.subject.set(id, e.Subject)
	x.number.set(id, e.Number)
	x.texts.put(id, e.Mark)
	var flags uint8
	if e.Partial {
		flags |= flagPartial
	}
	if e.Indexed {
		flags |= flagAsked
		x.scratch.asked.set(e.Mark)
		if x.scratch.asked.findable() {
			flags |= flagIndexed
			x.link(id)
		}
	}
	x.flags.set(id, flags)
	return MarkID(id)
}

// Remove forgets a mark the index holds; its number is free for another.
func (x *Index) Remove(id MarkID) {
	mark := x.Mark(id)
	x.ids.release(uint32(id))
	if x.Findable(id) {
		x.flags.set(uint32(id), 0) // lists may still name it
		x.scratch.asked.set(mark)
		x.unlink(uint32(id))
	}
	x.texts.drop(mark)
	x.texts.compact(&x.ids)
}

// Hash writes the marks held, with their numbers and attributes, in the order
// of the numbers. Two indexes of the same hash answer alike now, and go on
// alike.
func (x *Index) Hash(h hash.Hash) {
	var buf []byte
	x.ids.each(func(i uint32) {
		id := MarkID(i)
		buf = binary.LittleEndian.AppendUint32(buf[:0], i)
		buf = binary.LittleEndian.AppendUint32(buf, x.subject.get(i))
		buf = append(buf, x.number.get(i), x.flags.get(i))
		m := x.Mark(id)
		buf = append(binary.AppendUvarint(buf, uint64(len(m.Series))), m.Series...)
		buf = append(binary.AppendUvarint(buf, uint64(len(m.Text))), m.Text...)
		h.Write(buf)
	})
}

// SameKey visits every full, findable mark with the same whole key as the given
// one, itself first, then ascending and around. It visits nothing for a mark
// without a key. It allocates nothing.
func (x *Index) SameKey(id MarkID, visit func(MarkID) bool) {
	if x.flags.get(uint32(id))&(flagIndexed|flagPartial) != flagIndexed {
		return
	}
	for at := uint32(id); ; {
		if !visit(MarkID(at)) {
			return
		}
		if at = x.whole.next.get(at); at == uint32(id) {
			return
		}
	}
}

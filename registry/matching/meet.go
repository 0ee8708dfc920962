package matching

import "slices"

// Hit is a mark that meets the one asked for, with the grade of the pair.
type Hit struct {
	Mark  MarkID
	Grade Grade
}

// Meet finds the findable marks that meet m, each once, in the order of their
// numbers. They are good until the scratch is asked again. A partial m that is
// not evidence enough (see CanSearch) meets nothing.
func (x *Index) Meet(s *Scratch, m Mark) []Hit {
	s.hits = s.hits[:0]
	s.asked.set(m)
	if m.Partial {
		x.meetPartial(s)
	} else {
		x.meetFull(s)
	}
	if !slices.IsSortedFunc(s.hits, byMark) {
		slices.SortFunc(s.hits, byMark)
	}
	return s.hits
}

func byMark(a, b Hit) int { return int(int64(a.Mark) - int64(b.Mark)) }

// meetFull looks a full mark up under its keys, and the partial marks under its
// trigrams. No mark is found twice: the number alone is shorter than the whole,
// so two marks cannot each lack the other's series.
func (x *Index) meetFull(s *Scratch) {
	r := &s.asked
	if len(r.key) == 0 {
		return
	}
	x.meetKey(s, &x.whole, r.key, wholeKeyOf)
	x.meetKey(s, &x.numbers, r.key, numberKeyOf)
	if len(r.numberKey) > 0 {
		x.meetKey(s, &x.whole, r.numberKey, wholeKeyOf)
	}
	if x.anchored.count == 0 {
		return
	}
	s.text = appendFoldedRunes(s.text[:0], r.form)
	s.marks = x.anchored.find(s.marks[:0], s.text)
	slices.Sort(s.marks)
	for _, id := range slices.Compact(s.marks) {
		x.try(s, id)
	}
}

func (x *Index) meetKey(s *Scratch, t *keyTable, key []byte, of keyOf) {
	if _, greatest, ok := x.lookup(s, t, key, of); ok {
		t.ring(greatest, func(id uint32) { x.try(s, id) })
	}
}

// try compares a mark the index has found with the one asked for.
func (x *Index) try(s *Scratch, id uint32) {
	m := x.Mark(MarkID(id))
	if m == s.asked.mark && !m.Partial { // the most common meeting needs no comparison
		s.hits = append(s.hits, Hit{MarkID(id), Exact})
		return
	}
	s.other.set(m)
	if g := s.grade(); g != NoMeeting {
		s.hits = append(s.hits, Hit{MarkID(id), g})
	}
}

// meetPartial tries the full marks that show each trigram of the pattern, and
// the partial ones that show any: what two partial marks both show has three
// signs in a row.
func (x *Index) meetPartial(s *Scratch) {
	if !s.asked.whole.searchable {
		return
	}
	s.marks = x.showAll(s, s.sureTrigrams(&s.asked))
	x.tryAll(s, 0)
	s.marks = s.marks[:0]
	for _, t := range s.allTrigrams(&s.asked) {
		if l := x.partial.find(t); l != nil {
			s.marks = l.decode(s.marks)
		}
	}
	slices.Sort(s.marks)
	s.marks = slices.Compact(s.marks)
	x.tryAll(s, flagPartial)
}

// tryAll tries what the lists hint at: a mark may be gone, or another by now.
func (x *Index) tryAll(s *Scratch, kind uint8) {
	for _, id := range s.marks {
		if x.flags.get(id)&(flagIndexed|flagPartial) == flagIndexed|kind {
			x.try(s, id)
		}
	}
}

// worthReading is how many numbers of a list are read in the time one mark is
// compared: a longer list costs more than it saves.
const worthReading = 32

// showAll returns the full marks that show all of the trigrams, or a few more.
func (x *Index) showAll(s *Scratch, ts []trigram) []uint32 {
	slices.SortFunc(ts, func(a, b trigram) int { return int(x.full.size(a)) - int(x.full.size(b)) })
	marks := s.marks[:0]
	for i, t := range ts {
		l := x.full.find(t)
		if l == nil {
			return marks[:0]
		}
		if i == 0 {
			marks = l.decode(marks)
			continue
		}
		if int(l.count) > worthReading*len(marks) {
			break
		}
		s.more = l.decode(s.more[:0])
		marks = intersect(marks, s.more)
	}
	return marks
}

// trigramsOfFull returns the trigrams of a full mark, series and number
// together; those of the number alone are among them. Like all of these, they
// are good until the scratch is asked again.
func (s *Scratch) trigramsOfFull(r *reading) []trigram {
	s.text = appendFoldedRunes(s.text[:0], r.form)
	s.trigrams = appendTrigrams(s.trigrams[:0], s.text)
	return s.trigrams
}

// sureTrigrams returns the trigrams of a searchable partial mark's sure signs.
func (s *Scratch) sureTrigrams(r *reading) []trigram {
	s.trigrams = appendTrigrams(s.trigrams[:0], r.sure())
	return s.trigrams
}

// allTrigrams returns all that a partial mark shows, leading zeros too.
func (s *Scratch) allTrigrams(r *reading) []trigram {
	s.trigrams = appendTrigrams(s.trigrams[:0], r.whole.folded)
	return s.trigrams
}

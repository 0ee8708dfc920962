package matching

import (
	"bytes"
	"slices"

	"github.com/armslog/armslog/registry/internal/hashtable"
)

// findable reports whether anything can find the mark.
func (r *reading) findable() bool { return len(r.key) > 0 || r.whole.searchable && r.mark.Partial }

// link makes the mark just read findable, unlink undoes it.
func (x *Index) link(id uint32) {
	r := &x.scratch.asked
	if r.mark.Partial {
		x.linkPartial(id, r)
		return
	}
	x.linkKey(&x.whole, r.key, wholeKeyOf, id)
	if len(r.numberKey) > 0 {
		x.linkKey(&x.numbers, r.numberKey, numberKeyOf, id)
	}
	for _, t := range x.scratch.trigramsOfFull(r) {
		x.full.at(t).add(id)
	}
}

func (x *Index) unlink(id uint32) {
	r := &x.scratch.asked
	if r.mark.Partial {
		x.unlinkPartial(id, r)
		return
	}
	x.unlinkKey(&x.whole, r.key, wholeKeyOf, id)
	if len(r.numberKey) > 0 {
		x.unlinkKey(&x.numbers, r.numberKey, numberKeyOf, id)
	}
	x.unpost(&x.full, x.scratch.trigramsOfFull(r), 0)
}

// linkPartial hangs a partial mark on the trigram that the fewest full marks
// here show: marks to come look much like those that came, so it will be
// compared in vain the least often.
func (x *Index) linkPartial(id uint32, r *reading) {
	signs, best := r.sure(), -1
	for i := 0; i+minRun <= len(signs); i++ {
		if slices.ContainsFunc(signs[i:i+minRun], isWild) {
			continue
		}
		if best < 0 || x.full.live(trigramAt(signs, i)) < x.full.live(trigramAt(signs, best)) {
			best = i
		}
	}
	x.anchored.add(id, signs, best)
	for _, t := range x.scratch.allTrigrams(r) {
		x.partial.at(t).add(id)
	}
}

func (x *Index) unlinkPartial(id uint32, r *reading) {
	x.anchored.remove(id, x.scratch.sureTrigrams(r))
	x.unpost(&x.partial, x.scratch.allTrigrams(r), flagPartial)
}

// unpost takes a mark off the counts of its lists, and rewrites those that are
// mostly garbage, keeping the marks that are of the list's kind and show it.
func (x *Index) unpost(p *postings, ts []trigram, kind uint8) {
	for _, t := range ts {
		if l := p.at(t); l.remove() {
			l.rewrite(func(id uint32) bool { return x.shows(id, t, kind) })
		}
	}
}

func (x *Index) shows(id uint32, t trigram, kind uint8) bool {
	s := &x.spare
	if x.flags.get(id)&(flagIndexed|flagPartial) != flagIndexed|kind {
		return false
	}
	s.asked.set(x.Mark(MarkID(id)))
	ts := s.trigramsOfFull
	if kind == flagPartial {
		ts = s.allTrigrams
	}
	return slices.Contains(ts(&s.asked), t)
}

// keyOf chooses one of a reading's keys.
type keyOf func(*reading) []byte

func wholeKeyOf(r *reading) []byte  { return r.key }
func numberKeyOf(r *reading) []byte { return r.numberKey }

// lookup finds the ring of a key; the probe stands on its slot.
func (x *Index) lookup(s *Scratch, t *keyTable, key []byte, of keyOf) (p hashtable.Probe, greatest uint32, ok bool) {
	p = t.Probe(HashKey(key))
	for {
		greatest, ok = p.Next()
		if !ok {
			return p, 0, false
		}
		s.other.set(x.Mark(MarkID(greatest)))
		if bytes.Equal(of(&s.other), key) {
			return p, greatest, true
		}
	}
}

func (x *Index) linkKey(t *keyTable, key []byte, of keyOf, id uint32) {
	p, greatest, ok := x.lookup(&x.scratch, t, key, of)
	if !ok {
		t.Insert(HashKey(key), t.start(id))
		return
	}
	p.Replace(t.join(greatest, id))
}

func (x *Index) unlinkKey(t *keyTable, key []byte, of keyOf, id uint32) {
	p, greatest, _ := x.lookup(&x.scratch, t, key, of)
	left, last := t.leave(greatest, id)
	if last {
		p.Remove()
		return
	}
	p.Replace(left)
}

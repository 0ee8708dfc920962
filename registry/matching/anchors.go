package matching

import "slices"

// anchors finds the stored partial marks that a full mark may meet. Each hangs
// on one of its trigrams, which every full mark it meets must show, together
// with the known signs around it: so one look tells most of those that share
// the trigram and nothing else.
type anchors struct {
	pages [trigrams / listPage]*[listPage][]anchor
	count int
}

type anchor struct {
	signs vicinity
	known vicinity // all bits of the signs that are known
	mark  uint32
}

// vicinity is the codes of the signs around a trigram, six bits each: the four
// before it and the four after.
type vicinity uint64

const (
	near   = 4
	noSign = 1<<signBits - 1 // before the first sign, after the last
)

func (a *anchors) at(t trigram) []anchor {
	if page := a.pages[t/listPage]; page != nil {
		return page[t%listPage]
	}
	return nil
}

// add hangs a mark on the trigram that begins at signs[i].
func (a *anchors) add(mark uint32, signs []rune, i int) {
	t := trigramAt(signs, i)
	page := &a.pages[t/listPage]
	if *page == nil {
		*page = new([listPage][]anchor)
	}
	here := &(*page)[t%listPage]
	n := anchor{mark: mark}
	n.signs, n.known = knownAround(signs, i)
	*here = append(*here, n)
	a.count++
}

// remove looks for the mark under each of the trigrams it may hang on: which
// one it was depended on what was stored at the time.
func (a *anchors) remove(mark uint32, ts []trigram) {
	for _, t := range ts {
		here := a.at(t)
		i := slices.IndexFunc(here, func(n anchor) bool { return n.mark == mark })
		if i < 0 {
			continue
		}
		last := len(here) - 1
		here[i] = here[last]
		a.pages[t/listPage][t%listPage] = here[:last]
		a.count--
		return
	}
}

// find appends to dst the partial marks that may meet a full one of these
// folded signs; a mark may be found more than once.
func (a *anchors) find(dst []uint32, signs []rune) []uint32 {
	for i := 0; i+minRun <= len(signs); i++ {
		here := a.at(trigramAt(signs, i))
		if len(here) == 0 {
			continue
		}
		around := around(signs, i)
		for _, n := range here {
			if (n.signs^around)&n.known == 0 {
				dst = append(dst, n.mark)
			}
		}
	}
	return dst
}

func trigramAt(signs []rune, i int) trigram {
	return trigram(signCode(signs[i])<<(2*signBits) | signCode(signs[i+1])<<signBits | signCode(signs[i+2]))
}

// around reads the vicinity of the trigram at signs[i] of a full mark.
func around(signs []rune, i int) (v vicinity) {
	for k := i - near; k < i+minRun+near; k++ {
		if k == i {
			k += minRun
		}
		code := uint32(noSign)
		if 0 <= k && k < len(signs) {
			code = signCode(signs[k])
		}
		v = v<<signBits | vicinity(code)
	}
	return v
}

// knownAround reads the vicinity of the trigram at signs[i] of a pattern: what
// is known of it, up to the next Any on either side.
func knownAround(signs []rune, i int) (v, known vicinity) {
	for k := i - 1; k >= max(0, i-near) && signs[k] != Any; k-- {
		v, known = know(v, known, signs[k], near+i-1-k)
	}
	for k := i + minRun; k < min(len(signs), i+minRun+near) && signs[k] != Any; k++ {
		v, known = know(v, known, signs[k], near-1-(k-i-minRun))
	}
	return v, known
}

// know sets a sign at a place of a vicinity, counted from the right.
func know(v, known vicinity, sign rune, place int) (_, _ vicinity) {
	if sign == One {
		return v, known
	}
	shift := place * signBits
	return v | vicinity(signCode(sign))<<shift, known | noSign<<shift
}

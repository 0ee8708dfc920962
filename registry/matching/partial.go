package matching

import "unicode/utf8"

// CanSearch reports whether a partial mark is evidence enough to be searched:
// three known digits and three known signs in a row, leading zeros not counted.
func CanSearch(text, series string) bool {
	var r reading
	r.set(Mark{Text: text, Series: series, Partial: true})
	return r.whole.searchable
}

const (
	minDigits = 3 // known digits of a partial mark
	minRun    = 3 // known signs in a row
)

// pattern is a partial form, or one reading of it, ready to match.
type pattern struct {
	signs      []rune // as in the normal form
	folded     []rune // the same, look-alikes folded
	zeros      int    // literal zeros it begins with
	searchable bool
}

func (p *pattern) clear() {
	p.signs, p.folded = p.signs[:0], p.folded[:0]
	p.zeros, p.searchable = 0, false
}

func (p *pattern) set(form []byte) {
	p.clear()
	p.zeros = leadingZeros(form)
	for len(form) > 0 {
		r, size := utf8.DecodeRune(form)
		form = form[size:]
		p.signs = append(p.signs, r)
		p.folded = append(p.folded, foldRune(r))
	}
	p.searchable = isEvidence(p.signs[p.zeros:])
}

// dropped is the folded pattern without the literal zeros it begins with.
func (p *pattern) dropped() []rune { return p.folded[p.zeros:] }

// sure returns the folded signs of a searchable partial mark that every full
// mark shows, next to one another, which it meets by whichever reading: those of
// the number alone if that can be searched, without the leading zeros, which may
// be gone.
func (r *reading) sure() []rune {
	if r.part.searchable {
		return r.part.dropped()
	}
	return r.whole.dropped()
}

func isEvidence(signs []rune) bool {
	digits, run, longest := 0, 0, 0
	for _, r := range signs {
		if isWild(r) {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
		if isDigit(r) {
			digits++
		}
	}
	return digits >= minDigits && longest >= minRun
}

func isWild(r rune) bool  { return r == One || r == Any }
func isDigit(r rune) bool { return '0' <= r && r <= '9' }

// matchFull reports whether partial p and full f meet, in any reading of
// theirs but the number alone of both.
func (s *Scratch) matchFull(p, f *reading) bool {
	if !p.whole.searchable || len(f.form) == 0 {
		return false
	}
	if s.match(&p.whole, f.form) || p.part.searchable && s.match(&p.part, f.form) {
		return true
	}
	return f.number > 0 && s.match(&p.whole, f.form[f.number:])
}

// match compares a pattern with a full form, as they stand and with the leading
// zeros of both gone.
func (s *Scratch) match(p *pattern, form []byte) bool {
	s.text = appendFoldedRunes(s.text[:0], form)
	if glob(p.folded, s.text) {
		return true
	}
	zeros := len(form) - len(dropZeros(form))
	if zeros == 0 && p.zeros == 0 {
		return false
	}
	return glob(p.dropped(), s.text[zeros:])
}

func appendFoldedRunes(dst []rune, form []byte) []rune {
	for i := 0; i < len(form); {
		if c := form[i]; c < utf8.RuneSelf {
			dst = append(dst, rune(folded[c]))
			i++
			continue
		}
		r, size := utf8.DecodeRune(form[i:])
		dst = append(dst, foldRune(r))
		i += size
	}
	return dst
}

// glob matches a pattern against a whole text. Only the last Any is ever taken
// up again, so the work is at most the product of both lengths.
func glob(p, text []rune) bool {
	i, j := 0, 0
	anyAt, resume := -1, 0
	for j < len(text) {
		switch {
		case i < len(p) && p[i] == Any:
			anyAt, resume = i, j
			i++
		case i < len(p) && (p[i] == One || p[i] == text[j]):
			i++
			j++
		case anyAt >= 0:
			resume++
			i, j = anyAt+1, resume
		default:
			return false
		}
	}
	for i < len(p) && p[i] == Any {
		i++
	}
	return i == len(p)
}

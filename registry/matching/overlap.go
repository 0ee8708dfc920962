package matching

// overlap reports whether two partial marks meet, in any reading of theirs but
// the number alone of both.
func (s *Scratch) overlap(a, b *reading) bool {
	return s.share(&a.whole, &b.whole) || s.share(&a.part, &b.whole) || s.share(&a.whole, &b.part)
}

func (s *Scratch) share(p, q *pattern) bool {
	if !p.searchable || !q.searchable {
		return false
	}
	if s.common(p.signs, q.signs) {
		return true
	}
	return p.zeros+q.zeros > 0 && s.common(p.signs[p.zeros:], q.signs[q.zeros:])
}

// evidence is a set of states, one bit each: how many signs in a row both
// patterns have just shown (0 to 3; 3 once reached stays) and how many digits
// so far (0 to 3 and more). Bit run*4+digits.
type evidence uint16

const (
	noEvidence  evidence = 1 << 0
	allEvidence evidence = 1 << (minRun*4 + minDigits)
	runReached  evidence = 0xF000
	digitsFull  evidence = 0x8888
)

// unseen is the evidence after a sign that not both show.
func (e evidence) unseen() evidence {
	return (e|e>>4|e>>8)&0xF | e&runReached
}

// seen is the evidence after a sign that both show.
func (e evidence) seen(digit bool) evidence {
	e = e<<4 | e&runReached
	if digit {
		e = e<<1&0xEEEE | e&digitsFull
	}
	return e
}

// common reports whether some text fits both patterns such that both show
// enough of it. It walks the product of the two, row by row: cell j of a row
// holds the evidence with which the first i signs of p and j of q can be used
// up. A state never leads up or left, so one pass is enough.
func (s *Scratch) common(p, q []rune) bool {
	row := grow(&s.row, len(q)+1)
	below := grow(&s.below, len(q)+1)
	row[0] = noEvidence
	for i := 0; ; i++ {
		for j := 0; ; j++ {
			if row[j] != 0 {
				step(row, below, j, at(p, i), at(q, j))
			}
			if j == len(q) {
				break
			}
		}
		if i == len(p) {
			return row[len(q)]&allEvidence != 0
		}
		row, below = below, row
		clear(below)
	}
}

const end rune = -1

func at(p []rune, i int) rune {
	if i == len(p) {
		return end
	}
	return p[i]
}

// step leads from cell j on, where a and b are the next signs of p and q. An
// Any takes the other's next sign, or ends; either way it breaks a run, for
// nobody knows that the signs around it are neighbours.
func step(row, below []evidence, j int, a, b rune) {
	if a == Any || b == Any {
		if a != end {
			below[j] |= row[j].unseen()
		}
		if b != end {
			row[j+1] |= row[j].unseen()
		}
		return
	}
	if a == end || b == end {
		return
	}
	switch {
	case a == One || b == One:
		below[j+1] |= row[j].unseen()
	case foldRune(a) == foldRune(b):
		below[j+1] |= row[j].seen(isDigit(a) && isDigit(b))
	}
}

func grow(buf *[]evidence, n int) []evidence {
	if cap(*buf) < n {
		*buf = make([]evidence, n)
	}
	*buf = (*buf)[:n]
	clear(*buf)
	return *buf
}

package reference

import (
	"math/bits"
	"slices"
	"strings"
)

// Reason says why a name was found, the strongest last.
type Reason uint8

// The reasons. Name, alias and code are exact and belong to one entry; of the
// others several entries may be found.
const (
	None      Reason = iota
	Part             // whole words of one stand in the other, or it begins with a name
	Spelling         // a few signs differ
	Beginning        // cut off
	Words            // the same words in another order, or with more of no meaning
	Code             // a code of the entry
	Alias            // a spelling of the entry
	ByName           // its name
)

var reasons = [...]string{"", "part", "spelling", "beginning", "words", "code", "alias", "name"}

func (r Reason) String() string { return reasons[r] }

// Exact says that the reason leaves no choice.
func (r Reason) Exact() bool { return r >= Code }

// Name is a name made ready to be compared.
type Name struct {
	fold  []rune
	words []string
	signs uint64 // which signs it has
}

// NameOf makes a name ready.
func NameOf(text string) Name {
	n := Name{fold: []rune(Fold(text)), words: words(text)}
	for _, r := range n.fold {
		n.signs |= 1 << (uint(r) % 64)
	}
	return n
}

// like says how what was written is like a name of the table, and how far from
// it: 0 is nearest. Digits are never forgiven: 7.62x39 is not 7.62x51.
func like(asked, known *Name) (Reason, int) {
	if slices.Equal(asked.words, known.words) {
		return Words, 0
	}
	if n, ok := cutOff(asked.fold, known.fold); ok {
		return Beginning, n
	}
	if n, ok := misspelt(asked, known); ok {
		return Spelling, n
	}
	if n, ok := holds(asked.words, known.words); ok {
		return Part, n
	}
	if n, ok := beginsWith(asked.fold, known.fold); ok {
		return Part, n
	}
	if n, ok := holds(known.words, asked.words); ok {
		return Part, n + 16 // fewer words than the name are weaker than more
	}
	return None, 0
}

// shortest is how many signs a name needs to be found by a part of it.
const shortest = 5

// cutOff: files cut names at the width of a column.
func cutOff(asked, known []rune) (lost int, ok bool) {
	n := len(asked)
	if n < shortest || n >= len(known) || !slices.Equal(asked, known[:n]) || isDigit(known[n-1]) && isDigit(known[n]) {
		return 0, false
	}
	return len(known) - n, true
}

// beginsWith: a model follows the make, with nothing between (glock22). A short
// name must end where digits begin.
func beginsWith(asked, known []rune) (more int, ok bool) {
	n := len(known)
	if n < 2 || n >= len(asked) || !slices.Equal(asked[:n], known) {
		return 0, false
	}
	if isDigit(known[n-1]) {
		return len(asked) - n, !slices.ContainsFunc(asked[n:], isDigit) // 9x25 is no 9
	}
	if n < shortest && !isDigit(asked[n]) {
		return 0, false
	}
	return len(asked) - n, true
}

// holds: all words of the one stand in the other.
func holds(more, fewer []string) (extra int, ok bool) {
	if len(fewer) == 0 || len(fewer) >= len(more) {
		return 0, false
	}
	letters := 0
	for _, w := range fewer {
		if _, found := slices.BinarySearch(more, w); !found {
			return 0, false
		}
		letters += len(w)
	}
	if letters < 4 && !strings.ContainsAny(fewer[0], "0123456789") {
		return 0, false // FM, CZ and the like stand for too much
	}
	for _, w := range more {
		extra += len(w)
	}
	return extra - letters, true
}

// misspelt: a few signs differ, fewer the shorter the name.
func misspelt(a, b *Name) (distance int, ok bool) {
	most := tolerated(max(len(a.fold), len(b.fold)))
	apart := len(a.fold) - len(b.fold)
	if most == 0 || apart > most || -apart > most || bits.OnesCount64(a.signs^b.signs) > 2*most || !sameDigits(a.fold, b.fold) {
		return 0, false
	}
	if a.fold[0] != b.fold[0] {
		most = 1 // who mistypes twice has the beginning right
	}
	d := distanceOf(a.fold, b.fold)
	return d, d <= most
}

// tolerated is how many signs of a name of n may differ.
func tolerated(n int) int {
	switch {
	case n < 4:
		return 0
	case n < 7:
		return 1
	case n < 10:
		return 2
	}
	return 3
}

func sameDigits(a, b []rune) bool {
	i := 0
	for _, r := range a {
		if !isDigit(r) {
			continue
		}
		for i < len(b) && !isDigit(b[i]) {
			i++
		}
		if i == len(b) || b[i] != r {
			return false
		}
		i++
	}
	return !slices.ContainsFunc(b[i:], isDigit)
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

// distanceOf counts signs that are more, fewer, other, or two that changed
// places.
func distanceOf(a, b []rune) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range a {
		row[0] = i + 1
		for j := range b {
			change := 1
			if a[i] == b[j] {
				change = 0
			}
			row[j+1] = min(last[j]+change, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

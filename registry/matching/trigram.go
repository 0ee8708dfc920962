package matching

import "slices"

// A trigram is three signs in a row, folded, six bits each: the 27 signs that
// folding leaves of ASCII have a code each, those of other scripts share the
// rest. Sharing costs time, never an answer: what a trigram finds is compared.
type trigram uint32

const (
	signBits = 6
	trigrams = 1 << (3 * signBits)
)

var asciiCodes, otherCodes = signCodes()

func signCodes() (codes [0x80]uint32, used uint32) {
	for c := range codes {
		if r := rune(c); foldRune(r) == r && (isDigit(r) || 'A' <= r && r <= 'Z') {
			codes[c] = used
			used++
		}
	}
	return codes, used
}

func signCode(folded rune) uint32 {
	if folded < 0x80 {
		return asciiCodes[folded]
	}
	return otherCodes + uint32(folded)*0x9e3779b1>>8%(noSign-otherCodes)
}

// appendTrigrams appends the trigrams of folded signs, each once, ascending;
// those a wildcard interrupts are none.
func appendTrigrams(dst []trigram, signs []rune) []trigram {
	start, run := len(dst), 0
	var t trigram
	for _, r := range signs {
		if isWild(r) {
			run = 0
			continue
		}
		t = (t<<signBits | trigram(signCode(r))) % trigrams
		if run++; run >= minRun {
			dst = append(dst, t)
		}
	}
	found := dst[start:]
	slices.Sort(found)
	return dst[:start+len(slices.Compact(found))]
}

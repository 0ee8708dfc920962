package imports

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Words describes texts by what they say. All is compared in folded form: no
// accents, upper case, single spaces, Cyrillic look-alikes as Latin letters.
type Words struct {
	Texts    []string `json:"texts,omitempty"`    // the whole text
	Patterns []string `json:"patterns,omitempty"` // regular expressions (RE2)
	Like     []string `json:"like,omitempty"`     // a word of the text is this one, or two slips away from it
}

// wordSet is Words made ready.
type wordSet struct {
	texts    map[string]bool
	patterns []*regexp.Regexp
	like     []string
}

func (w Words) compile() (*wordSet, error) {
	set := &wordSet{texts: make(map[string]bool, len(w.Texts))}
	for _, t := range w.Texts {
		set.texts[fold(t)] = true
	}
	for _, p := range w.Patterns {
		re, err := regexp.Compile(p)
		if err != nil {
			return nil, fmt.Errorf("compile pattern: %w", err)
		}
		set.patterns = append(set.patterns, re)
	}
	for _, l := range w.Like {
		set.like = append(set.like, fold(l))
	}
	return set, nil
}

// has takes a folded text.
func (w *wordSet) has(folded string) bool {
	if w == nil {
		return false
	}
	return w.texts[folded] ||
		slices.ContainsFunc(w.patterns, func(re *regexp.Regexp) bool { return re.MatchString(folded) }) ||
		w.alike(folded)
}

// alike looks for a misspelt word. Words under six signs are too short to
// forgive slips in.
func (w *wordSet) alike(folded string) bool {
	if len(w.like) == 0 || len(folded) < 6 {
		return false
	}
	for word := range strings.FieldsFuncSeq(folded, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if len(word) < 6 || countDigits(word) > 1 {
			continue
		}
		if slices.ContainsFunc(w.like, func(l string) bool { return withinSlips(word, l, 2) }) {
			return true
		}
	}
	return false
}

// fold brings a text to the form in which words are looked up.
func fold(s string) string {
	if isPlain(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	gap := false
	for _, r := range norm.NFKD.String(strings.ReplaceAll(s, "º", "°")) {
		if unicode.Is(unicode.Mn, r) || unicode.IsControl(r) && !unicode.IsSpace(r) {
			continue
		}
		if unicode.IsSpace(r) {
			gap = b.Len() > 0
			continue
		}
		if gap {
			b.WriteByte(' ')
			gap = false
		}
		r = unicode.ToUpper(r)
		if latin, ok := lookalikes[r]; ok {
			r = latin
		}
		b.WriteRune(r)
	}
	return b.String()
}

// isPlain says that a text is in folded form as it stands; most are.
func isPlain(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c >= 0x7f || c < ' ' || c >= 'a' && c <= 'z' {
			return false
		}
		if c == ' ' && (i == 0 || i == len(s)-1 || s[i-1] == ' ') {
			return false
		}
	}
	return true
}

// lookalikes are the Cyrillic letters that are typed for Latin ones and the
// other way round.
var lookalikes = map[rune]rune{
	'А': 'A', 'В': 'B', 'Е': 'E', 'К': 'K', 'М': 'M', 'Н': 'H', 'О': 'O', 'Р': 'P',
	'С': 'C', 'Т': 'T', 'У': 'Y', 'Х': 'X', 'І': 'I', 'Ѕ': 'S', 'Ј': 'J',
}

func countDigits(s string) (n int) {
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			n++
		}
	}
	return n
}

// withinSlips says whether b can be had from a by at most most slips.
func withinSlips(a, b string, most int) bool {
	return len(a)-len(b) <= most && len(b)-len(a) <= most && Slips(a, b) <= most
}

// Slips counts how many slips lead from a to b: a sign wrong, missing, too
// many, or two neighbours swapped.
func Slips(a, b string) int {
	older, old, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range old {
		old[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(old[j]+1, row[j-1]+1, old[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], older[j-2]+1)
			}
		}
		older, old, row = old, row, older
	}
	return old[len(b)]
}

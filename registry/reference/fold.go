package reference

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Fold reduces a name to upper-case letters and digits without accents:
// "Smith & Wesson" and "SMITH&WESSON" are one name, ".40 S&W" is 40SW.
func Fold(text string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(text) {
		switch {
		case r >= 'a' && r <= 'z':
			b.WriteRune(r - 'a' + 'A')
		case unicode.Is(unicode.Mn, r):
		case unicode.IsLetter(r):
			b.WriteRune(unicode.ToUpper(r))
		case unicode.IsDigit(r):
			b.WriteRune(r)
		}
	}
	return b.String()
}

// noise are words that tell no two names apart: legal forms, articles, and what
// a form prints before the answer.
var noise = wordSet("SA SPA SRL AG GMBH KG OY AB AS LTD LTDA LLC INC CO CORP CIA COMPANY CORPORATION MFG MFR MANUFACTURING" +
	" ARMS FIREARMS ARMAS ARMES ARMI SILAH GUN GUNS WEAPONS WORKS INDUSTRIES INDUSTRIAL INTERNATIONAL INTL" +
	" THE OF AND DE DO DA DI DEL MARCA MODELO MODEL MOD CAL CALIBRE CALIBER BRAND")

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		set[w] = true
	}
	return set
}

// Key is the same for names of the same words in another order, or with more
// words of no meaning: "Taurus Armas S.A." is TAURUS.
func Key(text string) string { return strings.Join(words(text), " ") }

// words are the folded words of a name, sorted, each once, without noise; all
// of them where there is nothing else. Single letters in a row are one word
// (S.A.), and a point or comma between digits parts no words (7.62).
func words(text string) []string {
	var all []string
	single := false // the word before is a row of single letters
	for _, w := range split(text) {
		letter := len(w) == 1 && unicode.IsLetter(rune(w[0]))
		if letter && single {
			all[len(all)-1] += w
		} else {
			all = append(all, w)
		}
		single = letter
	}
	telling := slices.DeleteFunc(slices.Clone(all), func(w string) bool { return noise[w] })
	if len(telling) > 0 {
		all = telling
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func split(text string) (all []string) {
	signs := []rune(text)
	digit := func(i int) bool { return i >= 0 && i < len(signs) && unicode.IsDigit(signs[i]) }
	start := 0
	cut := func(end int) {
		if w := Fold(string(signs[start:end])); w != "" {
			all = append(all, w)
		}
		start = end + 1
	}
	for i, r := range signs {
		decimal := (r == '.' || r == ',') && digit(i-1) && digit(i+1)
		if !decimal && r != '\'' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.Mn, r) {
			cut(i)
		}
	}
	cut(len(signs))
	return all
}

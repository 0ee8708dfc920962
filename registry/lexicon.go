package registry

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/armslog/armslog/registry/matching"
)

// name numbers a text of a lexicon; 0 is "not stated".
type name = uint32

// lexicon interns the makes (or models, calibres, places) that records and
// questions state, and knows which of them the reference table holds to be the
// same or related. Texts are kept as first stated; those that differ in case,
// accents or punctuation alone have one fold.
type lexicon struct {
	texts   []string          // by name
	folds   []uint32          // by name: number of its fold
	entries []uint32          // by fold: reference entry + 1; 0 = not in the table
	byText  map[string]name   // exact text
	byFold  map[string]uint32 // fold -> number
	known   []reference
	byID    map[string]uint32 // reference id -> index in known
}

// reference is an entry of the firearms reference table.
type reference struct {
	id      string // make:FAMAE
	name    string
	country string
	related []string // reference ids

	spellings []string // aliases as given
	aliases   []uint32 // folds of name and aliases
}

func newLexicon() lexicon {
	return lexicon{
		texts: []string{""}, folds: []uint32{0}, entries: []uint32{0},
		byText: map[string]name{"": 0}, byFold: map[string]uint32{"": 0}, byID: map[string]uint32{},
	}
}

// intern gives the name of a text, a new one for a text never stated before.
func (l *lexicon) intern(text string) name {
	if n, ok := l.byText[text]; ok {
		return n
	}
	text = strings.Clone(text) // not a substring of a request's body
	n := name(len(l.texts))
	l.texts = append(l.texts, text)
	l.folds = append(l.folds, l.fold(text))
	l.byText[text] = n
	return n
}

func (l *lexicon) fold(text string) uint32 {
	key := foldName(text)
	f, ok := l.byFold[key]
	if !ok {
		f = uint32(len(l.entries))
		l.entries = append(l.entries, 0)
		l.byFold[key] = f
	}
	return f
}

// probe is a text of a request that may not have been stated before: what
// Decide, which must not intern, compares with.
type probe struct {
	fold  uint32 // 0 = not stated
	entry uint32 // reference entry + 1
	isNew bool   // no name of the lexicon has this fold
}

func (l *lexicon) probe(text string) probe {
	if text == "" {
		return probe{}
	}
	if n, ok := l.byText[text]; ok {
		return l.probeOf(n)
	}
	f, ok := l.byFold[foldName(text)]
	if !ok {
		return probe{isNew: true}
	}
	return probe{fold: f, entry: l.entries[f]}
}

func (l *lexicon) probeOf(n name) probe {
	f := l.folds[n]
	return probe{fold: f, entry: l.entries[f]}
}

// compare says how two statements compare. Two names that the table does not
// know and that differ are unknown, not a conflict; so are related makes.
func (l *lexicon) compare(a, b probe) matching.Result {
	stated := (a.fold != 0 || a.isNew) && (b.fold != 0 || b.isNew)
	switch {
	case !stated || a.isNew || b.isNew:
		return matching.Unknown
	case a.fold == b.fold:
		return matching.Agree
	case a.entry == 0 || b.entry == 0:
		return matching.Unknown
	case a.entry == b.entry:
		return matching.Agree
	case l.related(a.entry-1, b.entry-1):
		return matching.Unknown
	}
	return matching.Conflict
}

func (l *lexicon) related(a, b uint32) bool {
	return contains(l.known[a].related, l.known[b].id) || contains(l.known[b].related, l.known[a].id)
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// put adds or amends a reference entry. An alias that two entries claim goes
// to the later one: the table's author has the last word.
func (l *lexicon) put(r reference, aliases []string) (amended bool) {
	i, amended := l.byID[r.id]
	if amended {
		for _, f := range l.known[i].aliases {
			if l.entries[f] == i+1 {
				l.entries[f] = 0
			}
		}
	} else {
		i = uint32(len(l.known))
		l.known = append(l.known, reference{})
		l.byID[r.id] = i
	}
	r.spellings = aliases
	for _, a := range append([]string{r.name}, aliases...) {
		f := l.fold(a)
		if f == 0 {
			continue // punctuation alone names nothing
		}
		l.entries[f] = i + 1
		r.aliases = append(r.aliases, f)
	}
	l.known[i] = r
	return amended
}

// foldName reduces a name to upper-case letters and digits without accents:
// "Smith & Wesson" and "SMITH&WESSON" are one name, ".40 S&W" is 40SW.
func foldName(text string) string {
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

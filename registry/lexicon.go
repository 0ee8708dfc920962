package registry

import (
	"slices"
	"strings"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry/matching"
	"github.com/armslog/armslog/registry/reference"
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
	known   []*entry
	byID    map[string]uint32 // reference id -> index in known
	shared  bool              // entries may have a name in common: models of two makes
}

// entry is an entry of the firearms reference table.
type entry struct {
	events.ReferenceSubmitted
	id        string // make:FAMAE
	seq       uint64
	folds     []uint32 // of name and aliases
	spellings *reference.Spellings
}

// contested stands in lexicon.entries for a fold that several entries have in
// common: it names none of them.
const contested = ^uint32(0)

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
	key := reference.Fold(text)
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
	f, ok := l.byFold[reference.Fold(text)]
	if !ok {
		return probe{isNew: true}
	}
	return probe{fold: f, entry: l.claimOf(f)}
}

func (l *lexicon) probeOf(n name) probe {
	f := l.folds[n]
	return probe{fold: f, entry: l.claimOf(f)}
}

func (l *lexicon) claimOf(fold uint32) uint32 {
	if n := l.entries[fold]; n != contested {
		return n
	}
	return 0
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
	return slices.Contains(l.known[a].Related, l.known[b].id) || slices.Contains(l.known[b].Related, l.known[a].id)
}

// put adds or amends a reference entry. An alias that two entries claim goes
// to the later one: the table's author has the last word. Where entries share
// names it then belongs to neither, for good: to whom it should fall back when
// one gives it up, the table does not say.
func (l *lexicon) put(e *entry) (amended bool) {
	i, amended := l.byID[e.id]
	if amended {
		for _, f := range l.known[i].folds {
			if l.entries[f] == i+1 {
				l.entries[f] = 0
			}
		}
	} else {
		i = uint32(len(l.known))
		l.known = append(l.known, nil)
		l.byID[e.id] = i
	}
	l.known[i] = e
	for _, a := range append([]string{e.Name}, e.Aliases...) {
		f := l.fold(a)
		if f == 0 {
			continue // punctuation alone names nothing
		}
		e.folds = append(e.folds, f)
		if l.shared && l.entries[f] != 0 && l.entries[f] != i+1 {
			l.entries[f] = contested
			continue
		}
		l.entries[f] = i + 1
	}
	e.spellings = reference.SpellingsOf(e.Name, e.Aliases, e.Codes)
	return amended
}

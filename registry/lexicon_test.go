package registry

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry/matching"
	"github.com/armslog/armslog/registry/reference"
)

func makeEntry(name string, aliases ...string) *entry {
	return &entry{id: "make:" + strings.ToUpper(name), ReferenceSubmitted: events.ReferenceSubmitted{Name: name, Kind: "make", Aliases: aliases}}
}

func TestLexiconCompare(t *testing.T) {
	l := newLexicon()
	for _, text := range []string{"Smith & Wesson", "FAMAE", "Forjas Taurus", "Nobody", "---"} {
		l.intern(text)
	}
	famae := makeEntry("FAMAE")
	famae.Related = []string{"make:TAURUS"}
	l.put(famae)
	l.put(makeEntry("Taurus", "Forjas Taurus", "TAURUS S.A."))
	l.put(makeEntry("Glock", "***"))
	for _, c := range []struct {
		a, b string
		want matching.Result
	}{
		{"FAMAE", "famae", matching.Agree},
		{"Smith & Wesson", "SMITH&WESSON", matching.Agree},
		{"Forjas Taurus", "Taurus", matching.Agree},
		{"taurus sa", "FORJAS TAURUS", matching.Agree},
		{"FAMAE", "Forjas Taurus", matching.Unknown}, // joint production
		{"Glock", "Taurus", matching.Conflict},
		{"Glock", "Nobody", matching.Unknown},
		{"Smith & Wesson", "Nobody", matching.Unknown},
		{"never stated", "FAMAE", matching.Unknown},
		{"", "FAMAE", matching.Unknown},
		{"---", "FAMAE", matching.Unknown},
		{"---", "***", matching.Unknown},
	} {
		a, b := l.probe(c.a), l.probe(c.b)
		require.Equal(t, c.want, l.compare(a, b), "%s and %s", c.a, c.b)
		require.Equal(t, c.want, l.compare(b, a), "%s and %s", c.b, c.a)
		if n, ok := l.byText[c.a]; ok {
			require.Equal(t, a, l.probeOf(n))
		}
	}
}

// An alias that two entries claim belongs to the later; an amendment gives up
// what it no longer names, but not what another has taken since.
func TestLexiconAliasesMove(t *testing.T) {
	l := newLexicon()
	owner := func(text string) string {
		p := l.probe(text)
		if p.entry == 0 {
			return ""
		}
		return l.known[p.entry-1].id
	}
	require.False(t, l.put(makeEntry("A", "x", "y")))
	require.Equal(t, "make:A", owner("X"))
	require.False(t, l.put(makeEntry("B", "x")))
	require.Equal(t, "make:B", owner("x"))
	require.True(t, l.put(makeEntry("A", "z")))
	require.Equal(t, []string{"make:A", "make:A", "", "make:B"}, []string{owner("a"), owner("z"), owner("y"), owner("x")})
	require.True(t, l.put(makeEntry("B")))
	require.Equal(t, "", owner("x"))
	require.True(t, l.put(makeEntry("A", "x")))
	require.Equal(t, "make:A", owner("x"))
}

// Models of several makes share names: such a name stands for none of them, and
// two models that are told by others stay two.
func TestLexiconSharedNames(t *testing.T) {
	l := newLexicon()
	l.shared = true
	model := func(id, name string, aliases ...string) *entry {
		e := makeEntry(name, aliases...)
		e.id = id
		return e
	}
	for _, text := range []string{"92", "PT92", "92FS"} {
		l.intern(text)
	}
	l.put(model("model:TAS/92", "92", "PT92"))
	require.Equal(t, matching.Agree, l.compare(l.probe("92"), l.probe("PT92")))
	l.put(model("model:BERETTA/92", "92", "92FS"))
	for _, c := range []struct {
		a, b string
		want matching.Result
	}{{"92", "92", matching.Agree}, {"92", "PT92", matching.Unknown}, {"92", "92FS", matching.Unknown}, {"PT92", "92FS", matching.Conflict}} {
		require.Equal(t, c.want, l.compare(l.probe(c.a), l.probe(c.b)), "%s and %s", c.a, c.b)
	}
	l.put(model("model:BERETTA/92", "92FS"))
	require.Equal(t, matching.Unknown, l.compare(l.probe("92"), l.probe("PT92")), "a name once shared stays so")
}

// Names are numbered in the order of their statement; every number keeps its
// text, and its fold is that of every text like it.
func TestLexiconInterns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := newLexicon()
		texts := rapid.SliceOf(rapid.StringMatching(`[aAbB .]{0,3}`)).Draw(t, "texts")
		for _, text := range texts {
			probed := l.probe(text)
			n := l.intern(text)
			require.Equal(t, text, l.texts[n])
			require.Equal(t, n, l.intern(text))
			require.Equal(t, reference.Fold(text) == "", l.folds[n] == 0)
			if !probed.isNew {
				require.Equal(t, l.folds[n], probed.fold)
			}
		}
		for i, a := range texts {
			for _, b := range texts[i:] {
				require.Equal(t, reference.Fold(a) == reference.Fold(b), l.folds[l.byText[a]] == l.folds[l.byText[b]])
			}
		}
	})
}

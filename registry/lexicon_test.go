package registry

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/armslog/armslog/registry/matching"
)

func TestLexiconCompare(t *testing.T) {
	l := newLexicon()
	for _, text := range []string{"Smith & Wesson", "FAMAE", "Forjas Taurus", "Nobody", "---"} {
		l.intern(text)
	}
	l.put(reference{id: "make:FAMAE", name: "FAMAE", related: []string{"make:TAURUS"}}, nil)
	l.put(reference{id: "make:TAURUS", name: "Taurus"}, []string{"Forjas Taurus", "TAURUS S.A."})
	l.put(reference{id: "make:GLOCK", name: "Glock"}, []string{"***"})
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
	require.False(t, l.put(reference{id: "make:A", name: "A"}, []string{"x", "y"}))
	require.Equal(t, "make:A", owner("X"))
	require.False(t, l.put(reference{id: "make:B", name: "B"}, []string{"x"}))
	require.Equal(t, "make:B", owner("x"))
	require.True(t, l.put(reference{id: "make:A", name: "A"}, []string{"z"}))
	require.Equal(t, []string{"make:A", "make:A", "", "make:B"}, []string{owner("a"), owner("z"), owner("y"), owner("x")})
	require.True(t, l.put(reference{id: "make:B", name: "B"}, nil))
	require.Equal(t, "", owner("x"))
	require.True(t, l.put(reference{id: "make:A", name: "A"}, []string{"x"}))
	require.Equal(t, "make:A", owner("x"))
}

func TestFoldName(t *testing.T) {
	for text, want := range map[string]string{
		".40 S&W": "40SW", "Česká zbrojovka": "CESKAZBROJOVKA", "ＦＡＭＡＥ": "FAMAE", "Тула": "ТУЛА", "-": "", "": "",
		"7,62 mm": "762MM", "İmza": "IMZA",
	} {
		require.Equal(t, want, foldName(text), text)
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		once := foldName(text)
		require.Equal(t, once, foldName(once), "a fold is its own fold")
	})
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
			require.Equal(t, foldName(text) == "", l.folds[n] == 0)
			if !probed.isNew {
				require.Equal(t, l.folds[n], probed.fold)
			}
		}
		for i, a := range texts {
			for _, b := range texts[i:] {
				require.Equal(t, foldName(a) == foldName(b), l.folds[l.byText[a]] == l.folds[l.byText[b]])
			}
		}
	})
}

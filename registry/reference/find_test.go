package reference_test

import (
	"bytes"
	"iter"
	"slices"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry/reference"
	"github.com/armslog/armslog/schemas"
)

// seed is the built-in table of one kind.
type seed struct {
	bodies []*events.ReferenceSubmitted
	names  []*reference.Spellings
}

func seedOf(t require.TestingT, kind string) (s seed) {
	for line := range bytes.Lines(schemas.ReferenceSeed()) {
		body, errs := events.Decode(events.TypeReferenceSubmitted, line)
		require.Empty(t, errs, "%s", line)
		if r := body.(*events.ReferenceSubmitted); r.Kind == kind {
			s.bodies = append(s.bodies, r)
			s.names = append(s.names, reference.SpellingsOf(r.Name, r.Aliases, r.Codes))
		}
	}
	return s
}

func (s seed) all() iter.Seq2[int, *reference.Spellings] { return slices.All(s.names) }

func (s seed) find(text string) []reference.Hit { return reference.Find(text, s.all(), 0) }

// only is the name and reason of what a text leaves no choice about.
func (s seed) only(text string) string {
	hit, ok := reference.Only(s.find(text))
	if !ok {
		return ""
	}
	return s.bodies[hit.Entry].Name + ", " + hit.Reason.String()
}

func TestFindMakes(t *testing.T) {
	s := seedOf(t, "make")
	for text, want := range map[string]string{
		"Taurus": "Taurus, name", "TAURUS BRASIL": "Taurus, alias", "FORJAS TAURUS": "Taurus, alias", "S&W": "Smith & Wesson, alias",
		"TAS": "Taurus, code", "wesson smith": "Smith & Wesson, words", "Taurus Armas S.A.": "Taurus, words",
		"smith & wess": "Smith & Wesson, alias", "springfiel": "Springfield Armory, beginning", "bernardell": "Bernardelli, beginning",
		"tuarus": "Taurus, spelling", "winchster": "Winchester, spelling", "imbell": "Imbel, spelling", "beneli": "Benelli, spelling",
		"glockg22": "Glock, part", "taurus 24/7": "Taurus, part", "cz75": "Ceska zbrojovka, part", "taurus revolver brasil": "Taurus, part",
		"norinco of china": "Norinco, part", "ČESKÁ ZBROJOVKA": "Ceska zbrojovka, name", "ижмаш": "Izhmash, alias",
		// Short names do not run together, and what could be two is none.
		"FM": "Fabricaciones Militares, alias", "FN": "FN Herstal, alias", "FB": "", "HS": "", "colton": "", "nobody": "", "": "", "---": "",
	} {
		require.Equal(t, want, s.only(text), text)
	}
}

func TestFindCalibres(t *testing.T) {
	s := seedOf(t, "calibre")
	for text, want := range map[string]string{
		"9x19": "9x19 mm Parabellum, alias", "9 MM PARABELLUM": "9x19 mm Parabellum, alias", ".38 SPL": ".38 Special, alias",
		"CAL. 38": ".38 Special, alias", "special 38": ".38 Special, words", "38 SPECIALL": ".38 Special, spelling", "G2C 9mm": "9x19 mm Parabellum, part",
		// Digits are never forgiven.
		"7.62x41": "", "39": "", "7.62x39": "7.62x39 mm, alias", "223": "5.56x45 mm NATO, alias", "225": "", "36 E 22": "",
	} {
		require.Equal(t, want, s.only(text), text)
	}
}

func TestFindTypes(t *testing.T) {
	s := seedOf(t, "type")
	for text, want := range map[string]string{
		"Revólver": "revolver, name", "PISTOLA": "pistol, alias", "fuzil": "rifle, alias", "submachine-gun": "submachine gun, name",
		"пістолет-кулемет": "submachine gun, alias",
	} {
		require.Equal(t, want, s.only(text), text)
	}
}

// Every spelling of the table finds its entry and no other, whatever its case
// and punctuation.
func TestFindEverySpelling(t *testing.T) {
	for _, kind := range []string{"make", "calibre", "type"} {
		s := seedOf(t, kind)
		for i, b := range s.bodies {
			for _, text := range append([]string{b.Name}, b.Aliases...) {
				hits := s.find(text)
				require.Len(t, hits, 1, "%s: %v", text, hits)
				require.Equal(t, i, hits[0].Entry, text)
				require.True(t, hits[0].Reason.Exact())
			}
		}
	}
}

// One slip of the finger in a name of six letters or more leads to its entry,
// or to a choice that holds it, or to no choice: never to another maker alone.
func TestFindForgivesOneSlip(t *testing.T) {
	s := seedOf(t, "make")
	rapid.Check(t, func(t *rapid.T) {
		i := rapid.IntRange(0, len(s.bodies)-1).Draw(t, "entry")
		name := []rune(reference.Fold(s.bodies[i].Name))
		if len(name) < 6 || slices.ContainsFunc(name, unicode.IsDigit) {
			t.Skip("too short, or told by its digits")
		}
		at := rapid.IntRange(1, len(name)-2).Draw(t, "at")
		switch rapid.IntRange(0, 2).Draw(t, "slip") {
		case 0:
			name = slices.Delete(slices.Clone(name), at, at+1)
		case 1:
			name[at], name[at+1] = name[at+1], name[at]
		case 2:
			name = slices.Insert(name, at, name[at])
		}
		hits := s.find(string(name))
		require.NotEmpty(t, hits, string(name))
		if hit, ok := reference.Only(hits); ok && !hit.Reason.Exact() {
			require.Equal(t, i, hit.Entry, "%s finds %s", string(name), s.bodies[hit.Entry].Name)
		}
	})
}

// Find gives the same answer again, best first, and is at a loss for nothing.
func TestFindIsTotal(t *testing.T) {
	s := seedOf(t, "make")
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[A-Za-z0-9&. -]{0,14}`)).Draw(t, "text")
		hits := s.find(text)
		require.Equal(t, hits, s.find(text))
		require.Equal(t, hits[:min(2, len(hits))], reference.Find(text, s.all(), 2))
		for i := 1; i < len(hits); i++ {
			require.False(t, hits[i].Reason > hits[i-1].Reason)
			require.NotEqual(t, hits[i].Entry, hits[i-1].Entry)
		}
	})
}

func BenchmarkFind(b *testing.B) {
	s := seedOf(b, "make")
	for b.Loop() {
		s.find("simth wesonn")
	}
}

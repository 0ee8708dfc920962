package matching

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func full(text string) Mark          { return Mark{Text: text} }
func split(series, text string) Mark { return Mark{Series: series, Text: text} }
func part(text string) Mark          { return Mark{Text: text, Partial: true} }
func splitPart(s, text string) Mark  { return Mark{Series: s, Text: text, Partial: true} }

var pairs = []struct {
	why  string
	a, b Mark
	want Grade
}{
	{"same text", full("KTO44170"), full("KTO44170"), Exact},
	{"writing differs", full("KTO44170"), full("kto-44 170"), Normalised},
	{"scripts differ", full("КТО44170"), full("KTO44170"), Normalised},
	{"0 and O", full("KTO44170"), full("KT044170"), Confusable},
	{"leading O for 0", full("O287"), full("0287"), Confusable},
	{"leading zeros", full("00287"), full("287"), Lookalike},
	{"I and 1", full("RI204187"), full("R1204187"), Lookalike},
	{"D and 0", full("AD123"), full("A0123"), Lookalike},
	{"D is no leading zero", full("D0287"), full("287"), NoMeeting},
	{"D and leading zero", full("D287"), full("0287"), NoMeeting},
	{"ze and three", full("ТОЗ-1234"), full("TO3-1234"), Lookalike},
	{"transliterated", full("ТОЗ-1234"), full("TOZ-1234"), NoMeeting},
	{"one sign differs", full("KTO44170"), full("KTO44171"), NoMeeting},
	{"nothing to compare", full("-"), full("-"), NoMeeting},
	{"zeros alone", full("000"), full("0"), Lookalike},

	{"split or not", split("АВ", "123456"), full("AB123456"), Normalised},
	{"split or not, same script", split("AB", "123456"), full("AB123456"), Exact},
	{"series missing", split("AB", "123456"), full("123456"), SeriesMissing},
	{"series missing, zeros dropped", split("AB", "00123"), full("123"), SeriesMissing},
	{"series differ", split("AB", "123456"), split("CD", "123456"), NoMeeting},
	{"a series of zeros", split("0", "123456"), full("123456"), Lookalike},

	{"wildcards", part("?V204*"), full("RV204187"), Partial},
	{"wildcard inside", part("NXPA3?718"), full("NXPA30718"), Partial},
	{"what is known after any number", part("0123*51"), full("012351"), Partial},
	{"what is known before any number", part("51*0123"), full("510123"), Partial},
	{"too short for the wildcards", part("NXPA3??718"), full("NXPA30718"), NoMeeting},
	{"folds", part("NXPA3?7I8"), full("nxpa3-O718"), Partial},
	{"another script", part("*ბ٤٥٦"), full("აბ456"), Partial},
	{"zeros shown on one side", part("00?87123"), full("287123"), Partial},
	{"zeros shown on the other side", part("?87123"), full("00287123"), Partial},
	{"as it stands", part("?0287"), full("00287"), Partial},
	{"a wildcard is no leading zero", part("?204187"), full("204187"), NoMeeting},
	{"too few digits", part("KT04*"), full("KT04"), NoMeeting},
	{"leading zeros are no evidence", part("0001*"), full("0001234"), NoMeeting},
	{"no three in a row", part("12?34?56"), full("12034056"), NoMeeting},
	{"no wildcard in it", part("123456"), full("123456"), Partial},
	{"series missing on the full", splitPart("AB", "1234?6"), full("123456"), Partial},
	{"series missing on the partial", part("1234?6"), split("AB", "123456"), Partial},
	{"series differ, partial", splitPart("AB", "1234?6"), split("CD", "123456"), NoMeeting},
	{"a partial against nothing", part("*123*"), full("-"), NoMeeting},

	{"two partials that show the same", part("RV204*"), part("?V2041*"), Partial},
	{"two partials, nothing in common", part("RV204*"), part("*187123"), NoMeeting},
	{"two partials, common digits apart", part("A12?B34?99"), part("?12?B34?*"), Partial},
	{"two partials, a series in common", part("ABC123*"), part("ABC*456"), NoMeeting},
	{"two partials, any number between", part("?221"), part("122*1"), NoMeeting},
	{"two partials that contradict", part("RV2041*"), part("RV2042*"), NoMeeting},
	{"the same partial", part("*204?"), part("*204?"), Partial},
	{"two partials, zeros dropped on one", part("0?87123"), part("?8712*"), Partial},
	{"two partials, series missing on one", splitPart("AB", "1234?6"), part("1234??"), Partial},
	{"two partials, series differ", splitPart("AB", "1234?6"), splitPart("CD", "1234?6"), NoMeeting},
}

func TestCompare(t *testing.T) {
	for _, c := range pairs {
		t.Run(c.why, func(t *testing.T) {
			require.Equal(t, c.want, Compare(c.a, c.b))
			require.Equal(t, c.want, Compare(c.b, c.a))
		})
	}
}

func TestCompareProperties(t *testing.T) {
	var s Scratch
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyMark.Draw(t, "a"), anyMark.Draw(t, "b")
		g := s.Compare(a, b)
		require.Equal(t, g, s.Compare(b, a), "symmetric")
		require.Equal(t, g, new(Scratch).Compare(a, b), "the scratch carries nothing over")
		if !a.Partial && a.Series == "" && Form(a.Text, false) != "" {
			require.Equal(t, Exact, s.Compare(a, a))
		}
		require.Equal(t, (a.Partial || b.Partial) && g != NoMeeting, g == Partial)
	})
}

// A partial mark made from a full one by hiding signs meets it, if it is
// evidence at all.
func TestHiddenSignsStillMeet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.RuneFrom([]rune("0123456789OQDIAKЗბ")), 1, 12, -1).Draw(t, "text")
		p := hide(t, text)
		want := partialIf(CanSearch(p, ""))
		require.Equal(t, want, Compare(part(p), full(text)), p)
		require.Equal(t, want, Compare(part(p), part(p)), p)
		require.Equal(t, partialIf(CanSearch("00"+p, "")), Compare(part("00"+p), full("00"+text)), "zeros in front of both")
	})
}

func hide(t *rapid.T, text string) string {
	var p []rune
	for _, r := range text {
		switch rapid.IntRange(0, 7).Draw(t, "hide") {
		case 0:
			p = append(p, One)
		case 1:
			p = append(p, Any)
		default:
			p = append(p, r)
		}
	}
	return string(p)
}

// common must agree with a search through all the ways two patterns can be laid
// on one another.
func TestCommonAgainstRecursion(t *testing.T) {
	sign := rapid.RuneFrom([]rune("1O02A?*"))
	var s Scratch
	rapid.Check(t, func(t *rapid.T) {
		p := []rune(rapid.StringOfN(sign, 0, 8, -1).Draw(t, "p"))
		q := []rune(rapid.StringOfN(sign, 0, 8, -1).Draw(t, "q"))
		require.Equal(t, layOver(p, q, 0, 0, 0), s.common(p, q))
	})
}

func layOver(p, q []rune, run, longest, digits int) bool {
	switch {
	case len(p) == 0 && len(q) == 0:
		return longest >= 3 && digits >= 3
	case len(p) > 0 && p[0] == Any:
		return layOver(p[1:], q, 0, longest, digits) || len(q) > 0 && layOver(p, q[1:], 0, longest, digits)
	case len(q) > 0 && q[0] == Any:
		return layOver(q, p, run, longest, digits)
	case len(p) == 0 || len(q) == 0:
		return false
	case p[0] == One || q[0] == One:
		return layOver(p[1:], q[1:], 0, longest, digits)
	case foldRune(p[0]) != foldRune(q[0]):
		return false
	case isDigit(p[0]) && isDigit(q[0]):
		digits++
	}
	return layOver(p[1:], q[1:], run+1, max(longest, run+1), digits)
}

var anyMark = rapid.Custom(func(t *rapid.T) Mark {
	m := Mark{Text: markText.Draw(t, "text"), Partial: rapid.IntRange(0, 2).Draw(t, "partial") == 0}
	if rapid.IntRange(0, 3).Draw(t, "split") == 0 {
		m.Series = rapid.StringOfN(rapid.RuneFrom([]rune("ABО01?*")), 0, 3, -1).Draw(t, "series")
	}
	return m
})

// markText draws from few signs, so that marks meet often.
var markText = rapid.OneOf(
	rapid.StringOfN(rapid.RuneFrom([]rune("001122OIDABА?")), 0, 8, -1),
	rapid.StringOfN(rapid.RuneFrom([]rune("012О?*")), 3, 7, -1),
	rapid.StringOfN(rapid.RuneFrom([]rune("1٢3ბЗأ*")), 3, 6, -1),
	anyText,
)

func TestGradeNames(t *testing.T) {
	for g := Partial; g <= Exact; g++ {
		parsed, ok := ParseGrade(g.String())
		require.True(t, ok)
		require.Equal(t, g, parsed)
	}
	for _, word := range []string{"", "none", "EXACT", "grade(9)"} {
		_, ok := ParseGrade(word)
		require.False(t, ok, word)
	}
	require.Equal(t, "grade(9)", Grade(9).String())
}

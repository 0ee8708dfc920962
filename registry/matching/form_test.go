package matching

import (
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestForm(t *testing.T) {
	for _, c := range []struct{ name, text, form, pattern string }{
		{"ascii", "kto-44170", "KTO44170", "KTO44170"},
		{"nothing to keep", " -/.\t", "", ""},
		{"wildcards", "?v204**", "V204", "?V204*"},
		{"cyrillic look-alikes", "АВЕКМНОРСТУХІЈЅ", "ABEKMHOPCTYXIJS", "ABEKMHOPCTYXIJS"},
		{"cyrillic, lower case", "авекмнорстухіјѕ", "ABEKMHOPCTYXIJS", "ABEKMHOPCTYXIJS"},
		{"rarer cyrillic", "ԌԚԜѴҮӀё", "GQWVYIE", "GQWVYIE"},
		{"greek look-alikes", "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX", "ABEZHIKMNOPTYX"},
		{"greek, lower case", "αβεζηικμνορτυχ", "ABEZHIKMNOPTYX", "ABEZHIKMNOPTYX"},
		{"other cyrillic stays", "тоз-жф", "TOЗЖФ", "TOЗЖФ"},
		{"other greek stays", "σς-Δ", "ΣΣΔ", "ΣΣΔ"},
		{"full width", "ＡＢ１２？＊", "AB12", "AB12?*"},
		{"compatibility", "№ Ⅳ①²", "NOIV12", "NOIV12"},
		{"arabic-indic digits", "ب٤٥٦۷", "ب4567", "ب4567"},
		{"devanagari digits", "०९", "09", "09"},
		{"ethiopic numbers stay", "፩፪", "፩፪", "፩፪"},
		{"georgian", "ავთ123", "ᲐᲕᲗ123", "ᲐᲕᲗ123"},
		{"turkish", "iı İ", "III", "III"},
		{"marks drop, composed letters stay", "e\u0301x\u0301", "ÉX", "ÉX"},
		{"invalid bytes drop", "A\xff\xc3(1", "A1", "A1"},
		{"emoji drop", "A🔫1\ufffd", "A1", "A1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.form, Form(c.text, false))
			require.Equal(t, c.pattern, Form(c.text, true))
		})
	}
}

func TestFormAppends(t *testing.T) {
	for _, text := range []string{"*b1", "*б1"} {
		require.Equal(t, "A*"+Form(text, true), string(AppendForm([]byte("A*"), text, true)))
	}
}

func TestFormOfASCIIDoesNotAllocate(t *testing.T) {
	buf := make([]byte, 0, 64)
	require.Zero(t, testing.AllocsPerRun(100, func() { buf = AppendForm(buf[:0], "kto-44170", false) }))
}

// Every rune of Unicode, alone and between two letters.
func TestFormOfEveryRuneIsStable(t *testing.T) {
	var once, twice []byte
	for r := rune(0); r <= unicode.MaxRune; r++ {
		text := string([]rune{r, 'a', r, 0x0301, r, '?'})
		once = AppendForm(once[:0], text, true)
		twice = AppendForm(twice[:0], string(once), true)
		if string(once) != string(twice) {
			t.Fatalf("%U: %q becomes %q", r, once, twice)
		}
	}
}

func TestDecimalDigitsOfEveryScript(t *testing.T) {
	want := rune('0')
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if !unicode.IsDigit(r) {
			continue
		}
		require.Equal(t, want, decimalDigit(r), "%U", r)
		if want++; want > '9' {
			want = '0'
		}
	}
}

func TestFormProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checkForm(t, anyText.Draw(t, "text"))
	})
}

func FuzzForm(f *testing.F) {
	for _, text := range []string{"KTO44170", "ТОЗ-1234", "ᄀ\u0301ᅡᆨ", "\xff\xfe", "ﷺ", "?*"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) { checkForm(t, text) })
}

func checkForm(t require.TestingT, text string) {
	for _, partial := range []bool{false, true} {
		form := Form(text, partial)
		require.Equal(t, form, Form(form, partial), "normalising again changes nothing")
		require.True(t, utf8.ValidString(form))
		for _, r := range form {
			require.True(t, unicode.IsLetter(r) || unicode.IsNumber(r) || partial && isWild(r), "%U in a form", r)
		}
	}
}

// anyText draws bytes that need not be UTF-8, and signs that go wrong easily.
var anyText = rapid.OneOf(
	rapid.String(),
	rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
	rapid.StringOf(rapid.RuneFrom([]rune("AOQD0ILZSGB12568?*-оЗзВως\u0301\u0345각ბث٤漢ßǰ"))),
)

func BenchmarkAppendForm(b *testing.B) {
	for name, text := range map[string]string{"ascii": "kto-44170", "cyrillic": "АВ-44170"} {
		b.Run(name, func(b *testing.B) {
			buf := make([]byte, 0, 64)
			for b.Loop() {
				buf = AppendForm(buf[:0], text, false)
			}
		})
	}
}

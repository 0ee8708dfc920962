package matching

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// One and Any are the wildcards of a partial mark: exactly one unknown sign,
// and any number of them.
const (
	One = '?'
	Any = '*'
)

// AppendForm appends the normal form of text to dst: NFKC, upper case, Cyrillic
// and Greek look-alikes as Latin letters, decimal digits of every script as
// 0-9, and nothing but letters and digits. Letters of other scripts stay. In a
// partial text the wildcards stay too, a run of Any as one. The form is valid
// UTF-8 whatever the text, and normalising it again changes nothing. An ASCII
// text costs no allocation beyond dst.
func AppendForm(dst []byte, text string, partial bool) []byte {
	start := len(dst)
	signs := &plainSigns
	if partial {
		signs = &patternSigns
	}
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c >= utf8.RuneSelf {
			return append(dst[:start], unicodeForm(text, partial)...) // of its own, so that dst may be on the stack
		}
		if s := signs[c]; s != 0 && !(s == Any && endsInAny(dst, start)) {
			dst = append(dst, s)
		}
	}
	return dst
}

// Form returns the normal form of text as a string.
func Form(text string, partial bool) string {
	var buf [64]byte
	return string(AppendForm(buf[:0], text, partial))
}

// plainSigns gives the normal form of each ASCII character, 0 for those that
// are dropped; patternSigns keeps the wildcards as well.
var plainSigns, patternSigns = asciiSigns(false), asciiSigns(true)

func asciiSigns(partial bool) (t [utf8.RuneSelf]byte) {
	for c := range t {
		t[c] = byte(max(normalRune(rune(c), partial), 0))
	}
	return t
}

// Dropping a sign can leave letters side by side that compose (the parts of a
// Hangul syllable), so it runs until nothing is left to compose; each round
// makes the form shorter or leaves it normal.
func unicodeForm(text string, partial bool) []byte {
	if !norm.NFKC.IsNormalString(text) {
		text = norm.NFKC.String(text)
	}
	form := appendNormal(nil, text, partial)
	for !norm.NFKC.IsNormal(form) {
		text = string(norm.NFKC.Bytes(form))
		form = appendNormal(form[:0], text, partial)
	}
	return form
}

func appendNormal(dst []byte, composed string, partial bool) []byte {
	for _, r := range composed {
		if r = normalRune(r, partial); r < 0 || r == Any && endsInAny(dst, 0) {
			continue
		}
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}

func endsInAny(form []byte, start int) bool {
	return len(form) > start && form[len(form)-1] == Any
}

// normalRune returns the normal form of one composed rune, -1 when it is
// dropped. Other number signs (Ethiopic, say) are kept like letters: to drop
// them would make different marks equal.
func normalRune(r rune, partial bool) rune {
	if r == One || r == Any {
		if partial {
			return r
		}
		return -1
	}
	if unicode.IsDigit(r) {
		return decimalDigit(r)
	}
	r = latinShape(unicode.ToUpper(r))
	if unicode.IsLetter(r) || unicode.IsNumber(r) {
		return r
	}
	return -1
}

// decimalDigit maps a decimal digit of any script to 0-9: Unicode promises that
// the ten of a script lie in one run, in order, starting with zero.
func decimalDigit(r rune) rune {
	if r <= '9' {
		return r
	}
	for _, x := range unicode.Nd.R16 {
		if rune(x.Lo) <= r && r <= rune(x.Hi) {
			return '0' + (r-rune(x.Lo))%10
		}
	}
	for _, x := range unicode.Nd.R32 {
		if rune(x.Lo) <= r && r <= rune(x.Hi) {
			return '0' + (r-rune(x.Lo))%10
		}
	}
	return r
}

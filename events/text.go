package events

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// textRule says what a text field may hold: how much, and which signs. The
// schemas in package schemas say the same.
type textRule struct {
	max      int               // in characters
	form     func(string) bool // of a code in ASCII; nil = a line of text in any script
	personal bool              // looked through for person data
	says     string            // what the field holds, for hints
}

// Every text field of every body follows one of these rules; a test derives the
// fields from the bodies (TestTextsAreOfAClosedList) and tries person data in each.
var (
	ruleSystem    = textRule{max: 32, form: isToken, personal: true, says: "letters, digits, dot, hyphen and underscore, such as state-rdo"}
	ruleSourceID  = textRule{max: 128, says: "one line of text"}
	ruleCase      = textRule{max: 64, says: "one line of text"}
	ruleName      = textRule{max: 64, personal: true, says: "one line of text"}
	ruleCalibre   = textRule{max: 32, personal: true, says: "one line of text, such as .40 S&W"}
	ruleCode      = textRule{max: 16, form: isCode, personal: true, says: "capital letters, digits, dot and hyphen, such as TAS"}
	ruleReference = textRule{max: 72, form: isReferenceID, personal: true, says: "make:, model:, calibre: or type: and a code, such as model:TAS/82"}
	ruleMark      = textRule{max: 64, says: "what stands on the weapon, on one line"}
	ruleSeries    = textRule{max: 16, says: "what stands on the weapon, on one line"}
	ruleYear      = textRule{max: 4, form: isYear, says: "a year in four digits, such as 1998"}
	ruleDivision  = textRule{max: 6, form: isSubdivision, says: "an ISO 3166-2 code, such as BR-SP"}
	ruleLocode    = textRule{max: 5, form: isLocode, says: "a UN/LOCODE without a space, such as BRSAO"}
	ruleHS        = textRule{max: 10, form: isHSCode, says: "4 to 10 digits of the Harmonized System, such as 930200"}
	ruleOrg       = textRule{max: 32, form: ValidOrg, personal: true, says: "2 to 32 capital letters, digits and hyphens, such as NCB-BR"}
	ruleToken     = textRule{max: 64, form: isToken, personal: true, says: "letters, digits, dot, hyphen and underscore, such as AGR-WCO"}
	ruleTitle     = textRule{max: 128, personal: true, says: "one line of text"}
	ruleBasis     = textRule{max: 256, personal: true, says: "one line of text: the act or treaty, by name and year"}
	ruleCodeList  = textRule{max: 32, form: isListName, personal: true, says: "small letters, digits and underscore, such as local"}
	ruleAnyCode   = textRule{max: 32, form: isCode, personal: true, says: "capital letters, digits, dot and hyphen, such as TAS"}
	ruleSigns     = textRule{max: 36, form: isSigns, personal: true, says: "capital letters and digits in the order of what they count, such as ABCDEFGHIJKL"}
	rulePattern   = textRule{max: 64, form: isSerialPattern, personal: true, says: "signs, [classes] and {counts} as in [A-Z]{3}[0-9]{4}"}
	ruleKeyID     = textRule{max: 64, form: isToken, says: "the id of a key, as armslog key made it"}
	ruleKey       = textRule{max: 256, form: printableASCII, says: "a verifier key: printable ASCII without a space"}
)

// check gives the code of what is wrong with a text, "" for nothing. wide says
// that it holds more than ASCII.
func (r *textRule) check(s string, wide bool) (code string) {
	if s == "" {
		return codeEmpty
	}
	if len(s) > r.max && utf8.RuneCountInString(s) > r.max {
		return codeTooLong
	}
	if r.form != nil {
		if !r.form(s) {
			return codeBadFormat
		}
		if r.personal && len(s) >= documentDigits && hasNumber(s) {
			return codePersonData // and no code has an @
		}
		return ""
	}
	digits, ok := line(s, wide)
	if !ok {
		return codeBadFormat
	}
	if wide && !norm.NFC.IsNormalString(s) {
		return codeNotNFC
	}
	if r.personal && digits >= 0 && personal(s) {
		return codePersonData
	}
	return ""
}

// line says whether s is one line of text: no control or format characters, no
// space but U+0020, and none at either end. digits is -1 where s cannot hold
// person data: it has neither an @ nor seven digits.
func line(s string, wide bool) (digits int, ok bool) {
	if s[0] == ' ' || s[len(s)-1] == ' ' {
		return 0, false
	}
	var held uint32
	for i := range len(s) {
		held += counted[s[i]]
	}
	if held >= countedControl || wide && !visible(s) {
		return 0, false
	}
	if digits = int(held % countedAt); digits < documentDigits && held < countedAt {
		return -1, true
	}
	return digits, true
}

// counted are the signs that line counts, all in one number: no text is longer
// than a thousand bytes.
var counted = func() (t [256]uint32) {
	for c := range ' ' {
		t[c] = countedControl
	}
	t[0x7f], t['@'] = countedControl, countedAt
	for c := '0'; c <= '9'; c++ {
		t[c] = 1 // a digit
	}
	return t
}()

const (
	countedAt      = 1 << 10
	countedControl = 1 << 20
)

// visible says whether s holds nothing beyond ASCII that has no shape, or the
// shape of a space.
func visible(s string) bool {
	for _, r := range s {
		if r >= utf8.RuneSelf && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Z) {
			return false
		}
	}
	return true
}

// Signs of ASCII by use.
const (
	upper = 1 << iota
	lower
	digit
	dot    // .
	hyphen // -
	low    // _
)

var signs = func() (t [256]byte) {
	for c := range 26 {
		t['A'+c], t['a'+c] = upper, lower
	}
	for c := range 10 {
		t['0'+c] = digit
	}
	t['.'], t['-'], t['_'] = dot, hyphen, low
	return t
}()

// made says whether s starts with a sign of the set first and has only signs
// of the set rest.
func made(s string, first, rest byte) bool {
	if signs[s[0]]&first == 0 {
		return false
	}
	for i := 1; i < len(s); i++ {
		if signs[s[i]]&rest == 0 {
			return false
		}
	}
	return true
}

func isToken(s string) bool {
	return made(s, upper|lower|digit, upper|lower|digit|dot|hyphen|low)
}

func isCode(s string) bool     { return made(s, upper|digit|dot, upper|digit|dot|hyphen) }
func isListName(s string) bool { return made(s, lower, lower|digit|low) }

func isSigns(s string) bool { return made(s, upper|digit, upper|digit) }

func isYear(s string) bool {
	y, ok := digits(s)
	return ok && len(s) == 4 && firstYear <= y && y <= lastYear
}

func isSubdivision(s string) bool {
	return len(s) > 3 && made(s[:2], upper, upper) && s[2] == '-' && made(s[3:], upper|digit, upper|digit)
}

func isLocode(s string) bool {
	return len(s) == 5 && made(s[:2], upper, upper) && made(s[2:], upper|digit, upper|digit)
}

func isHSCode(s string) bool { return len(s) >= 4 && made(s, digit, digit) }

// isReferenceID: the kind, a colon, and up to 64 signs.
func isReferenceID(s string) bool {
	for _, kind := range []string{"make:", "model:", "calibre:", "type:"} {
		if len(s) > len(kind) && s[:len(kind)] == kind {
			return isReferenceCode(s[len(kind):])
		}
	}
	return false
}

func isReferenceCode(s string) bool {
	if len(s) > 64 || signs[s[0]]&(upper|digit|dot) == 0 {
		return false
	}
	for i := range len(s) {
		if signs[s[i]]&(upper|digit|dot|hyphen) == 0 && s[i] != '/' {
			return false
		}
	}
	return true
}

// printableASCII: no space, and not empty.
func printableASCII(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return s != ""
}

// isSerialPattern: signs A-Z 0-9 and hyphen or [classes] of them, each of which
// may be followed by ?, {n} or {n,m}.
func isSerialPattern(s string) bool {
	for s != "" {
		n := patternAtom(s)
		if n == 0 {
			return false
		}
		s = s[n:]
		s = s[patternCount(s):]
	}
	return true
}

// patternAtom is the length of the sign or class that s starts with, 0 = none.
func patternAtom(s string) int {
	if s[0] != '[' {
		if signs[s[0]]&(upper|digit|hyphen) != 0 {
			return 1
		}
		return 0
	}
	for i := 1; i < len(s); i++ {
		if s[i] == ']' && i > 1 {
			return i + 1
		}
		if signs[s[i]]&(upper|digit|hyphen) == 0 {
			return 0
		}
	}
	return 0
}

// patternCount is the length of the count that s starts with, 0 = none.
func patternCount(s string) int {
	if s == "" {
		return 0
	}
	if s[0] == '?' {
		return 1
	}
	if s[0] != '{' {
		return 0
	}
	n := 1 + leadingDigits(s[1:], 2)
	if n > 1 && n < len(s) && s[n] == ',' {
		if more := leadingDigits(s[n+1:], 2); more > 0 {
			n += 1 + more
		}
	}
	if n > 1 && n < len(s) && s[n] == '}' {
		return n + 1
	}
	return 0
}

func leadingDigits(s string, most int) (n int) {
	for n < len(s) && n < most && signs[s[n]] == digit {
		n++
	}
	return n
}

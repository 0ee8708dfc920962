package events

// documentDigits are digits in a row that only a document, a telephone or an
// account has: no make, model, calibre or place does.
const documentDigits = 7

// personal says whether a text holds what can only be a mail address, a
// telephone number or the number of a document:
//
//	[^\s@]@[^\s@]+\.[^\s@]                            mail address
//	[0-9]{7}                                          seven digits in a row
//	[0-9]([ .()-]{0,2}[0-9]){8}                       nine digits, parted or not
//	\+[ (]?[0-9]([ .()-]{0,2}[0-9]){6}                seven digits after a plus
//
// It cannot know names: those have no field.
func personal(s string) bool { return hasAddress(s) || hasNumber(s) }

func hasAddress(s string) bool {
	for i := 1; i < len(s); i++ {
		if s[i] == '@' && s[i-1] != ' ' && s[i-1] != '@' && startsHost(s[i+1:]) {
			return true
		}
	}
	return false
}

// startsHost says whether s starts with a word that has a dot within.
func startsHost(s string) bool {
	dotted := false
	for i := range len(s) {
		switch {
		case s[i] == ' ' || s[i] == '@':
			return false
		case dotted:
			return true
		}
		dotted = s[i] == '.' && i > 0
	}
	return false
}

func hasNumber(s string) bool {
	var row, all, gap int // digits in a row; digits of the number; signs since its last digit
	plus := false
	for i := range len(s) {
		switch c := s[i]; {
		case c-'0' < 10:
			if all == 0 || gap > 2 {
				all, plus = 0, follows(s[:i])
			}
			row, all, gap = row+1, all+1, 0
			if row == documentDigits || all == 9 || plus && all == 7 {
				return true
			}
		case c == ' ' || c == '.' || c == '(' || c == ')' || c == '-':
			row, gap = 0, gap+1
		default:
			row, all, gap = 0, 0, 0
		}
	}
	return false
}

// follows says whether what comes after s follows a plus.
func follows(s string) bool {
	n := len(s)
	if n > 0 && (s[n-1] == ' ' || s[n-1] == '(') {
		n--
	}
	return n > 0 && s[n-1] == '+'
}

package matching

// MilliBits of one sign: log2(10) for a digit, log2(26) for a letter. Integers,
// so that every machine comes to the same sum.
const (
	digitMilliBits  = 3322
	letterMilliBits = 4700
)

// Strength is how much a mark, or a pair of marks, can tell weapons apart.
// Leading zeros do not count, nor does what a partial mark leaves open.
type Strength struct {
	MilliBits int32
	Digits    int32 // known digits
}

// HasDigit is false for a word, which is at most a candidate.
func (s Strength) HasDigit() bool { return s.Digits > 0 }

// Measure returns the strength of a mark, series and number together.
func Measure(m Mark) Strength {
	var buf [64]byte
	form := AppendForm(buf[:0], m.Series, m.Partial)
	return measureForm(dropZeros(AppendForm(form, m.Text, m.Partial)))
}

func measureForm(form []byte) (s Strength) {
	for _, c := range form {
		switch {
		case c == One || c == Any || c&0xC0 == 0x80: // not known, or not the first byte of a sign
		case isDigit(rune(c)):
			s.Digits++
			s.MilliBits += digitMilliBits
		default:
			s.MilliBits += letterMilliBits
		}
	}
	return s
}

// MeasurePair returns the strength of a pair of marks: the lower of the two, in
// bits and in digits.
func MeasurePair(a, b Mark) Strength {
	x, y := Measure(a), Measure(b)
	return Strength{MilliBits: min(x.MilliBits, y.MilliBits), Digits: min(x.Digits, y.Digits)}
}

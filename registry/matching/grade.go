package matching

import (
	"bytes"
	"fmt"
)

// Grade says how well two marks meet; a better grade is greater.
type Grade uint8

const (
	NoMeeting     Grade = iota
	Partial             // a wildcard on either side
	SeriesMissing       // the number agrees, one side lacks the series
	Lookalike           // look-alikes other than 0/O, or leading zeros
	Confusable          // 0 and O only
	Normalised          // same normal form
	Exact               // same text
)

var gradeNames = [...]string{"none", "partial", "series_missing", "lookalike", "confusable", "normalised", "exact"}

// Grades counts the grades, NoMeeting among them.
const Grades = len(gradeNames)

// String returns the grade's word on the wire.
func (g Grade) String() string {
	if int(g) < len(gradeNames) {
		return gradeNames[g]
	}
	return fmt.Sprintf("grade(%d)", uint8(g))
}

// ParseGrade reads a grade's word; ok is false for a word that is none, and for
// "none".
func ParseGrade(word string) (g Grade, ok bool) {
	for g := Partial; g <= Exact; g++ {
		if gradeNames[g] == word {
			return g, true
		}
	}
	return NoMeeting, false
}

// Compare grades a pair of marks. It is symmetric, and allocates; inside a loop
// use [Scratch.Compare].
func Compare(a, b Mark) Grade {
	return new(Scratch).Compare(a, b)
}

// Compare grades a pair of marks in the scratch's buffers.
func (s *Scratch) Compare(a, b Mark) Grade {
	s.asked.set(a)
	s.other.set(b)
	return s.grade()
}

// grade compares the two readings in the scratch.
func (s *Scratch) grade() Grade {
	a, b := &s.asked, &s.other
	switch {
	case a.mark.Partial && b.mark.Partial:
		return partialIf(s.overlap(a, b))
	case a.mark.Partial:
		return partialIf(s.matchFull(a, b))
	case b.mark.Partial:
		return partialIf(s.matchFull(b, a))
	}
	return gradeFull(a, b)
}

func partialIf(meets bool) Grade {
	if meets {
		return Partial
	}
	return NoMeeting
}

func gradeFull(a, b *reading) Grade {
	switch {
	case len(a.key) == 0 || len(b.key) == 0:
		return NoMeeting
	case bytes.Equal(a.key, b.key):
		return gradeSameKey(a, b)
	case bytes.Equal(a.numberKey, b.key), bytes.Equal(a.key, b.numberKey):
		return SeriesMissing
	}
	return NoMeeting
}

// gradeSameKey grades two full readings whose keys are known to be equal.
func gradeSameKey(a, b *reading) Grade {
	if !bytes.Equal(a.form, b.form) {
		if equalButZeroO(a.form, b.form) {
			return Confusable
		}
		return Lookalike
	}
	if sameRaw(a.mark, b.mark) {
		return Exact
	}
	return Normalised
}

// equalButZeroO reports whether two forms differ in 0 and O alone.
func equalButZeroO(a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i, c := range a {
		if c != b[i] && !(isZero(c) && isZero(b[i])) {
			return false
		}
	}
	return true
}

func isZero(c byte) bool { return c == '0' || c == 'O' }

package matching

import "fmt"

// Result is how a field of two firearms compares. Makes of joint production
// (related) are unknown to one another.
type Result uint8

const (
	Unknown Result = iota
	Agree
	Conflict
)

const results = 3

var resultNames = [results]string{"unknown", "agree", "conflict"}

// String returns the result's word on the wire.
func (r Result) String() string { return nameOf(resultNames[:], int(r), "result") }

// Class is the class of a pair's strength under a policy.
type Class uint8

const (
	Weak Class = iota
	Fair
	Strong
)

const classes = 3

var classNames = [classes]string{"weak", "fair", "strong"}

// String returns the class's word on the wire.
func (c Class) String() string { return nameOf(classNames[:], int(c), "class") }

// Outcome is what a policy makes of a meeting; what tells more is greater.
type Outcome uint8

const (
	Nothing   Outcome = iota
	Candidate         // shown to the asker alone
	Notify            // the parties are told at once
)

const outcomes = 3

var outcomeNames = [outcomes]string{"nothing", "candidate", "notify"}

// String returns the outcome's word on the wire.
func (o Outcome) String() string { return nameOf(outcomeNames[:], int(o), "outcome") }

func nameOf(names []string, i int, kind string) string {
	if i < len(names) {
		return names[i]
	}
	return fmt.Sprintf("%s(%d)", kind, i)
}

// Facts is all a policy looks at when two firearms meet.
type Facts struct {
	Grade       Grade
	MilliBits   int32 // of the pair, the lower
	KnownDigits int32 // of the pair, the lower
	HasDigit    bool  // false when either text is a word
	Make        Result
	Model       Result
	Calibre     Result
	Type        Result
	Shared      bool // one owner holds the key in Policy.SharedCases cases or more
}

// FactsOf starts the facts of a pair of marks: grade, strength, digits.
func FactsOf(g Grade, s Strength) Facts {
	return Facts{Grade: g, MilliBits: s.MilliBits, KnownDigits: s.Digits, HasDigit: s.HasDigit()}
}

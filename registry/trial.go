package registry

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry/matching"
)

// Trial folds a history under another policy: a registry that has had it in
// force since its first entry decides every accepted request again, at its own
// place and time, and whom it tells is held against whom the journal told. It
// is a second State beside the live one, and changes nothing but itself.
//
// See docs/decisions/policy-trial.md for what such a history is.
type Trial struct {
	s         *State
	name      string
	policy    json.RawMessage
	entries   uint64
	undecided uint64
	notified  [2]uint64 // in the history, in the trial
	told      ledger    // of matches
	shown     ledger    // of candidates
}

// ErrTooDifferent is returned when a trial differs in so many notifications
// that they cannot be told apart in memory.
var ErrTooDifferent = errors.New("more than a million notifications differ so far: nothing finer can be said of such a policy")

// PolicyProblems says what is wrong with a policy, nothing if it can be used.
func PolicyProblems(raw []byte) (errs []events.FieldError) {
	_, problems := matching.DecodePolicy(raw)
	for _, p := range problems {
		errs = append(errs, events.FieldError{Pointer: p.Pointer, Code: p.Code, Message: p.Message,
			Hint: "schemas/requests/policy.set.v1.json says what a policy holds; armslog policy show -o json prints one"})
	}
	return errs
}

// NewTrial begins before the first entry. It fails where PolicyProblems finds
// something.
func NewTrial(policy []byte) (*Trial, error) {
	p, problems := matching.DecodePolicy(policy)
	if len(problems) > 0 {
		return nil, fmt.Errorf("try policy: %s: %s", problems[0].Pointer, problems[0].Message)
	}
	return &Trial{s: New(), name: p.Name, policy: policy, told: newLedger(), shown: newLedger()}, nil
}

// Entries is how many entries have been folded.
func (t *Trial) Entries() uint64 { return t.entries }

// Fold takes the next accepted entry of the journal; p is what Prepare made of
// it, nil to have it made here. It returns ErrTooDifferent, after which the
// trial is over.
func (t *Trial) Fold(e *events.Entry, p *Prepared) error {
	t.entries++
	if err := t.catchUp(e.At); err != nil {
		return err
	}
	if p == nil {
		p = PrepareEntry(e)
	}
	t.s.next = e.Seq
	if again := t.asked(e, p); again != nil {
		if x := t.decide(again, e.Seq); x.Verdict != events.Accepted {
			t.undecided++
		}
	} else {
		t.s.at = max(t.s.at, e.At)
	}
	t.s.next = e.Seq + 1
	if e.Verdict == events.Accepted {
		t.take(e.Effects, history, e.Seq)
	}
	if len(t.told.open)+len(t.shown.open) > maxDifferences {
		return ErrTooDifferent
	}
	return nil
}

// asked is the request of an entry as the trial decides it again, nil where it
// does not: what was refused stays refused; other policies are never set; due
// work is the trial's own; and what somebody has read or lost says nothing here.
func (t *Trial) asked(e *events.Entry, p *Prepared) *Input {
	if e.Verdict != events.Accepted || p.Body == nil {
		return nil
	}
	again := *p
	again.Errors, again.Undecodable = nil, false // it was accepted once
	again.Marks = p.measured()
	switch b := p.Body.(type) {
	case *events.Genesis:
		g := *b
		g.Policy = t.policy
		again.Body = &g
	case *events.PolicySet, *events.NotificationAcknowledged, *events.AccessMade, *events.MailboxSkipped:
		return nil
	default:
		if e.Src == events.SourceRegistry {
			return nil
		}
	}
	return &Input{Src: e.Src, Off: e.Off, Span: e.Span, At: e.At, Value: e.Value, Prepared: &again}
}

// measured are the marks with their strength, which who folds does without.
func (p *Prepared) measured() []PreparedMark {
	switch b := p.Body.(type) {
	case *events.RecordSubmitted:
		return prepareMarks(nil, b.Firearm.Marks, preparedMark)
	case *events.SearchMade:
		return prepareMarks(nil, b.Firearm.Marks, preparedMark)
	case *events.TraceRequested:
		return prepareMarks(nil, b.Firearm.Marks, preparedMark)
	}
	return p.Marks
}

// catchUp does what falls due up to a time, each thing when it does: the leader
// of a trial is never late.
func (t *Trial) catchUp(until int64) error {
	for {
		due, ok := t.s.NextDue()
		if !ok || due > until {
			return nil
		}
		in := t.s.Due(max(due, t.s.at))
		if in == nil {
			return nil
		}
		if x := t.decide(in, t.s.next); x.Verdict != events.Accepted {
			return fmt.Errorf("try policy: due work %s was not done: %v", x.Envelope.Type, x.Errors)
		}
	}
}

func (t *Trial) decide(in *Input, seq uint64) *events.Entry {
	x := t.s.Decide(in)
	t.s.Evolve(x, in.Prepared)
	if x.Verdict == events.Accepted {
		t.take(x.Effects, trial, seq)
	}
	return x
}

// take enters what effects tell, and show, into the ledgers.
func (t *Trial) take(effects []events.Effect, side int, seq uint64) {
	for _, x := range effects {
		switch x := x.(type) {
		case *events.MatchEffect:
			t.tell(&x.Meeting, x.Tell, side, seq)
		case *events.MatchRenewedEffect:
			t.tell(&x.Meeting, x.Tell, side, seq)
		case *events.CandidateEffect:
			t.shown.enter(&x.Meeting, events.Tell{Org: x.Seen}, side, seq)
		}
	}
}

func (t *Trial) tell(m *events.Meeting, tells []events.Tell, side int, seq uint64) {
	for _, x := range tells {
		if x.N > 0 { // else nobody was notified: it has no inbox
			t.notified[side]++
			t.told.enter(m, x, side, seq)
		}
	}
}

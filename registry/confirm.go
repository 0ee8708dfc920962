package registry

import (
	"maps"
	"slices"

	"github.com/armslog/armslog/events"
)

// confirmation is how far the question has come whether the two of a match are
// one weapon. Most matches are never asked about, so it stands in a table of its
// own, by the match's number, and goes when the match ends.
type confirmation struct {
	requested uint64 // entry that holds the last request
	seq       uint64 // entry of the last move
	due       int64  // log time by which an answer is expected, Unix milliseconds
	alarm     int64  // log time of the next deadline; 0 = none
	stage     uint8
	asked     uint8 // role of the party that has to answer
	urgency   uint8 // 1.. in events.Urgencies
	extended  bool  // more time was taken
}

// Stages of a confirmation. Where nobody waits for an answer, stageOpen and
// stageConfirmed, no deadline runs.
const (
	stageAsked     uint8 = iota
	stageOverdue         // and the one who was asked is reminded
	stageEscalated       // and the General Secretariat knows
	stageOpen            // answered by cannot_confirm: it may be asked about again
	stageConfirmed
)

var confirmationStages = [...]string{"asked", "overdue", "escalated", "cannot_confirm", "confirmed"}

// waiting says whether somebody has to answer.
func (c confirmation) waiting() bool { return c.stage <= stageEscalated }

const deadlineConfirmation deadlineKind = 2

// dueConfirmation is the work of a confirmation's deadline.
func (s *State) dueConfirmation(x deadline) events.Body {
	return &events.ConfirmationOverdue{MatchID: s.matches.idOf(x.of), Escalate: s.matches.asked[x.of].stage == stageOverdue}
}

// holdsConfirmation says whether a deadline still stands: an answer moves it or
// takes it away.
func (s *State) holdsConfirmation(x deadline) bool { return s.matches.asked[x.of].alarm == x.at }

// putConfirmation notes a move and sets its deadline.
func (s *State) putConfirmation(match uint32, c confirmation) {
	if s.matches.asked == nil {
		s.matches.asked = map[uint32]confirmation{}
	}
	if c.alarm != 0 && c.alarm != s.matches.asked[match].alarm {
		s.due.deadlines.add(deadline{at: c.alarm, kind: deadlineConfirmation, of: match})
	}
	s.matches.asked[match] = c
}

// evolveConfirmation takes in that a match was asked about, answered, or that
// its deadline passed. That an answer ends the match is an effect of its own.
func (s *State) evolveConfirmation(e *events.Entry, x *events.ConfirmationEffect) {
	s.deliver(e.Seq, x.Tell)
	match, known, ok := s.matches.number(x.ID)
	if !ok {
		return // one side has been erased
	}
	c := s.matches.asked[match]
	c.requested, c.seq, c.alarm = x.Requested, e.Seq, int64(x.Due)
	c.asked = rolesOf([]events.Tell{{Role: x.Side}})
	s.knows(known, rolesOf(x.Tell)|other(c.asked))
	c.urgency, _ = events.Urgencies.Index(x.Urgency)
	switch x.Status {
	case "requested":
		c.stage, c.due, c.extended = stageAsked, int64(x.Due), false
	case "overdue":
		c.stage = stageOverdue
	case "escalated":
		c.stage = stageEscalated
	default:
		switch x.Answer {
		case events.AnswerNeedMoreTime:
			c.stage, c.due, c.extended = stageAsked, int64(x.Due), true
		case events.AnswerConfirmed:
			c.stage = stageConfirmed
		default:
			c.stage = stageOpen
		}
	}
	s.putConfirmation(match, c)
}

// evolveTold makes a candidate a match, known to those who are told now and to
// the one to whom it was shown.
func (s *State) evolveTold(e *events.Entry, x events.MatchToldEffect) {
	s.deliver(e.Seq, x.Tell)
	if known, ok := s.matches.find(x.ID); ok {
		known.status = statusNotified
		s.knows(known, rolesOf(x.Tell))
	}
}

// knows notes parties that know of a match, so that its end reaches them.
func (s *State) knows(m *match, parties uint8) {
	m.told |= parties
	m.seen |= parties
}

// other is the party across from one of the two that a match is between.
func other(role uint8) uint8 { return (roleAsker | roleOwner) ^ role }

// located is the confirmed match by which a wanted record is located: the first,
// for as long as it has not ended.
func (s *State) located(row uint32) (m *match, ok bool) {
	if len(s.matches.asked) == 0 {
		return nil, false
	}
	for _, i := range s.matches.bySubject[row] {
		c, asked := s.matches.asked[i]
		m := s.matches.all.at(i)
		if asked && c.stage == stageConfirmed && m.class == classAlert && m.record == row {
			return m, true
		}
	}
	return nil, false
}

func (s *State) hashConfirmations(d digest) {
	d.values(len(s.matches.asked))
	for _, match := range slices.Sorted(maps.Keys(s.matches.asked)) {
		c := s.matches.asked[match]
		d.values(match, c.requested, c.seq, c.due, c.alarm, c.stage, c.asked, c.urgency, c.extended)
	}
}

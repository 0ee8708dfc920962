package registry

import (
	"github.com/armslog/armslog/events"
)

// requestConfirmation asks the other party of a match. The asker asks the owner
// of the record; where the asker owns a record too, the owner may ask it.
// Whoever had not been told of the match is told now, so a candidate becomes a
// match by being asked about.
func (c *call) requestConfirmation(b *events.ConfirmationRequested) decision {
	i, known, ok := c.visibleMatch(b.MatchID)
	if !ok {
		return reject("/match_id", "match_unknown")
	}
	side := c.speaksAs(known)
	if code := c.mayRequest(known, i, side); code != "" {
		return reject("/match_id", code)
	}
	if d := c.standsFor(known, side); d.verdict != "" {
		return d
	}
	asked := other(side)
	due := c.in.At + c.clock(c.matchParty(known, asked), b.Urgency)
	d := accept()
	if fresh := (roleSecretary | asked) &^ known.told; fresh != 0 || known.status == statusCandidate {
		d.effects = append(d.effects, events.MatchToldEffect{ID: known.id, Met: known.seq, Tell: c.tellOfMatch(known, fresh)})
	}
	x := c.confirming(known, asked, b.Urgency)
	x.Requested, x.Status, x.Due, x.Tell = c.next, "requested", uint64(due), c.tellOfMatch(known, roleSecretary|asked)
	d.effects = append(d.effects, x)
	return d
}

// visibleMatch finds a match that the sender may see. One that is withheld is as
// little there as none.
func (c *call) visibleMatch(id events.UUID) (i uint32, known *match, ok bool) {
	i, known, ok = c.matches.number(id)
	return i, known, ok && c.maySee(c.sender, known)
}

// speaksAs is the role in which the sender may speak in a match, 0 for none: a
// party, or whoever reads that party's inbox.
func (c *call) speaksAs(m *match) uint8 {
	for _, role := range []uint8{roleAsker, roleOwner} {
		if m.seen&role != 0 && c.speaksFor(c.matchParty(m, role)) && !c.hidden(m, role) {
			return role
		}
	}
	return 0
}

func (c *call) speaksFor(party orgRef) bool {
	return c.sender == party || c.sender == c.recipient(party)
}

// mayRequest is the code of why a match cannot be asked about now, "" if it can.
func (c *call) mayRequest(m *match, i uint32, side uint8) (code string) {
	q, r := c.subject(m.question), c.subject(m.record)
	asked, was := c.matches.asked[i]
	switch {
	case side == 0:
		return "not_a_party"
	case m.status == statusEnded || !r.live(c.in.At) || q.isRecord() && !q.live(c.in.At):
		return "match_over"
	case was && asked.waiting():
		return "already_asked"
	case was && asked.stage == stageConfirmed:
		return "already_confirmed"
	case side == roleOwner && !q.isRecord():
		return "asker_has_no_record"
	case c.hidden(m, other(side)):
		return "withheld_from_other"
	}
	return ""
}

// standsFor checks the right of the party that asks, and the body that it names.
func (c *call) standsFor(m *match, side uint8) decision {
	q := c.subject(m.question)
	if body := c.in.Envelope.OnBehalfOf; body != "" && (side != roleAsker || q.acting == 0 || body != c.org(q.acting).OrganisationID) {
		return reject("/headers/ce_onbehalfof", "not_acting_for")
	}
	if side == roleAsker && !q.isRecord() {
		if !c.mayHear(q) {
			return reject("", "no_right")
		}
		return decision{}
	}
	if !c.directory.has(c.matchParty(m, side), rightRegister, c.in.At) {
		return reject("", "no_right")
	}
	return decision{}
}

// answerConfirmation answers for the record that was asked about. Each answer
// stands in its effects; what ends the match is told by the answer itself.
func (c *call) answerConfirmation(b *events.ConfirmationAnswered) decision {
	i, known, ok := c.visibleMatch(b.MatchID)
	if !ok {
		return reject("/match_id", "match_unknown")
	}
	asked, was := c.matches.asked[i]
	q, r := c.subject(known.question), c.subject(known.record)
	switch {
	case c.speaksAs(known) == 0:
		return reject("/match_id", "not_owner")
	case known.status == statusEnded || !r.live(c.in.At) || q.isRecord() && !q.live(c.in.At):
		return reject("/match_id", "match_over")
	case !was || !asked.waiting():
		return reject("/match_id", "not_asked")
	case !c.speaksFor(c.matchParty(known, asked.asked)):
		return reject("/match_id", "not_owner")
	case b.Answer == events.AnswerNeedMoreTime && asked.extended:
		return reject("/answer", "no_more_time")
	}
	x := c.confirming(known, asked.asked, events.Urgencies.At(asked.urgency))
	x.Requested, x.Status, x.Answer = asked.requested, "answered", b.Answer
	x.Tell = c.tellOfMatch(known, known.told&^asked.asked)
	d := accept(x)
	switch b.Answer {
	case events.AnswerNeedMoreTime:
		x.Due = uint64(c.in.At + c.clock(c.matchParty(known, asked.asked), x.Urgency))
	case events.AnswerConfirmed:
		c.locate(x, known)
	case events.AnswerNotSameWeapon:
		d.effects = append(d.effects, events.MatchEndedEffect{ID: known.id, Because: endings[endedOther]})
	case events.AnswerRecordOutdated:
		because := endedOutdated
		if asked.asked == roleAsker {
			because = endedQuestionOutdated
		}
		d.effects = append(d.effects, events.MatchEndedEffect{ID: known.id, Because: endings[because]})
	}
	return d
}

// locate says by whom a wanted record is located: by whoever met the weapon, and
// the body it acted for.
func (c *call) locate(x *events.ConfirmationEffect, m *match) {
	if m.class != classAlert {
		return
	}
	q := c.subject(m.question)
	x.Located, x.LocatedBy = c.subjectID(m.record), c.org(q.org).OrganisationID
	x.LocatedFor = c.org(q.acting).OrganisationID
}

// remindOfConfirmation is due work: the one who was asked is reminded once, then
// the General Secretariat is told.
func (c *call) remindOfConfirmation(b *events.ConfirmationOverdue) decision {
	i, known, ok := c.matches.number(b.MatchID)
	asked := c.matches.asked[i]
	if !ok || asked.alarm == 0 || asked.alarm > c.in.At || b.Escalate != (asked.stage == stageOverdue) {
		return reject("/match_id", "nothing_due")
	}
	x := c.confirming(known, asked.asked, events.Urgencies.At(asked.urgency))
	x.Requested = asked.requested
	if b.Escalate {
		x.Status, x.Tell = "escalated", c.tellOfMatch(known, roleSecretary)
	} else {
		x.Status, x.Tell = "overdue", c.tellOfMatch(known, asked.asked)
		x.Due = uint64(asked.alarm + c.clock(c.matchParty(known, asked.asked), x.Urgency))
	}
	return accept(x)
}

// confirming begins what follows in a confirmation: who asks and who is asked.
func (c *call) confirming(m *match, asked uint8, urgency string) *events.ConfirmationEffect {
	asking := other(asked)
	return &events.ConfirmationEffect{
		ID: m.id, Met: m.seq, Side: roleWord(asked), Urgency: urgency,
		Asking: c.org(c.matchParty(m, asking)).OrganisationID, Asked: c.org(c.matchParty(m, asked)).OrganisationID,
	}
}

func roleWord(bit uint8) string {
	for _, r := range roleNames {
		if r.bit == bit {
			return r.name
		}
	}
	return ""
}

func (c *call) tellOfMatch(m *match, parties uint8) []events.Tell {
	return c.tellRoles(parties, c.secretary, c.subject(m.question).org, c.subject(m.record).org)
}

const minute = 60 * 1000 // milliseconds

// clock is how long an organisation takes to answer, in milliseconds: its own
// service level, else 10 minutes, 1 hour or 12 hours.
func (c *call) clock(ref orgRef, urgency string) int64 {
	own := c.org(ref).Clocks
	if own == nil {
		own = &events.ClockMinutes{}
	}
	minutes, usual := own.Deferred, uint32(12*60)
	switch urgency {
	case "urgent":
		minutes, usual = own.Urgent, 10
	case "routine":
		minutes, usual = own.Routine, 60
	}
	if minutes == 0 {
		minutes = usual
	}
	return int64(minutes) * minute
}

package oracle

import (
	"fmt"

	"github.com/armslog/armslog/events"
)

// asking is a pair that one party has asked the other about.
type asking struct {
	side     string // the role that has to answer
	urgency  string
	state    string // asked, overdue, escalated, cannot_confirm, confirmed
	alarm    int64  // log time of the next deadline, 0 = none
	moreTime bool   // was taken
}

func (a *asking) waiting() bool {
	return a != nil && (a.state == "asked" || a.state == "overdue" || a.state == "escalated")
}

// Refusal is the code with which a request or an answer about a match must be
// refused, "" if it must be accepted. For other requests it knows nothing.
func (o *Oracle) Refusal(e *events.Entry) (code string, known bool) {
	o.at = e.At
	body, errs := events.Decode(e.Envelope.Type, e.Value)
	if len(errs) > 0 || o.orgs[e.Src].Kind == "" {
		return "", false
	}
	switch b := body.(type) {
	case *events.ConfirmationRequested:
		return o.refusesRequest(o.pairOf(b.MatchID), e.Src, e.Envelope.OnBehalfOf), true
	case *events.ConfirmationAnswered:
		return o.refusesAnswer(o.pairOf(b.MatchID), e.Src, b.Answer), true
	}
	return "", false
}

func (o *Oracle) refusesRequest(p *pair, sender, body events.OrgID) string {
	if p == nil || !o.sees(p, sender) {
		return "match_unknown"
	}
	role := o.roleOf(p, sender)
	switch {
	case role == "":
		return "not_a_party"
	case o.gone(p):
		return "match_over"
	case p.asked.waiting():
		return "already_asked"
	case p.asked != nil && p.asked.state == "confirmed":
		return "already_confirmed"
	case role == "owner" && !p.question.record:
		return "asker_has_no_record"
	case o.keptFrom(p, across(role)):
		return "withheld_from_other"
	case body != "" && (role == "owner" || body != p.question.acting):
		return "not_acting_for"
	case role == "asker" && !p.question.record && !p.question.kept && !o.mayAsk(p.question.right, p.question.org, p.question.acting),
		(role == "owner" || p.question.record) && !o.mayRegister(o.party(p, role)):
		return "no_right"
	}
	return ""
}

func (o *Oracle) refusesAnswer(p *pair, sender events.OrgID, answer string) string {
	switch {
	case p == nil || !o.sees(p, sender):
		return "match_unknown"
	case o.roleOf(p, sender) == "":
		return "not_owner"
	case o.gone(p):
		return "match_over"
	case !p.asked.waiting():
		return "not_asked"
	case !o.speaksFor(sender, o.party(p, p.asked.side)):
		return "not_owner"
	case answer == "need_more_time" && p.asked.moreTime:
		return "no_more_time"
	}
	return ""
}

func (o *Oracle) pairOf(id events.UUID) *pair {
	for _, p := range o.pairs {
		if events.MatchID(p.question.id, p.record.id) == id {
			return p
		}
	}
	return nil
}

func (o *Oracle) party(p *pair, role string) events.OrgID {
	return map[string]events.OrgID{"asker": p.question.org, "owner": p.record.org, "general_secretariat": o.secretary}[role]
}

func across(role string) string { return map[string]string{"asker": "owner", "owner": "asker"}[role] }

// sees: whoever was ever told or shown it, its parent too, unless it is withheld
// since. The General Secretariat sees all that it was told.
func (o *Oracle) sees(p *pair, org events.OrgID) bool {
	for _, role := range []string{"asker", "owner"} {
		party := o.party(p, role)
		if p.ever[role] && !o.keptFrom(p, role) && (party == org || o.orgs[party].Parent == org) {
			return true
		}
	}
	return p.ever["general_secretariat"] && org == o.secretary
}

// keptFrom says whether the other side's deny list withholds a pair from a role.
func (o *Oracle) keptFrom(p *pair, role string) bool {
	if role == "asker" {
		return o.denies(p.record, p.question.org, p.question.acting)
	}
	return o.denies(p.question, p.record.org, "")
}

// roleOf is in which role an organisation may speak: as a party, or as the one
// that reads the party's inbox; "" for nobody's.
func (o *Oracle) roleOf(p *pair, org events.OrgID) string {
	for _, role := range []string{"asker", "owner"} {
		if p.ever[role] && !o.keptFrom(p, role) && o.speaksFor(org, o.party(p, role)) {
			return role
		}
	}
	return ""
}

func (o *Oracle) speaksFor(org, party events.OrgID) bool {
	return org == party || org == o.inboxOf(party)
}

// gone says whether a match has ended, or a record of it is no more.
func (o *Oracle) gone(p *pair) bool {
	return p.status == ended || p.record.until <= o.at || p.question.record && p.question.until <= o.at
}

func (o *Oracle) mayRegister(org events.OrgID) bool {
	if o.orgs[org].Kind == "ncb" {
		return true
	}
	for _, a := range o.agreements {
		if a.Grantee == org && o.gives(a, "register") {
			return true
		}
	}
	return false
}

// confirmationRequested: whoever does not know of the pair is told of it, then
// the one who is asked and the General Secretariat of the request.
func (o *Oracle) confirmationRequested(e *events.Entry, b *events.ConfirmationRequested) {
	p := o.pairOf(b.MatchID)
	role := o.roleOf(p, e.Src)
	side := across(role)
	if p.status == candidate {
		p.told = map[string]bool{p.seen: true}
	}
	hear := map[string]bool{"general_secretariat": true, side: true}
	fresh := map[string]bool{}
	for r := range hear {
		if !p.told[r] {
			fresh[r] = true
		}
	}
	if len(fresh) > 0 || p.status == candidate {
		o.expect("match_told %s tell %s", b.MatchID, tellLine(o.tells(p, fresh)))
	}
	p.status, p.told = notified, union(union(p.told, fresh), map[string]bool{role: true})
	p.ever = union(p.ever, p.told)
	p.asked = &asking{side: side, urgency: b.Urgency, state: "asked", alarm: e.At + o.clock(o.party(p, side), b.Urgency)}
	o.expectConfirmation(p, "requested", "", hear)
}

func (o *Oracle) confirmationAnswered(e *events.Entry, b *events.ConfirmationAnswered) {
	p := o.pairOf(b.MatchID)
	hear := union(p.told, nil)
	delete(hear, p.asked.side)
	p.asked.alarm = 0
	switch b.Answer {
	case "need_more_time":
		p.asked.state, p.asked.moreTime = "asked", true
		p.asked.alarm = e.At + o.clock(o.party(p, p.asked.side), p.asked.urgency)
	case "confirmed", "cannot_confirm":
		p.asked.state = b.Answer
	}
	o.expectConfirmation(p, "answered", b.Answer, hear)
	switch {
	case b.Answer == "not_same_weapon":
		o.endSilently(p, "not_same_weapon")
	case b.Answer == "record_outdated" && p.asked.side == "owner":
		o.endSilently(p, "record_outdated")
	case b.Answer == "record_outdated":
		o.endSilently(p, "question_outdated")
	}
}

// endSilently: the answer has told all that there is to tell.
func (o *Oracle) endSilently(p *pair, because string) {
	p.status, p.because, p.told, p.endedAt, p.asked = ended, because, nil, o.seq, nil
	o.expect("match_ended %s %s tell []", events.MatchID(p.question.id, p.record.id), because)
}

// confirmationOverdue: a deadline passes once, when its time has come.
func (o *Oracle) confirmationOverdue(b *events.ConfirmationOverdue) {
	p := o.pairOf(b.MatchID)
	if p == nil || !p.asked.waiting() || p.asked.alarm == 0 || p.asked.alarm > o.at || b.Escalate != (p.asked.state == "overdue") {
		o.expect("nothing is due of %s", b.MatchID)
		return
	}
	if b.Escalate {
		p.asked.state, p.asked.alarm = "escalated", 0
		o.expectConfirmation(p, "escalated", "", map[string]bool{"general_secretariat": true})
		return
	}
	p.asked.state = "overdue"
	p.asked.alarm += o.clock(o.party(p, p.asked.side), p.asked.urgency)
	o.expectConfirmation(p, "overdue", "", map[string]bool{p.asked.side: true})
}

// Late are the matches of which a deadline has passed and nobody was told.
func (o *Oracle) Late(at int64) (ids []events.UUID) {
	for _, p := range o.pairs {
		if p.asked.waiting() && p.asked.alarm != 0 && p.asked.alarm <= at {
			ids = append(ids, events.MatchID(p.question.id, p.record.id))
		}
	}
	return ids
}

func (o *Oracle) clock(org events.OrgID, urgency string) int64 {
	own := o.orgs[org].Clocks
	if own == nil {
		own = &events.ClockMinutes{}
	}
	minutes := map[string]uint32{"urgent": own.Urgent, "routine": own.Routine, "deferred": own.Deferred}[urgency]
	if minutes == 0 {
		minutes = map[string]uint32{"urgent": 10, "routine": 60, "deferred": 720}[urgency]
	}
	return int64(minutes) * 60_000
}

func (o *Oracle) expectConfirmation(p *pair, status, answer string, hear map[string]bool) {
	x := &events.ConfirmationEffect{
		ID: events.MatchID(p.question.id, p.record.id), Status: status, Side: p.asked.side,
		Asking: o.party(p, across(p.asked.side)), Asked: o.party(p, p.asked.side), Urgency: p.asked.urgency, Due: uint64(p.asked.alarm),
		Answer: answer, Tell: o.tells(p, hear),
	}
	if answer == "confirmed" && p.class == "alert" {
		x.Located, x.LocatedBy, x.LocatedFor = p.record.id, p.question.org, p.question.acting
	}
	o.expected = append(o.expected, confirmationLine(x))
}

func confirmationLine(x *events.ConfirmationEffect) string {
	return fmt.Sprintf("confirmation of %s, %s: %s asks %s (%s), %s, due %d, answer %q, located %s by %q for %q, tell %s",
		x.ID, x.Status, x.Asking, x.Asked, x.Side, x.Urgency, x.Due, x.Answer, x.Located, x.LocatedBy, x.LocatedFor, tellLine(x.Tell))
}

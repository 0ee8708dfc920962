package registry

import (
	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry/matching"
)

// roles says who asks and who is asked in a pair, and what kind of meeting it
// is; ok is false for two subjects that have nothing to say to one another.
type roles struct {
	question, record *side
	class            uint8
}

// cast gives a pair its roles. A question meets records; a recovered record is
// both; of two that could both ask, the newer asks. A trace never meets the
// record that it is about.
func cast(x, y *side) (r roles, ok bool) {
	switch {
	case !x.isRecord() && !y.isRecord(), x.isTrace() && x.about == y.id, y.isTrace() && y.about == x.id:
		return r, false
	case !x.isRecord():
		r = roles{question: x, record: y}
	case !y.isRecord():
		r = roles{question: y, record: x}
	case x.wanted() && y.recovered():
		r = roles{question: y, record: x}
	case x.recovered() && y.wanted():
		r = roles{question: x, record: y}
	case x.org == y.org:
		return r, false // one bureau's own two records: its own affair
	default:
		r = roles{question: x, record: y}
	}
	switch {
	case r.question.wanted():
		r.class = classDuplicate
	case r.record.recovered():
		r.class = classCustody
	default:
		r.class = classAlert
	}
	return r, true
}

// follow says what a pair leads to, nil if to nothing.
func (m *meeting) follow(p *pair) events.Effect {
	y := m.stored(p.row)
	r, ok := cast(&m.x, &y)
	if !ok || p.over || p.decision.Outcome == matching.Nothing || !m.counts(r, &y) {
		return nil
	}
	outcome := p.decision.Outcome
	if r.class == classAlert && !mayPrecede(r.record, r.question) {
		r.class, outcome = classPrior, matching.Candidate
	}
	if late := r.question == &y && !y.isRecord(); late && y.context == routineControl {
		outcome = min(outcome, matching.Candidate) // a routine check alerts at once or not at all
	}
	known, _ := m.matches.find(events.MatchID(r.question.id, r.record.id))
	if known != nil && m.subject(known.question).id != r.question.id {
		r.question, r.record = r.record, r.question // whoever asked first goes on asking
	}
	if known != nil && known.status != statusEnded && m.renewing {
		known = &match{id: known.id, question: known.question, record: known.record, class: known.class, status: statusEnded, ended: endedExpired}
	}
	if known != nil && known.status == statusEnded && m.endedForGood(known, r) {
		return nil
	}
	if outcome == matching.Candidate {
		return m.candidate(p, r, known)
	}
	return m.notifyParties(p, r, known)
}

var routineControl, _ = events.Contexts.Index(contextRoutine)

// counts says whether both sides of a pair are alive: the record at log time,
// the question asked now or standing, its asker still allowed to hear.
func (m *meeting) counts(r roles, y *side) bool {
	if !r.record.live(m.in.At) {
		return false
	}
	q := r.question
	if r.class == classDuplicate {
		return q.live(m.in.At)
	}
	if q != y {
		return true // it is being asked now
	}
	return q.standing(m.in.At) && m.mayHear(q.subject)
}

// mayHear says whether the asker of a standing question has the right to an
// answer now.
func (c *call) mayHear(q *subject) bool {
	right := rightSearch
	if q.isTrace() {
		right = rightTrace
	}
	return q.isRecord() || q.is(flagKept) || c.mayAsk(right, q.org, q.acting, c.in.At) == ""
}

// mayPrecede says whether a loss can have come before a question. No date = it
// may.
func mayPrecede(loss, question *side) bool {
	return !loss.is(flagDated) || !question.is(flagDated) || loss.from <= question.to
}

// denied says whether a deny list withholds its record from a party: from
// itself, from its parent, or because of the body it acts for.
func (d *directory) denied(list []orgRef, party, acting orgRef) bool {
	for _, ref := range list {
		if ref == party || ref == acting || ref == d.org(party).parent {
			return true
		}
	}
	return false
}

// withheld says whether either side of a pair is withheld from the other.
func (m *meeting) withheld(r roles) bool {
	return m.denied(r.record.deny, r.question.org, r.question.acting) || m.denied(r.question.deny, r.record.org, 0)
}

// endedForGood says whether what a match ended for still holds: a deny list, that
// the owner knows the weapon to be another, for ever, or a record that its owner
// called outdated and has not mended since.
func (m *meeting) endedForGood(known *match, r roles) bool {
	switch known.ended {
	case endedDenied:
		return m.withheld(r)
	case endedOther:
		return true
	case endedOutdated:
		return r.record.seq < known.seq
	case endedQuestionOutdated:
		return r.question.seq < known.seq
	}
	return false
}

// candidate shows a pair to one party alone: the asker, or, where the weapon
// was seen before it was lost, the owner of the loss.
func (m *meeting) candidate(p *pair, r roles, known *match) events.Effect {
	if known != nil && known.status != statusEnded {
		return nil
	}
	seen, hidden := r.question.org, m.denied(r.record.deny, r.question.org, r.question.acting)
	if r.class == classPrior {
		seen, hidden = r.record.org, m.denied(r.question.deny, r.record.org, 0)
	}
	if hidden {
		return nil
	}
	return &events.CandidateEffect{Meeting: m.describe(p, r), Seen: m.org(seen).OrganisationID}
}

// notifyParties tells the parties of a pair who have not been told yet.
func (m *meeting) notifyParties(p *pair, r roles, known *match) events.Effect {
	parties := m.parties(p, r)
	if known == nil || known.status == statusCandidate {
		return m.match(p, r, parties, known)
	}
	if known.status == statusEnded {
		return &events.MatchRenewedEffect{Meeting: m.describe(p, r), Tell: m.tell(r, parties)}
	}
	return m.match(p, r, parties&^known.told, known)
}

func (m *meeting) match(p *pair, r roles, parties uint8, known *match) events.Effect {
	tells := m.tell(r, parties)
	if known != nil && known.status == statusNotified && len(tells) == 0 {
		return nil // everybody who may know knows
	}
	return &events.MatchEffect{Meeting: m.describe(p, r), Tell: tells}
}

// parties are those that are told of a pair: the General Secretariat (but of
// duplicates), the asker, and the owner from its floor on; each but for what
// the other's deny list withholds.
func (m *meeting) parties(p *pair, r roles) (parties uint8) {
	if r.class != classDuplicate {
		parties |= roleSecretary
	}
	if !m.denied(r.record.deny, r.question.org, r.question.acting) {
		parties |= roleAsker
	}
	floor, _ := events.NotifyFloors.Index(m.org(r.record.org).NotifyFloor)
	if int(p.decision.Class)+1 >= int(floor) && !m.denied(r.question.deny, r.record.org, 0) {
		parties |= roleOwner
	}
	return parties
}

// tell gives each recipient one number, however many roles it has.
func (m *meeting) tell(r roles, parties uint8) []events.Tell {
	return m.tellRoles(parties, m.secretary, r.question.org, r.record.org)
}

func (c *call) tellRoles(parties uint8, secretary, asker, owner orgRef) (tells []events.Tell) {
	refs := [...]orgRef{secretary, asker, owner}
	for i, role := range roleNames {
		if parties&role.bit == 0 {
			continue
		}
		to := c.recipient(refs[i])
		if to == 0 { // it may know, and reads of it in its reply or its list
			tells = append(tells, events.Tell{Org: c.org(refs[i]).OrganisationID, Role: role.name})
			continue
		}
		id := c.org(to).OrganisationID
		if at := indexTell(tells, id); at >= 0 {
			tells[at].Role += "+" + role.name
			continue
		}
		tells = append(tells, events.Tell{Org: id, Role: role.name, N: c.number(to)})
	}
	return tells
}

func indexTell(tells []events.Tell, id events.OrgID) int {
	for i, t := range tells {
		if t.Org == id {
			return i
		}
	}
	return -1
}

// describe is what the journal keeps of a pair.
func (m *meeting) describe(p *pair, r roles) events.Meeting {
	marks := [2]int{p.mine, p.theirs}
	if r.question.subject != m.x.subject {
		marks = [2]int{p.theirs, p.mine}
	}
	e := events.Meeting{
		ID: events.MatchID(r.question.id, r.record.id), Class: classes[r.class],
		Question: r.question.id, QuestionSeq: r.question.seq, Asker: m.org(r.question.org).OrganisationID,
		Record: r.record.id, RecordSeq: r.record.seq, Owner: m.org(r.record.org).OrganisationID,
		Marks: marks, Grade: p.facts.Grade.String(), Bits: uint32(p.facts.MilliBits), Strength: p.decision.Class.String(),
		Shared: p.facts.Shared, Policy: m.policyName, Rule: p.decision.Rule,
		Results: events.Results{
			Make: p.facts.Make.String(), Model: p.facts.Model.String(),
			Calibre: p.facts.Calibre.String(), Type: p.facts.Type.String(),
		},
	}
	if r.question.acting != 0 {
		e.ActingFor = m.org(r.question.acting).OrganisationID
	}
	return e
}

// endLost ends the matches of an amended record that it meets no longer: its
// mark is gone, or the asker is now denied. What ended on the other side is
// left alone.
func (m *meeting) endLost(pairs []pair) {
	met := make(map[uint32]*pair, len(pairs))
	for i := range pairs {
		met[pairs[i].row] = &pairs[i]
	}
	for _, i := range m.matches.bySubject[m.self] {
		known := m.matches.all.at(i)
		other := known.other(m.self)
		if known.status == statusEnded || m.gone(m.subject(other)) {
			continue
		}
		switch y := m.stored(other); {
		case met[other] == nil:
			m.add(m.ending(known, endedMark))
		case other == known.question && known.told&roleAsker != 0 && m.denied(m.x.deny, y.org, y.acting),
			other == known.record && known.told&roleOwner != 0 && m.denied(m.x.deny, y.org, 0):
			met[other].over = true
			m.add(m.ending(known, endedDenied))
		}
	}
}

// gone says whether a subject can meet nothing any more, so that its absence
// among the pairs says nothing about marks. The date of a question or record
// decides, not the due work that ends it.
func (m *meeting) gone(y *subject) bool {
	return y.is(flagClosed) || y.marks == 0 || y.isRecord() && !y.live(m.in.At) || !y.isRecord() && !y.standing(m.in.At)
}

// ending tells those who were told that a match is over.
func (c *call) ending(known *match, because uint8) events.Effect {
	e := events.MatchEndedEffect{ID: known.id, Because: endings[because]}
	if known.status == statusNotified { // a candidate was told to nobody
		e.Tell = c.tellRoles(known.told, c.secretary, c.subject(known.question).org, c.subject(known.record).org)
	}
	return e
}

// endMatches ends the matches of a subject that is no more.
func (c *call) endMatches(row uint32, because uint8) (effects []events.Effect) {
	for _, i := range c.matches.bySubject[row] {
		known := c.matches.all.at(i)
		if known.status == statusEnded || because != endedExpired && c.subject(known.other(row)).overdue(c.in.At) {
			continue // over, or due work will say why it is
		}
		if len(effects) == maxMeetings {
			return append(effects, events.MoreEffect{Cursor: c.next})
		}
		effects = append(effects, c.ending(known, because))
	}
	return effects
}

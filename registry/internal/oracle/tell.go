package oracle

import (
	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry/matching"
)

// tell says what follows from a meeting, "" if nothing does.
func (o *Oracle) tell(m meeting) string {
	p := o.known(m.question, m.record)
	if o.silent(m, p) {
		return ""
	}
	if m.decision.Outcome == matching.Candidate {
		return o.show(m, p)
	}
	parties := o.parties(m)
	if p == nil {
		p = &pair{question: m.question, record: m.record}
		o.pairs = append(o.pairs, p)
	}
	kind := "match"
	switch p.status {
	case notified:
		for role := range p.told {
			delete(parties, role)
		}
		if len(parties) == 0 {
			return "" // all who may know know
		}
	case ended:
		kind = "match_renewed"
	}
	tells := o.tells(p, parties)
	p.status, p.told, p.class = notified, union(p.told, parties), m.class
	p.ever = union(p.ever, parties)
	return o.line(kind, m) + " tell " + tellLine(tells)
}

// silent says whether what a pair ended for still holds: a deny list; another
// weapon, for ever; a record that is outdated, until it is mended.
func (o *Oracle) silent(m meeting, p *pair) bool {
	if p == nil || p.status != ended {
		return false
	}
	switch p.because {
	case "denied":
		return o.denies(m.record, m.question.org, m.question.acting) || o.denies(m.question, m.record.org, "")
	case "not_same_weapon":
		return true
	case "record_outdated":
		return m.record.seq < p.endedAt
	case "question_outdated":
		return m.question.seq < p.endedAt
	}
	return false
}

func union(a, b map[string]bool) map[string]bool {
	all := map[string]bool{}
	for _, m := range []map[string]bool{a, b} {
		for k := range m {
			all[k] = true
		}
	}
	return all
}

// parties are who may be told: the General Secretariat but of duplicates, the
// asker, the owner from its floor on, each unless the other side withholds.
func (o *Oracle) parties(m meeting) map[string]bool {
	floor := map[string]matching.Class{"fair": matching.Fair, "strong": matching.Strong}[o.orgs[m.record.org].NotifyFloor]
	roles := map[string]bool{
		"general_secretariat": m.class != "duplicate",
		"asker":               !o.denies(m.record, m.question.org, m.question.acting),
		"owner":               !o.denies(m.question, m.record.org, "") && m.decision.Class >= floor,
	}
	for role, in := range roles {
		if !in {
			delete(roles, role)
		}
	}
	return roles
}

// show: a candidate is shown to the asker alone, a prior sighting to the owner
// of the loss alone; a pair that is known is not shown again.
func (o *Oracle) show(m meeting, p *pair) string {
	if p != nil && p.status != ended {
		return ""
	}
	role, seen, hidden := "asker", m.question.org, o.denies(m.record, m.question.org, m.question.acting)
	if m.class == "prior_sighting" {
		role, seen, hidden = "owner", m.record.org, o.denies(m.question, m.record.org, "")
	}
	if hidden {
		return ""
	}
	if p == nil {
		p = &pair{question: m.question, record: m.record}
		o.pairs = append(o.pairs, p)
	}
	p.status, p.seen, p.class = candidate, role, m.class
	p.ever = union(p.ever, map[string]bool{role: true})
	if late := m.question.seq < m.record.seq; late && role == "asker" && (m.decision.Class != matching.Weak || m.facts.Grade == matching.Partial) {
		if to := o.inboxOf(seen); to != "" {
			o.digests[to]++
		}
	}
	return o.line("candidate", m) + " seen by " + seen
}

func (o *Oracle) line(kind string, m meeting) string {
	return meetingLine(kind, &events.Meeting{
		ID: events.MatchID(m.question.id, m.record.id), Class: m.class, Question: m.question.id, Asker: m.question.org, ActingFor: m.question.acting,
		Record: m.record.id, Owner: m.record.org, Grade: m.facts.Grade.String(), Strength: m.decision.Class.String(),
		Bits: uint32(m.facts.MilliBits), Shared: m.facts.Shared,
		Results: events.Results{Make: m.facts.Make.String(), Model: m.facts.Model.String(), Calibre: m.facts.Calibre.String(), Type: m.facts.Type.String()},
	})
}

// endLost ends what an amended record meets no longer, or may be shown no
// longer. A question that is over is left alone.
func (o *Oracle) endLost(x *firearm) {
	for _, p := range o.pairs {
		y := p.other(x)
		if p.question != x && p.record != x || p.status == ended || y.over || y.record && y.until <= o.at || !y.record && y.stands <= o.at {
			continue
		}
		knows := p.told
		if p.status == candidate {
			knows = map[string]bool{p.seen: true}
		}
		m := o.cast(x, y)
		switch {
		case !o.best(&m, x, y):
			o.end(p, "mark_removed")
		case p.record == x && knows["asker"] && o.denies(x, y.org, y.acting), p.question == x && knows["owner"] && o.denies(x, y.org, ""):
			o.end(p, "denied")
		}
	}
}

// end tells those who were told of a match that it is over.
func (o *Oracle) end(p *pair, because string) {
	var tells []events.Tell
	if p.status == notified {
		tells = o.tells(p, union(p.told, nil))
	}
	p.status, p.because, p.told, p.endedAt, p.asked = ended, because, nil, o.seq, nil
	o.expect("match_ended %s %s tell %s", events.MatchID(p.question.id, p.record.id), because, tellLine(tells))
}

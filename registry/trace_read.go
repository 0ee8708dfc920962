package registry

import "github.com/armslog/armslog/events"

// TraceParty is where a trace stands with one addressee.
type TraceParty struct {
	Organisation events.OrgID `json:"organisation"`
	Status       string       `json:"status" doc:"proposed, sent, acknowledged, completed, failed, refused, referred"`
	Overdue      string       `json:"overdue,omitempty" doc:"overdue: it was reminded; escalated: the requester and the General Secretariat were told."`
	AnswerBy     events.Day   `json:"answer_by,omitempty" doc:"Day: the last one for its answer."`
}

// TraceInfo is where a trace stands, as one of its parties may see it.
type TraceInfo struct {
	ID         events.UUID
	Role       string // requester, addressee, general_secretariat
	Status     string // open, established, not_established, cancelled
	Requester  events.OrgID
	ActingFor  events.OrgID
	Urgency    string
	Addressees []TraceParty // to the requester and the General Secretariat all, to an addressee itself
	Category   string       // of the record that it is about, while that is there
	Seqs       []uint64     // entries that say something about it, the request first
}

// Trace finds a trace that viewer is a party of, or the parent of one. For
// everybody else it does not exist.
func (s *State) Trace(viewer events.OrgID, id events.UUID) (TraceInfo, bool) {
	i, known := s.traces.find(id)
	me := s.directory.byID[viewer]
	if !known || me == 0 {
		return TraceInfo{}, false
	}
	t := s.traces.all.at(i)
	role := s.roleIn(t, me)
	if role == "" {
		return TraceInfo{}, false
	}
	info := TraceInfo{
		ID: id, Role: role, Status: t.status(), Requester: s.org(t.org).OrganisationID, ActingFor: s.org(t.acting).OrganisationID,
		Urgency: events.Urgencies.At(t.urgency), Seqs: s.traces.seqs(t),
	}
	if row, ok := s.findSubject(t.record); ok && role == roleRequester {
		info.Category = events.Categories.At(s.subject(row).category)
	}
	s.traces.each(t, func(_ uint32, a *addressee) {
		mine := a.asked() && s.sees(me, a.org)
		if role == roleRequester || role == roleGeneralSecretariat && a.asked() || mine {
			info.Addressees = append(info.Addressees, s.traceParty(a))
		}
	})
	return info, true
}

func (s *State) roleIn(t *trace, me orgRef) (role string) {
	if s.sees(me, t.org) {
		return roleRequester
	}
	s.traces.each(t, func(_ uint32, a *addressee) {
		if a.asked() && s.sees(me, a.org) {
			role = roleAddressee
		}
	})
	if role == "" && me == s.secretary {
		return roleGeneralSecretariat
	}
	return role
}

func (s *State) traceParty(a *addressee) TraceParty {
	p := TraceParty{Organisation: s.org(a.org).OrganisationID, Status: stages[a.stage], AnswerBy: a.by}
	switch {
	case a.is(addresseeEscalated):
		p.Overdue = moveEscalated
	case a.is(addresseeOverdue):
		p.Overdue = moveOverdue
	}
	return p
}

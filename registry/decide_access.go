package registry

import (
	"slices"

	"github.com/armslog/armslog/events"
)

// decideAccess takes in what the gateway saw. The look has been granted by the
// gateway and may be over: it is never refused, and changes nothing that is
// known. What it adds is whose the thing was at that moment.
func (s *State) decideAccess(in *Input) decision {
	b, ok := in.Body.(*events.AccessMade)
	if !ok {
		return reject("/headers/ce_type", "access_only")
	}
	return accept(events.AccessEffect{Org: b.Organisation, What: b.What, ID: b.ID, Parties: s.partiesOf(b.What, b.ID)})
}

// partiesOf are the organisations whose a thing is and who know of it, so that
// they may know who looked at it. A side from which a match is withheld is no
// party.
func (s *State) partiesOf(what string, id events.UUID) []events.OrgID {
	switch what {
	case "record":
		if row, ok := s.findSubject(id); ok && s.subject(row).isRecord() {
			return []events.OrgID{s.org(s.subject(row).org).OrganisationID}
		}
	case "match":
		if m, ok := s.matches.find(id); ok {
			return s.sidesOf(m)
		}
	case "trace":
		if i, ok := s.traces.find(id); ok { // its addressees see what it says to them alone
			return []events.OrgID{s.org(s.traces.all.at(i).org).OrganisationID}
		}
	}
	return nil
}

// sidesOf are the asker and the owner of a match, each if it knows of it.
func (s *State) sidesOf(m *match) (sides []events.OrgID) {
	for _, ref := range []orgRef{s.subject(m.question).org, s.subject(m.record).org} {
		if id := s.org(ref).OrganisationID; s.maySee(ref, m) && !slices.Contains(sides, id) {
			sides = append(sides, id)
		}
	}
	return sides
}

// Look is what somebody asks to see in full, and for what.
type Look struct {
	Organisation events.OrgID
	ActingFor    events.OrgID // "" = nobody but itself
	Purpose      string       // "" = not stated
}

// MayLook says for which purpose a look at what is somebody else's is made; the
// code is that of the refusal: not_acting_for, purpose_required, wrong_purpose.
// An organisation that searches by agreement states one that the agreement
// covers; where the agreement names only one, that is the purpose. An NCB looks
// by its own right and may leave it out.
func (s *State) MayLook(l Look) (purpose, code string) {
	acting := s.directory.byID[l.ActingFor]
	me, ref := s.lookup(l.Organisation)
	some := s.lookAgreement(ref, acting, "")
	if l.ActingFor != "" && (acting == 0 || some == nil) {
		return "", "not_acting_for"
	}
	if me == nil || acting == 0 && (me.Kind == kindNCB || me.Kind == kindSecretary) {
		return l.Purpose, ""
	}
	a := s.lookAgreement(ref, acting, l.Purpose)
	switch {
	case a == nil && some != nil:
		return "", "wrong_purpose"
	case a == nil || l.Purpose != "" || len(a.Purposes) == 0:
		return l.Purpose, ""
	case len(a.Purposes) == 1:
		return a.Purposes[0], ""
	}
	return "", "purpose_required"
}

// lookAgreement is the first agreement by which an organisation may search, or
// else trace, for acting (0 = itself) and for purpose ("" = any).
func (s *State) lookAgreement(ref, acting orgRef, purpose string) *agreement {
	if a := s.askingAgreement(rightSearch, ref, acting, purpose, s.at); a != nil {
		return a
	}
	return s.askingAgreement(rightTrace, ref, acting, purpose, s.at)
}

// Told says whether viewer is a side of a match with the record id that it was
// told of and that stands: then it may read the record in full, as far as its
// owner's handling allows. A candidate, which nobody was told of, is seen in
// short alone; and who may search no more may not read on.
func (s *State) Told(viewer events.OrgID, id events.UUID) bool {
	row, ok := s.findSubject(id)
	ref := s.directory.byID[viewer]
	if !ok || ref == 0 || !s.subject(row).isRecord() {
		return false
	}
	for _, i := range s.matches.bySubject[row] {
		m := s.matches.all.at(i)
		if s.toldAs(ref, m) != 0 && s.otherSide(ref, m) == row && s.stillAsks(m) {
			return true
		}
	}
	return false
}

// OtherRecord is the other side's record of a match that viewer was told of;
// ok is false where the other side is a search, or viewer is no side.
func (s *State) OtherRecord(viewer events.OrgID, match events.UUID) (id events.UUID, ok bool) {
	m, known := s.matches.find(match)
	ref := s.directory.byID[viewer]
	if !known || ref == 0 || s.toldAs(ref, m) == 0 || !s.stillAsks(m) {
		return id, false
	}
	other := s.subject(s.otherSide(ref, m))
	return other.id, other.isRecord()
}

// toldAs is the role in which viewer, or its national entity, was told of a
// match that stands and is not withheld from it; 0 = in none.
func (s *State) toldAs(viewer orgRef, m *match) uint8 {
	q, r := s.subject(m.question), s.subject(m.record)
	switch {
	case m.status == statusCandidate || m.status == statusEnded:
	case m.told&roleAsker != 0 && s.sees(viewer, q.org) && !s.denied(s.denySets[r.deny], q.org, q.acting):
		return roleAsker
	case m.told&roleOwner != 0 && s.sees(viewer, r.org) && !s.denied(s.denySets[q.deny], r.org, 0):
		return roleOwner
	}
	return 0
}

// stillAsks says whether the asking side has the right by which it asked.
func (s *State) stillAsks(m *match) bool {
	q := s.subject(m.question)
	switch {
	case q.isRecord():
		return s.has(q.org, rightRegister, s.at)
	case q.isTrace():
		return s.mayAsk(rightTrace, q.org, q.acting, s.at) == ""
	}
	return s.mayAsk(rightSearch, q.org, q.acting, s.at) == ""
}

// otherSide is the subject of a match that is not that of viewer's role.
func (s *State) otherSide(viewer orgRef, m *match) uint32 {
	if s.toldAs(viewer, m) == roleAsker {
		return m.record
	}
	return m.question
}

// MayHandle says whether viewer may read another's record in full that its
// owner marked with a handling code: confidential stays with its owner,
// restricted with police bodies.
func (s *State) MayHandle(viewer events.OrgID, handling string) bool {
	o, _ := s.lookup(viewer)
	switch {
	case o == nil || handling == "confidential":
		return false
	case handling == "restricted":
		return o.Kind == kindNCB || o.Kind == kindNational
	}
	return true
}

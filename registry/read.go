package registry

import (
	"github.com/armslog/armslog/events"
)

// RecordInfo is where a record stands.
type RecordInfo struct {
	ID       events.UUID
	Owner    events.OrgID
	Revision uint32
	Seq      uint64 // entry that holds its last revision, or its withdrawal
	Category string
	Status   string // active, located, withdrawn, expired
	Located  *events.Location
}

// Record finds a record by its id.
func (s *State) Record(id events.UUID) (RecordInfo, bool) {
	row, ok := s.findSubject(id)
	if !ok || !s.subject(row).isRecord() {
		return RecordInfo{}, false
	}
	r := s.subject(row)
	info := RecordInfo{
		ID: id, Owner: s.org(r.org).OrganisationID, Revision: r.revision, Seq: r.seq,
		Category: events.Categories.At(r.category), Status: "active",
	}
	switch {
	case r.is(flagClosed):
		info.Status = "withdrawn"
	case !r.live(s.at):
		info.Status = "expired"
	default:
		if m, ok := s.located(row); ok {
			q := s.subject(m.question)
			info.Status = "located"
			info.Located = &events.Location{
				RecordID: id, MatchID: m.id, By: s.org(q.org).OrganisationID, ActingFor: s.org(q.acting).OrganisationID,
			}
		}
	}
	return info, true
}

// Unchanged answers a record.submitted that says what is recorded already. The
// caller makes sure that no request for that record is on its way.
func (s *State) Unchanged(org events.OrgID, p *Prepared) (events.Reply, bool) {
	if p.Body == nil || p.Envelope.Type != events.TypeRecordSubmitted {
		return events.Reply{}, false
	}
	row, ok := s.findSubject(p.RecordID)
	if !ok {
		return events.Reply{}, false
	}
	r := s.subject(row)
	if r.digest != p.draft.digest || !r.live(s.at) || !s.has(r.org, rightRegister, s.at) {
		return events.Reply{}, false
	}
	return events.Reply{Seq: r.seq, Status: "unchanged", ID: r.id.String(), Revision: r.revision}, true
}

// QuestionInfo is where a search stands.
type QuestionInfo struct {
	ID          events.UUID
	Asker       events.OrgID
	ActingFor   events.OrgID
	Seq         uint64
	StandsUntil events.Day // 0 = it does not stand
	Standing    bool
}

// Question finds a search by its id.
func (s *State) Question(id events.UUID) (QuestionInfo, bool) {
	row, ok := s.findSubject(id)
	if !ok || !s.subject(row).isSearch() {
		return QuestionInfo{}, false
	}
	q := s.subject(row)
	return QuestionInfo{
		ID: id, Asker: s.org(q.org).OrganisationID, ActingFor: s.org(q.acting).OrganisationID,
		Seq: q.seq, StandsUntil: q.stands, Standing: q.standing(s.at),
	}, true
}

// MatchInfo is where a match stands.
type MatchInfo struct {
	ID       events.UUID
	Seq      uint64 // entry of its last effect
	Class    string
	Status   string // candidate, notified, asked, confirmed, ended
	Because  string // of an ended one
	Asked    *ConfirmationInfo
	Question events.UUID
	Record   events.UUID
	Asker    events.OrgID
	Owner    events.OrgID
}

// ConfirmationInfo is how far the question has come whether the two of a match
// are one weapon.
type ConfirmationInfo struct {
	Status    string // asked, overdue, escalated, cannot_confirm, confirmed
	Requested uint64 // entry that holds the last request
	Seq       uint64 // entry of the last move
	Due       int64  // log time by which an answer is expected, Unix milliseconds
}

// Match finds a match that viewer may see: one that it was told of or, a
// candidate, shown. For everybody else it does not exist.
func (s *State) Match(viewer events.OrgID, id events.UUID) (MatchInfo, bool) {
	known, ok := s.matches.find(id)
	ref := s.directory.byID[viewer]
	if !ok || !s.maySee(ref, known) {
		return MatchInfo{}, false
	}
	return s.matchInfo(known), true
}

// MatchesOfSubject lists the matches of a record or question that viewer may see, in
// the order in which they met.
func (s *State) MatchesOfSubject(viewer events.OrgID, id events.UUID) (list []MatchInfo) {
	row, ok := s.findSubject(id)
	if !ok {
		return nil
	}
	for _, i := range s.matches.bySubject[row] {
		if known := s.matches.all.at(i); s.maySee(s.directory.byID[viewer], known) {
			list = append(list, s.matchInfo(known))
		}
	}
	return list
}

// confirmationInfo is nil for a match that was not asked about, or has ended.
func (s *State) confirmationInfo(m *match) *ConfirmationInfo {
	i, _, _ := s.matches.number(m.id)
	c, ok := s.matches.asked[i]
	if !ok {
		return nil
	}
	return &ConfirmationInfo{Status: confirmationStages[c.stage], Requested: c.requested, Seq: c.seq, Due: c.due}
}

func (s *State) matchInfo(m *match) MatchInfo {
	q, r := s.subject(m.question), s.subject(m.record)
	info := MatchInfo{
		ID: m.id, Seq: m.seq, Class: classes[m.class], Status: statuses[m.status], Question: q.id, Record: r.id,
		Asker: s.org(q.org).OrganisationID, Owner: s.org(r.org).OrganisationID, Asked: s.confirmationInfo(m),
	}
	switch {
	case m.status == statusEnded:
		info.Because = endings[m.ended]
	case info.Asked == nil || info.Asked.Status == confirmationStages[stageOpen]:
	case info.Asked.Status == confirmationStages[stageConfirmed]:
		info.Status = confirmationStages[stageConfirmed]
	default:
		info.Status = confirmationStages[stageAsked]
	}
	return info
}

// maySee says whether viewer was told or shown a match and it is not withheld
// from it since. The General Secretariat sees all that it was told.
func (s *State) maySee(viewer orgRef, m *match) bool {
	if viewer == 0 {
		return false
	}
	switch {
	case m.seen&roleSecretary != 0 && viewer == s.secretary:
		return true
	case m.seen&roleAsker != 0 && s.sees(viewer, s.matchParty(m, roleAsker)) && !s.hidden(m, roleAsker):
		return true
	}
	return m.seen&roleOwner != 0 && s.sees(viewer, s.matchParty(m, roleOwner)) && !s.hidden(m, roleOwner)
}

// matchParty is the organisation that asks, or that owns the record.
func (s *State) matchParty(m *match, role uint8) orgRef {
	if role == roleAsker {
		return s.subject(m.question).org
	}
	return s.subject(m.record).org
}

// hidden says whether the other side's deny list withholds a match from the
// asker, or from the owner.
func (s *State) hidden(m *match, role uint8) bool {
	q, r := s.subject(m.question), s.subject(m.record)
	if role == roleAsker {
		return s.denied(s.denySets[r.deny], q.org, q.acting)
	}
	return s.denied(s.denySets[q.deny], r.org, 0)
}

// InboxLen is the number of the last notification of an organisation.
func (s *State) InboxLen(org events.OrgID) uint64 {
	o, _ := s.lookup(org)
	if o == nil {
		return 0
	}
	return uint64(len(o.inbox))
}

// InboxSeq is the entry that holds notification n, from 1.
func (s *State) InboxSeq(org events.OrgID, n uint64) (seq uint64, ok bool) {
	o, _ := s.lookup(org)
	if o == nil || n == 0 || n > uint64(len(o.inbox)) {
		return 0, false
	}
	return o.inbox[n-1], true
}

// InboxAcked is the last notification that the organisation has acknowledged.
func (s *State) InboxAcked(org events.OrgID) uint64 {
	o, _ := s.lookup(org)
	if o == nil {
		return 0
	}
	return o.acked
}

// Mailboxes are the organisations whose mailboxes are open, in the order in
// which the directory came to know them: all that may ever send.
func (s *State) Mailboxes() (ids []events.OrgID) {
	for i := range s.orgs {
		if o := &s.orgs[i]; o.hasMailbox() {
			ids = append(ids, o.OrganisationID)
		}
	}
	return ids
}

// Organisation finds an organisation of the directory.
func (s *State) Organisation(id events.OrgID) (events.OrganisationSubmitted, bool) {
	o, _ := s.lookup(id)
	if o == nil || o.Kind == "" {
		return events.OrganisationSubmitted{}, false
	}
	return o.OrganisationSubmitted, true
}

// Organisations are those of the directory, in the order of their naming.
func (s *State) Organisations() (list []events.OrganisationSubmitted) {
	for i := range s.orgs {
		if s.orgs[i].Kind != "" {
			list = append(list, s.orgs[i].OrganisationSubmitted)
		}
	}
	return list
}

// AgreementInfo is an agreement and whether it holds.
type AgreementInfo struct {
	events.AgreementGranted
	Status string `json:"status"` // active, not_yet, revoked, ended
}

// Agreements are those that viewer may see: all, for the General Secretariat;
// its own and its national entities', for others.
func (s *State) Agreements(viewer events.OrgID) (list []AgreementInfo) {
	me := s.directory.byID[viewer]
	for _, a := range s.directory.sorted() {
		if me == 0 || me != s.secretary && !s.sees(me, s.directory.byID[a.Grantee]) {
			continue
		}
		list = append(list, AgreementInfo{AgreementGranted: a.AgreementGranted, Status: a.status(s.at)})
	}
	return list
}

func (a *agreement) status(at int64) string {
	switch {
	case a.ended != "":
		return a.ended
	case at >= a.ValidUntil.End():
		return "ended"
	case !a.active(at):
		return "not_yet"
	}
	return "active"
}

// Secretariat is the General Secretariat's organisation id.
func (s *State) Secretariat() events.OrgID { return s.org(s.secretary).OrganisationID }

// Rights are those an organisation has at the state's log time.
func (s *State) Rights(org events.OrgID) (rights []string) {
	_, ref := s.lookup(org)
	if ref == 0 {
		return nil
	}
	for _, right := range events.Rights.Codes() {
		if s.has(ref, right, s.at) {
			rights = append(rights, right)
		}
	}
	return rights
}

// Continued says whether a decision is still being continued by due work: its
// reply waits for the last of it.
func (s *State) Continued(seq uint64) bool {
	for _, m := range s.due.more {
		if m.of == seq {
			return true
		}
	}
	return false
}

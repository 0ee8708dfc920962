package registry

import (
	"strings"

	"github.com/armslog/armslog/events"
)

// Evolve changes the state by one accepted entry. It is total: every entry ever
// accepted, of any engine version, erased ones too. p is what Prepare made of
// the entry's request, nil to have it made here.
//
// It decides nothing: what follows stands in the effects, so that code of
// today folds a decision of ten years ago to what it was.
func (s *State) Evolve(e *events.Entry, p *Prepared) {
	if p == nil {
		p = PrepareEntry(e)
	}
	s.next, s.at = e.Seq+1, e.At
	s.remember(e, p)
	if e.Verdict != events.Accepted {
		return
	}
	row, had := s.evolveBody(e, p)
	here := continued{of: e.Seq, subject: row}
	if b, ok := p.Body.(*events.EffectsContinued); ok {
		here.of = b.Of
	}
	for _, x := range e.Effects {
		s.evolveEffect(e, x, here, had)
	}
	if had && !continues(e) {
		s.answered(row)
	}
	s.settle(e, here.of)
	s.due.deadlines.drop(s.holds)
}

// answered drops the marks of a question that does not stand: it kept them only
// until its answer was complete.
func (s *State) answered(row uint32) {
	if q := s.subject(row); !q.isRecord() && q.is(flagEnded) {
		s.dropMarks(row)
	}
}

// remember keeps how far the sender's mailbox is decided, and the request's id
// for 30 days. Content that changed nothing
// need not be remembered: sent again it changes nothing again.
func (s *State) remember(e *events.Entry, p *Prepared) {
	sender := s.directory.byID[e.Src]
	if sender != 0 {
		s.org(sender).decided = e.Off + e.Span
	}
	if sender == 0 || p.Envelope.ID.IsZero() || p.Fingerprint == [8]byte{} ||
		e.Verdict == events.Unchanged || e.Verdict == events.Duplicate {
		return
	}
	if e.Verdict != events.Accepted {
		if _, known := s.requests.find(sender, p.Envelope.ID, e.At); known {
			return // an id belongs to the request that had it first
		}
	}
	s.requests.add(request{id: p.Envelope.ID, org: sender, seq: e.Seq, body: p.Fingerprint, day: events.DayOf(e.At)})
}

// evolveBody takes in what the request itself says; row is the subject it
// describes, if had.
func (s *State) evolveBody(e *events.Entry, p *Prepared) (row uint32, had bool) {
	switch b := p.Body.(type) {
	case *events.RecordSubmitted:
		return s.putRecord(e, p, b), true
	case *events.RecordWithdrawn:
		return s.findSubject(p.RecordID)
	case *events.SearchMade:
		return s.putSearch(e, p, b), true
	case *events.SearchWithdrawn:
		return s.findSubject(b.SearchID)
	case *events.EffectsContinued:
		return s.takeUp()
	case *events.Genesis:
		s.begin(e, b)
	case *events.OrganisationSubmitted:
		s.putOrganisation(*b, e.Seq)
	case *events.AgreementGranted:
		s.grant(&agreement{AgreementGranted: *b, seq: e.Seq})
	case *events.AgreementRevoked:
		s.revoke(b)
	case *events.AgreementEnded:
		if a := s.agreements[b.AgreementID]; a != nil {
			s.end(a, "ended", false)
		}
	case *events.PolicySet:
		if s.setPolicy(e, b.Raw) {
			s.lookAgain(e)
		}
	case *events.ReferenceSubmitted:
		if s.comparesAnew(b) {
			s.lookAgain(e)
		}
		s.putReference(e.Seq, b)
	case *events.OperationSubmitted:
		s.putOperation(b, e.Seq)
	case *events.OperationClosed:
		s.closeOperation(b, e.Seq)
	case *events.DigestDue:
		s.digestSent(b)
	case *events.TraceRequested:
		return s.putTrace(e, p, b), true
	case *events.TraceClosed:
		return s.findSubject(b.TraceID)
	case *events.RecordReviewDue:
		s.due.keeping.reminded(b.Months, b.Day, s.refOf(b.Organisation))
	}
	return 0, false
}

func (s *State) begin(e *events.Entry, g *events.Genesis) {
	s.journal = g.JournalID
	s.putOrganisation(events.OrganisationSubmitted{
		OrganisationID: strings.Clone(g.GeneralSecretariat), Kind: kindSecretary, Name: strings.Clone(g.Name), Inbox: true,
	}, 0)
	s.setPolicy(e, g.Policy)
}

func (s *State) putOrganisation(o events.OrganisationSubmitted, seq uint64) {
	if o.Parent != "" {
		s.refOf(o.Parent)
	}
	s.refOf(o.OrganisationID)
	s.directory.put(o, seq)
}

func (s *State) putReference(seq uint64, b *events.ReferenceSubmitted) {
	if l := s.lexiconOf(b.Kind); l != nil {
		l.put(&entry{ReferenceSubmitted: ownReference(b), id: ReferenceID(b), seq: seq})
	}
}

func (s *State) revoke(b *events.AgreementRevoked) {
	a := s.agreements[b.AgreementID]
	if a == nil {
		return
	}
	keep := b.StandingSearches == "keep"
	s.end(a, "revoked", keep)
	if !keep {
		return
	}
	for _, row := range s.org(s.refOf(a.Grantee)).questions {
		if q := s.subject(row); !q.is(flagEnded) && q.stands != 0 { // the list holds ended ones until it is tidied
			q.flags |= flagKept
		}
	}
}

func (s *State) putRecord(e *events.Entry, p *Prepared, b *events.RecordSubmitted) uint32 {
	r := s.recordRow(p, s.refOf(e.Src), e.At)
	r.seq = e.Seq
	r.make, r.model = s.makes.intern(b.Firearm.Make), s.models.intern(b.Firearm.Model)
	r.calibre, r.place = s.calibres.intern(b.Firearm.Calibre), s.places.intern(b.Incident.Place)
	r.deny = s.denySet(b.Deny)
	row, known := s.findSubject(r.id)
	stays := known && s.subject(row).keptUntil(r.until)
	if known {
		s.withholdTraces(r.id, r.deny)
		old := s.subject(row)
		if !stays {
			s.release(old)
		}
		r.mark, r.marks, r.revision = old.mark, old.marks, old.revision
		if !old.is(flagErased) {
			r.stands = old.stands // an amendment does not ask for another five years
		}
		*old = r
	} else {
		row = s.addSubject(r)
	}
	s.setMarks(row, b.Firearm.Marks)
	if !stays {
		s.due.keeping.keep(s, row, e.At)
	}
	return row
}

func (s *State) putSearch(e *events.Entry, p *Prepared, b *events.SearchMade) uint32 {
	asker := s.refOf(e.Src)
	q := s.searchRow(p, b, e.Seq, asker, s.directory.byID[p.Envelope.OnBehalfOf], e.At)
	q.make, q.model = s.makes.intern(b.Firearm.Make), s.models.intern(b.Firearm.Model)
	q.calibre, q.place = s.calibres.intern(b.Firearm.Calibre), s.places.intern(b.Incident.Place)
	row := s.addSubject(q)
	s.count(asker, e.At, isPartial(b.Firearm.Marks))
	if q.stands != 0 || continues(e) {
		s.setMarks(row, b.Firearm.Marks)
	}
	if q.stands == 0 {
		s.subject(row).flags |= flagEnded
		return row
	}
	s.org(asker).questions = append(s.org(asker).questions, row)
	s.due.standsUntil(row, q.stands)
	return row
}

func (s *State) count(ref orgRef, at int64, partial bool) {
	used := &s.org(ref).used
	if day := events.DayOf(at); used.day != day {
		*used = usage{day: day}
	}
	used.searches++
	if partial {
		used.partial++
	}
}

// takeUp removes the due work that this entry did; a MoreEffect brings the rest
// of it back.
func (s *State) takeUp() (row uint32, had bool) {
	if len(s.due.more) == 0 {
		return 0, false
	}
	done := s.due.more[0]
	s.due.more = append([]continued(nil), s.due.more[1:]...)
	return done.subject, done.org == 0
}

func (s *State) digestSent(b *events.DigestDue) {
	o, ref := s.lookup(b.Organisation)
	if o == nil {
		return
	}
	o.digest = 0
	s.due.digests = remove(s.due.digests, ref)
}

func remove[T comparable](list []T, v T) (out []T) {
	for _, x := range list {
		if x != v {
			out = append(out, x)
		}
	}
	return out
}

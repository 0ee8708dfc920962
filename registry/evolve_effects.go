package registry

import (
	"strings"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry/matching"
)

// evolveEffect takes in one thing that followed. here is how this entry would
// be continued; had says that it describes a subject.
func (s *State) evolveEffect(e *events.Entry, x events.Effect, here continued, had bool) {
	switch x := x.(type) {
	case events.RecordEffect:
		s.evolveRecord(e, x)
	case events.QuestionEndedEffect:
		s.endQuestion(x)
	case *events.MatchEffect:
		s.evolveMatch(e, &x.Meeting, statusNotified, rolesOf(x.Tell))
		s.deliver(e.Seq, x.Tell)
	case *events.MatchRenewedEffect:
		s.evolveMatch(e, &x.Meeting, statusNotified, rolesOf(x.Tell))
		s.deliver(e.Seq, x.Tell)
	case *events.CandidateEffect:
		s.evolveCandidate(e, x)
	case events.MatchEndedEffect:
		if i, known, ok := s.matches.number(x.ID); ok {
			known.status, known.seq, known.told, known.ended = statusEnded, e.Seq, 0, endingOf(x.Because)
			delete(s.matches.asked, i)
		}
		s.deliver(e.Seq, x.Tell)
	case events.MatchToldEffect:
		s.evolveTold(e, x)
	case *events.ConfirmationEffect:
		s.evolveConfirmation(e, x)
	case events.NotifyEffect:
		s.deliver(e.Seq, []events.Tell{{Org: x.Org, N: x.N}})
	case events.AcknowledgedEffect:
		if o, _ := s.lookup(x.Org); o != nil {
			o.acked = max(o.acked, x.N)
		}
	case events.ReexaminedEffect:
		s.due.again.goOn(x)
	case events.TraceEffect:
		s.evolveTrace(e, x)
	case events.TraceAddresseeEffect:
		s.evolveAddressee(e, x)
	case events.TraceNoteEffect:
		s.evolveNote(e, x)
	case events.MailboxSkippedEffect:
		s.permit(x)
	case events.MoreEffect:
		here.cursor = x.Cursor
		if had {
			s.due.more = append(s.due.more, here)
		}
	}
}

func (s *State) evolveRecord(e *events.Entry, x events.RecordEffect) {
	row, known := s.findSubject(x.ID)
	if !known { // its content has been erased: what remains is that it was
		row = s.addSubject(subject{id: x.ID, seq: e.Seq, org: s.refOf(e.Src), category: 1, flags: flagErased | flagClosed})
	}
	r := s.subject(row)
	r.revision = x.Revision
	switch x.Outcome {
	case "withdrawn":
		s.release(r)
		r.flags |= flagClosed
		r.seq = e.Seq
		s.dropMarks(row)
	case "expired":
		s.release(r)
		r.flags |= flagExpired
		s.dropMarks(row)
		s.due.keeping.passed(s, r)
	}
}

func (s *State) endQuestion(x events.QuestionEndedEffect) {
	row, known := s.findSubject(x.ID)
	if !known {
		return
	}
	q := s.subject(row)
	stood := !q.is(flagEnded)
	q.flags |= flagEnded
	if x.Because == "withdrawn" {
		q.flags |= flagClosed
	}
	s.dropMarks(row)
	if stood {
		s.forget(q.org)
	}
}

// forget takes the questions that have ended off their asker's list, once they
// are the greater part of it.
func (s *State) forget(asker orgRef) {
	o := s.org(asker)
	if o.over++; 2*o.over <= len(o.questions) {
		return
	}
	var standing []uint32 // a new list: the old one may have been long
	for _, row := range o.questions {
		if !s.subject(row).is(flagEnded) {
			standing = append(standing, row)
		}
	}
	o.questions, o.over = standing, 0
}

func (s *State) evolveMatch(e *events.Entry, x *events.Meeting, status, told uint8) {
	if known, ok := s.matches.find(x.ID); ok {
		if known.status != statusNotified {
			known.told = 0 // being shown a candidate is not being told of a match
		}
		known.status, known.seq, known.class = status, e.Seq, classOf(x.Class)
		known.told |= told
		known.seen |= told
		return
	}
	question, ok := s.findSubject(x.Question)
	record, ok2 := s.findSubject(x.Record)
	if !ok || !ok2 {
		return // one side has been erased
	}
	s.matches.add(match{id: x.ID, seq: e.Seq, question: question, record: record, class: classOf(x.Class), status: status, told: told, seen: told})
}

// evolveCandidate: what is seen by one party only is told to nobody, but what
// comes late is counted for that party's digest.
func (s *State) evolveCandidate(e *events.Entry, x *events.CandidateEffect) {
	role := roleAsker
	if x.Class == classes[classPrior] {
		role = roleOwner
	}
	s.evolveMatch(e, &x.Meeting, statusCandidate, role)
	late := x.QuestionSeq < x.RecordSeq && role == roleAsker
	if !late || x.Strength == matching.Weak.String() && x.Grade != matching.Partial.String() {
		return
	}
	_, ref := s.lookup(x.Seen)
	to := s.recipient(ref)
	if to == 0 {
		return
	}
	o := s.org(to)
	if o.digest == 0 {
		o.digestDay = events.DayOf(e.At)
		s.due.digests = append(s.due.digests, to)
	}
	o.digest++
}

// deliver puts an entry into the inboxes of those it tells.
func (s *State) deliver(seq uint64, tells []events.Tell) {
	for _, t := range tells {
		if t.N == 0 {
			continue // it has no inbox
		}
		// The organisation is there, but for its naming having been erased.
		if o := s.org(s.refOf(t.Org)); t.N == uint64(len(o.inbox))+1 {
			o.inbox = append(o.inbox, seq)
		}
	}
}

// settle notes what a change of the directory leaves to do, and drops what has
// been done. of is the entry that began the decision.
func (s *State) settle(e *events.Entry, of uint64) {
	switch e.Envelope.Type {
	case events.TypeOrganisationSubmitted, events.TypeAgreementGranted, events.TypeAgreementRevoked, events.TypeAgreementEnded:
		s.sweepWhereNeeded(of)
	case events.TypeSearchLapsed:
		s.due.dropLapsed(s)
	case events.TypeEffectsContinued:
		if continues(e) {
			s.sweepWhereNeeded(of) // a sweep that was not done comes back
		}
	}
}

func (s *State) sweepWhereNeeded(of uint64) {
	for ref := range s.orgs {
		if s.hasUnheard(orgRef(ref)) {
			s.due.more = append(s.due.more, continued{of: of, org: orgRef(ref)})
		}
	}
}

// continues says whether due work goes on with the entry's decision.
func continues(e *events.Entry) bool {
	if len(e.Effects) == 0 {
		return false
	}
	_, more := e.Effects[len(e.Effects)-1].(events.MoreEffect)
	return more
}

func (s *State) hasUnheard(ref orgRef) bool {
	c := &call{State: s, in: &Input{At: s.at}}
	for _, row := range s.org(ref).questions {
		if q := s.subject(row); !q.is(flagEnded) && !c.mayHear(q) {
			return true
		}
	}
	return false
}

// dropLapsed forgets the days all of whose questions have ended.
func (d *dueWork) dropLapsed(s *State) {
	for len(d.days) > 0 {
		rows := d.lapsing[d.days[0]]
		for len(rows) > 0 && s.subject(rows[0]).is(flagEnded) {
			rows = rows[1:]
		}
		d.lapsing[d.days[0]] = rows
		if len(rows) > 0 || d.days[0] > events.DayOf(s.at) {
			return
		}
		delete(d.lapsing, d.days[0])
		d.days = append([]events.Day(nil), d.days[1:]...)
	}
}

func rolesOf(tells []events.Tell) (told uint8) {
	for _, t := range tells {
		for role := range strings.SplitSeq(t.Role, "+") {
			for _, r := range roleNames {
				if r.name == role {
					told |= r.bit
				}
			}
		}
	}
	return told
}

func classOf(word string) uint8 { return place(classes[:], word) }

func endingOf(word string) uint8 { return place(endings[:], word) }

func place(list []string, word string) uint8 {
	for i, w := range list {
		if w == word {
			return uint8(i)
		}
	}
	return 0
}

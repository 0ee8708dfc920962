package registry

import "github.com/armslog/armslog/events"

// trace is an international trace request as it stands. Its firearm is a
// question among the subjects; what was said about it stands in the journal, at
// the entries of its moves.
type trace struct {
	id         events.UUID
	record     events.UUID // the requester's own record of the weapon; zero = none
	seq        uint64      // entry that holds the request
	question   uint32      // subject, if hasQuestion
	addressees list32
	moves      list32
	by         events.Day // last day for answers, as the request states it; 0 = by urgency
	org        orgRef     // the requester
	acting     orgRef     // body it acted for
	urgency    uint8      // 1.. in events.Urgencies; 0 = erased
	forwarding uint8      // 1.. in events.Forwardings; 0 = not stated: never
	outcome    uint8      // 1.. in events.TraceOutcomes; 0 = open
	asks       bool       // question is set: the request can still be read
}

func (t *trace) open() bool { return t.outcome == 0 }

func (t *trace) status() string {
	if t.open() {
		return traceOpen
	}
	return events.TraceOutcomes.At(t.outcome)
}

// traceOpen is the status of a trace that has no outcome yet.
const traceOpen = "open"

// addressee is one organisation that a trace asks, or that was proposed.
type addressee struct {
	trace uint32
	next  uint32     // link of list32
	by    events.Day // last day of its answer
	org   orgRef
	stage uint8 // index in stages
	alarm uint8 // counts the deadlines that were set: only the last one holds
	flags uint8
}

const (
	addresseeMoved     uint8 = 1 << iota // its deadline was moved once
	addresseeOverdue                     // it was reminded
	addresseeEscalated                   // others were told that it does not answer
	addresseeLate                        // it gave its final answer after the trace was closed
)

func (a *addressee) is(flag uint8) bool { return a.flags&flag != 0 }

// Stages of an addressee. From stageCompleted on it has given its final answer.
const (
	stageProposed = iota // somebody named it; the requester has not decided
	stageSent
	stageAcknowledged
	stageCompleted
	stageFailed
	stageRefused
	stageReferred
)

var stages = [...]string{"proposed", "sent", "acknowledged", "completed", "failed", "refused", "referred"}

// What else an effect says of an addressee.
const (
	moveInterim   = "interim"
	moveExtended  = "extended"
	moveOverdue   = "overdue"
	moveEscalated = "escalated"
)

// waits says whether an answer is still asked for, as far as the addressee
// itself goes.
func (a *addressee) waits() bool { return a.stage == stageSent || a.stage == stageAcknowledged }

// asked says whether the addressee is a party: not while it is only proposed.
func (a *addressee) asked() bool { return a.stage != stageProposed }

// traceMove is an entry of the journal that says something about a trace.
type traceMove struct {
	seq  uint64
	next uint32 // link of list32
}

// list32 is a list within an arena: the places of its first and last value, from
// 1; 0 = it is empty.
type list32 struct{ first, last uint32 }

// traces are all that were ever requested.
type traces struct {
	all        arena[trace]
	byID       idTable
	addressees arena[addressee]
	moves      arena[traceMove]
	ofRecord   map[events.UUID][]uint32 // traces by the record that they are about
}

func newTraces() traces { return traces{ofRecord: map[events.UUID][]uint32{}} }

func (t *traces) idOf(i uint32) events.UUID { return t.all.at(i).id }

func (t *traces) find(id events.UUID) (i uint32, known bool) { return t.byID.find(id, t.idOf) }

func (t *traces) add(x trace) uint32 {
	i := t.all.add(x)
	t.byID.insert(x.id, i)
	if !x.record.IsZero() {
		t.ofRecord[x.record] = append(t.ofRecord[x.record], i)
	}
	return i
}

// address adds an addressee that the trace does not have yet.
func (t *traces) address(i uint32, org orgRef) *addressee {
	at := t.addressees.add(addressee{trace: i, org: org}) + 1
	l := &t.all.at(i).addressees
	if l.last == 0 {
		l.first = at
	} else {
		t.addressees.at(l.last - 1).next = at
	}
	l.last = at
	return t.addressees.at(at - 1)
}

// each calls f for the addressees of a trace, in the order in which they were
// named.
func (t *traces) each(x *trace, f func(at uint32, a *addressee)) {
	for at := x.addressees.first; at != 0; {
		a := t.addressees.at(at - 1)
		f(at-1, a)
		at = a.next
	}
}

// addressee is one organisation's part in a trace, nil if it has none.
func (t *traces) addressee(x *trace, org orgRef) (found *addressee, at uint32) {
	t.each(x, func(i uint32, a *addressee) {
		if a.org == org {
			found, at = a, i
		}
	})
	return found, at
}

// moved notes that an entry says something about a trace.
func (t *traces) moved(x *trace, seq uint64) {
	l := &x.moves
	if l.last != 0 && t.moves.at(l.last-1).seq == seq {
		return
	}
	at := t.moves.add(traceMove{seq: seq}) + 1
	if l.last == 0 {
		l.first = at
	} else {
		t.moves.at(l.last - 1).next = at
	}
	l.last = at
}

// seqs are the entries that say something about a trace, in order.
func (t *traces) seqs(x *trace) (all []uint64) {
	for at := x.moves.first; at != 0; at = t.moves.at(at - 1).next {
		all = append(all, t.moves.at(at-1).seq)
	}
	return all
}

// contextTrace is the context of a trace's question: none that a search can
// state.
const contextTrace = 255

// draftTrace is the row of a trace's question as far as it follows from the
// request alone. It stands until the trace is closed.
func draftTrace(id events.UUID, b *events.TraceRequested) subject {
	r := subject{id: id, revision: 1, country: countryRef(b.Incident.Country), stands: 1 << 30, context: contextTrace}
	r.typ, _ = events.FirearmTypes.Index(b.Firearm.Type)
	r.setDate(b.Incident.Date)
	return r
}

// traceRow is the row of a trace's question, with the reserve of searchRow.
func (s *State) traceRow(p *Prepared, b *events.TraceRequested, seq uint64, asker, acting orgRef) subject {
	r := p.draft
	r.seq, r.org, r.acting = seq, asker, acting
	if row, ok := s.findSubject(b.RecordID); ok {
		r.deny = s.subject(row).deny // whoever may not know of the record may not know of its trace
	}
	return r
}

// urgencyDays are the days within which a trace is to be answered, and after
// which more others are told that it was not.
func urgencyDays(urgency uint8) (answer, grace events.Day) {
	switch events.Urgencies.At(urgency) {
	case "urgent":
		return 7, 2
	case "deferred":
		return 90, 30
	}
	return 30, 14
}

// maxMoreTime is by how much an addressee may move its deadline.
const maxMoreTime events.Day = 90

// deadlineTrace: an addressee has not answered in time, or not after it was
// reminded.
const deadlineTrace deadlineKind = 1

// alarm sets the time at which due work looks at an addressee again.
func (s *State) alarm(at uint32, day events.Day) {
	a := s.traces.addressees.at(at)
	a.alarm++
	s.due.deadlines.add(deadline{at: day.Start(), kind: deadlineTrace, of: at, no: uint32(a.alarm)})
}

// holdsTrace says whether a deadline of a trace still stands.
func (s *State) holdsTrace(x deadline) bool {
	a := s.traces.addressees.at(x.of)
	return a.waits() && x.no == uint32(a.alarm) && s.traces.all.at(a.trace).open()
}

func (s *State) overdue(x deadline) events.Body {
	a := s.traces.addressees.at(x.of)
	return &events.TraceOverdue{TraceID: s.traces.idOf(a.trace), Addressee: s.org(a.org).OrganisationID}
}

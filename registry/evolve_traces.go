package registry

import "github.com/armslog/armslog/events"

// putTrace takes in what the request itself says.
func (s *State) putTrace(e *events.Entry, p *Prepared, b *events.TraceRequested) uint32 {
	asker, acting := s.refOf(e.Src), s.directory.byID[p.Envelope.OnBehalfOf]
	q := s.traceRow(p, b, e.Seq, asker, acting)
	q.make, q.model = s.makes.intern(b.Firearm.Make), s.models.intern(b.Firearm.Model)
	q.calibre, q.place = s.calibres.intern(b.Firearm.Calibre), s.places.intern(b.Incident.Place)
	row := s.addSubject(q)
	s.setMarks(row, b.Firearm.Marks)
	s.org(asker).questions = append(s.org(asker).questions, row)
	t := trace{id: q.id, record: b.RecordID, seq: e.Seq, question: row, asks: true, by: b.AnswerBy, org: asker, acting: acting}
	t.urgency, _ = events.Urgencies.Index(b.Urgency)
	t.forwarding, _ = events.Forwardings.Index(b.Forwarding)
	s.traces.add(t)
	return row
}

// evolveTrace opens a trace, if its request has not, or closes it.
func (s *State) evolveTrace(e *events.Entry, x events.TraceEffect) {
	i, known := s.traces.find(x.ID)
	if !known { // its content has been erased: what remains is that it was
		i = s.traces.add(trace{id: x.ID, seq: e.Seq, org: s.refOf(e.Src), acting: s.directory.byID[e.Envelope.OnBehalfOf]})
	}
	t := s.traces.all.at(i)
	s.traces.moved(t, e.Seq)
	s.deliver(e.Seq, x.Tell)
	t.outcome, _ = events.TraceOutcomes.Index(x.Status) // open is none
	if t.open() || !t.asks {
		return
	}
	s.subject(t.question).flags |= flagEnded
	if x.Status == traceCancelled {
		s.subject(t.question).flags |= flagClosed
	}
	s.dropMarks(t.question)
}

// evolveAddressee moves one addressee of a trace.
func (s *State) evolveAddressee(e *events.Entry, x events.TraceAddresseeEffect) {
	s.deliver(e.Seq, x.Tell)
	i, known := s.traces.find(x.ID)
	if !known {
		return
	}
	t := s.traces.all.at(i)
	s.traces.moved(t, e.Seq)
	ref := s.refOf(x.Org)
	if a, _ := s.traces.addressee(t, ref); a == nil {
		s.traces.address(i, ref)
	}
	a, at := s.traces.addressee(t, ref)
	if x.Late {
		if x.Status != moveInterim {
			a.flags |= addresseeLate
		}
		return
	}
	a.move(x.Status)
	switch x.Status {
	case stages[stageSent], moveExtended:
		a.by = x.By
		s.alarm(at, a.by+1)
	case moveOverdue:
		_, grace := urgencyDays(t.urgency)
		s.alarm(at, max(a.by+grace, events.DayOf(e.At))+1)
	}
}

// move is what a word does to an addressee's stage.
func (a *addressee) move(word string) {
	switch word {
	case moveInterim:
		a.stage = stageAcknowledged // who answers has read
	case moveExtended:
		a.flags = a.flags&^(addresseeOverdue|addresseeEscalated) | addresseeMoved
	case moveOverdue:
		a.flags |= addresseeOverdue
	case moveEscalated:
		a.flags |= addresseeEscalated
		a.alarm++ // nothing more is due
	default:
		a.stage = place(stages[:], word)
	}
}

func (s *State) evolveNote(e *events.Entry, x events.TraceNoteEffect) {
	s.deliver(e.Seq, x.Tell)
	if i, known := s.traces.find(x.ID); known {
		s.traces.moved(s.traces.all.at(i), e.Seq)
	}
}

// withholdTraces lets the traces about a record be withheld from those from
// whom the record is.
func (s *State) withholdTraces(record events.UUID, deny uint16) {
	for _, i := range s.traces.ofRecord[record] {
		if t := s.traces.all.at(i); t.asks {
			s.subject(t.question).deny = deny
		}
	}
}

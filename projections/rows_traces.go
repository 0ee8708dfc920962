package projections

import "github.com/armslog/armslog/events"

// trace adds a trace that was opened, or what it was closed with.
func (r *Rows) trace(e *events.Entry, f events.TraceEffect, body events.Body) {
	r.toldOfTrace(e, f.ID, f.Reason(), f.Tell)
	if f.Status == "open" {
		r.traceOpened(e, f, body)
		return
	}
	b, _ := body.(*events.TraceClosed)
	if b == nil {
		b = &events.TraceClosed{}
	}
	d, first := b.Diversion, b.FirstRetailSale
	if d == nil {
		d = &events.Diversion{}
	}
	if first == nil {
		first = &events.Sale{}
	}
	s := &r.sheets[traceStatusSheet]
	s.uuid(f.ID)
	s.when(e)
	s.strs(f.Status, d.Country, d.Date.String())
	s.days(d.Date)
	s.strs(d.Kind, first.Country, first.Date.String())
	s.days(first.Date)
	s.end(e.Seq)
}

func (r *Rows) traceOpened(e *events.Entry, f events.TraceEffect, body events.Body) {
	b, _ := body.(*events.TraceRequested)
	if b == nil {
		b = &events.TraceRequested{}
	}
	s := &r.sheets[traceSheet]
	s.uuid(f.ID)
	s.when(e)
	s.strs(e.Src, e.Envelope.OnBehalfOf, e.Envelope.Actor)
	s.uuid(b.RecordID)
	s.str(b.Urgency)
	s.list(b.IllicitBasis)
	s.strs(b.IntendedUse, b.DomesticCheck, b.Forwarding)
	w := &b.Firearm
	s.strs(w.Type, w.Make, w.Model, w.Calibre, w.CountryOfManufacture)
	r.marked(s, w.Marks)
	i := &b.Incident
	s.str(i.Date.String())
	s.days(i.Date)
	s.strs(i.Country, i.Place, i.CaseNumber, i.Circumstance, i.Operation)
	s.boolean(f.Truncated)
	s.str(e.Policy)
	s.end(e.Seq)
}

// traceAddressee adds what happened with one addressee, and the steps that it
// reported.
func (r *Rows) traceAddressee(e *events.Entry, f events.TraceAddresseeEffect, body events.Body) {
	r.toldOfTrace(e, f.ID, f.Reason(), f.Tell)
	b, _ := body.(*events.TraceResponded)
	if b == nil || f.Org != e.Src { // one that the answer names
		b = &events.TraceResponded{}
	}
	s := &r.sheets[traceAddresseeSheet]
	s.uuid(f.ID)
	s.str(f.Org)
	s.when(e)
	s.str(f.Status)
	s.maybeDay(f.By)
	s.boolean(f.Late)
	s.strs(b.CaseNumber, b.Failure, b.Refusal)
	s.list(b.Use)
	s.u16(uint16(len(b.Steps)))
	s.end(e.Seq)
	for i := range b.Steps {
		r.traceStep(e, f, i, &b.Steps[i])
	}
}

func (r *Rows) traceStep(e *events.Entry, f events.TraceAddresseeEffect, i int, b *events.TraceStep) {
	s := &r.sheets[traceStepSheet]
	s.uuid(f.ID)
	s.u64(e.Seq)
	s.u16(uint16(i))
	s.i64(e.At)
	s.strs(f.Org, f.Status, b.Kind, b.Date.String())
	s.days(b.Date)
	s.strs(b.Country, b.ToCountry, b.Holder)
	s.boolean(b.LicenceHeld)
	s.end(e.Seq)
}

// traceNote adds a comment, or that somebody wanted others asked.
func (r *Rows) traceNote(e *events.Entry, f events.TraceNoteEffect, body events.Body) {
	r.toldOfTrace(e, f.ID, f.Reason(), f.Tell)
	c, _ := body.(*events.TraceCommented)
	if c == nil {
		c = &events.TraceCommented{}
	}
	w, _ := body.(*events.TraceForwarded)
	if w == nil {
		w = &events.TraceForwarded{}
	}
	s := &r.sheets[traceCommentSheet]
	s.uuid(f.ID)
	s.when(e)
	s.strs(f.Org, f.Code)
	s.maybeDay(c.Until)
	s.list(w.Addressees)
	s.str(w.Because)
	s.end(e.Seq)
}

// maybeDay is a Nullable day; 0 = none.
func (s *sheet) maybeDay(d events.Day) {
	if s.known(d != 0) {
		s.day(d)
	}
}

func (r *Rows) toldOfTrace(e *events.Entry, id events.UUID, reason string, tell []events.Tell) {
	for _, t := range tell {
		r.inbox(e, t.Org, t.N, t.Role, reason, events.About{Kind: "trace", ID: id.String()})
	}
}

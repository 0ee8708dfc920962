package oracle

import "github.com/armslog/armslog/events"

// traceRequested: a trace is a question that stands until it is closed. It never
// meets the record that it is about, and is withheld as that is.
func (o *Oracle) traceRequested(e *events.Entry, b *events.TraceRequested) {
	f := &firearm{
		id: events.TraceID(e.Src, e.Envelope.ID), seq: e.Seq, org: e.Src, acting: e.Envelope.OnBehalfOf, right: "trace",
		about: o.find(b.RecordID), said: b.Firearm, date: b.Incident.Date, stands: 1 << 62,
	}
	o.firearms = append(o.firearms, f)
	shown, _ := o.answer(f, 0)
	o.expected = append(o.expected, shown...)
}

func (o *Oracle) traceClosed(b *events.TraceClosed) {
	f := o.find(b.TraceID)
	f.over = true
	if b.Outcome == "cancelled" {
		o.withdrawn(b.TraceID, "question_withdrawn")
	}
}

// denying is from whom a firearm is withheld.
func (f *firearm) denying() []events.OrgID {
	if f.about != nil {
		return f.about.deny
	}
	return f.deny
}

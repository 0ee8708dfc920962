package projections

import "github.com/armslog/armslog/events"

func (r *Rows) operation(e *events.Entry, b *events.OperationSubmitted) {
	s := &r.sheets[operationSheet]
	s.str(b.OperationID)
	s.when(e)
	s.strs(b.Kind, b.Programme, b.Name, b.Lead)
	s.list(b.Members)
	s.strs(b.From.String(), b.Until.String())
	s.day(b.From.Min())
	if s.known(!b.Until.IsZero()) {
		s.day(b.Until.Max())
	}
	s.str(e.Src)
	s.end(e.Seq)
}

func (r *Rows) operationClosed(e *events.Entry, f events.DirectoryEffect, body events.Body) {
	reason := ""
	if b, ok := body.(*events.OperationClosed); ok {
		reason = b.Reason
	}
	s := &r.sheets[operationStatusSheet]
	s.str(f.ID)
	s.when(e)
	s.strs(f.Outcome, reason)
	s.end(e.Seq)
}

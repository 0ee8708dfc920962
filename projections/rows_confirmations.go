package projections

import "github.com/armslog/armslog/events"

// confirmation adds a move of a confirmation, and whom it tells.
func (r *Rows) confirmation(e *events.Entry, f *events.ConfirmationEffect, body events.Body) {
	var compared []string
	var caseNumber, action string
	switch b := body.(type) {
	case *events.ConfirmationRequested:
		compared, caseNumber = b.Compared, b.CaseNumber
	case *events.ConfirmationAnswered:
		action, caseNumber = b.Action, b.CaseNumber
	}
	s := &r.sheets[confirmationSheet]
	s.uuid(f.ID)
	s.when(e)
	s.str(f.Status)
	s.u64(f.Requested)
	s.strs(f.Asking, f.Asked, f.Side, f.Urgency)
	if s.known(f.Due != 0) {
		s.u64(f.Due)
	}
	s.list(compared)
	s.strs(caseNumber, f.Answer, action)
	s.uuid(f.Located)
	s.strs(f.LocatedBy, f.LocatedFor)
	s.end(e.Seq)

	reason := "confirmation_" + f.Status
	if f.Status == "escalated" {
		reason = "confirmation_overdue"
	}
	r.told(e, f.ID, reason, f.Tell)
}

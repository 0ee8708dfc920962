package projections

import "github.com/armslog/armslog/events"

// directory adds the rows of an accepted change of the directory.
func (r *Rows) directory(e *events.Entry, body events.Body) {
	switch b := body.(type) {
	case *events.OrganisationSubmitted:
		r.organisation(e, b)
	case *events.Genesis:
		r.organisation(e, &events.OrganisationSubmitted{
			OrganisationID: b.GeneralSecretariat, Kind: "general_secretariat", Name: b.Name, Inbox: true})
	case *events.AgreementGranted:
		r.agreement(e, b)
	case *events.OperationSubmitted:
		r.operation(e, b)
	}
	for _, f := range e.Effects {
		d, ok := f.(events.DirectoryEffect)
		if b, is := body.(*events.ReferenceSubmitted); is && ok {
			r.reference(e, d.ID, b)
		}
		if ok && d.Kind == "agreement" && (d.Outcome == "revoked" || d.Outcome == "ended") {
			r.agreementEnded(e, d, body)
		}
		if ok && d.Kind == "operation" && d.Outcome == "closed" {
			r.operationClosed(e, d, body)
		}
	}
}

func (r *Rows) organisation(e *events.Entry, b *events.OrganisationSubmitted) {
	clocks := b.Clocks
	if clocks == nil {
		clocks = &events.ClockMinutes{}
	}
	s := &r.sheets[organisationSheet]
	s.str(b.OrganisationID)
	s.when(e)
	s.strs(b.Kind, b.Country, b.Name, b.Parent)
	s.boolean(b.Inbox)
	s.list(b.Rights)
	s.u32(clocks.Urgent)
	s.u32(clocks.Routine)
	s.u32(clocks.Deferred)
	s.strs(b.NotifyFloor, e.Src)
	s.end(e.Seq)
}

func (r *Rows) agreement(e *events.Entry, b *events.AgreementGranted) {
	acts := b.ActsFor
	if acts == nil {
		acts = &events.ActsFor{}
	}
	limits := b.Limits
	if limits == nil {
		limits = &events.AgreementLimit{}
	}
	s := &r.sheets[agreementSheet]
	s.str(b.AgreementID)
	s.when(e)
	s.str(b.Grantee)
	s.list(b.Rights)
	s.list(b.Purposes)
	s.list(acts.Kinds)
	s.list(acts.Organisations)
	s.boolean(acts.OnlyWithoutOwnAccess)
	s.u32(limits.SearchesPerDay)
	s.u32(limits.PartialPerDay)
	s.strs(b.LegalBasis, b.ValidFrom.String(), b.ValidUntil.String(), e.Src)
	s.end(e.Seq)
}

func (r *Rows) agreementEnded(e *events.Entry, f events.DirectoryEffect, body events.Body) {
	b, _ := body.(*events.AgreementRevoked)
	if b == nil {
		b = &events.AgreementRevoked{}
	}
	s := &r.sheets[agreementStatusSheet]
	s.str(f.ID)
	s.when(e)
	s.strs(f.Outcome, b.Reason, b.StandingSearches)
	s.end(e.Seq)
}

package projections

import "github.com/armslog/armslog/events"

func (r *Rows) search(e *events.Entry, f events.QuestionEffect, body events.Body) {
	b, _ := body.(*events.SearchMade)
	if b == nil {
		b = &events.SearchMade{}
	}
	s := &r.sheets[searchSheet]
	s.uuid(f.ID)
	s.when(e)
	s.strs(e.Src, e.Envelope.OnBehalfOf, e.Envelope.Actor, b.Purpose, b.Context)
	w := &b.Firearm
	s.strs(w.Type, w.Make, w.Model, w.Calibre, w.CountryOfManufacture)
	r.marked(s, w.Marks)
	i := &b.Incident
	s.str(i.Date.String())
	s.days(i.Date)
	s.strs(i.Country, i.Place, i.CaseNumber, i.Circumstance, i.Operation)
	if s.known(f.StandsUntil != 0) {
		s.day(f.StandsUntil)
	}
	s.boolean(f.Truncated)
	s.str(e.Policy)
	s.end(e.Seq)
}

func (r *Rows) searchEnded(e *events.Entry, f events.QuestionEndedEffect, body events.Body) {
	reason := ""
	if b, ok := body.(*events.SearchWithdrawn); ok {
		reason = b.Reason
	}
	s := &r.sheets[searchStatusSheet]
	s.uuid(f.ID)
	s.when(e)
	s.strs(f.Because, reason)
	s.end(e.Seq)
}

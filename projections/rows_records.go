package projections

import "github.com/armslog/armslog/events"

// record adds a revision, or what became of the record after it.
func (r *Rows) record(e *events.Entry, f events.RecordEffect, body events.Body) {
	switch f.Outcome {
	case "registered", "amended":
		b, _ := body.(*events.RecordSubmitted)
		if b == nil {
			b = &events.RecordSubmitted{}
		}
		r.revision(e, f, b)
	case "withdrawn", "expired":
		b, owner := &events.RecordWithdrawn{}, e.Src
		switch x := body.(type) {
		case *events.RecordWithdrawn:
			b = x
		case *events.RecordExpired:
			owner = x.Organisation
		}
		s := &r.sheets[recordStatusSheet]
		s.uuid(f.ID)
		s.u64(e.Seq)
		s.i64(e.At)
		s.u32(f.Revision)
		s.strs(owner, f.Outcome, b.Reason)
		s.uuid(b.ReplacedBy)
		s.end(e.Seq)
	}
}

func (r *Rows) revision(e *events.Entry, f events.RecordEffect, b *events.RecordSubmitted) {
	s := &r.sheets[recordSheet]
	s.uuid(f.ID)
	s.u32(f.Revision)
	s.when(e)
	s.strs(e.Src, b.Source.System, b.Source.ID, b.Category)
	s.list(b.IllicitBasis)
	r.firearm(s, &b.Firearm)
	s.incident(&b.Incident)
	s.origin(b.Origin)
	s.list(b.Deny)
	s.strs(b.Handling, b.RetainUntil.String())
	s.day(b.RetainUntil.Max())
	s.end(e.Seq)
}

func (r *Rows) firearm(s *sheet, f *events.Firearm) {
	s.strs(f.Type, f.Action, f.Make, f.MakeCode, f.Model, f.Calibre, f.CalibreCode, f.CountryOfManufacture,
		f.Manufactured.String())
	s.years(f.Manufactured)
	s.list(f.Features)
	s.u32(f.BarrelLengthMM)
	s.str(f.ReferenceID)
	r.marked(s, f.Marks)
}

// marked adds the columns marks, mark_id, mark_status and mark_millibits.
func (r *Rows) marked(s *sheet, marks []events.Mark) {
	m, id := principal(marks), uint64(0)
	s.length(len(marks))
	for i := range marks {
		x := &marks[i]
		s.strs(x.Kind, x.Place, x.Status, x.Text, x.Series, x.Country, x.Year)
		own := r.marks.id(x)
		s.u64(own)
		if x == m {
			id = own
		}
	}
	s.u64(id)
	s.str(m.Status)
	s.u32(r.marks.milliBits(m))
}

func (s *sheet) incident(i *events.Incident) {
	s.str(i.Date.String())
	s.days(i.Date)
	s.strs(i.Country, i.Subdivision, i.Place, i.Locode, i.CaseNumber, i.Circumstance, i.Operation)
	customs := i.Customs
	if customs == nil {
		customs = &events.Customs{}
	}
	s.strs(customs.Channel, customs.HSCode)
	s.length(len(i.Route))
	for _, leg := range i.Route {
		s.strs(leg.Country, leg.Role)
	}
}

func (s *sheet) origin(o *events.Origin) {
	if o == nil {
		o = &events.Origin{}
	}
	d := o.Diversion
	if d == nil {
		d = &events.Diversion{}
	}
	s.strs(o.Status, d.Country, d.Date.String())
	s.days(d.Date)
	s.str(d.Kind)
}

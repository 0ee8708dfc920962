package registry

import (
	"strconv"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry/matching"
)

// submitRecord registers or amends a record: ownership is in the id, so there
// is nobody else's record that a sender could reach.
func (c *call) submitRecord(b *events.RecordSubmitted) decision {
	if !c.has(rightRegister) {
		return reject("", "no_right")
	}
	if c.in.Envelope.OnBehalfOf != "" {
		return reject("/headers/ce_onbehalfof", "not_acting_for")
	}
	row, known := c.findSubject(c.in.RecordID)
	if d := c.revisable(row, known, b); d.verdict != "" {
		return d
	}
	if errs := c.recordDates(b); len(errs) > 0 {
		return decision{verdict: events.Rejected, errors: errs}
	}
	m := c.newMeeting(side{})
	m.draft = c.recordRow(c.in.Prepared, c.sender, c.in.At)
	r := &m.draft
	if known {
		r.revision, r.stands = c.subject(row).revision+1, c.subject(row).stands
	}
	d := accept(events.RecordEffect{ID: r.id, Revision: r.revision, Outcome: outcome(known)})
	d.warnings = append(c.weakMarks(b.Firearm.Marks), c.tagged(&b.Incident, !known)...)
	d.warnings = append(d.warnings, c.expiresSoon(r.until)...)
	m.x = c.drafted(r, &b.Firearm, b.Deny)
	if known {
		m.self, m.amending, m.renewing = row, true, c.subject(row).overdue(c.in.At)
	}
	m.run()
	d.effects = append(d.effects, m.effects...)
	return d
}

// revisable says whether a known record may be given this content; the zero
// decision lets it pass.
func (c *call) revisable(row uint32, known bool, b *events.RecordSubmitted) decision {
	if !known {
		if b.BaseRevision != 0 {
			return reject("/base_revision", "revision_conflict")
		}
		return decision{}
	}
	old := c.subject(row)
	same := old.digest == c.in.draft.digest
	switch {
	case old.is(flagClosed), same && !old.live(c.in.At):
		return reject("", "record_closed")
	case same:
		return decision{verdict: events.Unchanged, effects: []events.Effect{
			events.RecordEffect{ID: old.id, Revision: old.revision, Outcome: "unchanged"}}}
	case b.BaseRevision != 0 && b.BaseRevision != old.revision:
		return reject("/base_revision", "revision_conflict")
	case events.Family(b.Category) != events.Family(events.Categories.At(old.category)):
		return reject("/category", "family_changed")
	}
	return decision{}
}

func (c *call) recordDates(b *events.RecordSubmitted) (errs []events.FieldError) {
	check := func(pointer string, d events.Date) {
		if c.inFuture(d) {
			errs = append(errs, events.FieldError{Pointer: pointer, Code: "date_in_future"})
		}
	}
	check("/firearm/manufactured", b.Firearm.Manufactured)
	check("/incident/date", b.Incident.Date)
	if b.Origin != nil && b.Origin.Diversion != nil {
		check("/origin/diversion/date", b.Origin.Diversion.Date)
	}
	if b.RetainUntil.End() <= c.in.At {
		errs = append(errs, events.FieldError{Pointer: "/retain_until", Code: "retain_past"})
	}
	return errs
}

// weakMarks warns of marks that never alert by themselves.
func (c *call) weakMarks(marks []events.Mark) (warnings []events.FieldError) {
	for i, m := range marks {
		if makesKey(m) && c.policy.Class(c.in.Marks[i].MilliBits) == matching.Weak {
			warnings = append(warnings, events.FieldError{Pointer: "/firearm/marks/" + strconv.Itoa(i), Code: "weak_mark"})
		}
	}
	return warnings
}

// withdrawRecord closes one of the sender's records and ends its matches.
func (c *call) withdrawRecord(b *events.RecordWithdrawn) decision {
	if !c.has(rightRegister) {
		return reject("", "no_right")
	}
	row, known := c.findSubject(c.in.RecordID)
	if !known {
		return reject("/source", "record_unknown")
	}
	r := c.subject(row)
	if r.is(flagClosed) {
		return reject("/source", "record_closed")
	}
	d := accept(events.RecordEffect{ID: r.id, Revision: r.revision, Outcome: "withdrawn"})
	d.effects = append(d.effects, c.endMatches(row, c.closing(r))...)
	return d
}

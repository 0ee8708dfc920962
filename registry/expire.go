package registry

import (
	"github.com/armslog/armslog/events"
)

// expiriesPerEntry bounds what one entry ends, in records; an ending that is
// told weighs as many records as it is longer. The longest such entry stays
// under events.MaxEffects.
const (
	expiriesPerEntry = 500
	endingWeight     = 8
)

// keepingDue is the next work for a day whose stage is due.
func (s *State) keepingDue(stage int, day events.Day) events.Body {
	ref, ok := s.due.keeping.next(stage, day)
	if !ok {
		panic("registry: a day is due on which nothing is kept")
	}
	owner := s.org(ref).OrganisationID
	if stage == stageExpiry {
		return &events.RecordExpired{Organisation: owner, Day: day}
	}
	return &events.RecordReviewDue{Organisation: owner, Day: day, Months: reminders[stage]}
}

// review reminds an owner of all its records of a day at once.
func (c *call) review(b *events.RecordReviewDue) decision {
	_, ref := c.lookup(b.Organisation)
	x := c.due.keeping.of(b.Day, ref)
	if x == nil {
		return reject("/organisation", "nothing_due")
	}
	return accept(c.notify(ref, "record_review_due", events.About{Kind: "review", ID: b.Day.String(), Count: x.n})...)
}

// expire ends records of an owner whose last day is over, as many as one entry
// holds; the day stays due until none is left. A record expires after the last
// of its matches has ended, so there is no cursor but what the state knows.
func (c *call) expire(b *events.RecordExpired) decision {
	_, ref := c.lookup(b.Organisation)
	x := c.due.keeping.of(b.Day, ref)
	if x == nil {
		return reject("/organisation", "nothing_due")
	}
	d := accept()
	room := expiriesPerEntry
	ended := map[uint32]bool{} // matches that this entry ends: both sides may expire with it
	seen := map[uint32]bool{}  // a record that came back to its day has two rows
	for _, row := range x.rows {
		r := c.subject(row)
		if seen[row] || !r.keptUntil(b.Day) {
			continue
		}
		seen[row] = true
		for _, i := range c.matches.bySubject[row] {
			known := c.matches.all.at(i)
			if known.status == statusEnded || ended[i] {
				continue
			}
			if room < endingWeight {
				return d
			}
			ended[i] = true
			room -= endingWeight
			d.effects = append(d.effects, c.ending(known, endedExpired))
		}
		if room == 0 {
			return d
		}
		room--
		d.effects = append(d.effects, events.RecordEffect{ID: r.id, Revision: r.revision, Outcome: "expired"})
	}
	return d
}

// closing is why the matches of a record end that is withdrawn: of one whose
// last day is over, due work would have said so before.
func (c *call) closing(r *subject) uint8 {
	if c.in.At >= (r.until + 1).Start() {
		return endedExpired
	}
	return endedRecord
}

// endOverdue ends the matches of a record that is renewed before due work came
// to its end, so that whoever renews a day later is told the same.
func (m *meeting) endOverdue() {
	for _, i := range m.matches.bySubject[m.self] {
		if known := m.matches.all.at(i); known.status != statusEnded {
			m.add(m.ending(known, endedExpired))
		}
	}
}

// expiresSoon warns of a record that expires before a reminder could come.
func (c *call) expiresSoon(last events.Day) (warnings []events.FieldError) {
	if last-events.DayOf(c.in.At) > 31 || stageAt(stageOneMonth, last) > c.in.At {
		return nil
	}
	return []events.FieldError{{Pointer: "/retain_until", Code: "expires_soon"}}
}

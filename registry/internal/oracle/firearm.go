package oracle

import (
	"time"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry/matching"
)

// firearm is a weapon as somebody describes it: a record or a question.
type firearm struct {
	id       events.UUID
	seq      uint64
	org      events.OrgID
	acting   events.OrgID
	record   bool
	category string
	context  string
	said     events.Firearm
	date     events.Date
	ofCase   [3]string
	deny     []events.OrgID
	until    int64 // a record is kept until then
	stands   int64 // as a question it stands until then
	revision int
	over     bool     // withdrawn, lapsed or ended
	expired  bool     // a record of which it was said that its last day is over
	kept     bool     // stands without the right to it
	right    string   // of a question: to search, or to trace
	about    *firearm // of a trace: the record that it is about
}

func (f *firearm) wanted() bool    { return f.record && events.Family(f.category) == events.Wanted }
func (f *firearm) recovered() bool { return f.record && events.Family(f.category) == events.Recovered }

func (o *Oracle) find(id events.UUID) *firearm {
	for _, f := range o.firearms {
		if f.id == id {
			return f
		}
	}
	return nil
}

func (o *Oracle) recordSubmitted(e *events.Entry, b *events.RecordSubmitted) {
	id := events.RecordID(e.Src, b.Source)
	f, outcome := o.find(id), "amended"
	if f == nil {
		f, outcome = &firearm{id: id, org: e.Src, record: true, stands: yearsAfter(e.At, 5)}, "registered"
		o.firearms = append(o.firearms, f)
	}
	renewed := o.overdue(f)
	f.expired = false
	f.seq, f.category, f.said, f.date, f.deny = e.Seq, b.Category, b.Firearm, b.Incident.Date, b.Deny
	f.until = b.RetainUntil.End()
	f.ofCase = [3]string{b.Source.System, "case", b.Incident.CaseNumber}
	if b.Incident.CaseNumber == "" {
		f.ofCase = [3]string{b.Source.System, "id", b.Source.ID}
	}
	f.revision++
	o.expect("record %s %d %s", id, f.revision, outcome)
	if renewed {
		o.endAll(f, "record_expired")
	} else {
		o.endLost(f)
	}
	o.meetAll(f)
}

func (o *Oracle) searchMade(e *events.Entry, b *events.SearchMade) {
	f := &firearm{
		id: events.SearchID(e.Src, e.Envelope.ID), seq: e.Seq, org: e.Src, acting: e.Envelope.OnBehalfOf,
		right: "search", context: b.Context, said: b.Firearm, date: b.Incident.Date,
	}
	last := lastDay(b, e.At)
	if last != 0 {
		f.stands = (last + 1).Start()
	} else {
		f.over = true
	}
	o.firearms = append(o.firearms, f)
	shown, truncated := o.answer(f, b.Limit)
	o.expect("question %s stands until %d, truncated %t", f.id, last, truncated)
	o.expected = append(o.expected, shown...)
}

// lastDay is the last day on which a question stands, 0 if it does not.
func lastDay(b *events.SearchMade, at int64) events.Day {
	last := events.DayOf(yearsAfter(at, 1)) - 1
	switch b.Context {
	case "recovered":
		last = events.DayOf(yearsAfter(at, 5)) - 1
	case "routine_control":
		last = events.DayOf(at) + 5
	}
	if !b.StandUntil.IsZero() && b.StandUntil.Max() < last {
		last = b.StandUntil.Max()
	}
	if b.NoStanding || last < events.DayOf(at) {
		return 0
	}
	return last
}

// yearsAfter is the end of the day on which the years are over.
func yearsAfter(at int64, years int) int64 {
	day := events.DayOf(time.UnixMilli(at).UTC().AddDate(years, 0, 0).UnixMilli())
	return (day + 1).Start()
}

// withdrawn: a record or question is no more, and neither are its matches.
func (o *Oracle) withdrawn(id events.UUID, because string) {
	f := o.find(id)
	if o.overdue(f) {
		because = "record_expired"
	}
	f.over = true
	if f.record {
		o.expect("record %s %d withdrawn", id, f.revision)
	}
	o.endAll(f, because)
}

// endAll ends the matches of a firearm; those of another's that has expired end
// because of that.
func (o *Oracle) endAll(f *firearm, because string) {
	for _, p := range o.pairs {
		if p.status == ended || p.question != f && p.record != f {
			continue
		}
		if other := p.other(f); because == "record_expired" || !o.overdue(other) {
			o.end(p, because)
		}
	}
}

// finds are the marks of a firearm that can find another, by their place.
func (f *firearm) finds() map[int]matching.Mark {
	marks := map[int]matching.Mark{}
	for i, m := range f.said.Marks {
		if m.Text != "" && (m.Kind == "serial" || m.Kind == "owner_applied") {
			marks[i] = matching.Mark{Text: m.Text, Series: m.Series, Partial: m.Status == "partial"}
		}
	}
	return marks
}

package oracle

import "github.com/armslog/armslog/events"

// overdue says whether a record's last day is over and nobody has said so yet.
func (o *Oracle) overdue(f *firearm) bool {
	return f.record && !f.over && !f.expired && f.until != 0 && f.until <= o.at
}

// recordExpired: which of an owner's records an entry ends is taken as given;
// their day must be over, and with each of them end all its matches.
func (o *Oracle) recordExpired(e *events.Entry, b *events.RecordExpired) {
	of := func(f *firearm) bool {
		return f != nil && o.overdue(f) && f.org == b.Organisation && f.until == (b.Day+1).Start()
	}
	for _, x := range e.Effects {
		switch x := x.(type) {
		case events.MatchEndedEffect:
			for _, p := range o.pairs {
				if events.MatchID(p.question.id, p.record.id) == x.ID && p.status != ended && (of(p.question) || of(p.record)) {
					o.end(p, "record_expired")
				}
			}
		case events.RecordEffect:
			if f := o.find(x.ID); of(f) {
				o.expect("record %s %d expired", f.id, f.revision)
				o.endAll(f, "record_expired")
				f.expired = true
			}
		}
	}
}

// reviewDue: an owner is told how many of its records are kept until that day.
func (o *Oracle) reviewDue(b *events.RecordReviewDue) {
	n := 0
	for _, f := range o.firearms {
		if f.record && !f.over && !f.expired && f.org == b.Organisation && f.until == (b.Day+1).Start() {
			n++
		}
	}
	if to := o.inboxOf(b.Organisation); to != "" {
		o.expect("notify %s record_review_due review %s %d", to, b.Day, n)
	}
}

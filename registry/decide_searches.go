package registry

import (
	"slices"
	"time"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry/matching"
)

// defaultLimit is how many candidates a search shows unless it asks otherwise.
const defaultLimit = 50

// broad is how many marks of records a search may meet before it is refused.
const broad = 50_000

// makeSearch answers a question from what is recorded, and lets it stand for
// what will be.
func (c *call) makeSearch(b *events.SearchMade) decision {
	acting := c.directory.byID[c.in.Envelope.OnBehalfOf]
	if d := c.mayMake(b, acting); d.verdict != "" {
		return d
	}
	id := c.in.RecordID
	if _, known := c.findSubject(id); known {
		return reject("/headers/ce_id", "id_reused") // also after the window of requests
	}
	if c.inFuture(b.Firearm.Manufactured) {
		return reject("/firearm/manufactured", "date_in_future")
	}
	if c.inFuture(b.Incident.Date) {
		return reject("/incident/date", "date_in_future")
	}
	if !c.searchable(b.Firearm.Marks) {
		return reject("/firearm/marks", "too_few_signs")
	}
	m := c.newMeeting(side{})
	m.draft = c.searchRow(c.in.Prepared, b, c.next, c.sender, acting, c.in.At)
	q := &m.draft
	m.x = c.drafted(q, &b.Firearm, nil)
	m.bounded, m.limit, m.broad = true, limitOf(b), broad
	if !m.run() {
		return reject("/firearm/marks", "too_broad")
	}
	d := accept(events.QuestionEffect{ID: id, StandsUntil: q.stands, Truncated: m.truncated})
	d.warnings = append(c.weakMarks(b.Firearm.Marks), c.tagged(&b.Incident, true)...)
	d.effects = append(d.effects, m.effects...)
	return d
}

// allowed checks right, body acted for and purpose, which stands at pointer. a
// is the agreement that the request counts against; nil = a bureau's own right.
func (c *call) allowed(right, pointer, purpose string, acting orgRef) (a *agreement, d decision) {
	if onBehalf := c.in.Envelope.OnBehalfOf; onBehalf != "" && acting == 0 {
		return nil, reject("/headers/ce_onbehalfof", "not_acting_for")
	}
	switch code := c.mayAsk(right, c.sender, acting, c.in.At); code {
	case "":
	case "not_acting_for":
		return nil, reject("/headers/ce_onbehalfof", code)
	default:
		return nil, reject("", code)
	}
	if c.org(c.sender).Kind == kindNCB && acting == 0 {
		return nil, decision{} // by its own right: what agreements it has bind what they give
	}
	a = c.askingAgreement(right, c.sender, acting, purpose, c.in.At)
	if a == nil {
		return nil, reject(pointer, "wrong_purpose")
	}
	return a, decision{}
}

// mayMake checks what allowed does, and the quota.
func (c *call) mayMake(b *events.SearchMade, acting orgRef) decision {
	a, d := c.allowed(rightSearch, "/purpose", b.Purpose, acting)
	if a == nil {
		return d
	}
	used := c.org(c.sender).used
	if used.day != events.DayOf(c.in.At) {
		used = usage{}
	}
	if l := a.Limits; l != nil {
		full := l.SearchesPerDay != 0 && used.searches >= l.SearchesPerDay
		if full || isPartial(b.Firearm.Marks) && l.PartialPerDay != 0 && used.partial >= l.PartialPerDay {
			return reject("", "quota_exceeded")
		}
	}
	return decision{}
}

func limitOf(b *events.SearchMade) int {
	if b.Limit == 0 {
		return defaultLimit
	}
	return int(b.Limit)
}

func isPartial(marks []events.Mark) bool {
	return slices.ContainsFunc(marks, func(m events.Mark) bool { return makesKey(m) && m.Status == "partial" })
}

// searchable says whether at least one mark can find a weapon.
func (c *call) searchable(marks []events.Mark) bool {
	for i, m := range marks {
		if makesKey(m) && (m.Status != "partial" && c.in.Marks[i].MilliBits > 0 || matching.CanSearch(m.Text, m.Series)) {
			return true
		}
	}
	return false
}

// standsUntil is the last day on which a question of that context stands. The
// asker may shorten it. 0 = it does not stand.
func (s *State) standsUntil(b *events.SearchMade, at int64) events.Day {
	if b.NoStanding {
		return 0
	}
	day := s.lastDay(b.Context, at)
	if !b.StandUntil.IsZero() {
		day = min(day, b.StandUntil.Max())
	}
	if day < events.DayOf(at) {
		return 0
	}
	return day
}

// Contexts of a question.
const (
	contextRecovered = "recovered"
	contextRoutine   = "routine_control"
)

// lastDay is the last day on which a question of that context stands that was
// asked at log time at.
func (s *State) lastDay(context string, at int64) events.Day {
	if today := events.DayOf(at); s.calendar.today != today || s.calendar.recovered == 0 {
		s.calendar = calendarOf(today)
	}
	switch context {
	case contextRecovered:
		return s.calendar.recovered
	case contextRoutine:
		return s.calendar.routine
	default:
		return s.calendar.others
	}
}

// calendar is a day with the last days of the questions that are asked on it:
// all of a day's are the same, and a search is decided in the time of a few
// such sums.
type calendar struct{ today, recovered, routine, others events.Day }

func calendarOf(today events.Day) calendar {
	t := time.UnixMilli(today.Start()).UTC()
	last := func(years, days int) events.Day { return events.DayOf(t.AddDate(years, 0, days).UnixMilli()) }
	return calendar{today: today, recovered: last(5, 0), routine: last(0, 5), others: last(1, 0)}
}

// withdrawSearch ends one of the sender's questions and its matches, whether or
// not it stands still: what was told of it is over either way.
func (c *call) withdrawSearch(b *events.SearchWithdrawn) decision {
	row, known := c.findSubject(b.SearchID)
	if !known || !c.subject(row).isSearch() || c.subject(row).org != c.sender {
		return reject("/search_id", "search_unknown") // the same for somebody else's as for none
	}
	q := c.subject(row)
	if q.is(flagClosed) {
		return reject("/search_id", "search_over")
	}
	d := accept(events.QuestionEndedEffect{ID: q.id, Because: "withdrawn"})
	d.effects = append(d.effects, c.endMatches(row, endedQuestion)...)
	return d
}

package registry_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
)

// until is a record that is kept until a day.
func until(b *events.RecordSubmitted, last string) *events.RecordSubmitted {
	b.RetainUntil = events.MustDate(last)
	return b
}

// reminded are the reminders in the journal: day of log time, day of the
// records, who is told, how many.
func reminded(journal []*events.Entry) (all []string) {
	for _, e := range journal {
		for _, x := range effectsOf[events.NotifyEffect](e) {
			if x.Reason == "record_review_due" {
				all = append(all, fmt.Sprintf("%s %s %s %s %d", events.DayOf(e.At), x.About.Kind, x.About.ID, x.Org, x.About.Count))
			}
		}
	}
	return all
}

// days lets every day pass by itself, from the first millisecond on.
func (l *leader) days(last string) {
	for l.at = (events.DayOf(l.at) + 1).Start(); l.at < events.MustDate(last).End(); l.at += events.MillisPerDay {
		l.drain()
	}
}

// One reminder per owner and day, six months and one month before, of what is
// kept until that day when it is given.
func TestReminders(t *testing.T) {
	l := newTown(t)
	for i := range 40 {
		l.accept("NCB-AA", until(record("stolen", fmt.Sprint(i), serial(fmt.Sprint("KTO44", i))), "2027-08-31"))
	}
	l.accept("NCB-BB", until(record("stolen", "1", serial("ZZ1234567")), "2027-08-31"))
	l.accept("NCB-BB", until(record("stolen", "2", serial("ZZ1234568")), "2027-03-10")) // less than six months to go

	l.days("2027-01-31")
	l.accept("NCB-AA", withdrawal("0"))
	l.accept("NCB-AA", until(record("stolen", "1", serial("KTO441")), "2030"))
	l.accept("NCB-AA", until(record("lost", "2", serial("KTO442")), "2027-08-31")) // amended, and still of that day
	l.days("2027-03-01")
	l.accept("NCB-AA", until(record("stolen", "40", serial("AB12345")), "2027-08-31")) // comes after the first reminder
	l.accept("NCB-BB", until(record("stolen", "1", serial("ZZ1234567")), "2027-09-30"))
	l.days("2027-12-31")
	require.Equal(t, []string{
		"2027-02-10 review 2027-03-10 NCB-BB 1",
		"2027-02-28 review 2027-08-31 NCB-AA 38",
		"2027-02-28 review 2027-08-31 NCB-BB 1",
		"2027-03-30 review 2027-09-30 NCB-BB 1",
		"2027-07-31 review 2027-08-31 NCB-AA 39",
		"2027-08-30 review 2027-09-30 NCB-BB 1",
	}, reminded(l.journal))
	require.Len(t, effectsOf[events.RecordEffect](onlyDue(l.journal)...), 41, "and then they expire")
}

func onlyDue(journal []*events.Entry) (due []*events.Entry) {
	for _, e := range journal {
		if e.Src == events.SourceRegistry {
			due = append(due, e)
		}
	}
	return due
}

// Whoever gives a record less than a month hears so at once, and is not
// reminded.
func TestExpiresSoon(t *testing.T) {
	l := newTown(t)
	e := l.accept("NCB-AA", until(record("stolen", "1", serial("KTO44170")), "2026-12-23"))
	require.Equal(t, []events.FieldError{{Pointer: "/retain_until", Code: "expires_soon"}}, e.Warnings)
	e = l.accept("NCB-AA", until(record("stolen", "2", serial("KTO44171")), "2026-12-24"))
	require.Empty(t, e.Warnings)
	l.days("2026-12-31")
	require.Equal(t, []string{"2026-11-24 review 2026-12-24 NCB-AA 1"}, reminded(l.journal))
}

// What belongs to a national entity is told to whoever has its inbox, and the
// notification names it.
func TestReminderOfAnEntity(t *testing.T) {
	l := newTown(t)
	entity := national("NE-AA", "AR", "NCB-AA")
	entity.Rights = []string{"register"}
	l.accept("NCB-AA", entity)
	l.accept("NE-AA", until(record("stolen", "1", serial("KTO44170")), "2027-03-10"))
	l.days("2027-02-20")
	require.Equal(t, []string{"2027-02-10 review 2027-03-10 NCB-AA 1"}, reminded(l.journal))
	e := l.journal[len(l.journal)-1]
	n, err := l.view().Notification(t.Context(), e, "NCB-AA", 1)
	require.NoError(t, err)
	require.Equal(t, events.NotificationBody{Owner: "NE-AA", Records: 1}, n.Body)
	require.Equal(t, events.About{Kind: "review", ID: "2027-03-10", Count: 1}, n.About)
}

// A record expires when its last day is over: its matches end, all who were
// told are told, and it is met by nobody. A new body renews it.
func TestRecordExpires(t *testing.T) {
	for _, late := range []bool{false, true} {
		t.Run(fmt.Sprint("late ", late), func(t *testing.T) {
			l := newTown(t)
			first := l.accept("NCB-AA", until(record("stolen", "1", serial("KTO44170")), "2027-03-10"))
			id := effectsOf[events.RecordEffect](first)[0].ID
			told := toldBy(l.accept("WCO", search(serial("KTO44170"))))
			require.Len(t, told, 3)
			marks := l.s.Counts().Marks
			l.at = events.MustDate("2027-03-10").End() - 1
			l.drain()
			require.Empty(t, effectsOf[events.RecordEffect](onlyDue(l.journal)...), "never before its time")

			l.at++
			l.lazy = late
			l.drain()
			require.Empty(t, toldBy(l.accept("NCB-BB", search(serial("KTO44170")))), "met by nobody")
			info, _ := l.s.Record(id)
			require.Equal(t, []any{"expired", uint32(1), first.Seq}, []any{info.Status, info.Revision, info.Seq})
			rejects(t, l.send("NCB-AA", until(record("stolen", "1", serial("KTO44170")), "2027-03-10")), "", "record_closed")
			before := len(l.journal)
			renewed := l.accept("NCB-AA", until(record("stolen", "1", serial("KTO44170")), "2030"))
			l.lazy = false
			l.drain()
			over := []string{"ended IPSG general_secretariat", "ended NCB-AA owner", "ended WCO asker"}
			again := []string{"alert IPSG general_secretariat", "alert NCB-AA owner", "alert NCB-BB asker",
				"renewed IPSG general_secretariat", "renewed NCB-AA owner", "renewed WCO asker"}
			if late { // the renewal says itself what due work had no time to say
				require.Equal(t, append(again[:3:3], append(over, again[3:]...)...), toldBy(renewed))
				require.Empty(t, effectsOf[events.RecordEffect](l.journal[before+1:]...))
			} else {
				require.Equal(t, over, toldBy(onlyDue(l.journal)...))
				require.Equal(t, again, toldBy(renewed))
				require.Equal(t, marks+1, l.s.Counts().Marks)
			}
			for _, x := range effectsOf[events.MatchEndedEffect](l.journal...) {
				require.Equal(t, "record_expired", x.Because)
			}
			info, _ = l.s.Record(id)
			require.Equal(t, []any{"active", uint32(2)}, []any{info.Status, info.Revision})

			l.at = events.MustDate("2030").End()
			l.drain()
			info, _ = l.s.Record(id)
			require.Equal(t, "expired", info.Status)
			require.Len(t, toldBy(onlyDue(l.journal[renewed.Seq+1:])...), 6)
			l.accept("NCB-AA", withdrawal("1"))
			rejects(t, l.send("NCB-AA", keep(record("stolen", "1", serial("KTO44170")))), "", "record_closed")
		})
	}
}

// An expired record leaves the index.
func TestExpiredMarksLeaveTheIndex(t *testing.T) {
	l := newTown(t)
	l.accept("NCB-AA", until(record("stolen", "1", serial("KTO44170"), serial("KTO44171")), "2027-03-10"))
	require.Equal(t, 2, l.s.Counts().Marks)
	l.at = events.MustDate("2027-03-10").End()
	l.drain()
	require.Zero(t, l.s.Counts().Marks)
}

// A withdrawn record, or one that is amended to a later day, is not due, and a
// day that nothing is kept until any more is not due either.
func TestWhatIsNotKeptIsNotDue(t *testing.T) {
	l := newTown(t)
	at, ok := l.s.NextDue()
	l.accept("NCB-AA", until(record("stolen", "1", serial("KTO44170")), "2027-03-10"))
	due, _ := l.s.NextDue()
	require.Equal(t, events.MustDate("2027-02-10").Min().Start(), due)
	l.accept("NCB-AA", withdrawal("1"))
	at2, ok2 := l.s.NextDue()
	require.Equal(t, []any{at, ok}, []any{at2, ok2})

	l.accept("NCB-AA", until(record("stolen", "2", serial("KTO44171")), "2027-03-10"))
	for _, last := range []string{"2028", "2027-03-10", "2029", "2027-03-10", "2030"} { // away, back, and away again
		l.accept("NCB-AA", until(record("stolen", "2", serial("KTO44171")), last))
	}
	l.days("2030-12-31")
	l.drain()
	require.Equal(t, []string{"2030-06-30 review 2030-12-31 NCB-AA 1", "2030-11-30 review 2030-12-31 NCB-AA 1"}, reminded(l.journal))
	require.Len(t, effectsOf[events.RecordEffect](onlyDue(l.journal)...), 1, "once, though it has been kept until that day")
}

// Many that expire on one day do so in entries of bounded size, with others
// between them: each once, the matches of a record before the record.
func TestManyExpireOnOneDay(t *testing.T) {
	c := newCrowd(t)
	c.asks(many, serial("KTO44170"))
	for i := range 1200 {
		mark := serial(fmt.Sprintf("ZZ%06d", i))
		if i == 700 {
			mark = serial("KTO44170")
		}
		c.accept(c.owner, until(record("stolen", fmt.Sprint(i), mark), "2027-03-10"))
	}
	c.at = events.MustDate("2027-03-10").Min().Start()
	c.drain()
	before := len(c.journal)
	c.lazy = true
	c.at = events.MustDate("2027-03-10").End()
	for n := 0; c.due() != nil; n++ {
		require.Less(t, n, 50)
		require.Empty(t, toldBy(c.accept(c.asker, search(serial("KTO44170")))), "met by nobody")
	}
	due := onlyDue(c.journal[before:])
	expired := effectsOf[events.RecordEffect](due...)
	require.Len(t, expired, 1200)
	once := map[events.UUID]bool{}
	for _, x := range expired {
		require.False(t, once[x.ID], "once")
		once[x.ID] = true
		require.Equal(t, "expired", x.Outcome)
	}
	require.Len(t, effectsOf[events.MatchEndedEffect](due...), many)
	require.Greater(t, len(due), 3)
	require.Less(t, len(due), 12)
	c.audit()
}

// A search that has lapsed, or lost its agreement, may be withdrawn: what was
// told of it is over.
func TestSearchThatEndedIsWithdrawn(t *testing.T) {
	l := newTown(t)
	e := l.accept("WCO", search(serial("KTO44170")))
	require.Len(t, toldBy(l.accept("NCB-AA", record("stolen", "1", serial("KTO44170")))), 3)
	l.accept(secretary, revocation("AGR-WCO", "end"))
	over := l.accept("WCO", &events.SearchWithdrawn{SearchID: searchID(e), Reason: "mistyped"})
	require.Equal(t, []string{"ended IPSG general_secretariat", "ended NCB-AA owner", "ended WCO asker"}, toldBy(over))
}

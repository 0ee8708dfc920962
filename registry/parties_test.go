package registry_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
)

func dated(b *events.RecordSubmitted, date string) *events.RecordSubmitted {
	b.Incident.Date = events.MustDate(date)
	return b
}

func denying(b *events.RecordSubmitted, orgs ...events.OrgID) *events.RecordSubmitted {
	b.Deny = orgs
	return b
}

// Who is told of a meeting, and as what. All marks are strong and equal.
func TestParties(t *testing.T) {
	mark := serial("KTO44170")
	stolen := func(id string) *events.RecordSubmitted { return record("stolen", id, mark) }
	seized := func(id string) *events.RecordSubmitted { return record("seized", id, mark) }
	for name, c := range map[string]struct {
		send func(l *leader) *events.Entry
		told []string
	}{
		"a search meets a loss": {func(l *leader) *events.Entry {
			l.accept("NCB-AA", stolen("1"))
			return l.send("WCO", search(mark), onBehalfOf("FJ-CUSTOMS"))
		}, []string{"alert IPSG general_secretariat", "alert NCB-AA owner", "alert WCO asker"}},
		"a search meets a seizure": {func(l *leader) *events.Entry {
			l.accept("NCB-AA", seized("1"))
			return l.send("NCB-BB", search(mark))
		}, []string{"custody IPSG general_secretariat", "custody NCB-AA owner", "custody NCB-BB asker"}},
		"a loss meets a question": {func(l *leader) *events.Entry {
			l.accept("NCB-BB", search(mark))
			return l.send("NCB-AA", stolen("1"))
		}, []string{"alert IPSG general_secretariat", "alert NCB-AA owner", "alert NCB-BB asker"}},
		"a seizure meets a loss": {func(l *leader) *events.Entry {
			l.accept("NCB-AA", stolen("1"))
			return l.send("NCB-BB", seized("1"))
		}, []string{"alert IPSG general_secretariat", "alert NCB-AA owner", "alert NCB-BB asker"}},
		"a loss meets a seizure": {func(l *leader) *events.Entry {
			l.accept("NCB-BB", seized("1"))
			return l.send("NCB-AA", stolen("1"))
		}, []string{"alert IPSG general_secretariat", "alert NCB-AA owner", "alert NCB-BB asker"}},
		"a seizure meets a seizure: the newer asks": {func(l *leader) *events.Entry {
			l.accept("NCB-AA", seized("1"))
			return l.send("NCB-BB", seized("1"))
		}, []string{"custody IPSG general_secretariat", "custody NCB-AA owner", "custody NCB-BB asker"}},
		"two losses: both owners, quietly": {func(l *leader) *events.Entry {
			l.accept("NCB-AA", stolen("1"))
			return l.send("NCB-BB", stolen("1"))
		}, []string{"duplicate NCB-AA owner", "duplicate NCB-BB asker"}},
		"one owner's seizures link silently": {func(l *leader) *events.Entry {
			l.accept("NCB-AA", seized("1"))
			return l.send("NCB-AA", seized("2"))
		}, nil},
		"one owner's losses are its own affair": {func(l *leader) *events.Entry {
			l.accept("NCB-AA", stolen("1"))
			return l.send("NCB-AA", stolen("2"))
		}, nil},
		"questions do not meet": {func(l *leader) *events.Entry {
			l.accept("NCB-AA", search(mark))
			return l.send("NCB-BB", search(mark))
		}, nil},
		"asker and owner are one": {func(l *leader) *events.Entry {
			l.accept("NCB-AA", stolen("1"))
			return l.send("NCB-AA", search(mark))
		}, []string{"alert IPSG general_secretariat", "alert NCB-AA asker+owner"}},
		"the General Secretariat asks": {func(l *leader) *events.Entry {
			l.accept(secretary, agreement("AGR-GS", secretary, "search"))
			l.accept("NCB-AA", stolen("1"))
			return l.send(secretary, search(mark))
		}, []string{"alert IPSG general_secretariat+asker", "alert NCB-AA owner"}},
		"all three are one": {func(l *leader) *events.Entry {
			l.accept(secretary, agreement("AGR-GS", secretary, "search", "register"))
			l.accept(secretary, stolen("1"))
			return l.send(secretary, search(mark))
		}, []string{"alert IPSG general_secretariat+asker+owner"}},
		"a national entity without an inbox: its NCB": {func(l *leader) *events.Entry {
			l.accept("NCB-AA", national("NE-AA", "AR", "NCB-AA"))
			l.accept("NCB-AA", agreement("AGR-NE", "NE-AA", "register"))
			l.accept("NE-AA", stolen("1"))
			return l.send("WCO", search(mark))
		}, []string{"alert IPSG general_secretariat", "alert NCB-AA owner", "alert WCO asker"}},
		"its NCB asks: one entry in its inbox": {func(l *leader) *events.Entry {
			l.accept("NCB-AA", national("NE-AA", "AR", "NCB-AA"))
			l.accept("NCB-AA", agreement("AGR-NE", "NE-AA", "register"))
			l.accept("NE-AA", stolen("1"))
			return l.send("NCB-AA", search(mark))
		}, []string{"alert IPSG general_secretariat", "alert NCB-AA asker+owner"}},
		"a floor that the strength reaches": {func(l *leader) *events.Entry {
			floor(l, "strong")
			l.accept("NCB-AA", stolen("1"))
			return l.send("WCO", search(mark))
		}, []string{"alert IPSG general_secretariat", "alert NCB-AA owner", "alert WCO asker"}},
		"a floor above the strength": {func(l *leader) *events.Entry {
			floor(l, "strong")
			l.accept("NCB-AA", glock(record("stolen", "1", serial("A1234"))))
			q := search(serial("A1234"))
			q.Firearm.Type, q.Firearm.Make = "pistol", "Glock"
			return l.send("WCO", q)
		}, []string{"alert IPSG general_secretariat", "alert WCO asker"}},
		"the loss came after the question": {func(l *leader) *events.Entry {
			l.accept("NCB-AA", dated(stolen("1"), "2026-05"))
			q := search(mark)
			q.Incident.Date = events.MustDate("2026-04")
			return l.send("WCO", q)
		}, nil},
		"the loss may have come before": {func(l *leader) *events.Entry {
			l.accept("NCB-AA", dated(stolen("1"), "2025/2026-05"))
			q := search(mark)
			q.Incident.Date = events.MustDate("2026-04")
			return l.send("WCO", q)
		}, []string{"alert IPSG general_secretariat", "alert NCB-AA owner", "alert WCO asker"}},
		"no date: it may have come before": {func(l *leader) *events.Entry {
			l.accept("NCB-AA", dated(stolen("1"), "2026-05"))
			return l.send("WCO", search(mark))
		}, []string{"alert IPSG general_secretariat", "alert NCB-AA owner", "alert WCO asker"}},
		"a routine control, at once": {func(l *leader) *events.Entry {
			l.accept("NCB-AA", stolen("1"))
			q := search(mark)
			q.Context = "routine_control"
			return l.send("WCO", q)
		}, []string{"alert IPSG general_secretariat", "alert NCB-AA owner", "alert WCO asker"}},
		"a routine control, late": {func(l *leader) *events.Entry {
			q := search(mark)
			q.Context = "routine_control"
			l.accept("WCO", q)
			return l.send("NCB-AA", stolen("1"))
		}, nil},
		"denied the asker": {func(l *leader) *events.Entry {
			l.accept("NCB-AA", denying(stolen("1"), "WCO"))
			return l.send("WCO", search(mark))
		}, []string{"alert IPSG general_secretariat", "alert NCB-AA owner"}},
		"denied the body acted for": {func(l *leader) *events.Entry {
			l.accept("NCB-AA", denying(stolen("1"), "FJ-CUSTOMS"))
			return l.send("WCO", search(mark), onBehalfOf("FJ-CUSTOMS"))
		}, []string{"alert IPSG general_secretariat", "alert NCB-AA owner"}},
		"denied a body that is not acted for": {func(l *leader) *events.Entry {
			l.accept("NCB-AA", denying(stolen("1"), "FJ-CUSTOMS"))
			return l.send("WCO", search(mark))
		}, []string{"alert IPSG general_secretariat", "alert NCB-AA owner", "alert WCO asker"}},
		"denied the asker's parent": {func(l *leader) *events.Entry {
			l.accept("NCB-AA", national("NE-AA", "AR", "NCB-AA"))
			l.accept("NCB-AA", agreement("AGR-NE", "NE-AA", "search"))
			l.accept("NCB-BB", denying(stolen("1"), "NCB-AA"))
			return l.send("NE-AA", search(mark))
		}, []string{"alert IPSG general_secretariat", "alert NCB-BB owner"}},
		"denied a standing asker": {func(l *leader) *events.Entry {
			l.accept("WCO", search(mark))
			return l.send("NCB-AA", denying(stolen("1"), "WCO"))
		}, []string{"alert IPSG general_secretariat", "alert NCB-AA owner"}},
		"two records, the loss is denied the finder": {func(l *leader) *events.Entry {
			l.accept("NCB-AA", denying(stolen("1"), "NCB-BB"))
			return l.send("NCB-BB", seized("1"))
		}, []string{"alert IPSG general_secretariat", "alert NCB-AA owner"}},
		"two records, the find is denied the loser": {func(l *leader) *events.Entry {
			l.accept("NCB-AA", stolen("1"))
			return l.send("NCB-BB", denying(seized("1"), "NCB-AA"))
		}, []string{"alert IPSG general_secretariat", "alert NCB-BB asker"}},
		"two records deny one another": {func(l *leader) *events.Entry {
			l.accept("NCB-AA", denying(stolen("1"), "NCB-BB"))
			return l.send("NCB-BB", denying(seized("1"), "NCB-AA"))
		}, []string{"alert IPSG general_secretariat"}},
	} {
		t.Run(name, func(t *testing.T) {
			e := c.send(newTown(t))
			want(t, e, events.Accepted)
			require.Equal(t, c.told, toldBy(e))
		})
	}
}

func floor(l *leader, strength string) {
	aa := ncb("NCB-AA", "AR")
	aa.NotifyFloor = strength
	l.accept(secretary, aa)
}

func glock(b *events.RecordSubmitted) *events.RecordSubmitted {
	b.Firearm.Make = "Glock"
	return b
}

// A weapon that was seen before it was lost: the owner of the loss alone may
// see that, as a candidate, unless it is withheld from it.
func TestPriorSighting(t *testing.T) {
	l := newTown(t)
	mark := serial("KTO44170")
	l.accept("NCB-BB", dated(record("seized", "1", mark), "2019"))
	l.accept("NCB-BB", dated(denying(record("found", "2", mark), "NCB-AA"), "2019"))
	e := l.accept("NCB-AA", dated(record("stolen", "1", mark), "2020"))
	shown := effectsOf[*events.CandidateEffect](e)
	require.Len(t, shown, 1)
	require.Equal(t, []string{"prior_sighting", "NCB-AA"}, []string{shown[0].Class, shown[0].Seen})
	_, ok := l.s.Match("NCB-AA", shown[0].ID)
	require.True(t, ok)
	for _, other := range []events.OrgID{"NCB-BB", secretary, "WCO", "NCB-XX", ""} {
		_, ok = l.s.Match(other, shown[0].ID)
		require.False(t, ok, other)
	}
	// The loss turns out to be older: now it is an alert, and all are told.
	e = l.accept("NCB-AA", dated(record("stolen", "1", mark), "2018"))
	require.Equal(t, []string{
		"alert IPSG general_secretariat", "alert IPSG general_secretariat",
		"alert NCB-AA owner", "alert NCB-BB asker", "alert NCB-BB asker",
	}, toldBy(e))
}

// Amendments: a candidate becomes a notification, a mark that goes ends the
// match, and meeting again renews it; so do deny lists.
func TestAmendedMatches(t *testing.T) {
	l := newTown(t)
	l.accept(secretary, &events.ReferenceSubmitted{Name: "Glock", Kind: "make"})
	l.accept(secretary, &events.ReferenceSubmitted{Name: "Taurus", Kind: "make"})
	q := search(serial("A1234"))
	q.Firearm.Make, q.Firearm.Type = "Glock", "pistol"
	l.accept("WCO", q)
	all := func(kind string) []string {
		return []string{kind + " IPSG general_secretariat", kind + " NCB-AA owner", kind + " WCO asker"}
	}
	send := func(b *events.RecordSubmitted) *events.Entry { return l.accept("NCB-AA", b) }

	e := send(record("stolen", "1", serial("A1234"))) // the make is unknown, the number is fair
	require.Len(t, effectsOf[*events.CandidateEffect](e), 1)
	require.Equal(t, all("alert"), toldBy(send(glock(record("stolen", "1", serial("A1234"))))))
	require.Empty(t, toldBy(send(glock(record("smuggled", "1", serial("A1234"))))), "all know")
	require.Equal(t, all("ended"), toldBy(send(glock(record("stolen", "1", serial("B9999"))))))
	require.Empty(t, toldBy(send(glock(record("lost", "1", serial("B9999"))))))
	require.Equal(t, all("renewed"), toldBy(send(glock(record("stolen", "1", serial("A1234"))))))
	require.Equal(t, all("ended"), toldBy(send(denying(glock(record("stolen", "1", serial("A1234"))), "WCO"))))
	require.Empty(t, toldBy(send(denying(glock(record("lost", "1", serial("A1234"))), "WCO"))), "it is still withheld")
	require.Equal(t, all("renewed"), toldBy(send(glock(record("stolen", "1", serial("A1234"))))))

	// A deny list that is lifted tells who was not told, and nobody else.
	e = send(denying(glock(record("stolen", "2", serial("A1234"))), "WCO"))
	require.Equal(t, []string{"alert IPSG general_secretariat", "alert NCB-AA owner"}, toldBy(e))
	require.Equal(t, []string{"alert WCO asker"}, toldBy(send(glock(record("stolen", "2", serial("A1234"))))))

	// A candidate comes back as a candidate.
	require.Len(t, effectsOf[*events.CandidateEffect](send(record("stolen", "3", serial("A1234")))), 1)
	e = send(denying(record("stolen", "3", serial("A1234")), "WCO"))
	require.Len(t, effectsOf[events.MatchEndedEffect](e), 1)
	require.Empty(t, toldBy(e), "nobody had been told")
	require.Len(t, effectsOf[*events.CandidateEffect](send(record("stolen", "3", serial("A1234")))), 1)
}

// Shared numbers: the third case of one owner makes its number a candidate.
func TestSharedNumbers(t *testing.T) {
	number := serial("KTO44170")
	inCase := func(id, number string, marks ...events.Mark) *events.RecordSubmitted {
		b := record("stolen", id, marks...)
		b.Incident.CaseNumber = number
		return b
	}
	l := newTown(t)
	l.accept("NCB-AA", inCase("1", "C-1", number))
	l.accept("NCB-AA", inCase("2", "C-1", number))
	l.accept("NCB-AA", inCase("3", "C-2", number))
	l.accept("NCB-BB", inCase("4", "C-3", number))
	require.Len(t, effectsOf[*events.MatchEffect](l.accept("WCO", search(number))), 4, "two cases of one, one of the other")
	l.accept("NCB-AA", inCase("5", "", serial("KT0-44170")))
	e := l.accept("WCO", search(number))
	require.Empty(t, toldBy(e))
	require.Len(t, effectsOf[*events.CandidateEffect](e), 5)
	require.True(t, effectsOf[*events.CandidateEffect](e)[0].Shared)
	l.accept("NCB-AA", withdrawal("5"))
	require.Len(t, effectsOf[*events.MatchEffect](l.accept("WCO", search(number))), 4, "a closed case does not count")
}

// Late candidates are told once a day, as a number.
func TestDailyDigest(t *testing.T) {
	l := newTown(t)
	q := search(serial("A1234"), serial("387"), partial("KTO441*"))
	q.Firearm.Type = "pistol"
	l.accept("WCO", q)
	for id, text := range map[string]string{"1": "A1234", "2": "KTO44170", "3": "387", "4": "A1234"} {
		l.accept("NCB-AA", record("stolen", id, serial(text)))
	}
	require.Zero(t, l.s.InboxLen("WCO")-1, "only the agreement")
	l.at = events.MustDate("2026-11-23").End() - 1
	l.drain()
	require.Equal(t, uint64(1), l.s.InboxLen("WCO"))
	l.at++
	l.drain()
	notes := effectsOf[events.NotifyEffect](l.journal...)
	require.Equal(t, events.NotifyEffect{
		Org: "WCO", N: 2, Reason: "daily_digest", About: events.About{Kind: "digest", ID: "2026-11-23", Count: 3},
	}, notes[len(notes)-1], "two fair ones and a partial one")
	l.pass(3)
	l.drain()
	require.Equal(t, uint64(2), l.s.InboxLen("WCO"), "once")
}

// To have been shown a candidate is not to have been told of the match: the
// owner below whose floor the alert was is told once the floor is lower, and
// not of the end of what it was never told.
func TestCandidateIsNotTold(t *testing.T) {
	for _, lowered := range []bool{false, true} {
		l := newTown(t)
		floor(l, "strong")
		b := dated(glock(record("seized", "1", serial("A1234"))), "2019")
		l.accept("NCB-BB", b)
		loss := func(date string) *events.RecordSubmitted {
			return dated(glock(record("stolen", "1", serial("A1234"))), date)
		}
		shown := effectsOf[*events.CandidateEffect](l.accept("NCB-AA", loss("2020")))
		require.Equal(t, "NCB-AA", shown[0].Seen)
		require.Equal(t, []string{"alert IPSG general_secretariat", "alert NCB-BB asker"}, toldBy(l.accept("NCB-AA", loss("2018"))))
		over := []string{"ended IPSG general_secretariat", "ended NCB-BB asker"}
		if lowered {
			floor(l, "fair")
			require.Equal(t, []string{"alert NCB-AA owner"}, toldBy(l.accept("NCB-AA", loss("2017"))))
			over = []string{"ended IPSG general_secretariat", "ended NCB-AA owner", "ended NCB-BB asker"}
		}
		require.Equal(t, over, toldBy(l.accept("NCB-AA", withdrawal("1"))))
	}
}

// A record that is withheld later takes its matches out of sight, also those of
// a question that stands no more; the General Secretariat goes on seeing them.
func TestWithheldSinceIsOutOfSight(t *testing.T) {
	l := newTown(t)
	b := record("stolen", "1", serial("KTO44170"))
	l.accept("NCB-AA", b)
	q := search(serial("KTO44170"))
	q.NoStanding = true
	asked := l.accept("WCO", q)
	id := meetingIn(t, asked).ID
	for _, org := range []string{"WCO", "NCB-AA", secretary} {
		_, ok := l.s.Match(org, id)
		require.True(t, ok, org)
	}
	b.Deny = []string{"WCO"}
	l.accept("NCB-AA", b)
	_, ok := l.s.Match("WCO", id)
	require.False(t, ok)
	_, ok = l.s.Match("NCB-AA", id)
	require.True(t, ok)
	_, ok = l.s.Match(secretary, id)
	require.True(t, ok)
}

func meetingIn(t *testing.T, e *events.Entry) *events.Meeting {
	for _, x := range e.Effects {
		if m, ok := x.(*events.MatchEffect); ok {
			return &m.Meeting
		}
	}
	require.Fail(t, "nothing met")
	return nil
}

package registry_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
)

func TestSearchMade(t *testing.T) {
	q := func(change func(*events.SearchMade)) *events.SearchMade {
		b := search(serial("KTO44170"))
		change(b)
		return b
	}
	for name, c := range map[string]struct {
		send    func(l *leader) *events.Entry
		pointer string
		code    string
	}{
		"an NCB by its own right":   {send: func(l *leader) *events.Entry { return l.send("NCB-AA", search(serial("1"))) }},
		"others by an agreement":    {send: func(l *leader) *events.Entry { return l.send("WCO", search(serial("1"))) }},
		"for a body without access": {send: func(l *leader) *events.Entry { return l.send("WCO", search(serial("1")), onBehalfOf("FJ-CUSTOMS")) }},
		"without a right":           {func(l *leader) *events.Entry { return l.send("FJ-CUSTOMS", search(serial("1"))) }, "", "no_right"},
		"for one of another kind": {func(l *leader) *events.Entry {
			return l.send("WCO", search(serial("1")), onBehalfOf("NCB-AA"))
		}, "/headers/ce_onbehalfof", "not_acting_for"},
		"for nobody known": {func(l *leader) *events.Entry {
			return l.send("WCO", search(serial("1")), onBehalfOf("XX-CUSTOMS"))
		}, "/headers/ce_onbehalfof", "not_acting_for"},
		"by an NCB for a body": {func(l *leader) *events.Entry {
			return l.send("NCB-AA", search(serial("1")), onBehalfOf("FJ-CUSTOMS"))
		}, "/headers/ce_onbehalfof", "not_acting_for"},
		"for a body that has got access of its own": {func(l *leader) *events.Entry {
			l.accept(secretary, agreement("AGR-FJ", "FJ-CUSTOMS", "search"))
			return l.send("WCO", search(serial("1")), onBehalfOf("FJ-CUSTOMS"))
		}, "/headers/ce_onbehalfof", "not_acting_for"},
		"for a body whose access is not for searching": {send: func(l *leader) *events.Entry {
			l.accept(secretary, agreement("AGR-FJ", "FJ-CUSTOMS", "reference"))
			return l.send("WCO", search(serial("1")), onBehalfOf("FJ-CUSTOMS"))
		}},
		"after the agreement was revoked": {func(l *leader) *events.Entry {
			l.accept(secretary, revocation("AGR-WCO", "end"))
			return l.send("WCO", search(serial("1")))
		}, "", "no_right"},
		"on its last day": {send: func(l *leader) *events.Entry {
			l.at = events.MustDate("2040").End() - 1
			return l.send("WCO", search(serial("1")))
		}},
		"after its last day, due work done": {func(l *leader) *events.Entry {
			l.at = events.MustDate("2040").End()
			return l.send("WCO", search(serial("1")))
		}, "", "no_right"},
		"after its last day, due work late": {func(l *leader) *events.Entry {
			l.lazy = true
			l.at = events.MustDate("2040").End()
			return l.send("WCO", search(serial("1")))
		}, "", "no_right"},
		"before its first day": {func(l *leader) *events.Entry {
			a := agreement("AGR-FJ", "FJ-CUSTOMS", "search")
			a.ValidFrom = events.MustDate("2026-11-24")
			l.accept(secretary, a)
			return l.send("FJ-CUSTOMS", search(serial("1")))
		}, "", "no_right"},
		"no mark that finds": {func(l *leader) *events.Entry {
			return l.send("NCB-AA", search(events.Mark{Kind: "serial", Status: "obliterated"}, events.Mark{Kind: "import", Status: "readable", Text: "KTO44170"}))
		}, "/firearm/marks", "too_few_signs"},
		"a partial mark with two digits": {func(l *leader) *events.Entry {
			return l.send("NCB-AA", search(partial("ABC12*")))
		}, "/firearm/marks", "too_few_signs"},
		"a partial mark without three signs in a row": {func(l *leader) *events.Entry {
			return l.send("NCB-AA", search(partial("1?2?3?45")))
		}, "/firearm/marks", "too_few_signs"},
		"a partial mark beside one that finds": {send: func(l *leader) *events.Entry {
			return l.send("NCB-AA", search(partial("ABC12*"), serial("387")))
		}},
		"shortened to a day that is over": {send: func(l *leader) *events.Entry {
			return l.send("NCB-AA", q(func(b *events.SearchMade) { b.StandUntil = events.MustDate("2026-11-22") }))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			l := newTown(t)
			e := c.send(l)
			if c.code != "" {
				rejects(t, e, c.pointer, c.code)
				return
			}
			want(t, e, events.Accepted)
			require.Len(t, effectsOf[events.QuestionEffect](e), 1)
		})
	}
}

func TestHowLongAQuestionStands(t *testing.T) {
	for name, c := range map[string]struct {
		set  func(*events.SearchMade)
		last string // "" = it does not stand
	}{
		"recovered":       {func(*events.SearchMade) {}, "2031-11-23"},
		"in sight":        {func(b *events.SearchMade) { b.Context = "in_sight" }, "2027-11-23"},
		"documents":       {func(b *events.SearchMade) { b.Context = "documents" }, "2027-11-23"},
		"routine control": {func(b *events.SearchMade) { b.Context = "routine_control" }, "2026-11-28"},
		"shortened":       {func(b *events.SearchMade) { b.StandUntil = events.MustDate("2027-02") }, "2027-02-28"},
		"not lengthened":  {func(b *events.SearchMade) { b.StandUntil = events.MustDate("2050") }, "2031-11-23"},
		"only today":      {func(b *events.SearchMade) { b.StandUntil = events.MustDate("2026-11-23") }, "2026-11-23"},
		"until yesterday": {func(b *events.SearchMade) { b.StandUntil = events.MustDate("2026-11-22") }, ""},
		"not at all":      {func(b *events.SearchMade) { b.NoStanding = true }, ""},
	} {
		for _, late := range []bool{false, true} { // late due work never changes an answer
			t.Run(name, func(t *testing.T) {
				l := newTown(t)
				b := search(serial("KTO44170"))
				c.set(b)
				e := l.accept("WCO", b)
				id, last := searchID(e), effectsOf[events.QuestionEffect](e)[0].StandsUntil
				l.lazy = late
				over := &events.SearchWithdrawn{SearchID: id, Reason: "case_closed"}
				if c.last == "" {
					require.Zero(t, last)
					require.Empty(t, toldBy(l.send("NCB-AA", record("stolen", "1", serial("KTO44170")))))
					l.accept("WCO", over)
					rejects(t, l.send("WCO", over), "/search_id", "search_over")
					return
				}
				require.Equal(t, c.last, last.String())
				l.at = events.MustDate(c.last).End() - 1
				told := toldBy(l.send("NCB-AA", keep(record("stolen", "1", serial("KTO44170")))))
				if b.Context == "routine_control" {
					require.Empty(t, told, "late meetings of a routine control are candidates only")
				} else {
					require.Equal(t, []string{"alert IPSG general_secretariat", "alert NCB-AA owner", "alert WCO asker"}, told)
				}
				l.at++
				e = l.send("NCB-AA", keep(record("stolen", "2", serial("KTO44170"))))
				require.Empty(t, toldBy(e))
				require.Empty(t, effectsOf[*events.CandidateEffect](e))
				info, _ := l.s.Question(id)
				require.False(t, info.Standing)
				ended := toldBy(l.accept("WCO", over))
				require.Len(t, ended, len(told), "what was told of it is over")
				rejects(t, l.send("WCO", over), "/search_id", "search_over")
			})
		}
	}
}

// keep keeps a record beyond all questions.
func keep(b *events.RecordSubmitted) *events.RecordSubmitted {
	b.RetainUntil = events.MustDate("2045")
	return b
}

// A recovered record is a question for five years, or until it is kept no more.
func TestHowLongARecoveredRecordAsks(t *testing.T) {
	l := newTown(t)
	l.accept("NCB-BB", keep(record("seized", "1", serial("KTO44170"))))
	closing := record("found", "2", serial("KTO44170"))
	closing.RetainUntil = events.MustDate("2027")
	l.accept("NCB-BB", closing)
	l.at = day("2028-02-29")
	l.accept("NCB-BB", keep(glock(record("seized", "1", serial("KTO44170"))))) // amended, not asked anew
	l.at = events.MustDate("2031-11-23").End() - 1
	e := l.accept("NCB-AA", keep(record("stolen", "1", serial("KTO44170"))))
	require.Equal(t, []string{"alert IPSG general_secretariat", "alert NCB-AA owner", "alert NCB-BB asker"}, toldBy(e))
	l.at++
	require.Empty(t, toldBy(l.accept("NCB-AA", keep(record("stolen", "2", serial("KTO44170"))))))
	l.at = events.MustDate("2045").End()
	require.Empty(t, toldBy(l.accept("NCB-AA", search(serial("KTO44170")))), "what has expired is met by nobody")
}

// The id of a search is never given away again, also after the window of ids.
func TestSearchIDIsNeverUsedAgain(t *testing.T) {
	l := newTown(t)
	id := events.RequestIDFrom("WCO", "key")
	first := l.send("WCO", search(serial("KTO44170")), withID(id))
	want(t, l.send("WCO", search(serial("KTO44170")), withID(id)), events.Duplicate)
	l.pass(31)
	again := l.send("WCO", search(serial("KTO44170")), withID(id))
	rejects(t, again, "/headers/ce_id", "id_reused")
	info, ok := l.s.Question(events.SearchID("WCO", id))
	require.True(t, ok)
	require.Equal(t, first.Seq, info.Seq)
}

func TestSearchWithdrawn(t *testing.T) {
	l := newTown(t)
	l.accept("NCB-AA", record("stolen", "1", serial("KTO44170")))
	e := l.accept("WCO", search(serial("KTO44170")))
	b := &events.SearchWithdrawn{SearchID: searchID(e), Reason: "mistyped"}
	rejects(t, l.send("NCB-AA", b), "/search_id", "search_unknown") // another's, as if it were not
	nowhere := &events.SearchWithdrawn{SearchID: events.SearchID("WCO", events.UUID{1}), Reason: "mistyped"}
	rejects(t, l.send("WCO", nowhere), "/search_id", "search_unknown")
	aRecord := &events.SearchWithdrawn{SearchID: events.RecordID("NCB-AA", events.Source{System: "desk", ID: "1"}), Reason: "mistyped"}
	rejects(t, l.send("NCB-AA", aRecord), "/search_id", "search_unknown")
	over := l.accept("WCO", b)
	require.Equal(t, []string{"ended IPSG general_secretariat", "ended NCB-AA owner", "ended WCO asker"}, toldBy(over))
	require.Equal(t, "question_withdrawn", effectsOf[events.MatchEndedEffect](over)[0].Because)
	rejects(t, l.send("WCO", b), "/search_id", "search_over")
	require.Empty(t, toldBy(l.accept("NCB-AA", record("stolen", "2", serial("KTO44170")))))
}

// Quotas count accepted searches of a UTC day of log time.
func TestQuotas(t *testing.T) {
	l := newTown(t)
	a := agreement("AGR-FJ", "FJ-CUSTOMS", "search")
	a.Limits = &events.AgreementLimit{SearchesPerDay: 3, PartialPerDay: 1}
	l.accept(secretary, a)
	l.accept("FJ-CUSTOMS", search(partial("KTO441*")))
	rejects(t, l.send("FJ-CUSTOMS", search(partial("KTO441*"))), "", "quota_exceeded")
	rejects(t, l.send("FJ-CUSTOMS", search(partial("1?"))), "", "quota_exceeded")
	rejects(t, l.send("FJ-CUSTOMS", search(events.Mark{Kind: "serial", Status: "never_marked"})), "/firearm/marks", "too_few_signs")
	l.accept("FJ-CUSTOMS", search(serial("KTO44170")))
	l.accept("FJ-CUSTOMS", search(serial("KTO44170")))
	rejects(t, l.send("FJ-CUSTOMS", search(serial("KTO44170"))), "", "quota_exceeded")
	l.at = events.MustDate("2026-11-23").End() - 1
	rejects(t, l.send("FJ-CUSTOMS", search(serial("KTO44170"))), "", "quota_exceeded")
	l.at++
	l.accept("FJ-CUSTOMS", search(partial("KTO441*")))
	for range 60 {
		l.accept("NCB-AA", search(partial("KTO441*"))) // an NCB has no quota
	}
}

func TestPurposes(t *testing.T) {
	l := newTown(t)
	a := agreement("AGR-1", "FJ-CUSTOMS", "search")
	a.Purposes = []string{"security_check"}
	l.accept(secretary, a)
	rejects(t, l.send("FJ-CUSTOMS", search(serial("1"))), "/purpose", "wrong_purpose")
	b := agreement("AGR-2", "FJ-CUSTOMS", "search")
	b.Purposes, b.Limits = []string{"border_control"}, &events.AgreementLimit{SearchesPerDay: 1}
	l.accept(secretary, b)
	l.accept("FJ-CUSTOMS", search(serial("1")))
	rejects(t, l.send("FJ-CUSTOMS", search(serial("1"))), "", "quota_exceeded") // of the agreement that covers it
	other := search(serial("1"))
	other.Purpose = "security_check"
	l.accept("FJ-CUSTOMS", other)

	// What an agreement adds to an NCB's own right does not bind that right.
	c := agreement("AGR-3", "NCB-AA", "search")
	c.Purposes, c.ActsFor = []string{"security_check"}, &events.ActsFor{Organisations: []string{"FJ-CUSTOMS"}}
	l.accept(secretary, c)
	l.accept("NCB-AA", search(serial("1")))
	rejects(t, l.send("NCB-AA", search(serial("1")), onBehalfOf("FJ-CUSTOMS")), "/purpose", "wrong_purpose")
	l.accept("NCB-AA", other, onBehalfOf("FJ-CUSTOMS"))
}

// A question for a body ends when that body gets access of its own; a match is
// told only to a party that has the right at its seq.
func TestStandingQuestionsAndRights(t *testing.T) {
	for name, c := range map[string]struct {
		change func(l *leader)
		told   int // of the two questions: WCO's own and that for FJ-CUSTOMS
		stand  int
	}{
		"nothing":            {func(*leader) {}, 2, 2},
		"own access":         {func(l *leader) { l.accept(secretary, agreement("AGR-FJ", "FJ-CUSTOMS", "search")) }, 1, 1},
		"revoked":            {func(l *leader) { l.accept(secretary, revocation("AGR-WCO", "end")) }, 0, 0},
		"revoked, kept":      {func(l *leader) { l.accept(secretary, revocation("AGR-WCO", "keep")) }, 2, 2},
		"right taken away":   {func(l *leader) { l.accept(secretary, agreement("AGR-WCO", "WCO", "reference")) }, 0, 0},
		"no more for bodies": {func(l *leader) { l.accept(secretary, agreement("AGR-WCO", "WCO", "search")) }, 1, 1},
		"ended": {func(l *leader) {
			a := agreement("AGR-WCO", "WCO", "search")
			a.ValidUntil = events.MustDate("2026-11-25")
			a.ActsFor = &events.ActsFor{Kinds: []string{"customs_administration"}}
			l.accept(secretary, a)
			l.pass(3)
		}, 0, 0},
		"taken away and given back before anybody noticed": {func(l *leader) {
			l.lazy = true
			l.accept(secretary, revocation("AGR-WCO", "end"))
			l.accept(secretary, grants["AGR-WCO"]())
			l.lazy = false
		}, 2, 2},
	} {
		for _, late := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				l := newTown(t)
				l.accept("WCO", search(serial("KTO44170")))
				l.accept("WCO", search(serial("KTO44170")), onBehalfOf("FJ-CUSTOMS"))
				l.lazy = late
				c.change(l)
				e := l.accept("NCB-AA", record("stolen", "1", serial("KTO44170")))
				require.Len(t, effectsOf[*events.MatchEffect](e), c.told)
				l.lazy = false
				l.drain()
				require.Len(t, effectsOf[events.QuestionEndedEffect](l.journal...), 2-c.stand)
			})
		}
	}
}

func TestAcknowledged(t *testing.T) {
	l := newTown(t)
	ack := func(n uint64) *events.NotificationAcknowledged { return &events.NotificationAcknowledged{N: n} }
	rejects(t, l.send("NCB-AA", ack(1)), "/n", "not_sent_yet")
	l.accept("NCB-AA", record("stolen", "1", serial("KTO44170")))
	for range 3 {
		l.accept("NCB-BB", search(serial("KTO44170")))
	}
	require.Equal(t, uint64(3), l.s.InboxLen("NCB-AA"))
	rejects(t, l.send("NCB-AA", ack(4)), "/n", "not_sent_yet")
	l.accept("NCB-AA", ack(2))
	l.accept("NCB-AA", ack(1)) // all up to 2 stay acknowledged
	require.Equal(t, uint64(2), l.s.InboxAcked("NCB-AA"))
}

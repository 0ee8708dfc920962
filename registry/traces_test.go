package registry_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
)

// newTraceTown is a town with three more bureaus, and WCO that may trace.
func newTraceTown(t require.TestingT) *leader {
	l := newLeader(t)
	wco := agreement("AGR-WCO", "WCO", "search", "trace")
	wco.Purposes = []string{"border_control"}
	wco.ActsFor = &events.ActsFor{Kinds: []string{"customs_administration"}, OnlyWithoutOwnAccess: true}
	for _, b := range []events.Body{
		ncb("NCB-AA", "AR"), ncb("NCB-BB", "BR"), ncb("NCB-CC", "CL"), ncb("NCB-UU", "US"), national("NE-AA", "AR", "NCB-AA"),
		international("WCO"), customs("FJ-CUSTOMS", "FJ"), wco,
	} {
		l.accept(secretary, b)
	}
	return l
}

// traceRequest asks about a weapon that was recovered in 2020.
func traceRequest(to ...events.OrgID) *events.TraceRequested {
	return &events.TraceRequested{
		Urgency: "routine", IllicitBasis: []string{"law_of_place"}, IntendedUse: "criminal_investigation", DomesticCheck: "done",
		Firearm:  events.Firearm{Type: "pistol", Make: "FAMAE", Marks: []events.Mark{serial("KTO44170")}},
		Incident: events.Incident{Country: "BR", Date: events.MustDate("2020"), CaseNumber: "BB-1"}, Addressees: to,
	}
}

func traceID(e *events.Entry) events.UUID { return events.TraceID(e.Src, e.Envelope.ID) }

func answer(id events.UUID, status string) *events.TraceResponded {
	b := &events.TraceResponded{TraceID: id, Status: status}
	switch status {
	case "completed", "interim":
		b.Steps = []events.TraceStep{{Kind: "manufactured", Country: "CL", Date: events.MustDate("2008-07"), Holder: "manufacturer"}}
	case "failed":
		b.Failure = "not_in_records"
	case "refused":
		b.Refusal = "endangers_investigation"
	case "referred":
		b.Next = []events.TraceReferral{{Organisation: "NCB-UU", Because: "exported"}}
	}
	return b
}

func closingTrace(id events.UUID, outcome string) *events.TraceClosed {
	b := &events.TraceClosed{TraceID: id, Outcome: outcome}
	if outcome == "established" {
		b.Diversion = &events.Diversion{Country: "BR", Kind: "state_theft"}
	}
	return b
}

// traceTells are those that an effect of a trace tells.
func traceTells(x events.Effect) []events.Tell {
	switch x := x.(type) {
	case events.TraceEffect:
		return x.Tell
	case events.TraceAddresseeEffect:
		return x.Tell
	case events.TraceNoteEffect:
		return x.Tell
	}
	return nil
}

// told is who is told what by some entries: recipient, role, reason.
func told(entries ...*events.Entry) (all []string) {
	for _, e := range entries {
		for _, x := range e.Effects {
			for _, tell := range traceTells(x) {
				all = append(all, tell.Org+" "+tell.Role+" "+x.(interface{ Reason() string }).Reason())
			}
		}
	}
	slices.Sort(all)
	return all
}

// stands is where a trace stands with its addressees, to the requester.
func (l *leader) stands(id events.UUID) (all []string) {
	info, ok := l.s.Trace("NCB-BB", id)
	require.True(l.t, ok)
	for _, a := range info.Addressees {
		all = append(all, a.Organisation+" "+a.Status+a.Overdue)
	}
	return all
}

// A trace through three countries: one acknowledges, says a part and completes,
// one refuses, one refers to a fourth, which the requester then asks.
func TestTraceThroughThreeCountries(t *testing.T) {
	l := newTraceTown(t)
	e := l.accept("NCB-BB", traceRequest("NCB-CC", "NCB-AA", "WCO"))
	id := traceID(e)
	require.Equal(t, []string{
		"IPSG general_secretariat trace_addressed", "NCB-AA addressee trace_addressed", "NCB-CC addressee trace_addressed", "WCO addressee trace_addressed",
	}, told(e))
	require.Equal(t, []string{"NCB-CC sent", "NCB-AA sent", "WCO sent"}, l.stands(id))

	both := []string{"IPSG general_secretariat trace_responded", "NCB-BB requester trace_responded"}
	require.Equal(t, both, told(l.accept("NCB-CC", answer(id, "acknowledged"))))
	require.Equal(t, both, told(l.accept("NCB-CC", answer(id, "interim"))))
	require.Equal(t, both, told(l.accept("NCB-CC", answer(id, "completed"))))
	require.Equal(t, both, told(l.accept("NCB-AA", answer(id, "refused"))))
	require.Equal(t, both, told(l.accept("WCO", answer(id, "referred"))))
	require.Equal(t, []string{"NCB-CC completed", "NCB-AA refused", "WCO referred", "NCB-UU proposed"}, l.stands(id))
	_, sees := l.s.Trace("NCB-UU", id)
	require.False(t, sees, "one that is only proposed knows nothing")

	forwarded := l.accept("NCB-BB", &events.TraceForwarded{TraceID: id, Addressees: []events.OrgID{"NCB-UU"}, Because: "exported"})
	require.Equal(t, []string{"NCB-UU addressee trace_addressed"}, told(forwarded))
	require.Equal(t, both, told(l.accept("NCB-UU", answer(id, "failed"))))

	end := l.accept("NCB-BB", closingTrace(id, "established"))
	require.Equal(t, []string{
		"IPSG general_secretariat trace_closed", "NCB-AA addressee trace_closed", "NCB-CC addressee trace_closed",
		"NCB-UU addressee trace_closed", "WCO addressee trace_closed",
	}, told(end))
	info, _ := l.s.Trace("NCB-BB", id)
	require.Equal(t, "established", info.Status)
	rejects(t, l.send("NCB-BB", closingTrace(id, "cancelled")), "/trace_id", "trace_is_closed")
}

// A late answer is kept and told, and changes nothing else.
func TestLateAnswer(t *testing.T) {
	l := newTraceTown(t)
	id := traceID(l.accept("NCB-BB", traceRequest("NCB-CC", "NCB-AA")))
	l.accept("NCB-AA", answer(id, "completed"))
	l.accept("NCB-BB", closingTrace(id, "not_established"))
	before := l.stands(id)
	rejects(t, l.send("NCB-CC", answer(id, "acknowledged")), "/status", "trace_is_closed")
	for _, status := range []string{"interim", "referred"} {
		late := l.accept("NCB-CC", answer(id, status))
		require.Equal(t, []string{"IPSG general_secretariat trace_responded", "NCB-BB requester trace_responded"}, told(late))
		require.True(t, effectsOf[events.TraceAddresseeEffect](late)[0].Late)
		require.Equal(t, before, l.stands(id))
	}
	rejects(t, l.send("NCB-CC", answer(id, "completed")), "/status", "answer_final")
	rejects(t, l.send("NCB-AA", answer(id, "completed")), "/status", "answer_final")
	v, _, err := l.view().Trace(context.Background(), "NCB-BB", id)
	require.NoError(t, err)
	require.Len(t, v.Answers, 3)
	require.True(t, v.Answers[2].Late)
	at, _ := l.s.NextDue()
	require.Equal(t, events.MustDate("2040").End(), at, "a closed trace waits for nobody: an agreement is next")
}

// Who may ask whom, and how each refusal is put.
func TestTraceRefusals(t *testing.T) {
	l := newTraceTown(t)
	l.accept("NCB-BB", func() *events.RecordSubmitted {
		r := record("seized", "1", serial("AB123456"))
		r.Deny = []events.OrgID{"NCB-AA"}
		return r
	}())
	own := events.RecordID("NCB-BB", events.Source{System: "desk", ID: "1"})
	change := func(f func(*events.TraceRequested)) *events.TraceRequested {
		b := traceRequest("NCB-CC")
		f(b)
		return b
	}
	for name, c := range map[string]struct {
		org           events.OrgID
		body          events.Body
		pointer, code string
		options       []option
	}{
		"no right":             {"FJ-CUSTOMS", traceRequest("NCB-CC"), "", "no_right", nil},
		"the secretariat":      {secretary, traceRequest("NCB-CC"), "", "no_right", nil},
		"a purpose":            {"WCO", traceRequest("NCB-CC"), "/intended_use", "wrong_purpose", nil},
		"acting for":           {"NCB-BB", traceRequest("NCB-CC"), "/headers/ce_onbehalfof", "not_acting_for", []option{onBehalfOf("NCB-AA")}},
		"itself":               {"NCB-CC", traceRequest("NCB-CC"), "/addressees/0", "addressee_self", nil},
		"nobody":               {"NCB-BB", traceRequest("NCB-CC", "NCB-ZZ"), "/addressees/1", "organisation_unknown", nil},
		"who answers none":     {"NCB-BB", traceRequest("FJ-CUSTOMS"), "/addressees/0", "addressee_unfit", nil},
		"another's record":     {"NCB-AA", change(func(b *events.TraceRequested) { b.RecordID = own }), "/record_id", "record_unknown", nil},
		"a record withheld":    {"NCB-BB", change(func(b *events.TraceRequested) { b.RecordID, b.Addressees[0] = own, "NCB-AA" }), "/addressees/0", "addressee_denied", nil},
		"yesterday":            {"NCB-BB", change(func(b *events.TraceRequested) { b.AnswerBy = events.DayOf(start) - 1 }), "/answer_by", "answer_by_past", nil},
		"recovered in future":  {"NCB-BB", change(func(b *events.TraceRequested) { b.Incident.Date = events.MustDate("2027") }), "/incident/date", "date_in_future", nil},
		"a trace of nobody":    {"NCB-BB", closingTrace(own, "cancelled"), "/trace_id", "trace_unknown", nil},
		"an answer to nothing": {"NCB-BB", answer(own, "completed"), "/trace_id", "trace_unknown", nil},
	} {
		t.Run(name, func(t *testing.T) {
			e := l.send(c.org, c.body, c.options...)
			require.Contains(t, e.Errors, events.FieldError{Pointer: c.pointer, Code: c.code})
		})
	}
	fj := change(func(b *events.TraceRequested) { b.IntendedUse = "border_control" })
	e := l.accept("WCO", fj, onBehalfOf("FJ-CUSTOMS"))
	info, ok := l.s.Trace("WCO", traceID(e))
	require.True(t, ok)
	require.Equal(t, "FJ-CUSTOMS", info.ActingFor)
}

// The same request again is the same trace, and tells nobody twice.
func TestTraceRequestedAgain(t *testing.T) {
	l := newTraceTown(t)
	id := events.RequestIDFrom("NCB-BB", "once")
	first := l.accept("NCB-BB", traceRequest("NCB-CC"), withID(id))
	inboxes := []uint64{l.s.InboxLen("NCB-CC"), l.s.InboxLen(secretary)}
	again := l.send("NCB-BB", traceRequest("NCB-CC"), withID(id))
	require.Equal(t, []any{events.Duplicate, first.Seq}, []any{again.Verdict, again.Of})
	l.pass(40)
	rejects(t, l.send("NCB-BB", traceRequest("NCB-CC"), withID(id)), "/headers/ce_id", "id_reused")
	l.accept("NCB-BB", closingTrace(traceID(first), "cancelled"))
	reminded := uint64(1) // on day 31
	require.Equal(t, []uint64{inboxes[0] + reminded + 1, inboxes[1] + 1}, []uint64{l.s.InboxLen("NCB-CC"), l.s.InboxLen(secretary)})
}

// never: the requester alone; ask: an addressee proposes; allowed: it sends the
// trace on. An addressee learns neither who has it already nor from whom the
// weapon's record is withheld.
func TestForwardingNeedsTheConsentThatTheRequestStates(t *testing.T) {
	for forwarding, want := range map[string][]string{
		"":        {"NCB-CC sent"},
		"never":   {"NCB-CC sent"},
		"ask":     {"NCB-CC sent", "NCB-UU proposed"},
		"allowed": {"NCB-CC sent", "NCB-UU sent"},
	} {
		t.Run("forwarding "+forwarding, func(t *testing.T) {
			l := newTraceTown(t)
			r := record("seized", "1", serial("AB123456"))
			r.Deny = []events.OrgID{"NCB-AA"}
			l.accept("NCB-BB", r)
			b := traceRequest("NCB-CC")
			b.RecordID, b.Forwarding = events.RecordID("NCB-BB", r.Source), forwarding
			id := traceID(l.accept("NCB-BB", b))
			f := &events.TraceForwarded{TraceID: id, Addressees: []events.OrgID{"NCB-UU", "NCB-AA", "NCB-BB"}, Because: "exported"}
			e := l.send("NCB-CC", f)
			if len(want) == 1 {
				rejects(t, e, "/trace_id", "forwarding_not_allowed")
			} else {
				require.Equal(t, events.Accepted, e.Verdict, "%v", e.Errors)
				require.Contains(t, told(e), "NCB-BB requester trace_forwarded")
				r, err := l.view().Reply(context.Background(), e)
				require.NoError(t, err)
				require.Equal(t, "forwarded", r.Status)
			}
			require.Equal(t, want, l.stands(id))
			l.accept("NCB-CC", answer(id, "referred"))
			own := &events.TraceForwarded{TraceID: id, Addressees: []events.OrgID{"NCB-UU"}, Because: "exported"}
			if forwarding == "allowed" {
				rejects(t, l.send("NCB-BB", own), "/addressees/0", "already_addressed")
			} else {
				l.accept("NCB-BB", own)
			}
			require.Equal(t, []string{"NCB-CC referred", "NCB-UU sent"}, l.stands(id))
		})
	}
}

// A trace is a question: it meets what is recorded and what will be, but never
// the record that it is about; it stands until it is closed.
func TestTraceIsAQuestion(t *testing.T) {
	l := newTraceTown(t)
	l.accept("NCB-BB", dated(record("seized", "own", serial("KTO44170")), "2020"))
	l.accept("NCB-CC", dated(record("stolen", "earlier", serial("KTO44170")), "2014"))
	b := traceRequest("NCB-UU")
	b.RecordID = events.RecordID("NCB-BB", events.Source{System: "desk", ID: "own"})
	e := l.accept("NCB-BB", b)
	require.Equal(t, []string{"alert IPSG general_secretariat", "alert NCB-BB asker", "alert NCB-CC owner"}, toldBy(e))
	var r events.Reply
	require.NoError(t, json.Unmarshal([]byte(l.reply(l.view(), e)), &r))
	require.Equal(t, "open", r.Status)
	require.Len(t, r.Matches, 1)
	n, ok := l.s.InboxSeq("NCB-BB", l.s.InboxLen("NCB-BB"))
	require.True(t, ok)
	require.Equal(t, e.Seq, n)
	note := l.note(l.view(), "NCB-BB", l.s.InboxLen("NCB-BB"))
	require.Equal(t, []any{traceID(e), events.UUID{}}, []any{note.Body.YourTrace, note.Body.YourSearch})

	l.pass(365 * 8) // searches have long lapsed
	later := l.accept("NCB-AA", dated(record("stolen", "later", serial("KTO44170")), "2013"))
	require.Equal(t, []string{
		"alert IPSG general_secretariat", "alert NCB-AA owner", "alert NCB-BB asker", "duplicate NCB-AA asker", "duplicate NCB-CC owner",
	}, toldBy(later))
	id := traceID(e)
	amended := l.accept("NCB-BB", dated(glock(record("seized", "own", serial("KTO44170"))), "2020"))
	for _, m := range effectsOf[*events.MatchEffect](amended) {
		require.NotEqual(t, id, m.Question, "amended, and still its own")
	}
	rejects(t, l.send("NCB-BB", &events.SearchWithdrawn{SearchID: id, Reason: "mistyped"}), "/search_id", "search_unknown")
	cancelled := l.accept("NCB-BB", closingTrace(id, "cancelled"))
	require.Len(t, effectsOf[events.MatchEndedEffect](cancelled), 2, "the question is taken back")
	after := l.accept("NCB-UU", dated(record("stolen", "after", serial("KTO44170")), "2012"))
	for _, m := range effectsOf[*events.MatchEffect](after) {
		require.NotEqual(t, id, m.Question)
	}
}

// From whom the record is withheld, from them its trace is withheld too, also
// when the record says so later.
func TestTraceIsWithheldAsItsRecord(t *testing.T) {
	l := newTraceTown(t)
	own := record("seized", "own", serial("KTO44170"))
	l.accept("NCB-BB", own)
	b := traceRequest("NCB-UU")
	b.RecordID = events.RecordID("NCB-BB", own.Source)
	l.accept("NCB-BB", b)
	own.Deny = []events.OrgID{"NCB-CC"}
	l.accept("NCB-BB", own)
	e := l.accept("NCB-CC", record("stolen", "1", serial("KTO44170")))
	require.NotContains(t, toldBy(e), "alert NCB-CC owner")
	require.Contains(t, toldBy(e), "alert NCB-BB asker")
}

// A trace whose requester lost its right stands no more as a question, and can
// still be answered and closed.
func TestTraceOutlivesItsAgreement(t *testing.T) {
	l := newTraceTown(t)
	b := traceRequest("NCB-CC")
	b.IntendedUse = "border_control"
	id := traceID(l.accept("WCO", b))
	l.accept(secretary, revocation("AGR-WCO", "end"))
	require.Empty(t, toldBy(l.accept("NCB-AA", record("stolen", "1", serial("KTO44170")))))
	l.accept("NCB-CC", answer(id, "completed"))
	rejects(t, l.send("WCO", &events.TraceForwarded{TraceID: id, Addressees: []events.OrgID{"NCB-AA"}, Because: "other"}), "", "no_right")
	l.accept("WCO", closingTrace(id, "established"))
}

// An addressee that does not answer is reminded once; then the requester and the
// General Secretariat are told once.
func TestTraceDeadlines(t *testing.T) {
	l := newTraceTown(t)
	b := traceRequest("NCB-CC", "NCB-AA", "NCB-UU")
	b.AnswerBy = events.DayOf(start) + 10
	e := l.accept("NCB-BB", b)
	id := traceID(e)
	l.accept("NCB-AA", answer(id, "completed"))
	rejects(t, l.send("NCB-BB", &events.TraceCommented{TraceID: id, Code: "more_time", Until: b.AnswerBy + 5}), "/code", "not_addressee")
	more := func(org events.OrgID, days events.Day) *events.Entry {
		return l.send(org, &events.TraceCommented{TraceID: id, Code: "more_time", Until: b.AnswerBy + days})
	}
	rejects(t, more("NCB-UU", 0), "/until", "until_not_later")
	rejects(t, more("NCB-UU", 91), "/until", "until_too_far")
	require.Equal(t, []string{"NCB-BB requester trace_commented"}, told(more("NCB-UU", 20)))
	rejects(t, more("NCB-UU", 30), "/code", "more_time_used")
	rejects(t, more("NCB-AA", 30), "/code", "answer_final")

	due := func(days int) []string {
		l.pass(days)
		from := len(l.journal)
		l.drain()
		return told(l.journal[from:]...)
	}
	require.Empty(t, due(10), "the last day is not over")
	require.Equal(t, []string{"NCB-CC addressee trace_overdue"}, due(1))
	require.Equal(t, []string{"NCB-CC sentoverdue", "NCB-AA completed", "NCB-UU sent"}, l.stands(id))
	require.Empty(t, due(12))
	require.Equal(t, []string{"IPSG general_secretariat trace_overdue", "NCB-BB requester trace_overdue"}, due(2))
	require.Equal(t, []string{"NCB-UU addressee trace_overdue"}, due(6))
	l.accept("NCB-UU", answer(id, "acknowledged"))
	require.Equal(t, []string{"IPSG general_secretariat trace_overdue", "NCB-BB requester trace_overdue"}, due(300), "to read is not to answer")
	require.Empty(t, due(3000))
	l.accept("NCB-CC", answer(id, "completed"))
}

// A deadline that has passed can still be moved, once, to a day to come.
func TestMoreTimeIsTimeToCome(t *testing.T) {
	l := newTraceTown(t)
	id := traceID(l.accept("NCB-BB", traceRequest("NCB-CC")))
	l.pass(40)
	more := &events.TraceCommented{TraceID: id, Code: "more_time", Until: events.DayOf(l.at) - 1}
	rejects(t, l.send("NCB-CC", more), "/until", "until_not_later")
	more.Until += 11
	l.accept("NCB-CC", more)
	require.Equal(t, []string{"NCB-CC sent"}, l.stands(id), "reminded no more")
	l.pass(11)
	l.drain()
	require.Equal(t, []string{"NCB-CC sentoverdue"}, l.stands(id))
}

// By urgency an answer is asked for within 7, 30 or 90 days.
func TestTraceDeadlinesByUrgency(t *testing.T) {
	for urgency, days := range map[string]events.Day{"urgent": 7, "routine": 30, "deferred": 90} {
		l := newTraceTown(t)
		b := traceRequest("NCB-CC")
		b.Urgency = urgency
		e := l.accept("NCB-BB", b)
		require.Equal(t, events.DayOf(start)+days, effectsOf[events.TraceAddresseeEffect](e)[0].By)
		at, ok := l.s.NextDue()
		require.True(t, ok)
		require.Equal(t, (events.DayOf(start) + days + 1).Start(), at)

		// Who is asked later has as long, and at least as long as the request says.
		l.pass(3)
		forward := func(id events.UUID) events.Day {
			e := l.accept("NCB-BB", &events.TraceForwarded{TraceID: id, Addressees: []events.OrgID{"NCB-AA"}, Because: "other"})
			return effectsOf[events.TraceAddresseeEffect](e)[0].By
		}
		require.Equal(t, events.DayOf(start)+3+days, forward(traceID(e)))
		b.AnswerBy = events.DayOf(start) + 200
		require.Equal(t, b.AnswerBy, forward(traceID(l.accept("NCB-BB", b))))
	}
}

// A parent reads what its national entities are asked, and not for which of them
// somebody has proposed to ask.
func TestParentOfAnAddressee(t *testing.T) {
	l := newTraceTown(t)
	for _, id := range []events.OrgID{"NE-AA", "NE-AB"} {
		entity := national(id, "AR", "NCB-AA")
		entity.Rights = []string{"trace"}
		l.accept("NCB-AA", entity)
	}
	e := l.accept("NCB-BB", traceRequest("NE-AA"))
	require.Contains(t, told(e), "NCB-AA addressee trace_addressed", "it has the inbox")
	b := answer(traceID(e), "referred")
	b.Next[0].Organisation = "NE-AB"
	l.accept("NE-AA", b)
	info, ok := l.s.Trace("NCB-AA", traceID(e))
	require.True(t, ok)
	require.Equal(t, []string{"addressee", "NE-AA"}, []string{info.Role, info.Addressees[0].Organisation})
	require.Len(t, info.Addressees, 1)
	rejects(t, l.send("NCB-AA", answer(traceID(e), "completed")), "/trace_id", "trace_unknown")
}

// What closes a trace with as many addressees as it can have, and meetings that
// end with it, fits into entries.
func TestLargestTraceFits(t *testing.T) {
	l := newTraceTown(t)
	var all []events.OrgID
	for i := range 70 {
		id := long(fmt.Sprintf("NCB-%02d", i))
		all = append(all, id)
		l.accept(secretary, ncb(id, "BR"))
	}
	l.accept("NCB-BB", record("seized", "1", serial("KTO44170")))
	for i := range 90 {
		l.accept(all[i%70], record("stolen", fmt.Sprint(i), serial("KTO44170")))
	}
	e := l.accept("NCB-BB", traceRequest(all[:16]...))
	for i := 16; i < 64; i += 16 {
		l.accept("NCB-BB", &events.TraceForwarded{TraceID: traceID(e), Addressees: all[i : i+16], Because: "other"})
	}
	rejects(t, l.send("NCB-BB", &events.TraceForwarded{TraceID: traceID(e), Addressees: all[64:66], Because: "other"}), "/addressees", "too_many_addressees")
	l.accept("NCB-BB", closingTrace(traceID(e), "cancelled"))
	for _, e := range l.journal {
		require.LessOrEqual(t, len(events.AppendEffects(nil, e.Effects)), events.MaxEffects)
	}
	met := effectsOf[*events.MatchEffect](l.journal...)
	ended := effectsOf[events.MatchEndedEffect](l.journal...)
	require.Len(t, ended, len(slices.DeleteFunc(met, func(m *events.MatchEffect) bool { return m.Question != traceID(e) })))
}

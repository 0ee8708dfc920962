package projections

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
)

func (j *journal) trace(serial string, to ...events.OrgID) events.UUID {
	e := j.ask("NCB-BR", &events.TraceRequested{
		Urgency: "routine", IllicitBasis: []string{"law_of_place"}, IntendedUse: "criminal_investigation", DomesticCheck: "done",
		Firearm:  events.Firearm{Type: "pistol", Make: "famae", Marks: record("x", serial).Firearm.Marks},
		Incident: events.Incident{Country: "BR", Date: events.MustDate("2020-03"), CaseNumber: "BR-1"}, Addressees: to, Forwarding: "ask",
	})
	require.Equal(j.t, events.Accepted, e.Verdict, "%v", e.Errors)
	return events.TraceID(e.Src, e.Envelope.ID)
}

// fillTraces makes an entry of each kind that a trace has rows of.
func (j *journal) fillTraces() {
	j.ask("IPSG", &events.OrganisationSubmitted{OrganisationID: "NCB-PY", Kind: "ncb", Country: "PY", Name: "NCB Asuncion", Inbox: true})
	id, open := j.trace("KTO99887", "NCB-CL"), j.trace("KTO99889", "NCB-CL")
	for _, e := range []*events.Entry{
		j.ask("NCB-CL", &events.TraceResponded{TraceID: id, Status: "acknowledged"}),
		j.ask("NCB-CL", &events.TraceCommented{TraceID: id, Code: "more_time", Until: events.DayOf(j.at) + 40}),
		j.ask("NCB-CL", &events.TraceResponded{TraceID: id, Status: "completed", CaseNumber: "CL-5", Use: []string{"lead_only"},
			Steps: []events.TraceStep{
				{Kind: "manufactured", Date: events.MustDate("2008-07"), Country: "CL", Holder: "manufacturer"},
				{Kind: "exported", Date: events.MustDate("2008-09"), Country: "CL", ToCountry: "PY", LicenceHeld: true},
				{Kind: "sold_retail", Date: events.MustDate("2009-01"), Country: "PY", Holder: "private_person"},
			},
			Next: []events.TraceReferral{{Organisation: "NCB-PY", Because: "exported"}}}),
		j.ask("NCB-BR", &events.TraceForwarded{TraceID: id, Addressees: []events.OrgID{"NCB-PY"}, Because: "exported"}),
		j.ask("NCB-PY", &events.TraceResponded{TraceID: id, Status: "refused", Refusal: "national_law"}),
		j.ask("NCB-BR", &events.TraceClosed{TraceID: id, Outcome: "established", Diversion: &events.Diversion{Country: "PY", Date: events.MustDate("2014"), Kind: "state_theft"}}),
		j.ask("NCB-BR", &events.TraceCommented{TraceID: open, Code: "mark_confirmed"}),
	} {
		require.Equal(j.t, events.Accepted, e.Verdict, "%v", e.Errors)
	}
}

// Each party lists what it may: the requester all, an addressee itself, the
// General Secretariat how it stands and nothing of the weapon, others nothing.
func TestTracesList(t *testing.T) {
	_, _, q := filled(t)
	list := func(org events.OrgID, f TraceFilter) []Trace {
		found, _, err := q.Traces(t.Context(), org, f)
		require.NoError(t, err)
		return found
	}
	out := list("NCB-BR", TraceFilter{Direction: "outgoing"})
	require.Len(t, out, 2)
	require.Equal(t, []string{"open", "established"}, []string{out[0].Status, out[1].Status})
	require.Equal(t, []TraceParty{{"NCB-CL", "completed"}, {"NCB-PY", "refused"}}, out[1].Addressees)
	require.Equal(t, []string{"requester", "KTO99889", "BR-1", ""}, []string{out[0].Role, out[0].Marks[0].Text, out[0].CaseNumber, out[1].AnswerBy})
	require.NotEmpty(t, out[0].AnswerBy)
	require.Empty(t, list("NCB-BR", TraceFilter{Direction: "incoming"}))
	require.Equal(t, out[:1], list("NCB-BR", TraceFilter{Status: "open"}))

	in := list("NCB-PY", TraceFilter{})
	require.Len(t, in, 1)
	require.Equal(t, []any{"addressee", []TraceParty{{"NCB-PY", "refused"}}}, []any{in[0].Role, in[0].Addressees})
	require.Len(t, list("NCB-CL", TraceFilter{Direction: "incoming"}), 2)
	require.Empty(t, list("NCB-CL", TraceFilter{Direction: "outgoing"}))
	require.Empty(t, list("WCO", TraceFilter{}))

	all := list("IPSG", TraceFilter{})
	require.Len(t, all, 2)
	require.Equal(t, []any{"general_secretariat", "", ""}, []any{all[1].Role, all[1].Make, all[1].CaseNumber})
	require.Empty(t, all[1].Marks)
	require.Len(t, all[1].Addressees, 2)

	first, next, err := q.Traces(t.Context(), "NCB-BR", TraceFilter{Limit: 1})
	require.NoError(t, err)
	second, next, err := q.Traces(t.Context(), "NCB-BR", TraceFilter{Limit: 1, After: next})
	require.NoError(t, err)
	require.Zero(t, next)
	require.Equal(t, out, append(first, second...))
}

// What analysts count: how a trace stands, how long it took, and the time to
// crime as a range of days.
func TestTraceViews(t *testing.T) {
	d, _, _ := filled(t)
	one := func(query string) (text string) {
		require.NoError(t, d.native.QueryRow(t.Context(), query).Scan(&text))
		return text
	}
	views := d.cfg.Analytics
	require.Equal(t, "established 2 1 0 1 0 0 0 PY state_theft 4047 4107", one("SELECT concatWithSeparator(' ', status, toString(addressees),"+
		" toString(completed), toString(failed), toString(refused), toString(referred), toString(waiting), toString(overdue), diversion_country,"+
		" diversion_kind, toString(time_to_crime_min), toString(time_to_crime_max)) FROM "+views+".traces WHERE status != 'open'"))
	require.Equal(t, "open 1 1 1", one("SELECT concatWithSeparator(' ', status, toString(waiting), toString(first_answer_at IS NULL),"+
		" toString(time_to_crime_min IS NULL)) FROM "+views+".traces WHERE status = 'open'"))
	require.Equal(t, "3", one("SELECT toString(count()) FROM "+views+".trace_steps WHERE reported_by = 'NCB-CL' AND make = 'famae' AND mark_id != ''"))
	require.Equal(t, "refused national_law 1", one("SELECT concatWithSeparator(' ', status, refusal, toString(answered_at > sent_at))"+
		" FROM "+views+".trace_addressees WHERE organisation = 'NCB-PY'"))
}

// The outbox of each organisation holds all that its inbox holds, traces and
// what is said about them among it, each once and in order; sent to a bureau, an
// answer reads there as it was given.
func TestCourierTellsOfTraces(t *testing.T) {
	j, o := newJournal(t), newOutbox()
	j.fillTraces()
	j.at += 60 * events.MillisPerDay // NCB-CL is reminded of what it has not answered, then others are told
	j.due()
	j.courier(t, o)
	reasons := map[string]bool{}
	for _, org := range []events.OrgID{"IPSG", "NCB-BR", "NCB-CL", "NCB-PY"} {
		n := uint64(0)
		for _, m := range o.topics[org] {
			var note events.Notification
			require.NoError(t, json.Unmarshal(m.Value, &note))
			if note.N == 0 {
				continue // a reply
			}
			n++
			require.Equal(t, n, note.N, org)
			reasons[note.Reason] = true
			if note.Reason == "trace_responded" && note.Role == "requester" && note.Body.Trace.Status == "completed" {
				require.Equal(t, "CL-5", note.Body.Trace.Answer.CaseNumber)
			}
		}
		require.Equal(t, j.state.InboxLen(org), n, org)
	}
	for _, reason := range []string{"trace_addressed", "trace_responded", "trace_commented", "trace_overdue", "trace_closed"} {
		require.True(t, reasons[reason], reason)
	}
}

package gateway

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
)

func traceBody(addressee, serial string) string {
	return fmt.Sprintf(`{"urgency":"routine","illicit_basis":["law_of_place"],"intended_use":"criminal_investigation","domestic_check":"done",
		"firearm":{"type":"submachine_gun","make":"FAMAE","calibre":".40","country_of_manufacture":"CL","marks":[{"kind":"serial","place":"receiver","status":"readable","text":%q}]},
		"incident":{"country":"BR","date":"2020","place":"SAO PAULO","case_number":"D-200/2020/491","circumstance":"crime_scene"},
		"addressees":[%q],"forwarding":"ask","answer_by":"2026-12-23"}`, serial, addressee)
}

// newTrace requests a trace and gives its path.
func (w *world) newTrace(who, addressee, serial string) string {
	w.t.Helper()
	var r events.Reply
	w.post(who, "/v1/traces", traceBody(addressee, serial)).into(w.t, http.StatusCreated, &r)
	require.Equal(w.t, "open", r.Status)
	return "/v1/traces/" + r.ID
}

// traceBodies are full bodies of what NCB-BR may say about traces.
func traceBodies(t *testing.T, w *world) map[string]string {
	w.log.ask("IPSG", events.TypeOrganisationSubmitted, `{"organisation_id":"NCB-PY","kind":"ncb","country":"PY","name":"Bureau","inbox":true}`)
	outgoing := func(n int) string { return "POST " + w.newTrace("NCB-BR", "NCB-CL", fmt.Sprintf("KTO9988%d", n)) }
	return map[string]string{
		"POST /v1/traces": traceBody("NCB-CL", "KTO99879"),
		"POST /v1/traces:suggest": `{"firearm":{"type":"pistol","make":"FAMAE","country_of_manufacture":"CL","marks":[{"kind":"serial","status":"obliterated"},
			{"kind":"import","place":"frame","status":"readable","text":"CAI ST ALB VT","country":"US","year":"1998"}]}}`,
		"POST " + w.newTrace("NCB-CL", "NCB-BR", "KTO99880") + "/responses": `{"status":"completed","case_number":"BR-1",
			"steps":[{"kind":"exported","date":"2008-09","country":"BR","to_country":"PY","holder":"police","licence_held":true}],
			"next":[{"organisation":"NCB-PY","because":"exported"}],"use":["lead_only"]}`,
		outgoing(1) + "/comments":    `{"code":"photo_sent"}`,
		outgoing(2) + "/forwardings": `{"addressees":["NCB-PY"],"because":"import_mark"}`,
		outgoing(3) + "/closure":     `{"outcome":"established","diversion":{"country":"BR","date":"2014","kind":"state_theft"},"first_retail_sale":{"country":"BR","date":"2009"}}`,
	}
}

// A trace from request to finding, by HTTP: each party reads what it may, for
// everybody else it does not exist, and who may not send gets a problem with a
// hint.
func TestTraceByHTTP(t *testing.T) {
	w := newWorld(t)
	path := w.newTrace("NCB-BR/tracer", "NCB-CL", "KTO44170")
	w.post("NCB-BR/searcher", "/v1/traces", traceBody("NCB-CL", "KTO44170")).problem(t, http.StatusForbidden, "no_role")
	w.post("WCO", "/v1/traces", traceBody("NCB-CL", "KTO44170")).problem(t, http.StatusForbidden, "no_right")

	shown := func(who string) (v registry.TraceView) {
		w.get(who, path).into(t, 200, &v)
		return v
	}
	require.Equal(t, []string{"requester", "addressee", "general_secretariat"}, []string{shown("NCB-BR/desk").Role, shown("NCB-CL").Role, shown("IPSG").Role})
	w.get("WCO", path).problem(t, http.StatusNotFound, "not_found")
	w.get("NCB-BR", "/v1/traces/9c1be2d4-7a30-5c52-8a43-51f0c2d9e001").problem(t, http.StatusNotFound, "not_found")
	require.Nil(t, shown("IPSG").Request, "the General Secretariat sees the status alone")
	require.Equal(t, []events.OrgID{"NCB-CL"}, shown("NCB-CL").Request.Addressees)

	const complete = `{"status":"completed","steps":[{"kind":"manufactured","date":"2008-07","country":"CL","holder":"manufacturer"},
		{"kind":"exported","date":"2008-09","country":"CL","to_country":"BR","holder":"police"},{"kind":"sold_retail","date":"2009","country":"BR","holder":"private_person"}],"use":["lead_only"]}`
	w.post("WCO", path+"/responses", complete).problem(t, http.StatusNotFound, "trace_unknown")
	w.post("NCB-BR", path+"/responses", complete).problem(t, http.StatusForbidden, "not_addressee")
	w.post("NCB-CL", path+"/closure", `{"outcome":"cancelled"}`).problem(t, http.StatusForbidden, "not_requester")
	w.post("NCB-CL", path+"/responses", `{"status":"acknowledged"}`).into(t, 200, new(events.Reply))
	p := w.post("NCB-CL", path+"/responses", `{"status":"acknowledged"}`).problem(t, http.StatusConflict, "answer_acknowledged")
	require.Contains(t, p.Errors[0].Hint, "completed")
	a := w.post("NCB-CL", path+"/responses", complete, headerKey, "answer-1")
	a.into(t, 200, new(events.Reply))
	again := w.post("NCB-CL", path+"/responses", complete, headerKey, "answer-1")
	require.Equal(t, []any{"true", string(a.body)}, []any{again.header.Get(headerReplayed), string(again.body)})
	w.post("NCB-CL", path+"/responses", complete).problem(t, http.StatusConflict, "answer_final")

	v := shown("NCB-BR")
	require.Len(t, v.Answers, 2)
	require.Equal(t, []string{"lead_only"}, v.Answers[1].Answer.Use)
	require.Len(t, v.Custody.Links, 4)
	require.Equal(t, 3653, v.Custody.TimeToCrime.Min)
	require.Nil(t, shown("IPSG").Custody)
	require.Empty(t, shown("IPSG").Answers)

	w.post("NCB-BR", path+"/closure", `{"outcome":"established","diversion":{"country":"BR","date":"2014","kind":"state_theft"}}`).into(t, 200, new(events.Reply))
	w.post("NCB-BR", path+"/closure", `{"outcome":"cancelled"}`).problem(t, http.StatusConflict, "trace_is_closed")
	require.Equal(t, "state_theft", shown("NCB-BR").Finding.Diversion.Kind)
	require.Nil(t, shown("NCB-CL").Finding, "the finding is the requester's")
}

// The notifications carry what each may read: a bureau on Kafka has no other
// way to it.
func TestTraceNotifications(t *testing.T) {
	w := newWorld(t)
	path := w.newTrace("NCB-BR", "NCB-CL", "KTO44170")
	w.post("NCB-CL", path+"/responses", `{"status":"refused","refusal":"national_law"}`).into(t, 200, new(events.Reply))
	last := func(who string) events.Notification {
		var page Inbox
		w.get(who, "/v1/inbox").into(t, 200, &page)
		return page.Items[len(page.Items)-1]
	}
	asked := last("NCB-CL")
	require.Equal(t, []any{"trace_addressed", "addressee", "NCB-BR", "2026-12-23"},
		[]any{asked.Reason, asked.Role, asked.Body.Trace.Requester, asked.Body.Trace.AnswerBy.String()})
	require.Equal(t, "KTO44170", asked.Body.Trace.Request.Firearm.Marks[0].Text)
	told := last("NCB-BR")
	require.Equal(t, []any{"trace_responded", "requester", "national_law"}, []any{told.Reason, told.Role, told.Body.Trace.Answer.Refusal})
	status := last("IPSG")
	require.Equal(t, events.TraceNews{Requester: "NCB-BR", Organisation: "NCB-CL", Status: "refused"}, *status.Body.Trace)
}

// Whom to ask: the newest import mark, then the make's country by the reference
// table; never the requester's own country; a country without a bureau is said.
func TestSuggestAddressees(t *testing.T) {
	w := newWorld(t)
	w.log.ask("IPSG", events.TypeReferenceSubmitted, `{"name":"FAMAE","kind":"make","country":"CL"}`)
	const body = `{"firearm":{"make":"famae","marks":[{"kind":"serial","status":"never_marked"},
		{"kind":"import","status":"readable","text":"A","country":"BR","year":"1991"},{"kind":"import","status":"readable","text":"B","country":"PT","year":"1998"},
		{"kind":"import","status":"readable","text":"C","country":"US"},{"kind":"proof","status":"readable","text":"D","country":"CL"}]}}`
	var found Suggestions
	w.post("NCB-BR/tracer", "/v1/traces:suggest", body).into(t, 200, &found)
	two, three := 2, 3
	require.Equal(t, []registry.Suggestion{
		{Country: "PT", Because: "import_mark", Mark: &two, Year: "1998"},
		{Country: "US", Because: "import_mark", Mark: &three},
		{Organisation: "NCB-CL", Country: "CL", Because: "make", Make: "FAMAE"},
	}, found.Items)
	w.post("WCO", "/v1/traces:suggest", body).problem(t, http.StatusForbidden, "no_right")
	w.post("NCB-BR", "/v1/traces:suggest", `{"firearm":{}}`).problem(t, http.StatusUnprocessableEntity, "invalid")
}

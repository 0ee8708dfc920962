package gateway

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
)

// newMatch registers a stolen pistol and lets somebody find it: the path of the
// match, and of the record.
func (w *world) newMatch(owner, asker, id, serial string) (match, record string) {
	w.t.Helper()
	var recorded, found events.Reply
	w.post(owner, "/v1/records", recordBody(id, serial)).into(w.t, http.StatusCreated, &recorded)
	w.post(asker, "/v1/searches", searchBody(serial)).into(w.t, http.StatusOK, &found)
	require.Len(w.t, found.Matches, 1)
	return "/v1/matches/" + found.Matches[0].MatchID.String(), "/v1/records/" + recorded.ID
}

// confirmationBodies are full bodies of what NCB-BR may say about matches.
func confirmationBodies(w *world) map[string]string {
	asks, _ := w.newMatch("NCB-CL", "NCB-BR", "C-1", "QRS55101")
	answers, _ := w.newMatch("NCB-BR", "NCB-CL", "C-2", "QRS55202")
	w.post("NCB-CL", answers+"/confirmation-requests", `{"urgency":"routine"}`).into(w.t, http.StatusOK, new(events.Reply))
	return map[string]string{
		"POST " + asks + "/confirmation-requests": `{"urgency":"urgent","compared":["serial","make"],"case_number":"FJ-881"}`,
		"POST " + answers + "/confirmations":      `{"answer":"confirmed","action":"hold_and_contact","case_number":"D-200/2020/491"}`,
	}
}

// A match asked about and confirmed, by HTTP: the asker asks, the owner alone
// answers, for strangers there is no such match, and each refusal has its status.
func TestConfirmationByHTTP(t *testing.T) {
	w := newWorld(t)
	match, record := w.newMatch("NCB-CL", "NCB-BR", "C-1", "QRS55101")
	ask, answer := match+"/confirmation-requests", match+"/confirmations"
	const confirmed = `{"answer":"confirmed","action":"hold_and_contact","case_number":"CL-1"}`
	w.post("NCB-BR/searcher", ask, `{"urgency":"urgent"}`).problem(t, http.StatusForbidden, "no_role")
	w.post("WCO", ask, `{"urgency":"urgent"}`).problem(t, http.StatusNotFound, "match_unknown")
	w.post("IPSG", ask, `{"urgency":"urgent"}`).problem(t, http.StatusForbidden, "not_a_party")
	w.post("NCB-CL", ask, `{"urgency":"urgent"}`).problem(t, http.StatusConflict, "asker_has_no_record")
	p := w.post("NCB-CL", answer, confirmed).problem(t, http.StatusConflict, "not_asked")
	require.Contains(t, p.Errors[0].Hint, "armslog match ask")

	var asked events.Reply
	w.post("NCB-BR/desk", ask, `{"urgency":"urgent","compared":["serial"],"case_number":"BR-9"}`, headerKey, "ask-1").into(t, http.StatusOK, &asked)
	require.Equal(t, "asked", asked.Status)
	require.Equal(t, []events.OrgID{"NCB-BR", "NCB-CL"}, []events.OrgID{asked.Confirmation.AskedBy, asked.Confirmation.Asked})
	again := w.post("NCB-BR/desk", ask, `{"urgency":"urgent","compared":["serial"],"case_number":"BR-9"}`, headerKey, "ask-1")
	require.Equal(t, "true", again.header.Get(headerReplayed))
	w.post("NCB-BR", ask, `{"urgency":"routine"}`).problem(t, http.StatusConflict, "already_asked")

	shown := func(who string) (m Match) {
		w.get(who, match).into(t, http.StatusOK, &m)
		return m
	}
	require.Equal(t, "asked", shown("NCB-CL").Status)
	require.Equal(t, asked.Confirmation.DueAt, shown("NCB-CL").Confirmation.DueAt)
	require.Equal(t, "BR-9", shown("NCB-CL").Confirmation.CaseNumber)
	w.post("NCB-BR", answer, confirmed).problem(t, http.StatusForbidden, "not_owner")
	w.post("WCO", answer, confirmed).problem(t, http.StatusNotFound, "match_unknown")
	w.post("NCB-CL", answer, confirmed).into(t, http.StatusOK, new(events.Reply))
	w.post("NCB-BR", ask, `{"urgency":"urgent"}`).problem(t, http.StatusConflict, "already_confirmed")
	require.Equal(t, []string{"confirmed", "confirmed", "CL-1"}, []string{
		shown("IPSG").Status, shown("NCB-BR").Confirmation.Status, shown("NCB-BR").Confirmation.AnswerCase})

	var r Record
	w.get("NCB-CL", record).into(t, http.StatusOK, &r)
	require.Equal(t, "located", r.Status)
	require.Equal(t, "NCB-BR", r.Located.By)
	w.post("NCB-CL", record+"/withdrawal", `{"reason":"recovered"}`).into(t, http.StatusOK, new(events.Reply))
	w.post("NCB-BR", ask, `{"urgency":"urgent"}`).problem(t, http.StatusConflict, "match_over")
}

package gateway

import (
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
)

func newTestMetrics() *prometheus.Registry { return prometheus.NewRegistry() }

func TestRecordFromBirthToWithdrawal(t *testing.T) {
	w := newWorld(t)
	var reply events.Reply
	a := w.post("NCB-BR", "/v1/records", recordBody("D-1", "KT044170"))
	a.into(t, http.StatusCreated, &reply)
	require.Equal(t, "registered", reply.Status)
	require.Equal(t, uint32(1), reply.Revision)
	require.NotEmpty(t, a.header.Get(headerSeq))
	path := "/v1/records/" + reply.ID

	var shown Record
	a = w.get("NCB-BR", path)
	a.into(t, http.StatusOK, &shown)
	require.Equal(t, `"1"`, a.header.Get("ETag"))
	require.JSONEq(t, recordBody("D-1", "KT044170"), string(shown.Record))
	require.Equal(t, "active", shown.Status)

	w.post("NCB-BR", "/v1/records", recordBody("D-1", "KT044170")).into(t, http.StatusOK, &reply)
	require.Equal(t, "unchanged", reply.Status)
	require.Equal(t, path, "/v1/records/"+reply.ID)

	put := func(body, match string) answered {
		return w.do(w.request("NCB-BR", http.MethodPut, path, strings.NewReader(body), "If-Match", match))
	}
	amended := strings.Replace(recordBody("D-1", "KT044170"), `"glock"`, `"famae"`, 1)
	put(amended, `"1"`).into(t, http.StatusOK, &reply)
	require.Equal(t, "amended", reply.Status)
	p := put(recordBody("D-1", "KT044170"), `"1"`).problem(t, http.StatusConflict, "revision_conflict")
	require.Equal(t, "/base_revision", p.Errors[0].Pointer)
	require.NotEmpty(t, p.Errors[0].Message)
	require.NotNil(t, p.Seq)
	put(recordBody("D-2", "KT044170"), `"2"`).problem(t, http.StatusUnprocessableEntity, "source_mismatch")
	put(amended, `"x"`).problem(t, http.StatusBadRequest, "invalid_parameter")

	w.post("NCB-BR", path+"/withdrawal", `{"reason":"entered_in_error"}`).into(t, http.StatusOK, &reply)
	require.Equal(t, "withdrawn", reply.Status)
	w.post("NCB-BR", path+"/withdrawal", `{"reason":"entered_in_error"}`).problem(t, http.StatusConflict, "record_closed")
	w.get("NCB-BR", path).into(t, http.StatusOK, &shown)
	require.Equal(t, "withdrawn", shown.Status)
}

func TestSomebodyElsesRecordIsNotThere(t *testing.T) {
	w := newWorld(t)
	var reply events.Reply
	w.post("NCB-BR", "/v1/records", recordBody("D-1", "KT044170")).into(t, http.StatusCreated, &reply)
	none := "/v1/records/" + strings.Repeat("0", 8) + reply.ID[8:]
	for _, path := range []string{"/v1/records/" + reply.ID, "/v1/matches/" + reply.ID} {
		theirs := w.get("NCB-CL", path)
		theirs.problem(t, http.StatusNotFound, "not_found")
		nobodys := w.get("NCB-CL", strings.Replace(path, reply.ID[:8], "00000000", 1))
		require.Equal(t, nobodys.body, theirs.body, "what is withheld must look like nothing")
	}
	a := w.post("NCB-CL", "/v1/records/"+reply.ID+"/withdrawal", `{"reason":"destroyed"}`)
	b := w.post("NCB-CL", none+"/withdrawal", `{"reason":"destroyed"}`)
	a.problem(t, http.StatusNotFound, "not_found")
	require.Equal(t, b.body, a.body)
}

// A parent reads what its national entities own, and does not act for them.
func TestParentSees(t *testing.T) {
	w := newWorld(t)
	w.log.ask("NCB-CL", events.TypeOrganisationSubmitted, `{"organisation_id":"CL-ARMY","kind":"national_entity","country":"CL","name":"Army","parent":"NCB-CL"}`)
	w.log.ask("NCB-CL", events.TypeAgreementGranted, `{"agreement_id":"AGR-ARMY","grantee":"CL-ARMY","rights":["register"],"legal_basis":"invented","valid_from":"2026-01-01","valid_until":"2030-12-31"}`)
	e := w.log.ask("CL-ARMY", events.TypeRecordSubmitted, recordBody("D-1", "KT044170"))
	path := "/v1/records/" + w.recordOf(e).String()
	require.Equal(t, http.StatusOK, w.get("NCB-CL", path).status)
	require.Equal(t, http.StatusNotFound, w.get("NCB-BR", path).status)
	w.post("NCB-CL", path+"/withdrawal", `{"reason":"destroyed"}`).problem(t, http.StatusNotFound, "not_found")
}

func TestIdempotencyKey(t *testing.T) {
	w := newWorld(t)
	first := w.post("NCB-BR", "/v1/records", recordBody("D-1", "KT044170"), headerKey, "import-1")
	require.Equal(t, http.StatusCreated, first.status)
	again := w.post("NCB-BR", "/v1/records", recordBody("D-1", "KT044170"), headerKey, "import-1")
	require.Equal(t, "true", again.header.Get(headerReplayed))
	require.Equal(t, first.status, again.status)
	require.Equal(t, first.body, again.body)
	require.Equal(t, first.header.Get(headerSeq), again.header.Get(headerSeq))
	w.post("NCB-BR", "/v1/records", recordBody("D-2", "KT044171"), headerKey, "import-1").
		problem(t, http.StatusUnprocessableEntity, "id_reused")
	w.post("NCB-CL", "/v1/records", recordBody("D-1", "KT044170"), headerKey, "import-1").
		into(t, http.StatusCreated, new(events.Reply)) // another organisation's key is another key

	bad := strings.Replace(recordBody("D-3", "KT044172"), "stolen", "borrowed", 1)
	refused := w.post("NCB-BR", "/v1/records", bad, headerKey, "import-2")
	p := refused.problem(t, http.StatusUnprocessableEntity, "not_in_list")
	require.Equal(t, "/category", p.Errors[0].Pointer)
	again = w.post("NCB-BR", "/v1/records", bad, headerKey, "import-2")
	require.Equal(t, "true", again.header.Get(headerReplayed))
	require.Equal(t, refused.body, again.body)
}

func TestSearchMeetsAndIsTold(t *testing.T) {
	w := newWorld(t)
	var record, found events.Reply
	w.post("NCB-BR", "/v1/records", recordBody("D-1", "KT044170")).into(t, http.StatusCreated, &record)
	w.post("WCO", "/v1/searches", searchBody("KTO44170"), headerOnBehalfOf, "FJ-CUSTOMS").into(t, http.StatusOK, &found)
	require.Equal(t, "answered", found.Status)
	require.Equal(t, "FJ-CUSTOMS", found.OnBehalfOf)
	require.Len(t, found.Matches, 1)
	id := found.Matches[0].MatchID.String()

	for org, status := range map[string]int{"WCO": 200, "NCB-BR": 200, "IPSG": 200, "NCB-CL": 404} {
		require.Equal(t, status, w.get(org, "/v1/matches/"+id).status, org)
	}
	var m Match
	w.get("NCB-BR", "/v1/matches/"+id).into(t, http.StatusOK, &m)
	require.Equal(t, record.ID, m.YourRecord.String())
	require.Nil(t, m.YourSearch)
	require.Equal(t, "FJ-CUSTOMS", m.Question.ActingFor)
	require.Equal(t, "notified", m.Status)
	require.NotNil(t, m.Rule)

	var inbox Inbox
	w.get("NCB-BR", "/v1/inbox").into(t, http.StatusOK, &inbox)
	require.Len(t, inbox.Items, 1)
	require.Equal(t, uint64(1), inbox.Last)
	w.post("NCB-BR", "/v1/inbox/1/ack", "").into(t, http.StatusOK, new(events.Reply))
	w.get("NCB-BR", "/v1/inbox?after=1").into(t, http.StatusOK, &inbox)
	require.Empty(t, inbox.Items)
	require.Equal(t, uint64(1), inbox.Acknowledged)

	w.post("WCO", "/v1/searches/"+found.ID+"/withdrawal", `{"reason":"mistyped"}`).into(t, http.StatusOK, new(events.Reply))
	w.post("NCB-CL", "/v1/searches/"+found.ID+"/withdrawal", `{"reason":"mistyped"}`).problem(t, http.StatusNotFound, "search_unknown")
	w.post("WCO", "/v1/searches", searchBody("KTO44170"), headerOnBehalfOf, "NCB-CL").problem(t, http.StatusForbidden, "not_acting_for")
}

func TestDirectory(t *testing.T) {
	w := newWorld(t)
	var me Me
	w.get("WCO/searcher", "/v1/me").into(t, http.StatusOK, &me)
	require.Equal(t, []string{"search"}, me.Rights)
	require.Equal(t, []Role{Searcher}, me.Roles)
	require.Equal(t, "AGR-WCO", me.ActsFor[0].Agreement)

	var orgs Organisations
	w.get("WCO", "/v1/organisations").into(t, http.StatusOK, &orgs)
	require.Len(t, orgs.Items, 5)
	var agreements Agreements
	w.get("NCB-BR", "/v1/agreements").into(t, http.StatusOK, &agreements)
	require.Empty(t, agreements.Items)
	var policy Policy
	w.get("NCB-BR", "/v1/policy").into(t, http.StatusOK, &policy)
	require.NotEmpty(t, policy.Policy)

	w.post("NCB-BR", "/v1/organisations", `{"organisation_id":"BR-ARMY","kind":"ncb","country":"BR","name":"Army"}`).
		problem(t, http.StatusForbidden, "no_right")
	w.post("IPSG", "/v1/agreements/AGR-WCO/revocation", `{"reason":"expired","standing_searches":"end"}`).into(t, http.StatusOK, new(events.Reply))
	w.post("IPSG", "/v1/agreements/AGR-X/revocation", `{"reason":"expired","standing_searches":"end"}`).problem(t, http.StatusNotFound, "agreement_unknown")
	w.post("WCO", "/v1/searches", searchBody("KTO44170")).problem(t, http.StatusForbidden, "no_right")
}

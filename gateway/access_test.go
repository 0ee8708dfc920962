package gateway

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
)

// looks are what was logged, in order.
func (w *world) looks() (all []events.AccessMade) {
	w.log.mu.RLock()
	defer w.log.mu.RUnlock()
	for _, e := range w.log.entries {
		if e.Envelope.Type != events.TypeAccessMade {
			continue
		}
		require.Equal(w.t, events.SourceGateway, e.Src)
		require.Equal(w.t, events.Accepted, e.Verdict, "%v", e.Errors)
		body, errs := events.Decode(e.Envelope.Type, e.Value)
		require.Empty(w.t, errs)
		all = append(all, *body.(*events.AccessMade))
	}
	return all
}

// untilDecided waits for what was logged: a look does not.
func (w *world) untilDecided() {
	require.NoError(w.t, w.log.CatchUp(w.t.Context()))
}

// met is a world in which WCO was told of NCB-BR's record.
type met struct {
	*world
	record, match string // paths
	recordID      events.UUID
}

func newMet(t *testing.T, change func(body string) string, config ...func(*Config)) *met {
	w := newWorld(t, config...)
	var record, found events.Reply
	w.post("NCB-BR", "/v1/records", change(recordBody("D-1", "KT044170"))).into(t, http.StatusCreated, &record)
	w.post("WCO", "/v1/searches", searchBody("KT044170")).into(t, http.StatusOK, &found)
	id, _ := events.ParseUUID(record.ID)
	m := &met{world: w, record: "/v1/records/" + record.ID, recordID: id}
	var page Inbox
	w.get("NCB-BR", "/v1/inbox").into(t, http.StatusOK, &page)
	if len(page.Items) > 0 {
		m.match = "/v1/matches/" + page.Items[0].About.ID
	}
	return m
}

func asItIs(body string) string { return body }

func with(member string) func(string) string {
	return func(body string) string { return strings.Replace(body, `"retain_until"`, member+`,"retain_until"`, 1) }
}

// Every look is one event, with who looked at what and why; to look again is
// another.
func TestEveryLookIsLogged(t *testing.T) {
	w := newMet(t, asItIs)
	var shown Record
	var match Match
	w.get("NCB-BR", w.record, headerPurpose, "threat_analysis").into(t, http.StatusOK, &shown)
	w.get("WCO/desk", w.match, headerOnBehalfOf, "FJ-CUSTOMS").into(t, http.StatusOK, &match)
	w.get("WCO/desk", w.record).into(t, http.StatusOK, new(Record))
	w.get("WCO/desk", w.record).into(t, http.StatusOK, new(Record))
	w.untilDecided()
	looks := w.looks()
	require.Len(t, looks, 4)
	for _, l := range looks {
		require.NotEmpty(t, l.Actor)
	}
	require.NotEqual(t, looks[0].Actor, looks[1].Actor)
	require.Equal(t, []events.AccessMade{
		{Organisation: "NCB-BR", Actor: looks[0].Actor, What: "record", ID: w.recordID, Seq: shown.Seq, Purpose: "threat_analysis"},
		{Organisation: "WCO", Actor: looks[1].Actor, ActingFor: "FJ-CUSTOMS", What: "match", ID: match.ID, Seq: match.Seq, Purpose: "border_control"},
		{Organisation: "WCO", Actor: looks[1].Actor, What: "record", ID: w.recordID, Seq: shown.Seq, Purpose: "border_control"},
		{Organisation: "WCO", Actor: looks[1].Actor, What: "record", ID: w.recordID, Seq: shown.Seq, Purpose: "border_control"},
	}, looks)
}

// No log, no look: what is not acknowledged shows nothing.
func TestNoLogNoLook(t *testing.T) {
	w := newMet(t, asItIs, func(c *Config) { c.Tables = &oneRevision{} })
	paths := []struct{ who, path string }{
		{"NCB-BR", w.record}, {"WCO", w.record}, {"NCB-BR", w.match}, {"WCO", w.match}, {"IPSG", w.match},
		{"NCB-BR", w.record + "/history"}, {"NCB-BR", w.record + "?as_of=9"},
	}
	for name, err := range map[string]error{
		"not stored": &UnavailableError{Code: "unavailable", RetryAfter: time.Minute}, "unknown": ErrOutcomeUnknown,
		"full": &BusyError{RetryAfter: time.Second}, "broken": context.DeadlineExceeded,
	} {
		w.log.set(func() { w.log.fail = err })
		for _, p := range paths {
			a := w.get(p.who, p.path)
			a.problem(t, http.StatusServiceUnavailable, "unavailable")
			require.NotEmpty(t, a.header.Get("Retry-After"), "%s %s", name, p.path)
			require.NotContains(t, string(a.body), "KT044170", "%s %s", name, p.path)
			require.Empty(t, a.header.Get("ETag"), "%s %s", name, p.path)
			require.Empty(t, a.header.Get(headerSeq), "%s %s", name, p.path)
		}
		for _, path := range []string{"/v1/inbox", "/v1/records", "/v1/me"} {
			require.Equal(t, http.StatusOK, w.get("NCB-BR", path).status, "summaries need no log")
		}
	}
	w.log.set(func() { w.log.fail = nil })
	for _, p := range paths {
		require.Equal(t, http.StatusOK, w.get(p.who, p.path).status, p.path)
	}
	w.untilDecided()
	require.Len(t, w.looks(), len(paths))
}

// Traces are looked at as records and matches are.
func TestLookAtATrace(t *testing.T) {
	w := newWorld(t)
	path := w.newTrace("NCB-BR", "NCB-CL", "KTO44170")
	for who, status := range map[string]int{"NCB-BR": 200, "NCB-CL": 200, "WCO": 404} {
		require.Equal(t, status, w.get(who, path).status, who)
	}
	w.untilDecided()
	looks := w.looks()
	require.Len(t, looks, 2)
	for _, l := range looks {
		require.Equal(t, "trace", l.What)
		require.Contains(t, path, l.ID.String())
	}
	w.log.set(func() { w.log.fail = ErrOutcomeUnknown })
	for _, who := range []string{"NCB-BR", "NCB-CL"} {
		a := w.get(who, path)
		a.problem(t, http.StatusServiceUnavailable, "unavailable")
		require.NotContains(t, string(a.body), "KTO44170")
	}
}

// A look waits for the mailbox alone: the decision may take its time.
func TestLookDoesNotWaitForItsDecision(t *testing.T) {
	w := newMet(t, asItIs)
	release := w.log.hold()
	defer release()
	require.Equal(t, http.StatusOK, w.get("NCB-BR", w.record).status)
	require.Equal(t, http.StatusOK, w.get("WCO", w.match).status)
	require.Empty(t, w.looks())
}

// What is not shown is not logged: to log it would tell that it is there, by
// the time it takes and by the owner's list.
func TestWhatIsWithheldIsNotLogged(t *testing.T) {
	w := newMet(t, with(`"deny":["WCO"]`))
	none := "/v1/records/00000000-0000-5000-8000-000000000000"
	appends := w.log.appends
	for who, paths := range map[string][]string{
		"WCO":    {w.record, w.match, none, w.record + "/x"},
		"NCB-CL": {w.record, w.match, none},
		"IPSG":   {w.record, none},
	} {
		for _, path := range paths {
			require.Equal(t, http.StatusNotFound, w.get(who, path).status, "%s %s", who, path)
		}
	}
	w.get("", w.record).problem(t, http.StatusUnauthorized, "no_credential")
	w.get("NCB-BR/analyst", w.record).problem(t, http.StatusForbidden, "no_role")
	require.Equal(t, appends, w.log.appends)
	require.Equal(t, string(w.get("WCO", none).body), string(w.get("WCO", w.record).body))
}

// Lists and inboxes show summaries: reading them, however often, adds nothing
// to the log.
func TestPollingLogsNothing(t *testing.T) {
	w := newMet(t, asItIs, func(c *Config) { c.Tables = &emptyTables{} })
	appends := w.log.appends
	for range 50 {
		for _, path := range []string{"/v1/inbox", "/v1/inbox?after=1", "/v1/records", "/v1/matches", "/v1/searches", "/v1/audit/accesses", "/v1/me"} {
			require.Equal(t, http.StatusOK, w.get("NCB-BR", path).status, path)
		}
	}
	require.Equal(t, appends, w.log.appends)
}

// The other side of a match reads the record as it is, but for those from whom
// it is withheld, and as far as its handling lets it.
func TestOthersRecord(t *testing.T) {
	for handling, want := range map[string]int{"official_use_only": 200, "restricted": 404, "confidential": 404} {
		w := newMet(t, with(`"deny":["NCB-CL"],"handling":"`+handling+`"`))
		var m Match
		w.get("WCO", w.match).into(t, http.StatusOK, &m)
		require.Equal(t, w.recordID, *m.Other)
		a := w.get("WCO", w.record)
		require.Equal(t, want, a.status, handling)
		require.NotContains(t, string(a.body), "deny")
		if want == http.StatusOK {
			var r Record
			a.into(t, want, &r)
			require.Equal(t, "NCB-BR", r.Owner)
			require.JSONEq(t, with(`"handling":"official_use_only"`)(recordBody("D-1", "KT044170")), string(r.Record))
		}
		var own Match
		w.get("NCB-BR", w.match).into(t, http.StatusOK, &own)
		require.Nil(t, own.Other, "the other side is a search")
		require.Contains(t, string(w.get("NCB-BR", w.record).body), `"deny"`, "its owner's own")
		w.get("NCB-BR", w.record).into(t, http.StatusOK, new(Record))
		w.post("NCB-BR", w.record+"/withdrawal", `{"reason":"returned"}`).into(t, http.StatusOK, new(events.Reply))
		require.Equal(t, http.StatusNotFound, w.get("WCO", w.record).status, "the match has ended")
	}
}

// An organisation that searches by agreement looks at another's for a purpose
// of it.
func TestPurposeOfALook(t *testing.T) {
	w := newMet(t, asItIs)
	w.get("WCO", w.record, headerPurpose, "threat_analysis").problem(t, http.StatusForbidden, "wrong_purpose")
	w.get("WCO", w.record, headerPurpose, "curiosity").problem(t, http.StatusBadRequest, "invalid_parameter")
	w.get("WCO", w.match, headerOnBehalfOf, "NCB-CL").problem(t, http.StatusForbidden, "not_acting_for")
	w.log.ask("IPSG", events.TypeAgreementGranted, `{"agreement_id":"AGR-WCO","grantee":"WCO","rights":["search"],"purposes":["border_control","security_check"],
		"legal_basis":"invented","valid_from":"2026-01-01","valid_until":"2030-12-31"}`)
	w.get("WCO", w.record).problem(t, http.StatusForbidden, "purpose_required")
	w.get("WCO", w.match).problem(t, http.StatusForbidden, "purpose_required")
	require.Equal(t, http.StatusOK, w.get("WCO", w.record, headerPurpose, "security_check").status)
	require.Equal(t, http.StatusOK, w.get("NCB-BR", w.record).status, "its own")
	w.untilDecided()
	require.Len(t, w.looks(), 2)
}

func (e *emptyTables) Accesses(context.Context, events.OrgID, AccessQuery) (Page[AccessRow], error) {
	return Page[AccessRow]{}, e.err
}

// oneRevision is a history of one revision; it notes what looks it was asked for.
type oneRevision struct {
	emptyTables
	asked []AccessQuery
}

func (o *oneRevision) RecordHistory(_ context.Context, _ events.OrgID, id events.UUID, _ PageQuery) (Page[RecordRow], error) {
	return Page[RecordRow]{Items: []RecordRow{{ID: id, Seq: 7, Marks: []string{"KT044170"}}}}, nil
}

func (o *oneRevision) RecordAsOf(_ context.Context, _ events.OrgID, id events.UUID, _ AsOf) (RecordRow, bool, error) {
	return RecordRow{ID: id, Seq: 7, Body: []byte(`{"text":"KT044170"}`)}, true, nil
}

func (o *oneRevision) Accesses(_ context.Context, _ events.OrgID, q AccessQuery) (Page[AccessRow], error) {
	o.asked = append(o.asked, q)
	return Page[AccessRow]{}, nil
}

func TestWhoSeesWhoLooked(t *testing.T) {
	tables := &oneRevision{}
	w := newWorld(t, func(c *Config) { c.Tables = tables })
	for _, c := range []struct {
		who   string
		scope AccessScope
	}{
		{"NCB-BR/desk", AccessesOfOwn}, {"NCB-BR/registrar", AccessesOfOwn}, {"IPSG/desk", AccessesOfOwn},
		{"NCB-BR/auditor", AccessesByOwn}, {"IPSG/auditor", AccessesOfEach},
	} {
		require.Equal(t, http.StatusOK, w.get(c.who, "/v1/audit/accesses?id=7C1F22AA&organisation=WCO&mark=KT0").status)
		last := tables.asked[len(tables.asked)-1]
		require.Equal(t, AccessQuery{PageQuery: PageQuery{Limit: 100}, Scope: c.scope, ID: "7c1f22aa", Mark: "KT0", Organisation: "WCO"}, last, c.who)
	}
	w.get("NCB-BR/searcher", "/v1/audit/accesses").problem(t, http.StatusForbidden, "no_role")
	w.get("NCB-BR", "/v1/audit/accesses?id=xyz").problem(t, http.StatusBadRequest, "invalid_parameter")
}

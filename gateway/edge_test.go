package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
)

// pathOf fills a route's pattern with ids that exist nowhere.
func pathOf(r *route) string {
	id := "00000000-0000-5000-8000-000000000000"
	if strings.HasPrefix(r.path, "/v1/agreements/") {
		id = "AGR-NONE"
	}
	return strings.NewReplacer("{id}", id, "{n}", "1").Replace(r.path)
}

// Every route × every role, and no credential at all: the one table decides,
// before body, parameters and existence are looked at.
func TestRoutesByRoles(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Bounds.Heartbeat = time.Millisecond })
	for _, rt := range w.gw.routes {
		request := func(who string) int {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			r := w.request(who, rt.method, pathOf(rt), nil).WithContext(ctx)
			resp, err := w.client.Do(r)
			require.NoError(t, err)
			defer resp.Body.Close()
			require.Less(t, resp.StatusCode, 600)
			if rt.open {
				return resp.StatusCode
			}
			var p Problem
			if resp.StatusCode >= 400 {
				require.Equal(t, mediaProblem, resp.Header.Get("Content-Type"))
				require.NoError(t, json.NewDecoder(resp.Body).Decode(&p))
			}
			require.NotEqual(t, "internal", p.Code, "%s as %s", rt.id, who)
			if p.Code == "no_role" {
				return http.StatusForbidden
			}
			return http.StatusOK // let in, whatever came of it
		}
		if rt.open {
			require.Equal(t, http.StatusOK, request(""), rt.id)
			continue
		}
		resp, err := w.client.Do(w.request("", rt.method, pathOf(rt), nil))
		require.NoError(t, err)
		resp.Body.Close()
		require.Equal(t, http.StatusUnauthorized, resp.StatusCode, rt.id)
		require.Contains(t, resp.Header.Get("WWW-Authenticate"), "Bearer")
		for _, role := range Roles() {
			want := http.StatusForbidden
			if role == Admin || rt.roles == nil || slices.Contains(rt.roles, role) {
				want = http.StatusOK
			}
			require.Equal(t, want, request("NCB-BR/"+string(role)), "%s as %s", rt.id, role)
		}
	}
}

// What each role may do, said once more in other words than the table's.
func TestRolesOfTheBrief(t *testing.T) {
	who := map[string][]Role{}
	for _, r := range routes() {
		who[r.id] = r.roles
	}
	for _, id := range []string{"submit-record", "submit-records", "put-record", "withdraw-record"} {
		require.Equal(t, []Role{Registrar}, who[id], id)
	}
	for _, id := range []string{"search", "search-many", "withdraw-search"} {
		require.Equal(t, []Role{Searcher}, who[id], id)
	}
	for _, id := range []string{"list-inbox", "stream-inbox", "acknowledge", "list-matches", "show-match"} {
		require.ElementsMatch(t, []Role{Desk, Searcher}, who[id], id)
	}
	for _, id := range []string{"submit-organisation", "grant-agreement", "revoke-agreement", "set-policy", "submit-reference"} {
		require.Equal(t, []Role{Admin}, who[id], id)
	}
	require.NotContains(t, who["show-record"], Analyst, "no raw serial for analysts")
}

func TestWhatIsNotThereIsAProblem(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/", "/v1", "/v1/record", "/v1/records/", "/v1//records", "/v1/records:", "/v1/records:other", "/v1/records:batch/x", "/v1/../v1/me", "/%00"} {
		r := w.request("NCB-BR", http.MethodGet, "/", nil)
		r.URL.Opaque = path
		w.doc.routes = http.NewServeMux() // these are no routes
		w.do(r).problem(t, http.StatusNotFound, "not_found")
	}
	for _, method := range []string{http.MethodDelete, http.MethodPatch, http.MethodPut, http.MethodOptions} {
		a := w.do(w.request("NCB-BR", method, "/v1/records", nil))
		a.problem(t, http.StatusMethodNotAllowed, "method_not_allowed")
		require.Contains(t, a.header.Get("Allow"), "POST")
	}
	w.do(w.request("NCB-BR", http.MethodGet, "/v1/records:batch", nil)).problem(t, http.StatusMethodNotAllowed, "method_not_allowed")
}

func TestBodiesThatAreRefusedUnread(t *testing.T) {
	w := newWorld(t)
	w.post("NCB-BR", "/v1/records", "x", "Content-Type", "text/plain").problem(t, http.StatusUnsupportedMediaType, "unsupported_media_type")
	w.post("NCB-BR", "/v1/records", "{}", "Content-Type", "").problem(t, http.StatusUnsupportedMediaType, "unsupported_media_type")
	w.post("NCB-BR", "/v1/records", strings.Repeat("x", events.MaxBody+1)).problem(t, http.StatusRequestEntityTooLarge, "too_large")
	unsized := io.MultiReader(strings.NewReader(strings.Repeat("x", events.MaxBody+1))) // chunked: no length before
	w.do(w.request("NCB-BR", http.MethodPost, "/v1/records", unsized)).problem(t, http.StatusRequestEntityTooLarge, "too_large")
	for _, body := range []string{"", "x", "{", "\x00", "\xff", "1 2", "{}{}"} {
		p := w.post("NCB-BR", "/v1/records", body).problem(t, http.StatusBadRequest, "not_json")
		require.NotNil(t, p.Seq, "what could not be read is kept: the entry is the dead letter")
	}
	w.post("NCB-BR", "/v1/records", recordBody("D-1", "KT044170"), "Content-Type", "application/json; charset=utf-8").into(t, 201, new(events.Reply))
}

func TestParameters(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Tables = &emptyTables{} })
	for query, code := range map[string]string{
		"limit=0": "invalid_parameter", "limit=x": "invalid_parameter", "limit=1001": "invalid_parameter", "limit=-1": "invalid_parameter",
		"limit=1&limit=2": "invalid_parameter", "status=lost": "invalid_parameter", "after=": "invalid_parameter",
		"mark=%00": "invalid_parameter", "mark=%ff": "invalid_parameter", "mark=" + strings.Repeat("x", 201): "invalid_parameter",
		"%zz": "invalid_parameter", "stauts=active": "unknown_parameter",
	} {
		p := w.get("NCB-BR", "/v1/records?"+query).problem(t, http.StatusBadRequest, code)
		require.NotEmpty(t, p.Errors, query)
		require.True(t, strings.HasPrefix(p.Errors[0].Pointer, "/query"), query)
	}
	require.Equal(t, http.StatusOK, w.get("NCB-BR", "/v1/records?limit=5&status=active&mark=K%3F7&after=c").status)
	w.get("NCB-BR", "/v1/records/not-an-id").problem(t, http.StatusNotFound, "not_found")
	w.post("NCB-BR", "/v1/inbox/x/ack", "").problem(t, http.StatusNotFound, "not_found")
	w.get("NCB-BR", "/v1/records/00000000-0000-5000-8000-000000000000?as_of=yesterday").problem(t, http.StatusBadRequest, "invalid_parameter")
	w.get("NCB-BR", "/v1/records/00000000-0000-5000-8000-000000000000?as_of=2026-11-23T12:03:00Z").problem(t, http.StatusNotFound, "not_found")
	w.post("NCB-BR", "/v1/searches", searchBody("KT1"), "Prefer", "wait=99").problem(t, http.StatusBadRequest, "invalid_parameter")
	w.post("NCB-BR", "/v1/searches", searchBody("KT1"), headerOnBehalfOf, "nobody at all").problem(t, http.StatusBadRequest, "header_invalid")
	w.post("NCB-BR", "/v1/searches", searchBody("KT1"), headerKey, strings.Repeat("k", 201)).problem(t, http.StatusBadRequest, "invalid_parameter")
}

func TestOutcomeUnknownAndTheSameAgain(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Bounds.Wait = 20 * time.Millisecond })
	release := w.log.hold()
	p := w.post("NCB-BR", "/v1/records", recordBody("D-1", "KT044170"), headerKey, "once").problem(t, http.StatusGatewayTimeout, "outcome_unknown")
	require.Equal(t, "urn:uuid:"+events.RequestIDFrom("NCB-BR", "once").String(), p.Instance)
	require.Len(t, w.gw.flight.records(), 1, "its record is in flight until it is decided")
	release()
	require.Eventually(t, func() bool { return len(w.gw.flight.records()) == 0 }, 5*time.Second, time.Millisecond)
	a := w.post("NCB-BR", "/v1/records", recordBody("D-1", "KT044170"), headerKey, "once", "Prefer", "wait=10")
	a.into(t, http.StatusCreated, new(events.Reply))
	require.Equal(t, "true", a.header.Get(headerReplayed))
}

func TestFullQueueIs429(t *testing.T) {
	w := newWorld(t)
	w.log.set(func() { w.log.fail = &BusyError{RetryAfter: 2 * time.Second} })
	a := w.post("NCB-BR", "/v1/records", recordBody("D-1", "KT044170"))
	a.problem(t, http.StatusTooManyRequests, "busy")
	require.Contains(t, string(w.get("", "/metrics").body), `armslog_http_refused_total{bound="backlog"} 1`)
	require.Equal(t, "2", a.header.Get("Retry-After"))
	require.Empty(t, w.gw.flight.records())
}

func TestPanicIsAProblemAndTellsNothing(t *testing.T) {
	var log bytes.Buffer
	w := newWorld(t, func(c *Config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	for _, r := range w.gw.routes {
		if r.id == "me" {
			r.serve = func(*call) error { panic("KT044170") }
		}
		if r.id == "list-organisations" {
			r.serve = func(*call) error { return errors.New("dial tcp 10.0.0.1: refused") }
		}
	}
	for _, path := range []string{"/v1/me", "/v1/organisations"} {
		p := w.get("NCB-BR", path).problem(t, http.StatusInternalServerError, "internal")
		require.Empty(t, p.Detail)
	}
	require.Contains(t, log.String(), "handler panicked")
	require.NotContains(t, log.String(), "KT044170")
}

func TestLogAndMetricsNameNobody(t *testing.T) {
	var log bytes.Buffer
	w := newWorld(t, func(c *Config) { c.Log = slog.New(slog.NewJSONHandler(&log, nil)) })
	w.post("NCB-BR", "/v1/records", recordBody("D-1", "KT044170"))
	w.batch("NCB-BR", "/v1/records:batch", recordBody("D-1", "KT044170"))
	w.get("NCB-BR", "/v1/records?mark=KT044170")
	w.get("NCB-BR", "/v1/KT044170")
	a := w.get("", "/metrics")
	require.Contains(t, string(a.body), `armslog_http_requests_total{method="POST",route="/v1/records",status="201"} 1`)
	require.Contains(t, string(a.body), `armslog_http_batch_rows_total{status="unchanged"} 1`)
	w.stop()
	require.Contains(t, log.String(), `"route":"/v1/records:batch","status":200`)
	for _, text := range []string{log.String(), string(a.body)} {
		require.NotContains(t, text, "KT044170")
		require.NotContains(t, text, "NCB-BR")
	}
}

func TestHealthAndReady(t *testing.T) {
	behind := errors.New("the state is behind the journal")
	w := newWorld(t, func(c *Config) { c.Ready = func() error { return behind } })
	require.Equal(t, 200, w.get("", "/healthz").status)
	p := w.get("", "/readyz").problem(t, http.StatusServiceUnavailable, "unavailable")
	require.Equal(t, behind.Error(), p.Detail)
	behind = nil
	require.Equal(t, 200, w.get("", "/readyz").status)
	a := w.get("", "/docs")
	require.Contains(t, string(a.body), "revision_conflict")
	require.NotContains(t, string(a.body), "src=", "the page fetches nothing")
	require.JSONEq(t, string(w.gw.openAPI), string(w.get("", "/openapi.json").body))
}

// A gateway that is to stop says so, and goes on answering until whoever
// distributes requests has heard it.
func TestServeDrains(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Drain = 2 * time.Second })
	live := w.live("NCB-BR", "")
	require.False(t, w.get("NCB-BR", "/v1/me").closed)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		w.stop()
	}()
	require.Eventually(t, func() bool { return w.get("", "/readyz").status == http.StatusServiceUnavailable }, 5*time.Second, time.Millisecond)
	require.Equal(t, 200, w.get("", "/healthz").status)
	a := w.post("NCB-BR", "/v1/records", recordBody("D-1", "KT044170"))
	require.Equal(t, 201, a.status, "it answers still")
	require.True(t, a.closed, "and the next request goes elsewhere")
	_, err := io.ReadAll(live.in)
	require.NoError(t, err, "streams end with it")
	<-stopped
}

func TestServeStopsStreamsAndWaits(t *testing.T) {
	w := newWorld(t)
	s := w.stream("NCB-BR", "/v1/records:batch")
	s.send(recordBody("D-1", "KT044170"))
	require.Equal(t, "registered", s.next().Status)
	live := w.live("NCB-BR", "")
	began := time.Now()
	go w.stop()
	v := s.next()
	require.Equal(t, "unavailable", v.Error.Code)
	require.Equal(t, uint64(2), v.From)
	_, err := io.ReadAll(live.in)
	require.NoError(t, err)
	w.stop()
	require.Less(t, time.Since(began), stopWithin)
}

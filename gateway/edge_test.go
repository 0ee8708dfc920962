package gateway

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
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

// Registration, search, inbox, and what is found by id need no ClickHouse.
func TestWithoutTables(t *testing.T) {
	for name, tables := range map[string]Tables{"none": nil, "failing": &emptyTables{err: errors.New("connection refused")}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, func(c *Config) { c.Tables = tables })
			var record, found events.Reply
			w.post("NCB-BR", "/v1/records", recordBody("D-1", "KT044170")).into(t, 201, &record)
			w.post("WCO", "/v1/searches", searchBody("KT044170")).into(t, 200, &found)
			require.Len(t, found.Matches, 1)
			for _, path := range []string{
				"/v1/records/" + record.ID, "/v1/matches/" + found.Matches[0].MatchID.String(), "/v1/inbox", "/v1/organisations", "/v1/me",
			} {
				require.Equal(t, 200, w.get("NCB-BR", path).status, path)
			}
			for _, path := range []string{"/v1/records", "/v1/searches", "/v1/matches", "/v1/records/" + record.ID + "/history", "/v1/records/" + record.ID + "?as_of=3"} {
				a := w.get("NCB-BR", path)
				p := a.problem(t, http.StatusServiceUnavailable, "unavailable")
				require.NotEmpty(t, a.header.Get("Retry-After"))
				require.NotContains(t, p.Detail, "refused", "what is wrong inside stays inside")
			}
		})
	}
}

type emptyTables struct{ err error }

func (e *emptyTables) Records(context.Context, events.OrgID, RecordQuery) (Page[RecordRow], error) {
	return Page[RecordRow]{}, e.err
}

func (e *emptyTables) RecordHistory(context.Context, events.OrgID, events.UUID, PageQuery) (Page[RecordRow], error) {
	return Page[RecordRow]{}, e.err
}

func (e *emptyTables) RecordAsOf(context.Context, events.OrgID, events.UUID, AsOf) (RecordRow, bool, error) {
	return RecordRow{}, false, e.err
}

func (e *emptyTables) Searches(context.Context, events.OrgID, SearchQuery) (Page[SearchRow], error) {
	return Page[SearchRow]{}, e.err
}

func (e *emptyTables) Matches(context.Context, events.OrgID, MatchQuery) (Page[MatchRow], error) {
	return Page[MatchRow]{}, e.err
}

func TestCursorOfNobody(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Tables = &emptyTables{err: fmt.Errorf("list records: %w", ErrCursor)} })
	p := w.get("NCB-BR", "/v1/records?after=zzz").problem(t, http.StatusBadRequest, "invalid_parameter")
	require.Equal(t, "/query/after", p.Errors[0].Pointer)
}

// A client that sends and never reads what it is told.
func TestClientThatDoesNotRead(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Bounds.SendTimeout = 100 * time.Millisecond })
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.(*net.TCPConn).SetReadBuffer(4096))
	fmt.Fprintf(conn, "POST /v1/records:batch HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: %s\r\nTransfer-Encoding: chunked\r\n\r\n", w.keys["NCB-BR/admin"], mediaNDJSON)
	lines := strings.Repeat("\n", 1000) // each is refused at the edge, in many more bytes than it has
	sent := 0
	for ; sent < 10_000; sent++ {
		if _, err := fmt.Fprintf(conn, "%x\r\n%s\r\n", len(lines), lines); err != nil {
			break
		}
	}
	require.Less(t, sent, 10_000, "the connection was closed")
	require.Eventually(t, func() bool {
		w.gw.bounds.mu.Lock()
		defer w.gw.bounds.mu.Unlock()
		return len(w.gw.bounds.orgs) == 0
	}, 5*time.Second, time.Millisecond)
}

func TestHeadersAreBounded(t *testing.T) {
	w := newWorld(t)
	r := w.request("NCB-BR", http.MethodGet, "/v1/me", nil, "X-Long", strings.Repeat("x", 64<<10))
	resp, err := w.client.Do(r)
	require.NoError(t, err)
	resp.Body.Close()
	require.Equal(t, http.StatusRequestHeaderFieldsTooLarge, resp.StatusCode)
}

func TestLagIsSaid(t *testing.T) {
	w := newWorld(t, func(c *Config) {
		c.Tables = &emptyTables{err: &UnavailableError{Code: "lagging", RetryAfter: 2 * time.Second}}
	})
	a := w.get("NCB-BR", "/v1/records?min_seq=99")
	a.problem(t, http.StatusServiceUnavailable, "lagging")
	require.Equal(t, "2", a.header.Get("Retry-After"))
	w.get("NCB-BR", "/v1/organisations?min_seq=99999").problem(t, http.StatusServiceUnavailable, "lagging")
	require.Equal(t, 200, w.get("NCB-BR", "/v1/organisations?min_seq=3").status)
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
	require.Equal(t, "2", a.header.Get("Retry-After"))
	require.Empty(t, w.gw.flight.records())
}

// One organisation's full house is its own; its batches do not keep its
// searches out, and nobody else feels either.
func TestBoundsAreEachOrganisationsOwn(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Bounds.Requests, c.Bounds.Batches = 2, 1 })
	release := w.log.hold()
	defer release()
	first := make(chan answered, 2)
	for i := range 2 {
		go func() { first <- w.post("NCB-BR", "/v1/records", recordBody(fmt.Sprint("D-", i), "KT044170")) }()
	}
	w.stream("NCB-BR", "/v1/records:batch").send(recordBody("D-9", "KT044170"))
	under := func(org string) (n [boundKinds]int) {
		w.gw.bounds.mu.Lock()
		defer w.gw.bounds.mu.Unlock()
		if p := w.gw.bounds.orgs[org]; p != nil {
			n = *p
		}
		return n
	}
	require.Eventually(t, func() bool { return under("NCB-BR") == [boundKinds]int{2, 1, 0} }, 5*time.Second, time.Millisecond)
	a := w.get("NCB-BR", "/v1/me")
	a.problem(t, http.StatusTooManyRequests, "too_many_requests")
	require.Equal(t, "1", a.header.Get("Retry-After"))
	w.post("NCB-BR", "/v1/records:batch", "{}", "Content-Type", mediaNDJSON).problem(t, http.StatusTooManyRequests, "too_many_requests")
	require.Equal(t, 200, w.get("NCB-BR", "/v1/inbox").status, "the inbox is counted apart")
	require.Equal(t, 200, w.get("NCB-CL", "/v1/me").status, "and so is everybody else")
	release()
	require.Equal(t, 201, (<-first).status)
	require.Equal(t, 201, (<-first).status)
	require.Eventually(t, func() bool { return w.get("NCB-BR", "/v1/me").status == 200 }, 5*time.Second, time.Millisecond)
}

func TestBatchesOfAllTogether(t *testing.T) {
	b := newBounds(Bounds{AllBatches: 2}.withDefaults())
	one, ok := b.enter("A1", batchKind)
	require.True(t, ok)
	_, ok = b.enter("B1", batchKind)
	require.True(t, ok)
	_, ok = b.enter("C1", batchKind)
	require.False(t, ok)
	_, ok = b.enter("C1", plainKind)
	require.True(t, ok)
	one()
	_, ok = b.enter("C1", batchKind)
	require.True(t, ok)
}

// A client that sends its body a byte at a time is not waited for; one that
// sends none at all is not either.
func TestSlowClient(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Bounds.ReadTimeout = 100 * time.Millisecond })
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
	require.NoError(t, err)
	defer conn.Close()
	fmt.Fprintf(conn, "POST /v1/records HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{", w.keys["NCB-BR/admin"])
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	answered{resp.StatusCode, resp.Header, b}.problem(t, http.StatusRequestTimeout, "timeout")
	require.Equal(t, int64(0), w.log.offsets["NCB-BR"])
}

// A long wait for a decision must outlast the time that a body may take.
func TestReadTimeoutDoesNotEndTheWait(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Bounds.ReadTimeout = 30 * time.Millisecond })
	release := w.log.hold()
	done := make(chan answered, 1)
	go func() { done <- w.post("NCB-BR", "/v1/records", recordBody("D-1", "KT044170")) }()
	select {
	case a := <-done:
		t.Fatalf("answered before it was decided: %s", a.body)
	case <-time.After(100 * time.Millisecond):
	}
	release()
	require.Equal(t, 201, (<-done).status)
}

func TestClientThatGoesAwayWhileItWaits(t *testing.T) {
	w := newWorld(t)
	release := w.log.hold()
	ctx, cancel := context.WithCancel(context.Background())
	r := w.request("NCB-BR", http.MethodPost, "/v1/records", strings.NewReader(recordBody("D-1", "KT044170"))).WithContext(ctx)
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		if resp, err := w.client.Do(r); err == nil {
			resp.Body.Close()
		}
	}()
	require.Eventually(t, func() bool { return len(w.gw.flight.records()) == 1 }, 5*time.Second, time.Millisecond)
	cancel()
	<-gone
	release()
	require.Eventually(t, func() bool { return len(w.gw.flight.records()) == 0 }, 5*time.Second, time.Millisecond)
	_, known := w.record("NCB-BR", "D-1")
	require.True(t, known)
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

func TestConnectionsAreBounded(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l := newBoundListener(inner, 1)
	accepted := make(chan net.Conn)
	go func() {
		defer close(accepted)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			accepted <- c
		}
	}()
	for range 2 {
		c, err := net.Dial("tcp", inner.Addr().String())
		require.NoError(t, err)
		defer c.Close()
	}
	first := <-accepted
	select {
	case <-accepted:
		t.Fatal("a second connection was let in")
	case <-time.After(20 * time.Millisecond):
	}
	require.NoError(t, first.Close())
	require.NoError(t, (<-accepted).Close())
	require.NoError(t, l.Close())
	_, open := <-accepted
	require.False(t, open)
}

func TestKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	write := func(keys ...Key) {
		b, err := json.Marshal(Keys{Keys: keys})
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, b, 0o600))
	}
	key, token := NewKey("k1", "WCO", Searcher)
	require.Regexp(t, `^ak_k1_[A-Z2-7]{52}$`, token)
	write(key)
	f, err := OpenKeyFile(path, []byte("s"), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	authenticate := func(header string) (Principal, error) {
		r, _ := http.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Authorization", header)
		return f.Authenticate(r)
	}
	p, err := authenticate("Bearer " + token)
	require.NoError(t, err)
	require.Regexp(t, `^u:[0-9a-f]{16}$`, p.Actor)
	require.Equal(t, "WCO", p.Organisation)
	_, err = authenticate("bearer " + token)
	require.NoError(t, err)
	for _, bad := range []string{"", "Bearer", "Bearer ak_k1_", "Bearer " + token + "A", "Bearer " + token[:len(token)-1], "Basic " + token, token, "Bearer ak_k2_" + token[6:], "Bearer ak__", "Bearer " + token[3:]} {
		_, err := authenticate(bad)
		require.ErrorIs(t, err, ErrNoCredential, bad)
	}

	other, otherToken := NewKey("k2", "NCB-BR", Registrar)
	write(other)
	require.NoError(t, f.Reload())
	_, err = authenticate("Bearer " + token)
	require.ErrorIs(t, err, ErrNoCredential, "a key that was taken out")
	_, err = authenticate("Bearer " + otherToken)
	require.NoError(t, err)

	for name, bad := range map[string]Key{
		"id":   {ID: "K_1", Hash: key.Hash, Organisation: "WCO"},
		"org":  {ID: "k1", Hash: key.Hash, Organisation: "wco"},
		"role": {ID: "k1", Hash: key.Hash, Organisation: "WCO", Roles: []Role{"king"}},
		"hash": {ID: "k1", Hash: "sha256:00", Organisation: "WCO"},
	} {
		write(bad)
		require.Error(t, f.Reload(), name)
	}
	write(key, key)
	require.Error(t, f.Reload(), "twice")
	_, err = authenticate("Bearer " + otherToken)
	require.NoError(t, err, "a file that cannot be read leaves the keys as they were")
}

func TestKeyFileIsReadAgainWhenItChanges(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	require.NoError(t, os.WriteFile(path, []byte(`{"keys":[]}`), 0o600))
	key, token := NewKey("k1", "WCO", Searcher)
	synctest.Test(t, func(t *testing.T) {
		f, err := OpenKeyFile(path, []byte("s"), slog.New(slog.DiscardHandler))
		require.NoError(t, err)
		r, _ := http.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		_, err = f.Authenticate(r)
		require.ErrorIs(t, err, ErrNoCredential)
		b, err := json.Marshal(Keys{Keys: []Key{key}})
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, b, 0o600))
		_, err = f.Authenticate(r)
		require.ErrorIs(t, err, ErrNoCredential, "it is looked at once a second")
		time.Sleep(time.Second) // of the bubble's own time
		_, err = f.Authenticate(r)
		require.NoError(t, err)
	})
}

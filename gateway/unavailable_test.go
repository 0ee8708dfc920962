package gateway

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
)

// While the state cannot be shown, every answer that needs it is "try again",
// and never an old one, an empty one or none.
func TestStateThatCannotBeReadIsUnavailable(t *testing.T) {
	w := newWorld(t)
	var record, found events.Reply
	w.post("NCB-BR", "/v1/records", recordBody("D-1", "KT044170")).into(t, http.StatusCreated, &record)
	w.post("WCO", "/v1/searches", searchBody("KT044170")).into(t, http.StatusOK, &found)
	paths := []string{
		"/v1/inbox", "/v1/inbox?wait=60", "/v1/matches/" + found.Matches[0].MatchID.String(), "/v1/records/" + record.ID,
		"/v1/me", "/v1/organisations", "/v1/agreements", "/v1/reference", "/v1/policy", "/readyz",
	}
	before := map[string]answered{}
	for _, path := range paths {
		before[path] = w.get("NCB-BR", path)
		require.Equal(t, http.StatusOK, before[path].status, path)
	}
	busy := &UnavailableError{Code: "unavailable", Detail: "the journal is silent", RetryAfter: 3 * time.Second}
	w.log.set(func() { w.log.busy = busy })
	for _, path := range paths {
		a := w.get("NCB-BR", path)
		require.Equal(t, "the journal is silent", a.problem(t, http.StatusServiceUnavailable, "unavailable").Detail, path)
		require.Equal(t, "3", a.header.Get("Retry-After"), path)
	}
	for _, path := range []string{"/healthz", "/metrics"} {
		require.Equal(t, http.StatusOK, w.get("", path).status, path)
	}
	w.log.set(func() { w.log.busy = nil })
	delete(before, "/readyz") // its seq counts the looks
	for path, was := range before {
		require.Equal(t, string(was.body), string(w.get("NCB-BR", path).body), path)
	}
}

// A request whose answer cannot be rendered is decided all the same: to say
// "unavailable" would say that nothing was appended.
func TestAnswerThatCannotBeReadIsOutcomeUnknown(t *testing.T) {
	w := newWorld(t)
	w.post("NCB-BR", "/v1/records", recordBody("D-1", "KT044170")).into(t, http.StatusCreated, new(events.Reply))
	w.log.set(func() { w.log.busy = &UnavailableError{Code: "unavailable", RetryAfter: time.Second} })
	p := w.post("WCO", "/v1/searches", searchBody("KT044170"), "Idempotency-Key", "one").problem(t, http.StatusGatewayTimeout, "outcome_unknown")
	require.Contains(t, p.Instance, "urn:uuid:")
	w.log.set(func() { w.log.busy = nil })
	again := w.post("WCO", "/v1/searches", searchBody("KT044170"), "Idempotency-Key", "one")
	var found events.Reply
	again.into(t, http.StatusOK, &found)
	require.Len(t, found.Matches, 1)
	require.Equal(t, "true", again.header.Get(headerReplayed))
}

// Rows of which the edge cannot say that they change nothing are appended.
func TestBatchGoesOnWhileTheStateCannotBeRead(t *testing.T) {
	w := newWorld(t)
	row := recordBody("D-1", "KT044170")
	w.batch("NCB-BR", "/v1/records:batch", row)
	w.log.set(func() { w.log.busy = &UnavailableError{Code: "unavailable", RetryAfter: time.Second} })
	appends := w.log.appends
	verdicts := w.batch("NCB-BR", "/v1/records:batch", fmt.Sprint(row, "\n", recordBody("D-2", "KT044171")))
	require.Equal(t, "unchanged", verdicts[0].Status)
	require.Equal(t, "registered", verdicts[1].Status)
	require.Greater(t, w.log.appends, appends)
	require.Empty(t, w.gw.flight.records())
}

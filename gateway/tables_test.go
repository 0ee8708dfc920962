package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
)

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

func (e *emptyTables) Traces(context.Context, events.OrgID, TraceQuery) (Page[TraceRow], error) {
	return Page[TraceRow]{}, e.err
}

func (e *emptyTables) OperationReport(context.Context, events.OrgID, string, uint64) (Page[OperationCount], error) {
	return Page[OperationCount]{}, e.err
}

func TestCursorOfNobody(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Tables = &emptyTables{err: fmt.Errorf("list records: %w", ErrCursor)} })
	p := w.get("NCB-BR", "/v1/records?after=zzz").problem(t, http.StatusBadRequest, "invalid_parameter")
	require.Equal(t, "/query/after", p.Errors[0].Pointer)
}

func TestLagIsSaid(t *testing.T) {
	w := newWorld(t, func(c *Config) {
		c.Tables = &emptyTables{err: &UnavailableError{Code: "lagging", RetryAfter: 2 * time.Second}}
		c.Bounds.SeqWait = time.Millisecond
	})
	a := w.get("NCB-BR", "/v1/records?min_seq=99")
	a.problem(t, http.StatusServiceUnavailable, "lagging")
	require.Equal(t, "2", a.header.Get("Retry-After"))
	w.get("NCB-BR", "/v1/organisations?min_seq=99999").problem(t, http.StatusServiceUnavailable, "lagging")
	require.Equal(t, 200, w.get("NCB-BR", "/v1/organisations?min_seq=3").status)
}

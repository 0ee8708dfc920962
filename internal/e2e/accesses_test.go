package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/gateway"
	"github.com/armslog/armslog/internal/single"
	"github.com/armslog/armslog/registry"
)

func (w *world) accesses(org events.OrgID, query string) (page gateway.Page[gateway.AccessRow]) {
	w.t.Helper()
	a := w.get(org, "/v1/audit/accesses?limit=1000&"+query)
	require.Equal(w.t, http.StatusOK, a.status, "%s", a.body)
	require.NoError(w.t, json.Unmarshal(a.body, &page))
	return page
}

// TestLooks: whoever reads in full, however many at once, is in the list of the
// owner and of the auditors once for each look; who polls is not.
func TestLooks(t *testing.T) {
	w := withTables(t)
	r := w.post("NCB-BR", "/v1/records", record("L-1", "LK204187", "seized", "")).reply(t)
	met := w.post("WCO", "/v1/searches", question("LK204187")).reply(t).Matches[0].MatchID.String()
	w.settled()
	next := func() (n uint64) {
		w.read(func(s *registry.State) { n = s.Next() })
		return n
	}
	before := next()
	for range 5 {
		for _, path := range []string{"/v1/inbox", "/v1/matches", "/v1/records", "/v1/audit/accesses"} {
			require.Equal(t, http.StatusOK, w.get("NCB-BR", path).status)
		}
	}
	require.Equal(t, before, next(), "polling writes nothing")

	const readers, each = 8, 3
	purpose := []string{"Armslog-Purpose", "border_control"}
	var reading sync.WaitGroup
	for range readers {
		reading.Go(func() {
			for range each {
				for org, path := range map[events.OrgID]string{"NCB-BR": "/v1/records/" + r.ID, "WCO": "/v1/matches/" + met} {
					a, err := w.try(within(t), http.MethodGet, org, path, "", purpose)
					if assert.NoError(t, err) {
						assert.Equal(t, http.StatusOK, a.status, "%s", a.body)
					}
				}
			}
		})
	}
	reading.Wait()
	a := w.do(within(t), http.MethodGet, "WCO", "/v1/records/"+r.ID, "", purpose)
	require.Equal(t, http.StatusOK, a.status, "%s", a.body)
	require.Equal(t, http.StatusForbidden, w.get("WCO", "/v1/records/"+r.ID).status, "its agreement names two purposes")
	require.Equal(t, http.StatusNotFound, w.get("NCB-CL", "/v1/records/"+r.ID).status)

	const looks = 2*readers*each + 1
	eventually(t, "the looks are decided", func() bool { return next() == before+looks })
	w.settled()
	require.Len(t, w.accesses("IPSG", "").Items, looks)
	require.Len(t, w.accesses("NCB-BR", "").Items, looks, "the record and one side of the match are its own")
	require.Len(t, w.accesses("NCB-BR", "mark=LK2O4187").Items, readers*each+1)
	require.Len(t, w.accesses("NCB-BR", "organisation=WCO&id="+r.ID).Items, 1)
	require.Len(t, w.accesses("NCB-BR", "id="+met[:8]).Items, readers*each)
	require.Empty(t, w.accesses("NCB-CL", "").Items)
	require.Empty(t, w.accesses("NCB-CL", "id="+r.ID).Items)
	last := w.accesses("NCB-BR", "id="+r.ID).Items[0]
	require.Equal(t, "WCO", last.Organisation)
	require.Equal(t, "border_control", last.Purpose)
	require.NotEmpty(t, last.Actor)

	said := w.by("NCB-BR").run("audit", "who-saw", "LK204187", "--organisation", "WCO", "-o", "csv")
	require.Zero(t, said.code, said.err)
	require.Contains(t, said.out, ",WCO,"+last.Actor)
	w.fsck()
	w.restart()
	require.Equal(t, before+looks, next(), "who looks is in the journal")
}

// TestNoLogNoLook: while the gateway's mailbox does not acknowledge, whatever is
// shown in full is shown to nobody; the rest goes on.
func TestNoLogNoLook(t *testing.T) {
	b := newSlowBroker(t, events.MailboxTopic(events.SourceGateway))
	w := begin(t, single.Config{Brokers: []string{b.Addr()}})
	r := w.post("NCB-BR", "/v1/records", record("L-1", "LK204187", "seized", "")).reply(t)
	met := w.post("NCB-CL", "/v1/searches", question("LK204187")).reply(t).Matches[0].MatchID.String()
	full := map[string]events.OrgID{"/v1/records/" + r.ID: "NCB-BR", "/v1/matches/" + met: "NCB-CL"}
	for path, org := range full {
		require.Equal(t, http.StatusOK, w.get(org, path).status)
	}
	release := b.hold()
	t.Cleanup(release)
	var looking sync.WaitGroup
	for path, org := range full {
		looking.Go(func() {
			a, err := w.try(within(t), http.MethodGet, org, path, "", nil)
			if assert.NoError(t, err) {
				assert.Equal(t, http.StatusServiceUnavailable, a.status, "%s", a.body)
				assert.Equal(t, "1", a.header.Get("Retry-After"))
				assert.NotContains(t, string(a.body), "LK204187")
			}
		})
	}
	<-b.waiting
	require.Equal(t, http.StatusOK, w.get("NCB-BR", "/v1/inbox").status, "an inbox is not a look")
	w.post("NCB-BR", "/v1/records", record("L-2", "LK204188", "seized", "")).reply(t)
	looking.Wait()
	release()
	for path, org := range full {
		eventually(t, "it is shown again", func() bool { return w.get(org, path).status == http.StatusOK })
	}
	a := w.get("NCB-BR", "/v1/audit/accesses")
	require.Equal(t, http.StatusServiceUnavailable, a.status)
	require.Equal(t, "unavailable", a.code(t), fmt.Sprintf("there is no ClickHouse: %s", a.body))
}

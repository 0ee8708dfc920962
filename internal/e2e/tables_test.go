package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/embedded/embeddedtest"
	"github.com/armslog/armslog/internal/single"
)

// lists are what needs ClickHouse; everything else does not.
var lists = []string{"/v1/records", "/v1/searches", "/v1/matches"}

// meet asks, registers what the question meets, and holds that all three
// parties are told, whatever becomes of ClickHouse. It returns the record's
// reply.
func (w *world) meet(n int) events.Reply {
	w.t.Helper()
	before := w.told()
	serial := fmt.Sprintf("CH%06d", n)
	require.Empty(w.t, w.post("WCO", "/v1/searches", question(serial)).reply(w.t).Matches)
	r := w.post("NCB-BR", "/v1/records", record(fmt.Sprint("C-", n), serial, "seized", "")).reply(w.t)
	require.Len(w.t, w.post("NCB-CL", "/v1/searches", question(serial)).reply(w.t).Matches, 1)
	require.Equal(w.t, http.StatusOK, w.get("NCB-BR", "/v1/records/"+r.ID).status)
	after := w.told()
	require.Equal(w.t, before["WCO"]+1, after["WCO"])
	require.Equal(w.t, before["NCB-CL"]+1, after["NCB-CL"])
	require.Equal(w.t, before["NCB-BR"]+2, after["NCB-BR"])
	require.Equal(w.t, before["IPSG"]+2, after["IPSG"])
	return r
}

func TestWithoutClickHouse(t *testing.T) {
	w := begin(t, single.Config{})
	for n := range 3 {
		w.meet(n)
	}
	for _, path := range lists {
		a := w.get("NCB-BR", path)
		require.Equal(t, http.StatusServiceUnavailable, a.status, path)
		require.Equal(t, "unavailable", a.code(t))
		require.NotEmpty(t, a.header.Get("Retry-After"))
	}
	require.Equal(t, http.StatusOK, w.get("NCB-BR", "/readyz").status)
	r := w.by("NCB-BR").run("record", "list", "--wait", "1s")
	require.Equal(t, 1, r.code)
	require.Contains(t, r.err, "unavailable: ")

	bureau := user(t, "", "", "ARMSLOG_CLICKHOUSE=none")
	up := follow(t, bureau.prepare("up", "--listen", freeAddr(t), "--kafka", freeAddr(t)), "ready in ")
	require.True(t, <-up.ready)
	require.NoError(t, up.cmd.Process.Signal(os.Interrupt))
	<-up.done
	require.Zero(t, up.cmd.ProcessState.ExitCode())
	require.Contains(t, up.said.String(), "no ClickHouse: registration, search and notification work, the analysts' tables do not")
	require.Contains(t, up.said.String(), "hint: ")
}

// TestClickHouseDies takes ClickHouse away in the middle of everything. Its
// engine is a link that the test removes, so that it cannot come back before
// the test lets it.
func TestClickHouseDies(t *testing.T) {
	engine := embeddedtest.Engine(t)
	link := filepath.Join(t.TempDir(), "engine"+filepath.Ext(engine.Path))
	require.NoError(t, os.Symlink(engine.Path, link))
	w := begin(t, single.Config{Engine: embedded.Engine{Path: link, Source: "environment"}})
	last := w.meet(0)
	w.settled()

	require.NoError(t, os.Remove(link))
	w.KillTables()
	for n := 1; n < 4; n++ {
		last = w.meet(n)
	}
	late := make([]answered, len(lists))
	var asking sync.WaitGroup // each waits for two seconds that the tables come so far
	for i, path := range lists {
		asking.Go(func() { late[i] = w.get("NCB-BR", fmt.Sprint(path, "?min_seq=", last.Seq)) })
	}
	asking.Wait()
	for i, a := range late {
		require.Equal(t, http.StatusServiceUnavailable, a.status, "%s: %s", lists[i], a.body)
		require.Contains(t, []string{"unavailable", "lagging"}, a.code(t))
		require.NotEmpty(t, a.header.Get("Retry-After"))
	}
	require.Equal(t, http.StatusOK, w.get("NCB-BR", fmt.Sprint("/v1/inbox?min_seq=", last.Seq)).status, "inboxes need no tables")

	require.NoError(t, os.Symlink(engine.Path, link))
	eventually(t, "ClickHouse comes back and catches up", func() bool {
		a := w.get("NCB-BR", fmt.Sprint("/v1/records?min_seq=", last.Seq))
		if a.status != http.StatusOK {
			require.Equal(t, http.StatusServiceUnavailable, a.status, "%s", a.body)
			return false
		}
		require.Contains(t, string(a.body), last.ID, "an answer is never stale")
		return true
	})
	require.Equal(t, 4, strings.Count(string(w.get("NCB-BR", "/v1/records").body), `"revision":1`))
	w.fsck()
}

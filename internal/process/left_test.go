package process_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/embedded/embeddedtest"
	"github.com/armslog/armslog/internal/process"
	"github.com/armslog/armslog/node"
	"github.com/armslog/armslog/projections"
)

// TestNothingIsLeftBehind: a process with every role, used and stopped again and
// again, leaves no connection at the broker, no more files open than there were,
// and no goroutine.
func TestNothingIsLeftBehind(t *testing.T) {
	h := newHost(t)
	h.withTables()
	h.live(0) // what is opened once and kept, by this program and by its engines
	h.disconnected()
	files, goroutines := openFiles(t), goleak.IgnoreCurrent()
	for i := range 3 {
		h.live(1 + i)
	}
	h.disconnected()
	h.closed(files)
	goleak.VerifyNone(t, goroutines)
}

// TestWhoNeverServedLetsGo: a process that ends before it could serve lets go of
// its address, too, as one does that cannot even be prepared.
func TestWhoNeverServedLetsGo(t *testing.T) {
	h := newHost(t)
	files := openFiles(t)
	for range 3 {
		cfg := h.config()
		cfg.Node.Genesis = nil // the journal is empty, and not to be begun
		p, err := process.New(cfg)
		require.NoError(t, err)
		require.ErrorIs(t, p.Run(t.Context()), node.ErrNoGenesis)
		again, err := net.Listen("tcp", cfg.Listener.Addr().String())
		require.NoError(t, err)
		require.NoError(t, again.Close())

		cfg = h.config()
		cfg.KeyFile = filepath.Join(h.dir, "nowhere.json")
		_, err = process.New(cfg)
		require.Error(t, err)
		require.NoError(t, cfg.Listener.Close())
	}
	h.disconnected()
	h.closed(files)
}

// withTables gives the host a ClickHouse, or skips the test.
func (h *host) withTables() {
	server := embeddedtest.ClickHouse(h.t)
	at, err := url.Parse(server.HTTPURL())
	require.NoError(h.t, err)
	h.tables = &projections.Config{
		Native: server.TCPAddr(), HTTP: at.Host, User: embedded.User, Password: server.Password(),
		Analyst: embedded.Analyst, AnalystPassword: server.AnalystPassword(), MarkKey: [16]byte{1},
		Database: embeddedtest.Database(h.t, "armslog"), Analytics: embeddedtest.Database(h.t, "analytics"),
	}
}

// live runs a process, uses what it has, and stops it while a stream is open.
func (h *host) live(n int) {
	h.t.Helper()
	r := h.start()
	const each = 10
	for i := range each {
		id := fmt.Sprint(n, "-", i)
		a := r.post(bureau, "/v1/records", "r"+id, record(id))
		require.Equal(h.t, http.StatusCreated, a.status, "%s", a.body)
		a = r.post(bureau, "/v1/searches", "q"+id, question(id))
		require.Equal(h.t, http.StatusOK, a.status, "%s", a.body)
	}
	rows := record(fmt.Sprint(n, "-a")) + "\n" + record(fmt.Sprint(n, "-b")) + "\n"
	a := r.do(http.MethodPost, bureau, "/v1/records:batch", fmt.Sprint("b", n), strings.NewReader(rows), "application/x-ndjson")
	require.Contains(h.t, string(a.body), `"done"`)
	a = r.get("/v1/records?limit=1&min_seq=" + a.lastSeq(h.t))
	require.Equal(h.t, http.StatusOK, a.status, "%s", a.body)
	stream, err := r.open(context.Background(), http.MethodGet, bureau, "/v1/inbox/stream", "", nil, "")
	require.NoError(h.t, err)
	defer stream.Body.Close()
	require.Equal(h.t, http.StatusOK, stream.StatusCode)
	r.stop()
	_, err = io.Copy(io.Discard, stream.Body)
	require.NoError(h.t, err, "a stream ends in order")
}

// get asks again while the tables are not as far as is asked for.
func (r *running) get(path string) (a answered) {
	r.t.Helper()
	require.Eventually(r.t, func() bool {
		a = r.do(http.MethodGet, bureau, path, "", nil, "")
		return a.status != http.StatusServiceUnavailable
	}, limit, tick)
	return a
}

// lastSeq is the seq of a batch's last verdict.
func (a answered) lastSeq(t *testing.T) string {
	_, rest, ok := strings.Cut(string(a.body), `"last_seq":`)
	require.True(t, ok, "%s", a.body)
	return rest[:strings.IndexAny(rest, ",}")]
}

// disconnected waits until the broker holds no connection.
func (h *host) disconnected() {
	h.t.Helper()
	require.Eventually(h.t, func() bool { return h.conns.Load() == 0 }, limit, tick, "the broker holds connections")
}

// closed waits until no more is open, of any kind, than before.
func (h *host) closed(before map[string]int) {
	h.t.Helper()
	var more string
	ended := func() bool {
		more = ""
		for kind, n := range openFiles(h.t) {
			if n > before[kind] {
				more += fmt.Sprintf("%s: %d, before %d\n", kind, n, before[kind])
			}
		}
		return more == ""
	}
	for began := time.Now(); !ended(); <-time.After(tick) {
		if time.Since(began) > limit {
			h.t.Fatal("left open:\n" + more)
		}
	}
}

// openFiles are this process's files and connections by what they are, as far
// as the system tells.
func openFiles(t *testing.T) map[string]int {
	t.Helper()
	const dir = "/proc/self/fd"
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Skip("this system does not tell what is open: ", err)
	}
	open := map[string]int{}
	for _, e := range entries {
		to, err := os.Readlink(filepath.Join(dir, e.Name()))
		if err != nil {
			continue // the directory's own
		}
		kind, _, ok := strings.Cut(to, ":[") // socket:[4711]
		if !ok || kind == "anon_inode" {
			kind = to
		}
		open[kind]++
	}
	return open
}

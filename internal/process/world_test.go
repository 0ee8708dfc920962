package process_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/gateway"
	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/embedded/embeddedtest"
	"github.com/armslog/armslog/internal/process"
	"github.com/armslog/armslog/node"
	"github.com/armslog/armslog/producers"
	"github.com/armslog/armslog/projections"
	"github.com/armslog/armslog/schemas"
)

func TestMain(m *testing.M) { embeddedtest.Main(m) }

const (
	secretariat = "IPSG"
	bureau      = "NCB-CL"
	limit       = time.Minute // of one wait: the machine may be busy
	tick        = 5 * time.Millisecond
)

// host is a broker that outlives the processes that a test runs on it.
type host struct {
	t      *testing.T
	broker *embedded.Broker
	conns  atomic.Int64 // that the broker holds
	dir    string
	begun  bool
	tables *projections.Config // nil = none
	tokens map[events.OrgID]string
}

func newHost(t *testing.T) *host {
	h := &host{t: t, dir: t.TempDir(), tokens: map[events.OrgID]string{}}
	h.broker = embeddedtest.Broker(t, embedded.BrokerConfig{ListenFunc: func(network, address string) (net.Listener, error) {
		l, err := net.Listen(network, address)
		return counting{l, &h.conns}, err
	}})
	var keys gateway.Keys
	for i, org := range []events.OrgID{secretariat, bureau} {
		key, token := gateway.NewKey(fmt.Sprint("test", i), org, gateway.Roles()...)
		keys.Keys, h.tokens[org] = append(keys.Keys, key), token
	}
	text, err := json.Marshal(keys)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(h.keys(), text, 0o600))
	return h
}

func (h *host) keys() string { return filepath.Join(h.dir, "keys.json") }

// counting is a listener that counts what is open.
type counting struct {
	net.Listener
	open *atomic.Int64
}

func (l counting) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.open.Add(1)
	return &counted{c, sync.OnceFunc(func() { l.open.Add(-1) })}, nil
}

type counted struct {
	net.Conn
	leave func()
}

func (c *counted) Close() error {
	defer c.leave()
	return c.Conn.Close()
}

// config is a process with every role.
func (h *host) config() process.Config {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(h.t, err)
	cfg := process.Config{
		Roles: process.Roles(), Listener: l, KeyFile: h.keys(), ActorSecret: bytes.Repeat([]byte("x"), 32),
		ClickHouse: h.tables, Version: "test", Log: slog.New(slog.DiscardHandler),
		Node: node.Config{
			Cluster: producers.Cluster{Brokers: []string{h.broker.Addr()}}, Replication: producers.Replication{Factor: 1, MinInSync: 1},
			Dir: filepath.Join(h.dir, "node"),
		},
	}
	if !h.begun {
		cfg.Node.Genesis = &events.Genesis{
			JournalID: events.RequestIDFrom(secretariat, "journal"), GeneralSecretariat: secretariat, Name: "General Secretariat",
			Policy: schemas.DefaultPolicy(),
		}
	}
	return cfg
}

// running is a process that runs until it is stopped.
type running struct {
	*process.Process
	*host
	url    string
	client *http.Client
	end    context.CancelFunc
	done   chan error
}

func (h *host) start() *running {
	h.t.Helper()
	cfg := h.config()
	p, err := process.New(cfg)
	require.NoError(h.t, err)
	ctx, end := context.WithCancel(context.Background())
	r := &running{Process: p, host: h, url: "http://" + cfg.Listener.Addr().String(), client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}},
		end: end, done: make(chan error, 1)}
	go func() { r.done <- p.Run(ctx) }()
	h.t.Cleanup(func() { end() })
	select {
	case <-p.Node.Ready():
	case err := <-r.done:
		require.NoError(h.t, err)
	case <-time.After(limit):
		h.t.Fatal("the node does not get ready")
	}
	if !h.begun {
		h.begun = true
		a := r.post(secretariat, "/v1/organisations", "enrol", fmt.Sprintf(`{"organisation_id":%q,"kind":"ncb","country":"CL","name":"Bureau","inbox":true}`, bureau))
		require.Equal(h.t, http.StatusCreated, a.status, "%s", a.body)
	}
	return r
}

// stop ends the process in order. It fails where that took longer than it may:
// the node itself says so.
func (r *running) stop() {
	r.t.Helper()
	began := time.Now()
	r.end()
	require.NoError(r.t, <-r.done)
	r.t.Logf("stopped in %.2f s", time.Since(began).Seconds())
	r.client.CloseIdleConnections()
}

// answered is what came back; err where nothing did.
type answered struct {
	status int
	header http.Header
	body   []byte
	err    error
}

func (r *running) post(org events.OrgID, path, key, body string) answered {
	return r.do(http.MethodPost, org, path, key, strings.NewReader(body), "application/json")
}

func (r *running) do(method string, org events.OrgID, path, key string, body io.Reader, media string) (a answered) {
	resp, err := r.open(context.Background(), method, org, path, key, body, media)
	if err != nil {
		return answered{err: err}
	}
	defer resp.Body.Close()
	a.status, a.header = resp.StatusCode, resp.Header
	a.body, a.err = io.ReadAll(resp.Body)
	return a
}

func (r *running) open(ctx context.Context, method string, org events.OrgID, path, key string, body io.Reader, media string) (*http.Response, error) {
	q, err := http.NewRequestWithContext(ctx, method, r.url+path, body)
	if err != nil {
		return nil, err
	}
	q.Header.Set("Authorization", "Bearer "+r.tokens[org])
	if method == http.MethodPost {
		q.Header.Set("Content-Type", media)
		q.Header.Set("Idempotency-Key", key)
	}
	return r.client.Do(q)
}

func record(id string) string {
	return fmt.Sprintf(`{"source":{"system":"test","id":%q},"category":"seized","firearm":{"type":"revolver","make":"taurus",`+
		`"marks":[{"kind":"serial","status":"readable","text":%q}]},"incident":{"country":"CL"},"retain_until":"2035-01-01"}`, id, "RV"+id)
}

func question(id string) string {
	return fmt.Sprintf(`{"purpose":"border_control","context":"recovered","firearm":{"type":"revolver","make":"taurus",`+
		`"marks":[{"kind":"serial","status":"readable","text":%q}]}}`, "RV"+id)
}

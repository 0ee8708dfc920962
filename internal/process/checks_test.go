package process

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/gateway"
	"github.com/armslog/armslog/internal/client"
	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/sim"
	"github.com/armslog/armslog/node"
	"github.com/armslog/armslog/producers"
	"github.com/armslog/armslog/projections"
	"github.com/armslog/armslog/schemas"
)

const (
	limit = 30 * time.Second
	tick  = 5 * time.Millisecond
)

// site is where processes run, one after another: a broker, a directory, keys.
type site struct {
	*sim.Cluster
	t     testing.TB
	dir   string
	keys  map[string]string // tokens by organisation, of administrators
	ahead atomic.Int64      // of the clock, a time.Duration
}

func newSite(t testing.TB) *site {
	s := &site{Cluster: sim.NewCluster(t, embedded.BrokerConfig{}), t: t, dir: t.TempDir(), keys: map[string]string{}}
	var file gateway.Keys
	for id, org := range map[string]string{"k1": "IPSG", "k2": "NCB-CL"} {
		key, token := gateway.NewKey(id, org, gateway.Admin)
		file.Keys = append(file.Keys, key)
		s.keys[org] = token
	}
	text, err := json.Marshal(file)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(s.keyFile(), text, 0o600))
	return s
}

func (s *site) keyFile() string { return filepath.Join(s.dir, "keys.json") }

func (s *site) config(roles ...string) Config {
	return Config{
		Roles: roles, KeyFile: s.keyFile(), ActorSecret: []byte("secret"), Version: "test", Log: sim.Quiet(),
		Node: node.Config{
			Cluster: producers.Cluster{Brokers: []string{s.Addr()}}, Dir: filepath.Join(s.dir, "node"), Election: 1200 * time.Millisecond,
			Now: func() time.Time { return time.Now().Add(time.Duration(s.ahead.Load())) },
			Genesis: &events.Genesis{
				JournalID: events.RequestIDFrom("IPSG", "journal"), GeneralSecretariat: "IPSG", Name: "General Secretariat", Policy: schemas.DefaultPolicy(),
			},
		},
	}
}

// running is a process that runs until it is stopped or the test ends.
type running struct {
	*Process
	t    testing.TB
	url  string
	stop func()
}

func (s *site) run(cfg Config) *running {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(s.t, err)
	cfg.Listener = l
	p, err := New(cfg)
	require.NoError(s.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	stopped := false
	r := &running{Process: p, t: s.t, url: "http://" + l.Addr().String(), stop: func() {
		if !stopped {
			stopped = true
			cancel()
			require.NoError(s.t, <-done)
		}
	}}
	s.t.Cleanup(r.stop)
	return r
}

// get asks over a connection of its own.
func (r *running) get(path, key string) (*http.Response, string) {
	r.t.Helper()
	req, err := http.NewRequest(http.MethodGet, r.url+path, nil)
	require.NoError(r.t, err)
	req.Close = true
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(r.t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(r.t, err)
	return res, string(body)
}

// until asks until an answer is as it should be.
func (r *running) until(path, key string, right func(status int, body string) bool) (body string) {
	r.t.Helper()
	require.Eventually(r.t, func() bool {
		res, text := r.get(path, key)
		body = text
		return right(res.StatusCode, text)
	}, limit, tick, path)
	return body
}

func is(status int) func(int, string) bool {
	return func(got int, _ string) bool { return got == status }
}

// A node whose journal is not folded yet, or whose brokers nobody has reached,
// answers HTTP: that it is not ready, why, how far it is, and when to come again.
func TestHTTPBeforeTheNodeHasBegun(t *testing.T) {
	s := newSite(t)
	first := s.run(s.config(Roles()...))
	first.until("/v1/me", s.keys["IPSG"], is(http.StatusOK))
	first.stop()
	until := s.Creep()
	r := s.run(s.config(Gateway))
	says := func(detail string) {
		t.Helper()
		var p client.Problem
		r.until("/readyz", "", func(status int, body string) bool {
			p = client.Problem{}
			return status == http.StatusServiceUnavailable && json.Unmarshal([]byte(body), &p) == nil && p.Detail == detail
		})
		require.NotEmpty(t, p.Checks)
	}
	says("the journal has not been read yet")
	until.Store(1)
	says("folding the journal: 1 of 2 records") // the fence, and the genesis entry
	res, body := r.get("/v1/me", s.keys["IPSG"])
	require.Equal(t, http.StatusServiceUnavailable, res.StatusCode)
	require.Equal(t, "1", res.Header.Get("Retry-After"))
	require.Contains(t, body, "folding the journal: 1 of 2 records")
	res, body = r.get("/v1/checks", s.keys["NCB-CL"])
	require.Equal(t, http.StatusOK, res.StatusCode, body)
	require.NotContains(t, body, `"detail"`)

	until.Store(1 << 40)
	r.until("/readyz", "", is(http.StatusOK))
	r.until("/v1/me", s.keys["IPSG"], is(http.StatusOK))
	res, _ = r.get("/v1/checks", s.keys["NCB-CL"])
	require.Equal(t, http.StatusForbidden, res.StatusCode)
}

// Much is wrong at once: a mailbox has lost its head, ClickHouse is away and the
// tables are behind, the key file is broken. The General Secretariat is told
// where; nobody else is.
func TestWhatIsWrongIsNamedToTheSecretariatAlone(t *testing.T) {
	s := newSite(t)
	first := s.run(s.config(Registry, Gateway))
	first.until("/readyz", "", is(http.StatusOK))
	enrol := events.NewEnvelope(events.NewRequestID(), events.TypeOrganisationSubmitted)
	pending, err := first.Node.Submit(t.Context(), "IPSG", []events.Message{{Headers: enrol.Headers,
		Value: []byte(`{"organisation_id":"NCB-CL","kind":"ncb","country":"CL","name":"Bureau","inbox":true}`)}})
	require.NoError(t, err)
	decided, err := pending.Next(t.Context())
	require.NoError(t, err)
	require.Equal(t, events.Accepted, decided.Verdict)
	first.stop()
	sim.Send(t, s.Client, "NCB-CL", events.Message{Value: []byte("{}")}, events.Message{Value: []byte("{}")})
	require.NoError(t, s.Cluster.Cluster().DeleteRecords(events.MailboxTopic("NCB-CL"), 0, 1))

	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	away := nobody.Addr().String()
	require.NoError(t, nobody.Close())
	cfg := s.config(Roles()...)
	cfg.ClickHouse = &projections.Config{Native: away, HTTP: away, User: "u", Password: "p"}
	r := s.run(cfg)
	r.until("/v1/me", s.keys["IPSG"], is(http.StatusOK))
	s.ahead.Store(int64(2 * time.Minute))
	require.NoError(t, os.WriteFile(s.keyFile(), []byte("{"), 0o600))

	codes := []string{"mailbox_stopped", "clickhouse_away", "projector_behind", "keys_unusable"}
	everybody := r.until("/readyz", "", func(_ int, body string) bool {
		var ready client.Readiness
		require.NoError(t, json.Unmarshal([]byte(body), &ready))
		return hasAll(ready.Checks, codes)
	})
	res, secretariat := r.get("/v1/checks", s.keys["IPSG"])
	require.Equal(t, http.StatusOK, res.StatusCode)
	for _, secret := range []string{"NCB-CL", away, s.dir} {
		require.NotContains(t, everybody, secret)
		require.Contains(t, secretariat, secret)
	}
	res, _ = r.get("/v1/checks", s.keys["NCB-CL"])
	require.Equal(t, http.StatusForbidden, res.StatusCode, "the keys stay as they were, and so do rights")
	_, metrics := r.get("/metrics", "")
	require.Contains(t, metrics, "\narmslog_clickhouse_up 0\n")
}

func hasAll(checks []client.Check, codes []string) bool {
	found := map[string]bool{}
	for _, c := range checks {
		found[c.Code] = true
	}
	for _, code := range codes {
		if !found[code] {
			return false
		}
	}
	return true
}

// A disk is tight, or full, by the share of it that is free.
func TestCheckOfTheDisk(t *testing.T) {
	dir := t.TempDir()
	free, err := diskFree(filepath.Join(dir, "not", "made", "yet"))
	require.NoError(t, err)
	require.Greater(t, free, 0.0)
	require.LessOrEqual(t, free, 1.0)
	for _, c := range []struct {
		tight, full float64
		state, code string
	}{
		{free / 2, free / 4, gateway.CheckOK, ""},
		{2 * free, free / 4, gateway.CheckWarning, "disk_full"},
		{3 * free, 2 * free, gateway.CheckFailed, "disk_full"},
	} {
		check := checkDisk(free, err, c.tight, c.full)
		require.Equal(t, c.state, check.State)
		require.Equal(t, c.code, check.Code)
		require.Contains(t, check.Says, "% free")
		require.Equal(t, c.code == "", check.Do == "")
	}
	_, err = diskFree("\x00")
	require.Error(t, err)
	unknown := checkDisk(0, err, 0, 0)
	require.Equal(t, "disk_unknown", unknown.Code)
	require.NotEmpty(t, unknown.Do)
}

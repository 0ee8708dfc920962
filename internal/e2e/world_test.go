package e2e

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/gateway"
	"github.com/armslog/armslog/internal/client"
	"github.com/armslog/armslog/internal/demo"
	"github.com/armslog/armslog/internal/embedded/embeddedtest"
	"github.com/armslog/armslog/internal/sim"
	"github.com/armslog/armslog/internal/single"
	"github.com/armslog/armslog/registry"
)

// parties are all who have keys in a world, and so an inbox to look into.
var parties = []events.OrgID{"WCO", "NCB-BR", "NCB-CL", "NCB-PY", demo.Secretariat}

// world is the whole of armslog, with the directory of the sample world and a
// key for each party: in this process, or on a cluster.
type world struct {
	*single.Single // on a cluster it says where things are, and nothing else
	t              testing.TB
	cfg            single.Config
	keys           map[events.OrgID]string
	cluster        *cluster // nil = all of it runs in this process
}

// begin starts a new world that ends with the test. What cfg leaves open is
// chosen: a directory, free ports.
func begin(t testing.TB, cfg single.Config) *world {
	t.Helper()
	if cfg.Dir == "" {
		cfg.Dir = t.TempDir()
	}
	cfg.Listen, cfg.Version, cfg.Log = "127.0.0.1:0", "test", quiet()
	cfg.Name = cmp.Or(cfg.Name, "General Secretariat")
	if len(cfg.Brokers) == 0 {
		cfg.Kafka = "127.0.0.1:0"
	}
	w := &world{t: t, cfg: cfg, keys: map[events.OrgID]string{}}
	w.start()
	t.Cleanup(w.stop)
	w.addKeys()
	w.enrol()
	return w
}

// kafka is a client of the world's brokers, who may do everything.
func (w *world) kafka() *kafka.Client {
	if w.cluster != nil {
		return w.cluster.admin
	}
	return sim.Connect(w.t, w.KafkaAddr)
}

// withTables begins a world with ClickHouse, or skips the test.
func withTables(t testing.TB) *world {
	t.Helper()
	return begin(t, single.Config{Engine: embeddedtest.Engine(t)})
}

// own is a client of the brokers as an organisation has it.
func (w *world) own(org events.OrgID) *kafka.Client {
	if w.cluster != nil {
		return w.cluster.bureau(org)
	}
	return w.kafka()
}

// write appends to an organisation's mailbox, outbox reads what it is told, both
// as the organisation does.
func (w *world) write(org events.OrgID, messages ...kafka.Message) {
	w.t.Helper()
	write(w.t, w.own(org), org, messages...)
}

func (w *world) outbox(org events.OrgID) outbox {
	w.t.Helper()
	return readOutbox(w.t, w.own(org), org)
}

func (w *world) start() {
	w.t.Helper()
	if w.cluster != nil {
		w.cluster.start()
		return
	}
	s, err := single.Start(context.WithoutCancel(w.t.Context()), w.cfg)
	require.NoError(w.t, err)
	w.Single = s
}

func (w *world) stop() {
	w.t.Helper()
	if w.cluster != nil {
		w.cluster.stop()
		return
	}
	if w.Single != nil {
		require.NoError(w.t, w.Stop())
		w.Single = nil
	}
}

// restart stops the world and starts it on the same data.
func (w *world) restart() {
	w.t.Helper()
	w.stop()
	w.start()
}

func (w *world) addKeys() {
	require.NoError(w.t, w.AddKeys(w.newKeys()...))
	w.untilKeysAreRead()
}

func (w *world) newKeys() (keys []gateway.Key) {
	for i, org := range parties {
		k, token := gateway.NewKey(fmt.Sprint("test", i), org, gateway.Roles()...)
		keys = append(keys, k)
		w.keys[org] = token
	}
	return keys
}

// untilKeysAreRead waits: the gateway looks at the key file once a second.
func (w *world) untilKeysAreRead() {
	eventually(w.t, "keys are known", func() bool { return w.get(parties[0], "/v1/me").status == http.StatusOK })
}

// enrol asks for the directory over HTTP, as the General Secretariat does.
func (w *world) enrol() {
	w.t.Helper()
	paths := map[events.Type]string{
		events.TypeOrganisationSubmitted: "/v1/organisations", events.TypeAgreementGranted: "/v1/agreements", events.TypeReferenceSubmitted: "/v1/reference",
		events.TypeOperationSubmitted: "/v1/operations",
	}
	for _, r := range demo.Directory() {
		a := w.post(r.Org, paths[r.Type], string(r.Body))
		require.Less(w.t, a.status, 300, "%s: %s", r.Body, a.body)
	}
}

// answered is what came back.
type answered struct {
	status int
	header http.Header
	body   []byte
}

func (a answered) reply(t testing.TB) (r events.Reply) {
	t.Helper()
	require.Less(t, a.status, 300, "%s", a.body)
	require.NoError(t, json.Unmarshal(a.body, &r))
	return r
}

func (a answered) code(t testing.TB) string {
	t.Helper()
	var p client.Problem
	require.NoError(t, json.Unmarshal(a.body, &p), "%s", a.body)
	return p.Code
}

func (w *world) get(org events.OrgID, path string) answered {
	w.t.Helper()
	return w.do(within(w.t), http.MethodGet, org, path, "", nil)
}

// post sends a body; header is key, value, key, value.
func (w *world) post(org events.OrgID, path, body string, header ...string) answered {
	w.t.Helper()
	return w.do(within(w.t), http.MethodPost, org, path, body, header)
}

func (w *world) do(ctx context.Context, method string, org events.OrgID, path, body string, header []string) answered {
	w.t.Helper()
	a, err := w.try(ctx, method, org, path, body, header)
	require.NoError(w.t, err)
	return a
}

func (w *world) try(ctx context.Context, method string, org events.OrgID, path, body string, header []string) (answered, error) {
	r, err := http.NewRequestWithContext(ctx, method, w.URL+path, strings.NewReader(body))
	if err != nil {
		return answered{}, err
	}
	r.Header.Set("Authorization", "Bearer "+w.keys[org])
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", events.NewRequestID().String())
		if w.cluster != nil {
			r.Header.Set("Prefer", "wait=60") // brokers that share two cores with all else take their time
		}
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return answered{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return answered{resp.StatusCode, resp.Header, bytes.TrimSpace(text)}, err
}

// inbox is everything that an organisation has been told, and MUST be dense.
func (w *world) inbox(org events.OrgID) (all []events.Notification) {
	w.t.Helper()
	c, err := client.New(client.Config{URL: w.URL, Key: w.keys[org]})
	require.NoError(w.t, err)
	for {
		page, err := c.Inbox(within(w.t), uint64(len(all)), 1000, 0)
		require.NoError(w.t, err)
		for _, n := range page.Items {
			all = append(all, n)
			require.EqualValues(w.t, len(all), n.N, "the inbox of %s has a gap", org)
		}
		if uint64(len(all)) == page.Last {
			return all
		}
	}
}

// news is what an organisation has been told but for the agreements of the
// directory.
func (w *world) news(org events.OrgID) []events.Notification {
	w.t.Helper()
	return slices.DeleteFunc(w.inbox(org), func(n events.Notification) bool { return n.Reason == "agreement_changed" })
}

// told is how much news each party has.
func (w *world) told() map[events.OrgID]int {
	w.t.Helper()
	counts := map[events.OrgID]int{}
	for _, org := range parties {
		counts[org] = len(w.news(org))
	}
	return counts
}

// settled waits until the tables hold everything that is decided.
func (w *world) settled() {
	w.t.Helper()
	last := w.next() - 1
	eventually(w.t, "the tables follow", func() bool {
		return w.get("WCO", fmt.Sprint("/v1/searches?min_seq=", last)).status == http.StatusOK
	})
}

// next is how many entries are decided.
func (w *world) next() (next uint64) {
	w.t.Helper()
	if w.cluster != nil {
		next, _ = w.cluster.state()
		return next
	}
	w.read(func(s *registry.State) { next = s.Next() })
	return next
}

// read shows the state.
func (w *world) read(f func(*registry.State)) {
	w.t.Helper()
	require.NoError(w.t, w.Node.Read(within(w.t), f))
}

func (w *world) hash() (next uint64, hash [32]byte) {
	if w.cluster != nil {
		return w.cluster.state()
	}
	w.read(func(s *registry.State) { next, hash = s.Next(), s.Hash() })
	return next, hash
}

// record is the body of a record with one serial mark; more is further members.
func record(id, serial, category, more string) string {
	return fmt.Sprintf(`{"source":{"system":"test","id":%q},"category":%q,"firearm":{"type":"revolver","make":"taurus","calibre":".38",`+
		`"marks":[{"kind":"serial","place":"frame","status":"readable","text":%q}]},"incident":{"country":"BR","date":"2020"},%s"retain_until":"2036-12-31"}`,
		id, category, serial, more)
}

// question is the body of a search for one serial mark.
func question(serial string) string {
	return fmt.Sprintf(`{"purpose":"border_control","context":"recovered","firearm":{"type":"revolver","make":"taurus","calibre":".38",`+
		`"marks":[{"kind":"serial","status":"readable","text":%q}]}}`, serial)
}

package gateway

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

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
	"github.com/armslog/armslog/schemas"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// testClock is where log time starts: a day that the samples fit to.
var testClock = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC).UnixMilli()

// fakeLog is a registry in memory: a real state, a journal that is a slice, and
// one goroutine that decides what was submitted, in order. It fails the test
// where the edge breaks its side of the contract of Log.
type fakeLog struct {
	t      testing.TB
	view   registry.View
	queue  chan *fakePending
	decide chan struct{} // receives a token per append while held
	limit  int           // messages queued before the mailbox is full; 0 = none

	mu      sync.RWMutex // guards what follows, as the node's lock guards the state
	state   *registry.State
	entries []*events.Entry
	offsets map[string]int64
	queued  int
	moved   chan struct{} // closed and made anew when the state evolved
	held    bool
	fail    error // of the next appends
	busy    error // of reads of the state
	appends int   // appends seen
	largest int   // messages of the largest

	looks atomic.Int64 // at the state
}

type fakePending struct {
	org     events.OrgID
	msgs    []events.Message
	entries chan *events.Entry
}

func newFakeLog(t testing.TB) *fakeLog {
	l := &fakeLog{
		t: t, queue: make(chan *fakePending, 1<<16), decide: make(chan struct{}),
		state: registry.New(), offsets: map[string]int64{}, moved: make(chan struct{}),
	}
	l.view = registry.View{Read: l.Read, Entries: l}
	policy, err := schemas.FS.ReadFile("policy/default.json")
	require.NoError(t, err)
	in := registry.GenesisInput(events.Genesis{
		JournalID: events.UUID{1}, GeneralSecretariat: "IPSG", Name: "General Secretariat", Policy: policy,
	}, testClock)
	in.Src, in.Span = events.SourceRegistry, 1
	l.evolve(in)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for p := range l.queue {
			l.run(p)
		}
	}()
	t.Cleanup(func() { close(l.queue); <-done })
	return l
}

func (l *fakeLog) evolve(in *registry.Input) *events.Entry {
	in.At = max(testClock, l.state.LastAt())
	e := l.state.Decide(in)
	l.state.Evolve(e, in.Prepared)
	l.entries = append(l.entries, e)
	return e
}

func (l *fakeLog) Submit(ctx context.Context, org events.OrgID, msgs []events.Message) (Pending, error) {
	require.NotEmpty(l.t, msgs, "an append without messages")
	require.LessOrEqual(l.t, len(msgs), chunkLines)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fail != nil {
		return nil, l.fail
	}
	if l.limit > 0 && l.queued+len(msgs) > l.limit {
		return nil, &BusyError{RetryAfter: time.Millisecond}
	}
	l.queued += len(msgs)
	l.appends++
	l.largest = max(l.largest, len(msgs))
	p := &fakePending{org: org, msgs: msgs, entries: make(chan *events.Entry, len(msgs))}
	l.queue <- p
	return p, nil
}

// LogAccess is the gateway's own mailbox: whoever has it has not decided it.
func (l *fakeLog) LogAccess(ctx context.Context, m events.Message) error {
	_, err := l.Submit(ctx, events.SourceGateway, []events.Message{m})
	return err
}

func (l *fakeLog) run(p *fakePending) {
	l.mu.RLock()
	held := l.held
	l.mu.RUnlock()
	if held {
		<-l.decide
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, m := range p.msgs {
		value := bytes.Clone(m.Value)
		require.LessOrEqual(l.t, len(value), events.MaxBody, "the edge appended what no mailbox takes")
		in := &registry.Input{Src: p.org, Off: l.offsets[p.org], Span: 1, Value: value, Prepared: registry.Prepare(p.org, m.Headers, value)}
		l.offsets[p.org]++
		p.entries <- l.evolve(in)
	}
	l.queued -= len(p.msgs)
	close(l.moved)
	l.moved = make(chan struct{})
}

func (p *fakePending) Next(ctx context.Context) (*events.Entry, error) {
	select {
	case e := <-p.entries:
		return e, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *fakeLog) Read(_ context.Context, f func(*registry.State)) error {
	l.looks.Add(1)
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.busy != nil {
		return l.busy
	}
	f(l.state)
	return nil
}

func (l *fakeLog) until(ctx context.Context, done func() bool) error {
	for {
		l.mu.RLock()
		ok, moved := done(), l.moved
		l.mu.RUnlock()
		if ok {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (l *fakeLog) WaitSeq(ctx context.Context, seq uint64) error {
	return l.until(ctx, func() bool { return l.state.Next() > seq })
}

func (l *fakeLog) CatchUp(ctx context.Context) error {
	return l.until(ctx, func() bool { return l.queued == 0 || l.held })
}

func (l *fakeLog) Entry(_ context.Context, seq uint64) (*events.Entry, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if seq >= uint64(len(l.entries)) {
		return nil, fmt.Errorf("no entry %d", seq)
	}
	return l.entries[seq], nil
}

func (l *fakeLog) Replies(ctx context.Context, entries []*events.Entry) ([]events.Reply, error) {
	return l.view.Replies(ctx, entries)
}

func (l *fakeLog) Confirmation(ctx context.Context, match events.UUID, info *registry.ConfirmationInfo) (events.ConfirmationView, error) {
	return l.view.Confirmation(ctx, match, info)
}

func (l *fakeLog) Meeting(ctx context.Context, m *events.Meeting) (events.MatchView, error) {
	return l.view.Meeting(ctx, m)
}

func (l *fakeLog) Notification(ctx context.Context, e *events.Entry, org events.OrgID, n uint64) (events.Notification, error) {
	return l.view.Notification(ctx, e, org, n)
}

func (l *fakeLog) Trace(ctx context.Context, viewer events.OrgID, id events.UUID) (registry.TraceView, bool, error) {
	return l.view.Trace(ctx, viewer, id)
}

// hold keeps decisions back until the returned function lets all go on.
func (l *fakeLog) hold() (release func()) {
	l.set(func() { l.held = true })
	return sync.OnceFunc(func() {
		l.set(func() { l.held = false })
		for {
			select {
			case l.decide <- struct{}{}:
			default:
				l.mu.RLock()
				idle := l.queued == 0
				l.mu.RUnlock()
				if idle {
					return
				}
			}
		}
	})
}

func (l *fakeLog) set(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f()
}

// ask decides one request of org in the test's own name.
func (l *fakeLog) ask(org events.OrgID, t events.Type, body string) *events.Entry {
	l.t.Helper()
	h := events.NewEnvelope(events.NewRequestID(), t).Headers
	p, err := l.Submit(context.Background(), org, []events.Message{{Headers: h, Value: []byte(body)}})
	require.NoError(l.t, err)
	e, err := p.Next(context.Background())
	require.NoError(l.t, err)
	require.Equal(l.t, events.Accepted, e.Verdict, "%s: %v", body, registry.Explain(e))
	return e
}

// world is a gateway on a real connection, in front of a fakeLog.
type world struct {
	t      testing.TB
	log    *fakeLog
	gw     *Gateway
	url    string
	keys   map[string]string // "WCO/searcher" -> token
	client *http.Client
	doc    *documentChecker
	stop   context.CancelFunc
}

var testOrganisations = []string{"IPSG", "NCB-BR", "NCB-CL", "WCO"}

func newWorld(t testing.TB, change ...func(*Config)) *world {
	l := newFakeLog(t)
	for _, org := range []string{"NCB-BR", "NCB-CL"} {
		l.ask("IPSG", events.TypeOrganisationSubmitted, fmt.Sprintf(`{"organisation_id":%q,"kind":"ncb","country":%q,"name":"Bureau","inbox":true}`, org, org[4:]))
	}
	l.ask("IPSG", events.TypeOrganisationSubmitted, `{"organisation_id":"WCO","kind":"international_entity","name":"World Customs Organization","inbox":true}`)
	l.ask("IPSG", events.TypeOrganisationSubmitted, `{"organisation_id":"FJ-CUSTOMS","kind":"customs_administration","country":"FJ","name":"Customs"}`)
	l.ask("IPSG", events.TypeAgreementGranted, `{"agreement_id":"AGR-WCO","grantee":"WCO","rights":["search"],"purposes":["border_control"],
		"acts_for":{"kinds":["customs_administration"],"only_without_own_access":true},"legal_basis":"invented","valid_from":"2026-01-01","valid_until":"2030-12-31"}`)
	w := &world{t: t, log: l, keys: map[string]string{}}
	cfg := Config{
		Log: slog.New(slog.DiscardHandler), Mailboxes: l, Accesses: l, Registry: l, View: l, Trials: l, Credentials: w.credentials(),
		Metrics: prometheus.NewRegistry(), Version: "test",
	}
	for _, f := range change {
		f(&cfg)
	}
	var err error
	w.gw, err = New(cfg)
	require.NoError(t, err)
	w.serve()
	w.doc = newDocumentChecker(t, w.gw)
	return w
}

func (w *world) serve() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(w.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- w.gw.Serve(ctx, l) }()
	transport := &http.Transport{MaxIdleConnsPerHost: 16}
	w.url, w.client = "http://"+l.Addr().String(), &http.Client{Transport: transport}
	w.stop = sync.OnceFunc(func() {
		transport.CloseIdleConnections()
		cancel()
		require.NoError(w.t, <-served)
	})
	w.t.Cleanup(w.stop)
}

// credentials has a key for every organisation and role.
func (w *world) credentials() *KeyFile {
	var file Keys
	for i, org := range testOrganisations {
		for j, role := range Roles() {
			k, token := NewKey(fmt.Sprintf("k%d%d", i, j), org, role)
			file.Keys = append(file.Keys, k)
			w.keys[org+"/"+string(role)] = token
		}
	}
	b, err := json.Marshal(file)
	require.NoError(w.t, err)
	path := filepath.Join(w.t.TempDir(), "keys.json")
	require.NoError(w.t, os.WriteFile(path, b, 0o600))
	keys, err := OpenKeyFile(path, []byte("secret"), slog.New(slog.DiscardHandler))
	require.NoError(w.t, err)
	return keys
}

// request makes a request of an organisation, as its admin unless who names a
// role; extra are header names and values.
func (w *world) request(who, method, path string, body io.Reader, extra ...string) *http.Request {
	r, err := http.NewRequest(method, w.url+path, body)
	require.NoError(w.t, err)
	if who != "" && !strings.Contains(who, "/") {
		who += "/admin"
	}
	if who != "" {
		r.Header.Set("Authorization", "Bearer "+w.keys[who])
	}
	if body != nil {
		r.Header.Set("Content-Type", mediaJSON)
	}
	for i := 0; i < len(extra); i += 2 {
		r.Header.Set(extra[i], extra[i+1])
	}
	return r
}

type answered struct {
	status int
	header http.Header
	body   []byte
	closed bool // the connection is not for another request
}

// do sends a request and holds the answer against the OpenAPI document.
func (w *world) do(r *http.Request) answered {
	w.t.Helper()
	resp, err := w.client.Do(r)
	require.NoError(w.t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	require.NoError(w.t, err)
	w.doc.check(w.t, r, resp, b)
	return answered{resp.StatusCode, resp.Header, b, resp.Close}
}

func (w *world) get(who, path string, extra ...string) answered {
	w.t.Helper()
	return w.do(w.request(who, http.MethodGet, path, nil, extra...))
}

func (w *world) post(who, path, body string, extra ...string) answered {
	w.t.Helper()
	return w.do(w.request(who, http.MethodPost, path, strings.NewReader(body), extra...))
}

// into reads the answer into v after it had the status.
func (a answered) into(t testing.TB, status int, v any) {
	t.Helper()
	require.Equal(t, status, a.status, "%s", a.body)
	require.NoError(t, json.Unmarshal(a.body, v), "%s", a.body)
}

func (a answered) problem(t testing.TB, status int, code string) Problem {
	t.Helper()
	require.Equal(t, mediaProblem, a.header.Get("Content-Type"), "%s", a.body)
	var p Problem
	a.into(t, status, &p)
	require.Equal(t, code, p.Code, "%s", a.body)
	require.Equal(t, status, p.Status)
	return p
}

// Samples: all names and numbers are invented.

func recordBody(id, serial string) string {
	return fmt.Sprintf(`{"source":{"system":"desk","id":%q},"category":"stolen","firearm":{"type":"pistol","make":"glock","calibre":"9mm","marks":[{"kind":"serial","place":"frame","status":"readable","text":%q}]},"incident":{"country":"BR","date":"2019"},"retain_until":"2031-11-23"}`, id, serial)
}

func searchBody(serial string) string {
	return fmt.Sprintf(`{"purpose":"border_control","context":"recovered","firearm":{"type":"pistol","make":"glock","calibre":"9mm","marks":[{"kind":"serial","place":"frame","status":"readable","text":%q}]},"incident":{"country":"FJ","date":"2026-11-20"}}`, serial)
}

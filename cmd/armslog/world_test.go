package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/gateway"
	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/embedded/embeddedtest"
	"github.com/armslog/armslog/registry"
	"github.com/armslog/armslog/schemas"
)

// asProgram makes the test binary run the program itself: it is what tests
// kill.
const asProgram = "ARMSLOG_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	embedded.MaybeRunChild()
	os.Exit(embeddedtest.NoneLeft(m.Run()))
}

// journal is a registry in memory behind the real edge: a real state, and the
// entries in a slice.
type journal struct {
	view registry.View

	mu      sync.Mutex
	state   *registry.State
	entries []*events.Entry
	offsets map[string]int64
	moved   chan struct{} // closed and made anew with every append
	records int           // accepted
	gate    int           // appends are held once so many are; 0 = never
	opened  chan struct{} // closed when the gate is taken away
	refuse  error         // of the next appends
}

func newJournal(t *testing.T) *journal {
	j := &journal{state: registry.New(), offsets: map[string]int64{}, moved: make(chan struct{}), opened: make(chan struct{})}
	j.view = registry.View{Read: j.Read, Entries: j}
	policy, err := schemas.FS.ReadFile("policy/default.json")
	require.NoError(t, err)
	in := registry.GenesisInput(events.Genesis{JournalID: events.UUID{1}, GeneralSecretariat: "IPSG", Name: "General Secretariat", Policy: policy}, worldStart)
	in.Src, in.Span = events.SourceRegistry, 1
	j.decide(in)
	for _, o := range []string{
		`{"organisation_id":"NCB-BR","kind":"ncb","country":"BR","name":"Bureau BR","inbox":true}`,
		`{"organisation_id":"NCB-PY","kind":"ncb","country":"PY","name":"Bureau PY","inbox":true}`,
		`{"organisation_id":"WCO","kind":"international_entity","name":"Customs organization","inbox":true}`,
		`{"organisation_id":"FJ-CUSTOMS","kind":"customs_administration","country":"FJ","name":"Customs FJ"}`,
	} {
		j.must(t, events.TypeOrganisationSubmitted, o)
	}
	j.must(t, events.TypeAgreementGranted, `{"agreement_id":"AGR-WCO","grantee":"WCO","rights":["search","reference"],"purposes":["border_control"],
		"acts_for":{"kinds":["customs_administration"],"only_without_own_access":true},"legal_basis":"invented","valid_from":"2026-01-01","valid_until":"2036-12-31"}`)
	return j
}

var worldStart = time.Date(2026, 11, 23, 12, 4, 11, 0, time.UTC).UnixMilli()

func (j *journal) decide(in *registry.Input) *events.Entry {
	in.At = max(worldStart, j.state.LastAt())
	e := j.state.Decide(in)
	j.state.Evolve(e, in.Prepared)
	j.entries = append(j.entries, e)
	if e.Verdict == events.Accepted && e.Envelope.Type == events.TypeRecordSubmitted {
		j.records++
	}
	return e
}

// Try folds what the journal holds, as a node does.
func (j *journal) Try(_ context.Context, policy []byte, progress func(folded, all uint64) error) (registry.TrialResult, error) {
	t, err := registry.NewTrial(policy)
	if err != nil {
		return registry.TrialResult{}, err
	}
	j.mu.Lock()
	entries := j.entries
	j.mu.Unlock()
	for _, e := range entries {
		if err := errors.Join(t.Fold(e, nil), progress(t.Entries(), uint64(len(entries)))); err != nil {
			return registry.TrialResult{}, err
		}
	}
	return t.Result()
}

// pass waits at the gate, if there is one and it is reached.
func (j *journal) pass(ctx context.Context) error {
	j.mu.Lock()
	held, opened := j.gate > 0 && j.records >= j.gate, j.opened
	j.mu.Unlock()
	if !held {
		return nil
	}
	select {
	case <-opened:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// holdAt keeps every append back once so many records are accepted, until the
// returned function lets them go: what happens in between happens in the
// middle of an import, however fast or slow the machine is.
func (j *journal) holdAt(records int) (release func()) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.gate, j.opened = records, make(chan struct{})
	return func() {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.gate = 0
		close(j.opened)
	}
}

// reach waits until so many records are accepted, or done is closed.
func (j *journal) reach(records int, done <-chan struct{}) bool {
	for {
		j.mu.Lock()
		there, moved := j.records >= records, j.moved
		j.mu.Unlock()
		if there {
			return true
		}
		select {
		case <-moved:
		case <-done:
			return false
		}
	}
}

func (j *journal) must(t *testing.T, kind events.Type, body string) {
	p, err := j.Submit(context.Background(), "IPSG", []events.Message{{Headers: events.NewEnvelope(events.NewRequestID(), kind).Headers, Value: []byte(body)}})
	require.NoError(t, err)
	e, err := p.Next(context.Background())
	require.NoError(t, err)
	require.Equal(t, events.Accepted, e.Verdict, "%s", body)
}

// decisions are entries that wait for their reader.
type decisions chan *events.Entry

func (d decisions) Next(ctx context.Context) (*events.Entry, error) {
	select {
	case e := <-d:
		return e, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (j *journal) Submit(ctx context.Context, org events.OrgID, msgs []events.Message) (gateway.Pending, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := j.pass(ctx); err != nil {
		return nil, err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.refuse != nil {
		return nil, j.refuse
	}
	out := make(decisions, len(msgs))
	for _, m := range msgs {
		value := bytes.Clone(m.Value)
		out <- j.decide(&registry.Input{Src: org, Off: j.offsets[org], Span: 1, Value: value, Prepared: registry.Prepare(org, m.Headers, value)})
		j.offsets[org]++
	}
	close(j.moved)
	j.moved = make(chan struct{})
	return out, nil
}

func (j *journal) Read(_ context.Context, f func(*registry.State)) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	f(j.state)
	return nil
}

func (j *journal) WaitSeq(ctx context.Context, seq uint64) error {
	for {
		j.mu.Lock()
		there, moved := j.state.Next() > seq, j.moved
		j.mu.Unlock()
		if there {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (j *journal) CatchUp(context.Context) error { return nil }

func (j *journal) Entry(_ context.Context, seq uint64) (*events.Entry, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if seq >= uint64(len(j.entries)) {
		return nil, fmt.Errorf("no entry %d", seq)
	}
	return j.entries[seq], nil
}

// accepted are the accepted entries of one type, in order.
func (j *journal) accepted(kind events.Type) (found []*events.Entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range j.entries {
		if e.Verdict == events.Accepted && e.Envelope.Type == kind {
			found = append(found, e)
		}
	}
	return found
}

// Tables: the lists that ClickHouse serves, made from the journal.

func (j *journal) Records(_ context.Context, org events.OrgID, q gateway.RecordQuery) (page gateway.Page[gateway.RecordRow], err error) {
	page.Items = []gateway.RecordRow{}
	for _, e := range slices.Backward(j.accepted(events.TypeRecordSubmitted)) {
		row := recordRow(e)
		if e.Src == org && (q.SourceID == "" || q.SourceID == row.Source.ID) && (q.Mark == "" || slices.Contains(row.Marks, q.Mark)) && q.After < row.ID.String() {
			page.Items = append(page.Items, row)
		}
	}
	slices.SortFunc(page.Items, func(x, y gateway.RecordRow) int { return cmp.Compare(x.ID.String(), y.ID.String()) })
	page.Items = slices.CompactFunc(page.Items, func(x, y gateway.RecordRow) bool { return x.ID == y.ID })
	if len(page.Items) > q.Limit {
		page.Items = page.Items[:q.Limit]
		page.Next = page.Items[q.Limit-1].ID.String()
	}
	return page, nil
}

func recordRow(e *events.Entry) gateway.RecordRow {
	body, _ := events.Decode(events.TypeRecordSubmitted, e.Value)
	r := body.(*events.RecordSubmitted)
	row := gateway.RecordRow{
		ID: events.RecordID(e.Src, r.Source), Seq: e.Seq, Status: "active", Category: r.Category, Source: r.Source, Type: r.Firearm.Type,
		Make: r.Firearm.Make, Calibre: r.Firearm.Calibre, IncidentDate: r.Incident.Date.String(),
	}
	row.Revision = e.Effects[0].(events.RecordEffect).Revision
	for _, m := range r.Firearm.Marks {
		row.Marks = append(row.Marks, m.Text)
	}
	return row
}

func (j *journal) RecordHistory(_ context.Context, org events.OrgID, id events.UUID, _ gateway.PageQuery) (page gateway.Page[gateway.RecordRow], err error) {
	for _, e := range slices.Backward(j.accepted(events.TypeRecordSubmitted)) {
		if row := recordRow(e); e.Src == org && row.ID == id {
			page.Items = append(page.Items, row)
		}
	}
	return page, nil
}

func (j *journal) RecordAsOf(context.Context, events.OrgID, events.UUID, gateway.AsOf) (gateway.RecordRow, bool, error) {
	return gateway.RecordRow{}, false, nil
}

func (j *journal) Searches(_ context.Context, org events.OrgID, _ gateway.SearchQuery) (page gateway.Page[gateway.SearchRow], err error) {
	for _, e := range slices.Backward(j.accepted(events.TypeSearchMade)) {
		if e.Src == org {
			page.Items = append(page.Items, gateway.SearchRow{ID: events.SearchID(org, e.Envelope.ID), Seq: e.Seq, Status: "standing", OnBehalfOf: e.Envelope.OnBehalfOf})
		}
	}
	return page, nil
}

// OperationReport counts the searches that name an operation, of those who see it.
func (j *journal) OperationReport(_ context.Context, _ events.OrgID, operation string, _ uint64) (page gateway.Page[gateway.OperationCount], err error) {
	counts := map[string]uint64{}
	for _, e := range j.accepted(events.TypeSearchMade) {
		body, _ := events.Read(e.Envelope.Type, e.Value)
		err := j.Read(context.Background(), func(s *registry.State) {
			if _, sees := s.Operation(e.Src, operation); sees && body.(*events.SearchMade).Incident.Operation == operation {
				counts[body.(*events.SearchMade).Incident.Country]++
			}
		})
		if err != nil {
			return page, err
		}
	}
	for _, country := range slices.Sorted(maps.Keys(counts)) {
		page.Items = append(page.Items, gateway.OperationCount{Country: country, Questions: counts[country]})
	}
	return page, nil
}

func (j *journal) Matches(_ context.Context, org events.OrgID, _ gateway.MatchQuery) (page gateway.Page[gateway.MatchRow], err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range j.entries {
		for _, x := range e.Effects {
			if m, ok := x.(*events.MatchEffect); ok && (m.Asker == org || m.Owner == org || org == "IPSG") {
				page.Items = append(page.Items, gateway.MatchRow{ID: m.ID, Seq: e.Seq, Kind: "match", Status: "notified", Class: m.Class, Grade: m.Grade, Strength: m.Strength})
			}
		}
	}
	return page, nil
}

func (j *journal) Traces(_ context.Context, org events.OrgID, q gateway.TraceQuery) (page gateway.Page[gateway.TraceRow], err error) {
	for _, e := range slices.Backward(j.accepted(events.TypeTraceRequested)) {
		body, _ := events.Decode(events.TypeTraceRequested, e.Value)
		b := body.(*events.TraceRequested)
		info, ok := j.state.Trace(org, events.TraceID(e.Src, e.Envelope.ID))
		if !ok || q.Status != "" && q.Status != info.Status {
			continue
		}
		row := gateway.TraceRow{
			ID: info.ID, Seq: e.Seq, Role: info.Role, Status: info.Status, Requester: e.Src, Urgency: info.Urgency, Make: b.Firearm.Make,
			Marks: []string{b.Firearm.Marks[0].Text}, CaseNumber: b.Incident.CaseNumber,
		}
		for _, a := range info.Addressees {
			row.Addressees = append(row.Addressees, gateway.TraceAddressee{Organisation: a.Organisation, Status: a.Status})
		}
		page.Items = append(page.Items, row)
	}
	return page, nil
}

// edgeView renders for the gateway.
type edgeView struct {
	registry.View
	*journal
}

func (v edgeView) Entry(ctx context.Context, seq uint64) (*events.Entry, error) {
	return v.journal.Entry(ctx, seq)
}

// world is a registry that listens, and a user's home.
type world struct {
	t       *testing.T
	journal *journal
	url     string
	home    string // working directory, configuration, state
}

func newWorld(t *testing.T, bounds ...gateway.Bounds) *world {
	w := &world{t: t, journal: newJournal(t), home: t.TempDir()}
	var keys gateway.Keys
	profiles := map[string]map[string]string{}
	for i, org := range []string{"WCO", "NCB-BR", "NCB-PY", "IPSG"} {
		k, token := gateway.NewKey(fmt.Sprintf("k%d", i), org, gateway.Roles()...)
		keys.Keys = append(keys.Keys, k)
		profiles[strings.ToLower(org)] = map[string]string{"key": token, "purpose": "border_control", "context": "recovered"}
	}
	text, err := json.Marshal(keys)
	require.NoError(t, err)
	path := filepath.Join(w.home, "keys.json")
	require.NoError(t, os.WriteFile(path, text, 0o600))
	quiet := slog.New(slog.DiscardHandler)
	credentials, err := gateway.OpenKeyFile(path, []byte("secret"), quiet)
	require.NoError(t, err)
	gw, err := gateway.New(gateway.Config{
		Bounds: append(bounds, gateway.Bounds{})[0],
		Log:    quiet, Mailboxes: w.journal, Accesses: w.journal, Registry: w.journal, View: edgeView{w.journal.view, w.journal}, Tables: w.journal, Trials: w.journal,
		Credentials: credentials, Metrics: prometheus.NewRegistry(), Version: "test",
	})
	require.NoError(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- gw.Serve(ctx, l) }()
	t.Cleanup(func() { cancel(); require.NoError(t, <-served) })
	w.url = "http://" + l.Addr().String()
	require.NoError(t, os.MkdirAll(filepath.Join(w.home, "armslog-data"), 0o700))
	require.NoError(t, writeProfiles(filepath.Join(w.home, "armslog-data"), profiles))
	for name, value := range w.env() {
		t.Setenv(name, value)
	}
	t.Chdir(w.home)
	return w
}

func (w *world) env() map[string]string {
	return map[string]string{
		"ARMSLOG_URL": w.url, "ARMSLOG_CONFIG_DIR": filepath.Join(w.home, "config"), "ARMSLOG_STATE_DIR": filepath.Join(w.home, "state"),
		"ARMSLOG_SQL": "http://127.0.0.1:1", "ARMSLOG_OUTPUT": "table", "NO_COLOR": "1",
	}
}

// write puts a file into the working directory.
func (w *world) write(name, text string) string {
	require.NoError(w.t, os.WriteFile(filepath.Join(w.home, name), []byte(text), 0o600))
	return name
}

func (w *world) read(name string) string {
	text, err := os.ReadFile(filepath.Join(w.home, name))
	require.NoError(w.t, err)
	return string(text)
}

// ran is what one run of the program came to.
type ran struct {
	code     int
	out, err string
}

// run runs one command line; words are split at spaces, as no test needs more.
func (w *world) run(line string, stdin ...string) ran {
	return w.runContext(context.Background(), strings.Fields(line), strings.Join(stdin, ""))
}

func (w *world) runContext(ctx context.Context, args []string, stdin string) ran {
	var out, errs bytes.Buffer
	code := run(ctx, args, strings.NewReader(stdin), &out, io.Writer(&errs))
	return ran{code, mask(out.String()), mask(errs.String())}
}

// ok runs a command that must end with 0, and gives its data.
func (w *world) ok(line string, stdin ...string) string {
	w.t.Helper()
	r := w.run(line, stdin...)
	require.Equal(w.t, 0, r.code, "%s\n%s%s", line, r.out, r.err)
	return r.out
}

var masks = []struct {
	from *regexp.Regexp
	to   string
}{
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), "<uuid>"},
	{regexp.MustCompile(`\b(search|match|registered|amended|unchanged|withdrawn|custody|alert|show|ask|who-saw) [0-9a-f]{8}\b`), "$1 <id>"},
	{regexp.MustCompile(`(?m)^[0-9a-f]{8}  `), "<id>      "},
	{regexp.MustCompile(`\b[0-9,]+ ms\b`), "<n> ms"},
	{regexp.MustCompile(`imp-[0-9a-f]{4}`), "imp-<id>"},
	{regexp.MustCompile(`[0-9,]+k? rows/s`), "<n> rows/s"},
	{regexp.MustCompile(`2[0-9-]{9}T[0-9:.]+Z`), "<time>"},
	{regexp.MustCompile(`http://127.0.0.1:[0-9]+`), "<url>"},
}

// mask hides what differs from run to run.
func mask(s string) string {
	for _, m := range masks {
		s = m.from.ReplaceAllString(s, m.to)
	}
	return s
}

// golden holds a text against the file that was written once; set
// ARMSLOG_WRITE_GOLDEN to write those that are not there.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join(goldenDir, name+".txt")
	want, err := os.ReadFile(path)
	if os.IsNotExist(err) && os.Getenv("ARMSLOG_WRITE_GOLDEN") != "" {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
		return
	}
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

// goldenDir is absolute: tests change their working directory.
var goldenDir = func() string {
	dir, err := filepath.Abs("testdata")
	if err != nil {
		panic(err)
	}
	return dir
}()

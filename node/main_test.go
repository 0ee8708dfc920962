package node_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/sim"
	"github.com/armslog/armslog/node"
	"github.com/armslog/armslog/producers"
	"github.com/armslog/armslog/registry"
	"github.com/armslog/armslog/schemas"
)

func TestMain(m *testing.M) {
	embedded.MaybeRunChild()
	maybeRunChild()
	goleak.VerifyTestMain(m)
}

const (
	secretariat = "IPSG"
	bureau      = "NCB-CL"
	limit       = 20 * time.Second
	tick        = time.Millisecond
)

func genesis() *events.Genesis {
	return &events.Genesis{
		JournalID: events.RequestIDFrom(secretariat, "journal"), GeneralSecretariat: secretariat, Name: "General Secretariat",
		Policy: schemas.DefaultPolicy(),
	}
}

func config(c *sim.Cluster) node.Config {
	return node.Config{
		Cluster: producers.Cluster{Brokers: []string{c.Addr()}}, Leads: true, Genesis: genesis(),
		Election: 1200 * time.Millisecond, Log: sim.Quiet(),
	}
}

// running is a node that runs until it is stopped or the test ends.
type running struct {
	*node.Node
	t    testing.TB
	stop func() error
}

func run(t testing.TB, cfg node.Config) *running {
	t.Helper()
	n := node.New(cfg)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	stopped := false
	r := &running{Node: n, t: t, stop: func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		return <-done
	}}
	t.Cleanup(func() { require.NoError(t, r.stop()) })
	select {
	case <-n.Ready():
	case err := <-done:
		stopped = true
		require.NoError(t, err)
	case <-time.After(limit):
		t.Fatal("node did not become ready")
	}
	return r
}

// runs returns the error with which a node ends by itself.
func runs(t testing.TB, cfg node.Config) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	return node.New(cfg).Run(ctx)
}

func request(org, key string, typ events.Type, body string) events.Message {
	e := events.NewEnvelope(events.RequestIDFrom(org, key), typ, events.Header{Key: events.HeaderNoReply, Value: []byte("1")})
	return events.Message{Headers: e.Headers, Value: []byte(body)}
}

func record(n int) string {
	return fmt.Sprintf(`{"source":{"system":"test","id":"%d"},"category":"seized","firearm":{"type":"revolver","make":"taurus",`+
		`"marks":[{"kind":"serial","status":"readable","text":"RV%06d"}]},"incident":{"country":"CL"},"retain_until":"2035-01-01"}`, n, n)
}

func recordOf(org string, n int) events.Message {
	return request(org, fmt.Sprint("record ", n), events.TypeRecordSubmitted, record(n))
}

// ask submits messages and waits for what is decided of each.
func (r *running) ask(org string, msgs ...events.Message) (entries []*events.Entry) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), limit)
	defer cancel()
	p, err := r.Submit(ctx, org, msgs)
	require.NoError(r.t, err)
	for range msgs {
		e, err := p.Next(ctx)
		require.NoError(r.t, err)
		entries = append(entries, e)
	}
	return entries
}

func (r *running) accepted(org string, msgs ...events.Message) []*events.Entry {
	r.t.Helper()
	entries := r.ask(org, msgs...)
	for _, e := range entries {
		require.Equal(r.t, events.Accepted, e.Verdict, "%s: %v", e.Value, e.Errors)
	}
	return entries
}

// enrol makes the bureau known, so that it may register.
func (r *running) enrol(orgs ...string) {
	r.t.Helper()
	for _, org := range orgs {
		r.accepted(secretariat, request(secretariat, "enrol "+org, events.TypeOrganisationSubmitted,
			fmt.Sprintf(`{"organisation_id":%q,"kind":"ncb","country":"CL","name":"%s","inbox":true}`, org, org)))
	}
}

func (r *running) read(f func(*registry.State)) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), limit)
	defer cancel()
	require.NoError(r.t, r.Read(ctx, f))
}

func (r *running) hash() (next uint64, hash [32]byte) {
	r.t.Helper()
	r.read(func(s *registry.State) { next, hash = s.Next(), s.Hash() })
	return next, hash
}

// sameAs waits until both have folded the journal to its end and holds that
// they know the same.
func (r *running) sameAs(other *running) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), limit)
	defer cancel()
	require.NoError(r.t, r.CatchUp(ctx))
	require.NoError(r.t, other.CatchUp(ctx))
	next, hash := r.hash()
	otherNext, otherHash := other.hash()
	require.Equal(r.t, next, otherNext)
	require.Equal(r.t, hash, otherHash)
}

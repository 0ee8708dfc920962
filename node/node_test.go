package node_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/sim"
	"github.com/armslog/armslog/node"
	"github.com/armslog/armslog/producers"
	"github.com/armslog/armslog/registry"
)

func TestNodeDecidesWhatIsAsked(t *testing.T) {
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	r := run(t, config(c))
	r.enrol(bureau)
	var msgs []events.Message
	for i := range 1200 {
		msgs = append(msgs, recordOf(bureau, i))
	}
	entries := r.accepted(bureau, msgs...)
	for i, e := range entries {
		require.EqualValues(t, i, e.Off)
		require.Equal(t, record(i), string(e.Value))
		again, err := r.Entry(t.Context(), e.Seq)
		require.NoError(t, err)
		require.Equal(t, e.Seq, again.Seq)
	}
	again := r.ask(bureau, recordOf(bureau, 7))[0]
	require.Equal(t, events.Duplicate, again.Verdict)
	require.Equal(t, entries[7].Seq, again.Of)
}

func TestManyCallersAreAnsweredEachTheirOwn(t *testing.T) {
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	r := run(t, config(c))
	orgs := []string{"NCB-CL", "NCB-PY", "NCB-BR"}
	r.enrol(orgs...)
	var wg sync.WaitGroup
	for k := range 60 {
		org := orgs[k%len(orgs)]
		wg.Go(func() {
			for i := range 10 {
				e := r.accepted(org, recordOf(org, 1000*k+i))[0]
				require.Equal(t, record(1000*k+i), string(e.Value))
				require.Equal(t, org, e.Src)
			}
		})
	}
	wg.Wait()
}

func TestUnchangedRunsBecomeOneEntry(t *testing.T) {
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	r := run(t, config(c))
	r.enrol(bureau)
	var first, again []events.Message
	for i := range 200 {
		first = append(first, recordOf(bureau, i))
		again = append(again, request(bureau, fmt.Sprint("again ", i), events.TypeRecordSubmitted, record(i)))
	}
	again[100] = recordOf(bureau, 1000) // something new in mid-run
	r.accepted(bureau, first...)
	before, _ := r.hash()
	entries := r.ask(bureau, again...)
	after, _ := r.hash()
	for i, e := range entries {
		if i == 100 {
			require.Equal(t, events.Accepted, e.Verdict)
			continue
		}
		require.Equal(t, events.Unchanged, e.Verdict)
		require.Nil(t, e.Value)
		require.True(t, e.Off <= int64(200+i) && int64(200+i) < e.Off+e.Span, "each is covered")
	}
	require.Less(t, after-before, uint64(20))
	r.sameAs(run(t, standby(c)))
}

func standby(c *sim.Cluster) node.Config {
	cfg := config(c)
	cfg.Leads, cfg.Genesis = false, nil
	return cfg
}

func TestStandbyKnowsTheSame(t *testing.T) {
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	leader := run(t, config(c))
	follower := run(t, standby(c))
	leader.enrol(bureau)
	for i := range 20 {
		e := follower.ask(bureau, recordOf(bureau, i))[0] // asked at a node that does not lead
		require.Equal(t, events.Accepted, e.Verdict)
	}
	leader.sameAs(follower)
	require.False(t, follower.Leads())
}

func TestFailover(t *testing.T) {
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	first, second := run(t, config(c)), run(t, config(c))
	first.enrol(bureau)
	old, other := first, second
	if second.Leads() {
		old, other = second, first
	}
	old.accepted(bureau, recordOf(bureau, 0))
	require.NoError(t, old.stop())
	other.accepted(bureau, recordOf(bureau, 1), recordOf(bureau, 2))
	require.True(t, other.Leads())
	other.sameAs(run(t, standby(c)))
}

func TestRestartContinues(t *testing.T) {
	cfg := embedded.BrokerConfig{Dir: t.TempDir()}
	c := sim.NewCluster(t, cfg)
	mine := config(c)
	mine.Dir = t.TempDir()
	r := run(t, mine)
	r.enrol(bureau)
	r.accepted(bureau, recordOf(bureau, 0))
	next, hash := r.hash()
	require.NoError(t, r.stop())
	mine.Genesis = nil // it is there
	r = run(t, mine)
	nextNow, hashNow := r.hash()
	require.Equal(t, next, nextNow)
	require.Equal(t, hash, hashNow)
	r.accepted(bureau, recordOf(bureau, 1))
}

func TestEmptyJournalIsRefused(t *testing.T) {
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	cfg := config(c)
	cfg.Genesis = nil
	require.ErrorIs(t, runs(t, cfg), node.ErrNoGenesis)
}

func TestOtherJournalIsRefused(t *testing.T) {
	dir := t.TempDir()
	cfg := config(sim.NewCluster(t, embedded.BrokerConfig{}))
	cfg.Dir = dir
	require.NoError(t, run(t, cfg).stop())
	other := config(sim.NewCluster(t, embedded.BrokerConfig{}))
	other.Genesis.JournalID = events.RequestIDFrom(secretariat, "another")
	require.NoError(t, run(t, other).stop())
	other.Dir = dir
	require.ErrorIs(t, runs(t, other), node.ErrOtherJournal)
}

func TestKnownJournalMayNotBeEmpty(t *testing.T) {
	dir := t.TempDir()
	cfg := config(sim.NewCluster(t, embedded.BrokerConfig{}))
	cfg.Dir = dir
	require.NoError(t, run(t, cfg).stop())
	emptied := sim.NewCluster(t, embedded.BrokerConfig{})
	cfg.Cluster = config(emptied).Cluster
	require.ErrorIs(t, runs(t, cfg), node.ErrHistoryWentBack)
	require.Zero(t, emptied.Cluster().PartitionInfo(events.JournalTopic, 0).HighWatermark, "nothing is written to it")
}

func TestNewerEntryStopsAFollower(t *testing.T) {
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	c.Journal(
		events.Item{Fence: &events.Fence{Nonce: "n", Engine: registry.Engine + 1}},
		events.Item{Entry: &events.Entry{Owner: "n", Src: "NCB-CL", Span: 1, Verdict: events.Accepted,
			Envelope: events.NewEnvelope(events.NewRequestID(), "armslog.weapon.beamed.v9"), Value: []byte("{}")}},
	)
	require.ErrorIs(t, runs(t, standby(c)), node.ErrUnknownEntry)
}

func TestOlderNodeNeverLeads(t *testing.T) {
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	r := run(t, config(c))
	require.NoError(t, r.stop())
	owner := lastOwner(t, c)
	c.Journal(events.Item{Fence: &events.Fence{Nonce: "newer", Prev: owner, Engine: registry.Engine + 1}})
	r = run(t, config(c))
	require.Eventually(t, func() bool { return c.Cluster().GroupInfo("armslog.leader") != nil }, limit, tick)
	p, err := r.Submit(t.Context(), secretariat, []events.Message{request(secretariat, "x", events.TypePolicySet, "{}")})
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	_, err = p.Next(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestServicesStartWhenReadyAndStopFirst(t *testing.T) {
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	n := node.New(config(c))
	ctx, cancel := context.WithCancel(t.Context())
	err := n.Run(ctx, func(ctx context.Context, n *node.Node) error {
		require.NoError(t, n.Read(ctx, func(s *registry.State) { require.Positive(t, s.Next()) }))
		cancel()
		<-ctx.Done()
		require.NoError(t, n.Read(t.Context(), func(s *registry.State) {
			require.Positive(t, s.Next(), "the state is there as long as somebody may read it")
		}))
		return ctx.Err()
	})
	require.NoError(t, err)
}

func TestSubscriptionFromMemoryAndFromTheJournal(t *testing.T) {
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	cfg := config(c)
	cfg.RecentBytes = 64 << 10 // some sixty entries
	r := run(t, cfg)
	r.enrol(bureau)
	const n = 700
	var msgs []events.Message
	for i := range n {
		msgs = append(msgs, recordOf(bureau, i))
	}
	live := r.Subscribe(0)
	r.accepted(bureau, msgs...)
	last, _ := r.hash()
	for _, s := range []*node.Subscription{live, r.Subscribe(0), r.Subscribe(last - 5)} {
		want := uint64(0)
		if s != live {
			first, err := s.Next(t.Context())
			require.NoError(t, err)
			want = first[0].Seq + uint64(len(first))
		}
		for want < last {
			entries, err := s.Next(t.Context())
			require.NoError(t, err)
			for _, e := range entries {
				require.Equal(t, want, e.Seq)
				want++
			}
		}
	}
}

func TestInboxChanged(t *testing.T) {
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	r := run(t, config(c))
	r.enrol("NCB-CL", "NCB-PY")
	asked := r.InboxChanged("NCB-PY")
	other := r.InboxChanged("NCB-BR")
	question := `{"purpose":"border_control","context":"recovered","firearm":{"type":"revolver","make":"taurus","marks":[{"kind":"serial","status":"readable","text":"RV000001"}]}}`
	r.accepted("NCB-PY", request("NCB-PY", "q", events.TypeSearchMade, question))
	r.accepted("NCB-CL", recordOf("NCB-CL", 1))
	select {
	case <-asked:
	case <-time.After(limit):
		t.Fatal("nobody was told")
	}
	select {
	case <-other:
		t.Fatal("somebody else was told")
	default:
	}

	addressed := r.InboxChanged("NCB-CL")
	r.accepted("NCB-PY", request("NCB-PY", "trace", events.TypeTraceRequested, `{"urgency":"routine","illicit_basis":["law_of_place"],"intended_use":"criminal_investigation","domestic_check":"done",
		"firearm":{"type":"pistol","make":"FAMAE","marks":[{"kind":"serial","place":"frame","status":"readable","text":"KTO44170"}]},
		"incident":{"country":"PY","date":"2020","case_number":"PY-1"},"addressees":["NCB-CL"]}`))
	select {
	case <-addressed:
	case <-time.After(limit):
		t.Fatal("whom a trace is addressed to was not told")
	}
}

func TestTooLargeIsRefusedAndBusyIsSaid(t *testing.T) {
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	r := run(t, config(c))
	_, err := r.Submit(t.Context(), secretariat, []events.Message{{Value: make([]byte, producers.MaxAppend+1)}})
	require.ErrorIs(t, err, producers.ErrRefused)
}

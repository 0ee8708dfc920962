package node_test

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/gateway"
	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/sim"
	"github.com/armslog/armslog/node"
	"github.com/armslog/armslog/registry"
)

// untilFound waits until a check of a node has a code, "" = it is in order.
func untilFound(t testing.TB, n *node.Node, name, code string) gateway.Check {
	t.Helper()
	return untilCheck(t, n, name, func(c gateway.Check) bool { return c.Code == code })
}

func untilFailed(t testing.TB, n *node.Node, name, code string) gateway.Check {
	t.Helper()
	return untilCheck(t, n, name, func(c gateway.Check) bool { return c.Code == code && c.State == gateway.CheckFailed })
}

func untilSays(t testing.TB, n *node.Node, name, says string) gateway.Check {
	t.Helper()
	return untilCheck(t, n, name, func(c gateway.Check) bool { return c.Says == says })
}

// untilCheck waits for a check, and holds what every check must do: say in one
// sentence how it is, and what helps where it is wrong.
func untilCheck(t testing.TB, n *node.Node, name string, found func(gateway.Check) bool) (c gateway.Check) {
	t.Helper()
	if !assert.Eventually(t, func() bool {
		all := n.Checks()
		c = all[slices.IndexFunc(all, func(c gateway.Check) bool { return c.Name == name })]
		return found(c)
	}, limit, tick) {
		require.Fail(t, "not found", "%s: %+v", name, n.Checks())
	}
	right := c.State == gateway.CheckOK
	require.Equal(t, right, c.Code == "")
	require.Equal(t, right, c.Do == "", "what helps: %+v", c)
	require.NotEmpty(t, c.Says)
	require.NotContains(t, c.Says, "\n")
	return c
}

// begin runs a node that may never become ready, until the test ends or stop is
// called, which returns its error.
func begin(t testing.TB, cfg node.Config, early ...node.Service) (n *node.Node, stop func() error) {
	t.Helper()
	n = node.New(cfg)
	n.Early(early...)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	var err error
	stopped := false
	stop = func() error {
		if !stopped {
			cancel()
			err, stopped = <-done, true
		}
		return err
	}
	t.Cleanup(func() { _ = stop() })
	return n, stop
}

func TestChecksOfWhatIsInOrder(t *testing.T) {
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	leader, follower := run(t, config(c)), run(t, standby(c))
	leader.enrol(bureau)
	require.Equal(t, "this node leads", untilFound(t, leader.Node, "leader", "").Says)
	untilSays(t, follower.Node, "leader", "another node leads")
	for _, n := range []*running{leader, follower} {
		for _, check := range n.Checks() {
			untilFound(t, n.Node, check.Name, "")
			require.Empty(t, check.Detail)
		}
	}
}

// Brokers that go away, and come back: a leader and a standby find both.
func TestChecksOfBrokersThatAreAway(t *testing.T) {
	t.Parallel()
	cfg := embedded.BrokerConfig{Dir: t.TempDir()}
	c := sim.NewCluster(t, cfg)
	leader, follower := run(t, config(c)), run(t, standby(c))
	leader.enrol(bureau)
	cfg.Listen = c.Addr()
	c.Broker.Close()
	for _, n := range []*running{leader, follower} {
		away := untilFailed(t, n.Node, "brokers", "kafka_away")
		require.Equal(t, "nobody listens where the brokers should be", away.Says)
	}
	untilFound(t, follower.Node, "leader", "leader_unknown")

	again, err := embedded.StartBroker(cfg)
	require.NoError(t, err)
	t.Cleanup(again.Close)
	for _, n := range []*running{leader, follower} {
		untilFound(t, n.Node, "brokers", "")
		require.NoError(t, n.stop(), "before its broker")
	}
}

// denied lets the brokers refuse requests that concern the journal.
func denied(c *sim.Cluster, keys ...kmsg.Key) *kfake.FaultHandle {
	return c.Cluster().Fault(kfake.Fault{Keys: keys, Topic: events.JournalTopic, Err: kerr.TopicAuthorizationFailed, Count: -1})
}

func TestChecksOfBrokersThatRefuse(t *testing.T) {
	t.Parallel()
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	leader, follower := run(t, config(c)), run(t, standby(c))
	leader.enrol(bureau)
	denied(c, kmsg.Fetch, kmsg.ListOffsets, kmsg.Metadata)
	stranger, _ := begin(t, standby(c)) // begins when it is refused already
	for _, n := range []*node.Node{stranger, follower.Node, leader.Node} {
		require.Equal(t, "run armslog cluster plan", untilFailed(t, n, "brokers", "kafka_refuses").Do)
	}
}

func TestChecksWhileTheJournalIsFolded(t *testing.T) {
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	r := run(t, config(c))
	r.enrol(bureau)
	for i := range 5 {
		r.accepted(bureau, recordOf(bureau, i))
	}
	require.NoError(t, r.stop())
	until := c.Creep()
	n, _ := begin(t, standby(c))
	untilSays(t, n, "state", "the journal has not been read yet")
	until.Store(1)
	untilSays(t, n, "state", "folding the journal: 1 of 8 records") // a fence, genesis, the bureau, and five
	until.Store(5)
	untilSays(t, n, "state", "folding the journal: 5 of 8 records")
	until.Store(1 << 40)
	untilFound(t, n, "state", "")
}

// Brokers that answer and do not acknowledge, as where too few replicas are in
// sync, are no silent brokers: it is the leader that stands still.
func TestChecksOfAnAppendThatIsNotAcknowledged(t *testing.T) {
	t.Parallel()
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	r := run(t, config(c))
	r.enrol(bureau)
	fault := c.Cluster().Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: events.JournalTopic, Err: kerr.NotEnoughReplicas, Count: -1})
	pending, err := r.Submit(t.Context(), bureau, []events.Message{recordOf(bureau, 0)})
	require.NoError(t, err)
	untilFailed(t, r.Node, "leader", "append_waits")
	untilFound(t, r.Node, "brokers", "")
	fault.Remove()
	_, err = pending.Next(t.Context())
	require.NoError(t, err)
	require.Equal(t, "this node leads", untilFound(t, r.Node, "leader", "").Says)
}

// A clock that is wrong keeps this node from leading, and where it is alone
// nobody leads.
func TestChecksOfAWrongClock(t *testing.T) {
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	stampProduce(t, c, time.Now().Add(time.Hour))
	n, _ := begin(t, config(c))
	wrong := untilFound(t, n, "clock", "clock_off")
	require.Contains(t, wrong.Detail, "off the journal's")
	require.Equal(t, "no node leads: requests are kept, and not decided", untilFound(t, n, "leader", "no_leader").Says)
	untilFound(t, n, "state", "not_begun")
}

func TestChecksOfANodeThatIsTooOld(t *testing.T) {
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	require.NoError(t, run(t, config(c)).stop())
	c.Journal(events.Item{Fence: &events.Fence{Nonce: "newer", Prev: lastOwner(t, c), Engine: registry.Engine + 1}})
	n := run(t, config(c))
	untilFound(t, n.Node, "leader", "node_too_old")
	untilFound(t, n.Node, "clock", "")
}

// What a node cannot outlive it says for as long as it lingers.
func TestChecksOfANodeThatCannotGoOn(t *testing.T) {
	known := t.TempDir()
	cfg := config(sim.NewCluster(t, embedded.BrokerConfig{}))
	cfg.Dir = known
	require.NoError(t, run(t, cfg).stop())

	for name, c := range map[string]struct {
		code  string
		err   error
		first []events.Item
		cfg   func(*node.Config)
	}{
		"another journal": {code: "other_journal", err: node.ErrOtherJournal, cfg: func(cfg *node.Config) {
			cfg.Dir, cfg.Genesis, cfg.Leads = known, nil, false
		}, first: []events.Item{fenceOf("n"), genesisEntry("n")}},
		"shorter than it was": {code: "history_went_back", err: node.ErrHistoryWentBack, cfg: func(cfg *node.Config) { cfg.Dir = known }},
		"empty":               {code: "journal_empty", err: node.ErrNoGenesis, cfg: func(cfg *node.Config) { cfg.Genesis = nil }},
		"an entry is missing": {code: "journal_damaged", err: events.ErrDamaged, first: []events.Item{fenceOf("n"), entryOf("n", 7)}},
		"newer than this":     {code: "node_too_old", err: node.ErrUnknownEntry, first: []events.Item{fenceOf("n"), entryOf("n", 0)}},
	} {
		t.Run(name, func(t *testing.T) {
			broker := sim.NewCluster(t, embedded.BrokerConfig{})
			if c.first != nil {
				broker.Journal(c.first...)
			}
			cfg := config(broker)
			cfg.Linger = time.Hour
			if c.cfg != nil {
				c.cfg(&cfg)
			}
			log, ended := &logged{}, atomic.Bool{}
			cfg.Log = slog.New(log)
			n, stop := begin(t, cfg, func(ctx context.Context, _ *node.Node) error {
				<-ctx.Done()
				ended.Store(true)
				return nil
			})
			untilFailed(t, n, "journal", c.code)
			require.Eventually(t, func() bool { return log.has("cannot go on; answers HTTP for a while to say why, and ends") }, limit, tick)
			require.False(t, ended.Load(), "it can still be asked")
			untilFound(t, n, "brokers", "")
			require.ErrorIs(t, stop(), c.err, "whoever ends it is told, too")
		})
	}
}

func fenceOf(nonce string) events.Item {
	return events.Item{Fence: &events.Fence{Nonce: nonce, Engine: registry.Engine}}
}

func entryOf(owner string, seq uint64) events.Item {
	return events.Item{Entry: &events.Entry{
		Owner: owner, Seq: seq, Src: "NCB-CL", Span: 1, Verdict: events.Accepted,
		Envelope: events.NewEnvelope(events.NewRequestID(), "armslog.weapon.beamed.v9"), Value: []byte("{}"),
	}}
}

// genesisEntry is the first of another journal than genesis begins.
func genesisEntry(owner string) events.Item {
	g := *genesis()
	g.JournalID = events.RequestIDFrom(secretariat, "another")
	in := registry.GenesisInput(g, time.Now().UnixMilli())
	in.Src, in.Span = events.SourceRegistry, 1
	e := registry.New().Decide(in)
	e.Owner = owner
	return events.Item{Entry: e}
}

// A follower is behind when what it has not done with is old, however much it is.
func TestChecksOfAFollowerThatIsBehind(t *testing.T) {
	c, clock := sim.NewCluster(t, embedded.BrokerConfig{}), &clock{}
	cfg := config(c)
	cfg.Now = clock.now
	r := run(t, cfg)
	r.enrol(bureau)
	stands := func() uint64 { return 1 }
	require.Equal(t, gateway.Check{Name: "projector", State: gateway.CheckOK, Says: "entries behind: 1"}, r.CheckFollower("projector", stands))
	clock.set(2 * time.Minute)
	behind := r.CheckFollower("projector", stands)
	require.Equal(t, "projector_behind", behind.Code)
	require.Equal(t, gateway.CheckWarning, behind.State)
	require.True(t, strings.HasPrefix(behind.Says, "entries behind: 1, the oldest for 2m"), behind.Says)
	require.NotEmpty(t, behind.Do)
	require.Empty(t, r.CheckFollower("projector", func() uint64 { return 2 }).Code)
}

package node_test

import (
	"context"
	"log/slog"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"github.com/armslog/armslog/consumers"
	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/sim"
	"github.com/armslog/armslog/node"
	"github.com/armslog/armslog/registry"
)

// gate is a network that holds the broker's answers back while it is shut.
type gate struct {
	mu   sync.Mutex
	open *sync.Cond
	shut bool
}

func newGate() *gate {
	g := &gate{}
	g.open = sync.NewCond(&g.mu)
	return g
}

func (g *gate) set(shut bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = shut
	g.open.Broadcast()
}

func (g *gate) pass() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.shut {
		g.open.Wait()
	}
}

func (g *gate) listen(network, address string) (net.Listener, error) {
	l, err := net.Listen(network, address)
	return gatedListener{l, g}, err
}

type gatedListener struct {
	net.Listener
	gate *gate
}

func (l gatedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return gatedConn{c, l.gate}, err
}

type gatedConn struct {
	net.Conn
	gate *gate
}

func (c gatedConn) Write(b []byte) (int, error) {
	c.gate.pass()
	return c.Conn.Write(b)
}

func TestNobodySeesADecisionBeforeItIsAcknowledged(t *testing.T) {
	g := newGate()
	c := sim.NewCluster(t, embedded.BrokerConfig{ListenFunc: g.listen})
	decided := make(chan struct{})
	cfg := config(c)
	// The third batch: genesis, the bureau, then the record.
	cfg.Failpoints = cfg.Failpoints.On("leader.5.before", 3, func() {
		g.set(true)
		close(decided)
	})
	r := run(t, cfg)
	figures := prometheus.NewRegistry()
	node.RegisterMetrics(figures, r.Node)
	r.enrol(bureau)
	before, _ := r.hash()
	p, err := r.Submit(t.Context(), bureau, []events.Message{recordOf(bureau, 0)})
	require.NoError(t, err)
	<-decided
	require.Eventually(t, func() bool { // the batch is stored; its acknowledgement is not here
		return c.Cluster().PartitionInfo(events.JournalTopic, 0).HighWatermark >= 4
	}, limit, tick)

	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err = p.Next(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded, "nobody is answered")
	next := func(ctx context.Context) (next uint64, err error) {
		err = r.Read(ctx, func(s *registry.State) { next = s.Next() })
		return next, err
	}
	impatient, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err = next(impatient)
	require.ErrorIs(t, err, context.DeadlineExceeded, "nobody reads it, and nobody waits for ever")
	require.EqualValues(t, before, metric(t, figures, "armslog_node_seq"), "metrics never wait, and count what is acknowledged")
	require.EqualValues(t, 1, metric(t, figures, "armslog_requests_undecided"))
	require.Positive(t, metric(t, figures, "armslog_requests_undecided_bytes"))
	require.Positive(t, metric(t, figures, "armslog_journal_append_waiting_seconds"))
	waiting := make(chan uint64, 1)
	go func() {
		seen, _ := next(t.Context())
		waiting <- seen
	}()
	select {
	case seen := <-waiting:
		require.Fail(t, "a reader did not wait", "it saw the state at %d", seen)
	case <-time.After(100 * time.Millisecond):
	}
	_, err = r.Entry(t.Context(), before)
	require.ErrorIs(t, err, consumers.ErrNotFollowed)

	g.set(false)
	e, err := p.Next(t.Context())
	require.NoError(t, err)
	require.Equal(t, before, e.Seq)
	require.Equal(t, before+1, <-waiting, "who had the patience reads on")
	seen, err := next(t.Context())
	require.NoError(t, err)
	require.Equal(t, before+1, seen)
	require.EqualValues(t, before+1, metric(t, figures, "armslog_node_seq"))
	require.Zero(t, metric(t, figures, "armslog_requests_undecided"))
	require.Zero(t, metric(t, figures, "armslog_requests_undecided_bytes"))
	require.Zero(t, metric(t, figures, "armslog_journal_append_waiting_seconds"))
}

// metric is the value of a gauge.
func metric(t testing.TB, from prometheus.Gatherer, name string) float64 {
	t.Helper()
	families, err := from.Gather()
	require.NoError(t, err)
	for _, f := range families {
		if f.GetName() == name {
			return f.GetMetric()[0].GetGauge().GetValue()
		}
	}
	require.Fail(t, "there is no "+name)
	return 0
}

func lastOwner(t testing.TB, c *sim.Cluster) string { return ownerOf(t, c.Client) }

// ownerOf is who owns the journal at its end.
func ownerOf(t testing.TB, client *kafka.Client) string {
	t.Helper()
	j := consumers.NewJournal(client, consumers.JournalConfig{Log: sim.Quiet()})
	end, err := j.End(t.Context())
	require.NoError(t, err)
	b := &consumers.Batch{}
	require.NoError(t, j.Read(t.Context(), 0, end, b.Take))
	return b.Position.Reader.Owner
}

// TestDeposedLeaderDropsItsState: between its decision and its append another
// leader takes the journal and decides something else.
func TestDeposedLeaderDropsItsState(t *testing.T) {
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	cfg := config(c)
	cfg.Failpoints = cfg.Failpoints.On("leader.5.before", 4, func() {
		owner := lastOwner(t, c)
		c.Journal(events.Item{Fence: &events.Fence{Nonce: "usurper", Prev: owner, Engine: 1}},
			events.Item{Entry: &events.Entry{
				Seq: 3, Owner: "usurper", Src: bureau, Off: 1, Span: 1, At: time.Now().UnixMilli(), Engine: 1,
				Verdict: events.Rejected, Errors: []events.FieldError{{Code: "no_right"}},
				Envelope: events.NewEnvelope(events.RequestIDFrom(bureau, "record 1"), events.TypeRecordSubmitted), Value: []byte(record(1)),
			}})
	})
	r := run(t, cfg)
	r.enrol(bureau)
	r.accepted(bureau, recordOf(bureau, 0))
	e := r.ask(bureau, recordOf(bureau, 1))[0] // the fourth batch
	require.Equal(t, events.Rejected, e.Verdict, "what the journal says, not what was decided here")
	require.Equal(t, "usurper", e.Owner)
	r.read(func(s *registry.State) {
		_, known := s.Record(events.RecordID(bureau, events.Source{System: "test", ID: "1"}))
		require.False(t, known, "the decision that was not accepted has never been")
	})
	r.accepted(bureau, recordOf(bureau, 2)) // elected again
	r.sameAs(run(t, standby(c)))
}

func TestIdleLeaderFindsOutThatItWasReplaced(t *testing.T) {
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	r := run(t, config(c))
	c.Journal(events.Item{Fence: &events.Fence{Nonce: "usurper", Prev: lastOwner(t, c), Engine: 1}})
	require.Eventually(t, func() bool { return lastOwner(t, c) != "usurper" }, limit, 10*tick, "it leads again, by a fence of its own")
	r.enrol(bureau)
}

func TestLostAcknowledgementsDecideNothingTwice(t *testing.T) {
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	r := run(t, config(c))
	r.enrol(bureau)
	for i := range 30 {
		if i%3 == 0 { // stored, not acknowledged: in mailbox or journal, whichever comes next
			c.Cluster().Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.RequestTimedOut, Count: 1 + i%2})
		}
		e := r.accepted(bureau, recordOf(bureau, i))[0]
		require.Equal(t, record(i), string(e.Value), "the first decision, not that of the copy")
	}
	r.read(func(s *registry.State) {
		for i := range 30 {
			info, known := s.Record(events.RecordID(bureau, events.Source{System: "test", ID: itoa(i)}))
			require.True(t, known)
			require.EqualValues(t, 1, info.Revision)
		}
	})
	r.sameAs(run(t, standby(c)))
}

// stampProduce gives the answers to produce requests an append time, as brokers
// do on a LogAppendTime topic; the embedded one stamps nothing.
func stampProduce(t *testing.T, c *sim.Cluster, at time.Time) {
	direct, err := kgo.NewClient(kgo.SeedBrokers(c.Addr()), kgo.MaxVersions(kversion.V2_4_0()))
	require.NoError(t, err)
	t.Cleanup(direct.Close)
	var passing atomic.Bool
	cluster := c.Cluster()
	cluster.ControlKey(int16(kmsg.Produce), func(req kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		if passing.Load() {
			return nil, nil, false
		}
		passing.Store(true)
		defer passing.Store(false)
		version := req.GetVersion()
		type answer struct {
			*kmsg.ProduceResponse
			error
		}
		answers := make(chan answer, 1) // none, if the broker is closed while it sleeps
		cluster.SleepControl(func() {
			res, err := req.(*kmsg.ProduceRequest).RequestWith(t.Context(), direct)
			answers <- answer{res, err}
		})
		var res answer
		select {
		case res = <-answers:
		default:
			res.error = net.ErrClosed
		}
		if res.error != nil {
			return nil, res.error, true
		}
		for i := range res.Topics {
			for k := range res.Topics[i].Partitions {
				res.Topics[i].Partitions[k].LogAppendTime = at.UnixMilli()
			}
		}
		res.SetVersion(version)
		return res.ProduceResponse, nil, true
	})
}

func TestWrongClockRefusesToLead(t *testing.T) {
	for name, off := range map[string]time.Duration{"fast": -time.Minute, "slow": 6 * time.Second, "right": time.Second} {
		t.Run(name, func(t *testing.T) {
			c := sim.NewCluster(t, embedded.BrokerConfig{})
			stampProduce(t, c, time.Now().Add(off))
			log := &logged{}
			cfg := config(c)
			cfg.Log = slog.New(log)
			n := node.New(cfg)
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error)
			go func() { done <- n.Run(ctx) }()
			if name == "right" {
				<-n.Ready()
			} else {
				require.Eventually(t, func() bool { return log.has("refuses to lead") }, limit, tick)
				select {
				case <-n.Ready():
					t.Error("it has written the genesis entry")
				default:
				}
				require.False(t, n.Leads(), "it has left the election")
			}
			cancel()
			require.NoError(t, <-done)
		})
	}
}

// logged remembers what was logged.
type logged struct {
	mu   sync.Mutex
	said []string
}

func (l *logged) Enabled(context.Context, slog.Level) bool { return true }
func (l *logged) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l *logged) WithGroup(string) slog.Handler            { return l }
func (l *logged) Handle(_ context.Context, r slog.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.said = append(l.said, r.Message)
	return nil
}

func (l *logged) has(message string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Contains(l.said, message)
}

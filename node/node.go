package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/armslog/armslog/consumers"
	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/failpoint"
	"github.com/armslog/armslog/producers"
	"github.com/armslog/armslog/registry"
)

// Config is one node. The zero value of what is optional works.
type Config struct {
	Cluster     producers.Cluster
	Replication producers.Replication
	Dir         string          // remembers which journal this node follows; "" remembers nothing
	Leads       bool            // the node may be elected leader
	Genesis     *events.Genesis // written as seq 0 where the journal is empty; nil: an empty journal is damage
	Election    time.Duration   // after which a dead leader is replaced; 0 = consumers.DefaultSession
	Drain       time.Duration   // how long the gateway goes on answering when the node is to stop
	RecentBytes int             // of accepted entries kept in memory; 0 = 128 MiB
	Linger      time.Duration   // how long early services go on where the node cannot, to say why
	DecideRate  int             // requests that a leader decides in a second, at most; 0 = as many as it can
	Backlog     Backlog         // what may wait here for its decision
	CacheBytes  int             // of entries read again from the journal; 0 = 32 MiB
	Failpoints  *failpoint.Set
	// AcceptOlderJournal begins on a journal that ends before what this node has
	// seen of it. What was told in between is contradicted from then on: somebody
	// must have decided that.
	AcceptOlderJournal bool
	Log                *slog.Logger
	Now                func() time.Time // nil = time.Now
}

// Node follows the journal, and leads when it is elected.
type Node struct {
	cfg       Config
	log       *slog.Logger
	journal   *consumers.Journal
	plain     *consumers.Journal // the same without decoding, for the read models
	beside    *consumers.Journal // the same with one worker, for what must not hold up the leader
	appender  *producers.Journal
	mailboxes *producers.Mailboxes
	entries   *consumers.Entries
	hub       *hub
	election  election
	reign     reign
	topics    func(context.Context, ...producers.Topic) error
	sources   func() *consumers.Mailboxes
	outboxes  *producers.Outboxes
	last      func(ctx context.Context, topic string) (events.Message, int64, bool, error) // message of a topic
	close     func()

	metrics *metrics
	born    time.Time

	trouble trouble       // with the brokers
	ready   chan struct{} // closed when the state has first reached the journal's end, and the journal is begun
	atEnd   chan struct{} // closed when the journal's end has first been reached
	first   sync.Once     // of atEnd

	// lock guards state. The leader holds it from the first decision of a batch
	// to its acknowledgement, a follower while it evolves. Only the goroutine of
	// lead and follow writes state and pos; it reads them without the lock.
	lock    stateLock
	state   *registry.State
	pos     consumers.Position
	figures atomic.Pointer[figures] // of the state when it was last let go

	reading atomic.Pointer[consumers.Mailboxes] // of this node's last reign

	read       time.Time // when the leader last saw that the journal is its own
	pace       pace      // the leader's own
	clock      clock     // of this reign; the leader's own
	shortSince time.Time // since when the journal has been shorter than it was

	// For whoever asks what is wrong.
	early     []Service
	hasLeader func(context.Context) (bool, error)
	leader    atomic.Int32            // what was last learned of who leads
	short     atomic.Bool             // the journal has seemed shorter than it was
	refusal   atomic.Pointer[refusal] // to lead, the last
	failed    atomic.Pointer[error]   // why the journal is no longer followed

	taken []*registry.Input // from the mailboxes, not decided yet; the leader's own
}

// Service is a role beside the registry: the gateway, the projector, the
// courier. It is started when the state has reached the journal's end, and
// MUST return soon after ctx ends.
type Service func(ctx context.Context, n *Node) error

// New prepares a node without touching the network; Run starts it and, at its
// end, closes its connections.
func New(cfg Config) *Node {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.RecentBytes == 0 {
		cfg.RecentBytes = 128 << 20
	}
	if cfg.CacheBytes == 0 {
		cfg.CacheBytes = 32 << 20
	}
	client, m := producers.Connect(cfg.Cluster), newMetrics()
	n := &Node{
		cfg: cfg, log: cfg.Log,
		journal:   consumers.NewJournal(client, consumers.JournalConfig{Prepare: true, Log: cfg.Log, Fetched: took(m.fetches[logJournal])}),
		plain:     consumers.NewJournal(client, consumers.JournalConfig{Log: cfg.Log}),
		beside:    consumers.NewJournal(client, consumers.JournalConfig{Workers: 1, Prepare: true, Log: cfg.Log}),
		appender:  producers.NewJournal(client, cfg.Log),
		mailboxes: producers.NewMailboxes(client, producers.MailboxConfig{Log: cfg.Log, Stored: took(m.appends[logMailbox])}),
		hub:       newHub(cfg.RecentBytes, cfg.Backlog.withDefaults()),
		election:  newElection(),
		reign:     newReign(),
		outboxes:  producers.NewOutboxes(client),
		last: func(ctx context.Context, topic string) (events.Message, int64, bool, error) {
			return consumers.LastMessage(ctx, client, topic)
		},
		metrics: m, born: time.Now(),
		pace:  pace{perSecond: cfg.DecideRate},
		ready: make(chan struct{}),
		atEnd: make(chan struct{}),
		lock:  newStateLock(),
		state: registry.New(),
		close: func() { producers.Disconnect(client) },
	}
	n.hasLeader = func(ctx context.Context) (bool, error) { return consumers.HasLeader(ctx, client, "") }
	n.figures.Store(&figures{})
	n.entries = consumers.NewEntries(n.plain, cfg.CacheBytes)
	n.topics = func(ctx context.Context, topics ...producers.Topic) error {
		err := producers.CreateTopicsTelling(ctx, client, cfg.Replication, func(err error) { n.trouble.meet(n.log, err) }, topics...)
		n.trouble.meet(n.log, nil) // they are there, or nobody waits for them any more
		return err
	}
	n.sources = func() *consumers.Mailboxes {
		return consumers.NewMailboxes(client, consumers.MailboxesConfig{Log: cfg.Log, Fetched: took(m.fetches[logMailbox])})
	}
	return n
}

// Ready is closed when the state has first reached the journal's end.
func (n *Node) Ready() <-chan struct{} { return n.ready }

// stopLimit bounds an orderly stop, from when the gateway has drained.
const stopLimit = 5 * time.Second

// errStopped is returned when the node did not stop in time.
var errStopped = errors.New("node did not stop in time")

// Close disconnects a node that is not run. Run closes its node itself.
func (n *Node) Close() {
	n.entries.Close()
	n.appender.Close()
	n.mailboxes.Close()
	n.close()
}

// Run runs the node and its services until ctx ends or one of them fails, and
// stops within Drain and five seconds: the services first, so that nobody reads a state
// that is going away. It returns nil when ctx ended it.
//
// ErrNoGenesis, ErrOtherJournal, ErrUnknownEntry, events.ErrDamaged and
// consumers.ErrLost mean that this node cannot run on this journal.
func (n *Node) Run(ctx context.Context, services ...Service) error {
	core, stopCore := context.WithCancel(context.WithoutCancel(ctx))
	defer stopCore()
	done := make(chan error, 1)
	go func() { done <- n.run(ctx, core, stopCore, services) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-done:
		return err
	case <-time.After(n.cfg.Drain + stopLimit):
		return errStopped
	}
}

func (n *Node) run(ctx, core context.Context, stopCore context.CancelFunc, services []Service) error {
	defer n.Close()
	retire := ctx.Done() // not that of the services: one that fails ends the node, and is no reason to hand over
	below, core := errgroup.WithContext(core)
	below.Go(func() error {
		err := n.live(core, below, retire)
		if err != nil && core.Err() == nil {
			n.failed.Store(&err)
		}
		return err
	})
	below.Go(func() error { return n.remember(core) })
	below.Go(func() error { return n.watch(core) })
	early := n.startEarly(ctx)
	above, ctx := errgroup.WithContext(early.ctx)
	above.Go(func() error { // what fails below ends what is above
		select {
		case <-core.Done():
			return context.Cause(core)
		case <-ctx.Done():
			return nil
		}
	})
	for _, s := range services {
		above.Go(func() error { return n.serve(ctx, s) })
	}
	err := above.Wait()
	if failed := n.failed.Load(); failed != nil {
		n.lingers(early, *failed)
	}
	if ended := early.end(); err == nil || errors.Is(err, context.Canceled) { // whoever is being answered still needs the journal
		err = ended
	}
	stopCore()
	if below := below.Wait(); below != nil && !errors.Is(below, context.Canceled) {
		return fmt.Errorf("run node: %w", below)
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("run node: %w", err)
	}
	return nil
}

// live follows the journal, and leads when it is elected, until ctx ends or the
// node cannot go on.
func (n *Node) live(ctx context.Context, beside *errgroup.Group, retire <-chan struct{}) error {
	if err := n.topics(ctx, producers.JournalTopic()); err != nil {
		return err
	}
	if n.cfg.Leads {
		beside.Go(func() error { return n.campaign(ctx, retire) })
	}
	return n.followAndLead(ctx)
}

func (n *Node) serve(ctx context.Context, s Service) error {
	select {
	case <-n.ready:
		return s(ctx, n)
	case <-ctx.Done():
		return nil
	}
}

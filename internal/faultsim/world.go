package faultsim

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/producers"
	"github.com/armslog/armslog/schemas"
)

const secretariat = "IPSG"

var bureaus = []string{"NCB-AA", "NCB-BB", "NCB-CC"}

// world is one run: brokers, nodes, callers, and what they remember.
type world struct {
	plan    *Plan
	dir     string
	net     *Network
	weather *weather
	kafka   *kfake.Cluster
	addrs   []string
	client  *kafka.Client // of the observer, whom no fault befalls
	nodes   []*member
	over    chan struct{} // closed when the storm is
	log     *slog.Logger

	mu       sync.Mutex
	problems []string
	asked    []*request
	lostOrg  events.OrgID // whose mailbox has lost its head, and is stopped
	gap      gap          // what was lost and passed over
}

// observer is who looks at the brokers from outside.
const observer = "observer"

// fail notes what should not be. The first one is what counts.
func (w *world) fail(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.problems = append(w.problems, fmt.Sprintf(format, args...))
}

func (w *world) failed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.problems) > 0
}

func newWorld(p *Plan, dir string, sabotage func(Call, Fate) Fate, log *slog.Logger) (*world, error) {
	w := &world{plan: p, dir: dir, log: log, over: make(chan struct{})}
	w.weather = &weather{seed: p.Seed, spells: p.spells, asked: map[Call]uint64{}, seen: map[string]uint64{}}
	w.net = NewNetwork(func(c Call) Fate {
		f := w.weather.fate(c)
		if c.From == observer {
			f = Fate{}
		}
		if sabotage != nil {
			f = sabotage(c, f)
		}
		return f
	})
	ports := []int{9092, 9093, 9094}[:p.Brokers]
	var err error
	w.kafka, err = kfake.NewCluster(kfake.Ports(ports...), kfake.ListenFn(w.net.Listen), kfake.DefaultNumPartitions(1))
	if err != nil {
		return nil, fmt.Errorf("start brokers: %w", err)
	}
	w.net.end = func(topic string) int64 { return w.kafka.PartitionInfo(topic, 0).HighWatermark }
	w.addrs = w.kafka.ListenAddrs()
	w.client = producers.Connect(w.cluster(observer))
	for i := range p.Nodes {
		w.nodes = append(w.nodes, &member{world: w, name: nodeName(i), index: i})
	}
	return w, nil
}

func (w *world) cluster(from string) producers.Cluster {
	return producers.Cluster{Brokers: w.addrs, Dial: w.net.Dialer(from)}
}

func (w *world) close() {
	for _, m := range w.nodes {
		m.stop()
	}
	producers.Disconnect(w.client)
	w.net.Close()
	w.kafka.Close()
}

func genesis() *events.Genesis {
	return &events.Genesis{
		JournalID: events.RequestIDFrom(secretariat, "journal"), GeneralSecretariat: secretariat, Name: "General Secretariat",
		Policy: schemas.DefaultPolicy(),
	}
}

// storm lets the plan happen and returns when it is over and all has healed.
func (w *world) storm(ctx context.Context) {
	w.weather.begin()
	began := time.Now()
	var going sync.WaitGroup
	for i, s := range w.plan.spells {
		if s.how == code {
			going.Go(func() { w.answerWithErrors(i, s) })
		}
	}
	for _, i := range w.plan.incidents {
		going.Go(func() {
			time.Sleep(i.at)
			w.befall(i)
		})
	}
	going.Wait()
	time.Sleep(w.plan.Storm - time.Since(began))
	w.weather.end()
	close(w.over)
	for _, m := range w.nodes {
		m.clock.Store(0)
		w.net.Thaw(m.name)
		w.net.Plug(m.name)
	}
}

// answerWithErrors has the brokers answer some requests with an error.
func (w *world) answerWithErrors(i int, s spell) {
	time.Sleep(s.from)
	fault := w.kafka.Fault(kfake.Fault{
		Keys: []kmsg.Key{s.key}, Err: s.code, Count: -1, TopLevel: s.place == Group,
		When: func(r kmsg.Request) bool { return placeOf(r) == s.place && w.weather.happens(i, s) },
	})
	time.Sleep(s.until - s.from)
	fault.Remove()
}

func placeOf(r kmsg.Request) Place {
	topic := ""
	switch r := r.(type) {
	case *kmsg.ProduceRequest:
		topic = r.Topics[0].Topic
	case *kmsg.FetchRequest:
		topic = r.Topics[0].Topic
	case *kmsg.ListOffsetsRequest:
		topic = r.Topics[0].Topic
	case *kmsg.MetadataRequest, *kmsg.CreateTopicsRequest:
		return Anywhere
	default:
		return Group
	}
	switch {
	case topic == events.JournalTopic:
		return Journal
	case strings.HasPrefix(topic, "armslog.in."):
		return Mailbox
	default:
		return Outbox
	}
}

// befall lets one incident happen.
func (w *world) befall(i incident) {
	m := w.nodes[i.node]
	w.weather.incident(i.what)
	switch i.what {
	case crash:
		w.net.Unplug(m.name)
		m.stop()
		time.Sleep(i.lasts)
		w.net.Plug(m.name)
		m.start()
	case freeze:
		w.net.Freeze(m.name)
		time.Sleep(i.lasts)
		w.net.Thaw(m.name)
	case unplug:
		w.net.Unplug(m.name)
		time.Sleep(i.lasts)
		w.net.Plug(m.name)
	case jump:
		m.clock.Store(int64(i.clock))
		time.Sleep(i.lasts)
		m.clock.Store(0)
	case move:
		_ = w.kafka.MoveTopicPartition(i.topic, 0, rand.New(rand.NewPCG(w.plan.Seed, uint64(i.at))).Int32N(int32(w.plan.Brokers))) // a topic that is not there stays where it is
	case rehash:
		w.kafka.RehashCoordinators()
	case twoLeads:
		leader := w.leader()
		w.net.Freeze(leader.name)
		time.Sleep(i.lasts)
		w.net.Thaw(leader.name)
	}
}

// leader is a node that believes that it leads.
func (w *world) leader() *member {
	for _, m := range w.nodes {
		if n := m.now(); n != nil && n.Leads() {
			return m
		}
	}
	return w.nodes[0]
}

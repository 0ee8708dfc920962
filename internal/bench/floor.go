package bench

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/producers"
)

// floor is what nothing built on this log can be faster than: a message is
// appended to one topic, fetched from it, appended to a second and fetched from
// that. Whoever waits for an append shares it, as in the registry. Each turn has
// two topics of its own.
func (s *System) floor(ctx context.Context, turn, rate int, d time.Duration) ([]time.Duration, error) {
	client := producers.Connect(producers.Cluster{Brokers: []string{s.KafkaAddr}})
	defer producers.Disconnect(client)
	topic := func(name string) producers.Topic {
		return producers.MailboxTopic(events.OrgID(fmt.Sprintf("BENCH-FLOOR-%s-%d", name, turn)))
	}
	in, out := topic("IN"), topic("OUT")
	if err := producers.CreateTopics(ctx, client, producers.Replication{Factor: 1, MinInSync: 1}, in, out); err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	value := s.load.AppendSearch(nil, 1)
	first := newGroup(client, in.Name)
	second := newGroup(client, out.Name)
	n := int(float64(rate) * d.Seconds())
	arrived := make([]chan struct{}, n+1)
	for i := range arrived {
		arrived[i] = make(chan struct{})
	}
	var wg sync.WaitGroup
	wg.Go(func() { first.run(ctx) })
	wg.Go(func() { second.run(ctx) })
	wg.Go(func() { fetchAll(ctx, client, in.Name, func(int64) { second.append(value) }) })
	wg.Go(func() {
		fetchAll(ctx, client, out.Name, func(offset int64) {
			if offset <= int64(n) {
				close(arrived[offset])
			}
		})
	})
	var mu sync.Mutex
	next := 0
	pass := func(int) {
		mu.Lock()
		mine := next
		next++
		first.append(value)
		mu.Unlock()
		select {
		case <-arrived[mine]:
		case <-ctx.Done():
		}
	}
	pass(0) // finds the topics' leader, as the registry has long done
	times := steady(ctx, rate, d, pass)
	stop()
	wg.Wait()
	if len(times) == 0 {
		return nil, fmt.Errorf("measure the floor: nothing was sent")
	}
	return times, nil
}

// group appends what waits together, one append in flight.
type group struct {
	client *kafka.Client
	topic  string
	mu     sync.Mutex
	queue  []kafka.Record
	some   chan struct{}
}

func newGroup(client *kafka.Client, topic string) *group {
	return &group{client: client, topic: topic, some: make(chan struct{}, 1)}
}

func (g *group) append(value []byte) {
	g.mu.Lock()
	g.queue = append(g.queue, kafka.Record{Value: kafka.NewBytes(value)})
	g.mu.Unlock()
	select {
	case g.some <- struct{}{}:
	default:
	}
}

func (g *group) run(ctx context.Context) {
	for {
		select {
		case <-g.some:
		case <-ctx.Done():
			return
		}
		g.mu.Lock()
		batch := g.queue
		g.queue = nil
		g.mu.Unlock()
		if len(batch) == 0 {
			continue
		}
		for ctx.Err() == nil && !g.produce(ctx, batch) { // a floor that fails shows as time
		}
	}
}

func (g *group) produce(ctx context.Context, batch []kafka.Record) bool {
	res, err := g.client.Produce(ctx, &kafka.ProduceRequest{
		Topic: g.topic, RequiredAcks: kafka.RequireAll, Records: kafka.NewRecordReader(batch...),
	})
	return err == nil && res.Error == nil
}

func fetchAll(ctx context.Context, client *kafka.Client, topic string, each func(offset int64)) {
	at := int64(0)
	for ctx.Err() == nil {
		res, err := client.Fetch(ctx, &kafka.FetchRequest{Topic: topic, Offset: at, MinBytes: 1, MaxBytes: 1 << 20, MaxWait: 500 * time.Millisecond})
		if err != nil || res.Error != nil {
			continue
		}
		for {
			r, err := res.Records.ReadRecord()
			if err != nil {
				break
			}
			if r.Offset >= at {
				each(r.Offset)
				at = r.Offset + 1
			}
		}
	}
}

package consumers

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol/metadata"
	"golang.org/x/sync/errgroup"
)

// One fetch asks a broker for all mailboxes that it leads, so that two hundred
// idle organisations cost two requests a second, not four hundred.

const (
	mailboxBytes = 1 << 20 // of one mailbox in one fetch
	brokerBytes  = 8 << 20 // of one fetch
	// whileFull is how long a fetch waits while a mailbox is left out of it.
	whileFull = 20 * time.Millisecond
)

// watchBrokers starts one fetching goroutine for each broker that leads
// mailboxes, as they appear.
func (m *Mailboxes) watchBrokers(ctx context.Context, group *errgroup.Group) error {
	started := map[int32]bool{}
	for {
		leaders, opened := m.leaders(ctx)
		for _, broker := range leaders.byTopic {
			if !started[broker] {
				started[broker] = true
				group.Go(func() error { return m.fetchFrom(ctx, broker) })
			}
		}
		if err := pause(ctx, maxWait, opened); err != nil {
			return err
		}
	}
}

// pause waits for wake, but not longer than d.
func pause(ctx context.Context, d time.Duration, wake <-chan struct{}) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-wake:
	case <-ctx.Done():
	}
	return ctx.Err()
}

// leaders says who leads which mailbox, as the client's cache has it.
type leaders struct {
	byTopic map[string]int32
	addr    map[int32]string
}

// leaders leaves topics out that do not exist yet. opened is closed when there
// are more mailboxes than these.
func (m *Mailboxes) leaders(ctx context.Context) (known leaders, opened <-chan struct{}) {
	m.mu.Lock()
	req := &metadata.Request{TopicNames: make([]string, 0, len(m.boxes))}
	for _, b := range m.boxes {
		req.TopicNames = append(req.TopicNames, b.topic)
	}
	opened = m.opened
	m.mu.Unlock()
	known = leaders{byTopic: make(map[string]int32, len(req.TopicNames)), addr: map[int32]string{}}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	res, err := m.client.Transport.RoundTrip(ctx, m.client.Addr, req)
	if err != nil {
		return known, opened
	}
	for _, b := range res.(*metadata.Response).Brokers {
		known.addr[b.NodeID] = net.JoinHostPort(b.Host, strconv.Itoa(int(b.Port)))
	}
	for _, t := range res.(*metadata.Response).Topics {
		if t.ErrorCode == 0 && len(t.Partitions) == 1 && t.Partitions[0].LeaderID >= 0 {
			known.byTopic[t.Name] = t.Partitions[0].LeaderID
		}
	}
	return known, opened
}

// fetchFrom fetches from one broker until ctx ends.
func (m *Mailboxes) fetchFrom(ctx context.Context, broker int32) error {
	again := forever(ctx)
	from := &brokerConn{client: m.client}
	defer from.hangUp()
	for {
		leaders, opened := m.leaders(ctx)
		from.addr = leaders.addr[broker]
		for looked := time.Now(); time.Since(looked) < maxWait && ctx.Err() == nil && !isClosed(opened); {
			topics, wait := m.wanted(leaders.byTopic, broker)
			if len(topics) == 0 {
				_ = pause(ctx, wait, opened)
				continue
			}
			err := m.fetchOnce(ctx, from, topics, wait, opened)
			if err == nil {
				again.Reset()
				continue
			}
			m.cfg.Log.Warn("mailbox fetch is tried again", slog.String("error", fmt.Sprintf("%T", err)))
			_ = pause(ctx, again.NextBackOff(), nil)
			break
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// wanted is every mailbox of a broker that has room. While one has none, the
// others are not waited for, so that it is asked for again soon.
func (m *Mailboxes) wanted(leaders map[string]int32, broker int32) (topics []wanted, wait time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	wait, now := maxWait, time.Now()
	for i := range m.boxes {
		// The broker fills its answer in the order asked: begin elsewhere each time.
		b := m.boxes[(i+m.turn)%len(m.boxes)]
		if leader, known := leaders[b.topic]; !known || leader != broker || b.loss != nil {
			continue
		}
		crowded := m.bytes >= m.cfg.AllBytes && b.bytes > 0
		if b.full || crowded || b.fetching || now.Before(b.retryAt) {
			wait = whileFull
			continue
		}
		b.fetching = true
		topics = append(topics, wanted{b.topic, b.fetchAt, mailboxBytes, all})
	}
	return topics, wait
}

// fetchOnce gives the fetch up when a mailbox is opened that it does not ask for.
func (m *Mailboxes) fetchOnce(ctx context.Context, from *brokerConn, topics []wanted, wait time.Duration, opened <-chan struct{}) error {
	defer m.fetched(topics)
	fetching, giveUp := context.WithCancel(ctx)
	defer giveUp()
	go func() {
		select {
		case <-opened:
			giveUp()
		case <-fetching.Done():
		}
	}()
	asked := time.Now()
	answers, err := from.fetch(fetching, topics, brokerBytes, wait)
	if fetching.Err() != nil {
		return nil
	}
	if err != nil {
		return err
	}
	m.timed(asked, answers)
	for _, f := range answers {
		b := m.box(f.topic)
		if err := m.answered(ctx, b, f); err != nil {
			m.later(b)
		}
	}
	return nil
}

func (m *Mailboxes) timed(asked time.Time, answers []fetched) {
	found := func(f fetched) bool { return len(f.records) > 0 }
	if m.cfg.Fetched != nil && slices.ContainsFunc(answers, found) {
		m.cfg.Fetched(time.Since(asked))
	}
}

func (m *Mailboxes) box(topic string) *mailbox {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.byTopic[topic]
}

func (m *Mailboxes) fetched(topics []wanted) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, t := range topics {
		m.byTopic[t.topic].fetching = false
	}
}

// later leaves a mailbox alone for a while: its trouble is not the others'.
func (m *Mailboxes) later(b *mailbox) {
	m.mu.Lock()
	b.retryAt = time.Now().Add(maxWait)
	m.mu.Unlock()
}

// answered takes in what a broker says of one mailbox.
func (m *Mailboxes) answered(ctx context.Context, b *mailbox, f fetched) error {
	switch f.code {
	case 0:
	case kafka.OffsetOutOfRange:
		to, ends, err := b.out.lost(ctx, m.client, b.topic, b.fetchAt)
		if err == nil {
			m.lose(b, to, ends)
		}
		return err
	default:
		return f.code
	}
	b.out.heard()
	if f.start > b.next && !m.lose(b, f.start, false) {
		return nil
	}
	if f.err != nil {
		return f.err
	}
	m.put(ctx, b, f.records, f.next)
	return nil
}

// lose stops a mailbox: what was sent and never decided is not passed over in
// silence. Where that is permitted it says so and the mailbox goes on behind
// what is lost; next stays, so that the next request covers it.
func (m *Mailboxes) lose(b *mailbox, to int64, ends bool) (goesOn bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	loss := &Loss{Org: b.org, From: b.next, To: to, Ends: ends}
	if !b.passes(loss) {
		b.loss = loss
		m.cfg.Log.Error("a mailbox has lost requests and is stopped, see armslog doctor", slog.Int64("requests", to-b.next))
		return false
	}
	if b.fetchAt < to {
		b.fetchAt = to
		m.cfg.Log.Warn("a mailbox has lost requests and goes on behind them", slog.Int64("requests", to-b.next))
	}
	return true
}

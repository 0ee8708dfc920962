package consumers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol/fetch"
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
		for _, broker := range leaders {
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

// leaders is the broker of every open mailbox, as the client's cache has it.
// Topics that do not exist yet are left out. opened is closed when there are
// more mailboxes than these.
func (m *Mailboxes) leaders(ctx context.Context) (byTopic map[string]int32, opened <-chan struct{}) {
	m.mu.Lock()
	req := &metadata.Request{TopicNames: make([]string, 0, len(m.boxes))}
	for _, b := range m.boxes {
		req.TopicNames = append(req.TopicNames, b.topic)
	}
	opened = m.opened
	m.mu.Unlock()
	byTopic = make(map[string]int32, len(req.TopicNames))
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	res, err := m.client.Transport.RoundTrip(ctx, m.client.Addr, req)
	if err != nil {
		return byTopic, opened
	}
	for _, t := range res.(*metadata.Response).Topics {
		if t.ErrorCode == 0 && len(t.Partitions) == 1 && t.Partitions[0].LeaderID >= 0 {
			byTopic[t.Name] = t.Partitions[0].LeaderID
		}
	}
	return byTopic, opened
}

// fetchFrom fetches from one broker until ctx ends.
func (m *Mailboxes) fetchFrom(ctx context.Context, broker int32) error {
	again := forever(ctx)
	for {
		leaders, opened := m.leaders(ctx)
		for looked := time.Now(); time.Since(looked) < maxWait && ctx.Err() == nil && !isClosed(opened); {
			req, wait := m.request(leaders, broker)
			if len(req.Topics) == 0 {
				_ = pause(ctx, wait, opened)
				continue
			}
			err := m.fetchOnce(ctx, req, opened)
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

// request asks for every mailbox of a broker that has room. While one has none,
// the others are not waited for, so that it is asked for again soon.
func (m *Mailboxes) request(leaders map[string]int32, broker int32) (*fetch.Request, time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	req := &fetch.Request{ReplicaID: -1, SessionID: -1, SessionEpoch: -1, MinBytes: 1, MaxBytes: brokerBytes}
	wait, now := maxWait, time.Now()
	for i := range m.boxes {
		// The broker fills its answer in the order asked: begin elsewhere each time.
		b := m.boxes[(i+m.turn)%len(m.boxes)]
		if leader, known := leaders[b.topic]; !known || leader != broker || b.loss != nil {
			continue
		}
		if b.full || b.fetching || now.Before(b.retryAt) {
			wait = whileFull
			continue
		}
		b.fetching = true
		req.Topics = append(req.Topics, fetch.RequestTopic{Topic: b.topic, Partitions: []fetch.RequestPartition{{
			CurrentLeaderEpoch: -1, FetchOffset: b.fetchAt, LogStartOffset: -1, PartitionMaxBytes: mailboxBytes,
		}}})
	}
	req.MaxWaitTime = int32(wait.Milliseconds())
	return req, wait
}

// fetchOnce gives the fetch up when a mailbox is opened that it does not ask for.
func (m *Mailboxes) fetchOnce(ctx context.Context, req *fetch.Request, opened <-chan struct{}) error {
	defer m.fetched(req)
	ctx, cancel := context.WithTimeout(ctx, maxWait+patience)
	defer cancel()
	fetching, giveUp := context.WithCancel(ctx)
	defer giveUp()
	go func() {
		select {
		case <-opened:
			giveUp()
		case <-fetching.Done():
		}
	}()
	res, err := m.client.Transport.RoundTrip(fetching, m.client.Addr, req)
	if errors.Is(err, context.Canceled) {
		return nil
	}
	if err != nil {
		return err
	}
	answer := res.(*fetch.Response)
	if answer.ErrorCode != 0 {
		return kafka.Error(answer.ErrorCode)
	}
	for i := range answer.Topics {
		b := m.box(answer.Topics[i].Topic)
		for k := range answer.Topics[i].Partitions {
			if err := m.answered(ctx, b, &answer.Topics[i].Partitions[k]); err != nil {
				m.later(b)
			}
		}
	}
	return nil
}

func (m *Mailboxes) box(topic string) *mailbox {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.byTopic[topic]
}

func (m *Mailboxes) fetched(req *fetch.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, t := range req.Topics {
		m.byTopic[t.Topic].fetching = false
	}
}

// later leaves a mailbox alone for a while: its trouble is not the others'.
func (m *Mailboxes) later(b *mailbox) {
	m.mu.Lock()
	b.retryAt = time.Now().Add(maxWait)
	m.mu.Unlock()
}

// answered takes in what a broker says of one mailbox.
func (m *Mailboxes) answered(ctx context.Context, b *mailbox, p *fetch.ResponsePartition) error {
	switch err := kafka.Error(p.ErrorCode); err {
	case 0:
	case kafka.OffsetOutOfRange:
		// Without the log's start in the answer, the loss is at least one request.
		m.lose(b, max(p.LogStartOffset, b.next+1))
		return nil
	default:
		return err
	}
	if p.LogStartOffset > b.next {
		m.lose(b, p.LogStartOffset)
		return nil
	}
	records, next, err := readRecords(p.RecordSet.Records, b.fetchAt, all)
	if err != nil {
		return err
	}
	m.put(ctx, b, records, next)
	return nil
}

// lose stops a mailbox: what was sent and never decided is not passed over in
// silence.
func (m *Mailboxes) lose(b *mailbox, to int64) {
	m.mu.Lock()
	b.loss = &Loss{Org: b.org, From: b.next, To: to}
	m.mu.Unlock()
	m.cfg.Log.Error("a mailbox has lost requests and is stopped", slog.Int64("requests", to-b.next))
}

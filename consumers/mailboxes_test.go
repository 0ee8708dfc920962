package consumers_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/armslog/armslog/consumers"
	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/sim"
	"github.com/armslog/armslog/producers"
)

// reading starts Mailboxes that end with the test.
func reading(t testing.TB, client *kafka.Client, cfg consumers.MailboxesConfig) *consumers.Mailboxes {
	t.Helper()
	cfg.Log = sim.Quiet()
	m := consumers.NewMailboxes(client, cfg)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- m.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.ErrorIs(t, <-done, context.Canceled)
	})
	return m
}

// takeAll takes until n requests have come.
func takeAll(t testing.TB, m *consumers.Mailboxes, n int) (all []*consumers.Request) {
	t.Helper()
	for len(all) < n {
		select {
		case <-m.Ready():
		case <-t.Context().Done():
			t.Fatal("ended")
		}
		for {
			some := m.Take(500, 1<<20)
			if len(some) == 0 {
				break
			}
			all = append(all, some...)
		}
	}
	return all
}

func send(t testing.TB, c *sim.Cluster, org string, from, to int) {
	t.Helper()
	var msgs []events.Message
	for i := from; i < to; i++ {
		id := events.NewEnvelope(events.RequestIDFrom(org, fmt.Sprint(i)), events.TypeRecordSubmitted)
		msgs = append(msgs, events.Message{Headers: id.Headers, Value: fmt.Append(nil, i)})
	}
	sim.Send(t, c.Client, org, msgs...)
}

func mailbox(c *sim.Cluster, orgs ...string) {
	for _, org := range orgs {
		c.Create(producers.MailboxTopic(org))
	}
}

func TestMailboxesKeepTheOrderOfEach(t *testing.T) {
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	orgs := []string{"NCB-AA", "NCB-BB", "NCB-CC"}
	mailbox(c, orgs...)
	m := reading(t, c.Client, consumers.MailboxesConfig{})
	const n = 700
	for i, org := range orgs {
		send(t, c, org, 0, n)
		m.Open(org, int64(i*100)) // a frontier
		m.Open(org, 0)            // again: it stays as it is
	}
	next := map[string]int64{"NCB-AA": 0, "NCB-BB": 100, "NCB-CC": 200}
	for _, r := range takeAll(t, m, 3*n-300) {
		require.Equal(t, next[r.Org], r.Off)
		require.EqualValues(t, 1, r.Span)
		require.Equal(t, fmt.Sprint(r.Off), string(r.Value))
		require.Equal(t, events.RequestIDFrom(r.Org, fmt.Sprint(r.Off)), r.Prepared.Envelope.ID, "decoded ahead")
		next[r.Org]++
	}
	for _, org := range orgs {
		require.EqualValues(t, n, next[org])
	}
	require.Empty(t, m.Losses())
}

func TestMailboxesTakeTurns(t *testing.T) {
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	mailbox(c, "NCB-AA", "NCB-BB")
	send(t, c, "NCB-AA", 0, 500)
	send(t, c, "NCB-BB", 0, 100)
	m := reading(t, c.Client, consumers.MailboxesConfig{})
	m.Open("NCB-AA", 0)
	m.Open("NCB-BB", 0)
	require.Eventually(t, func() bool { return m.Waiting() == 600 }, waitLimit, tick)
	var runs []string
	for _, r := range m.Take(1000, 1<<20) {
		if run := fmt.Sprint(r.Org, " ", r.Off/64); len(runs) == 0 || runs[len(runs)-1] != run {
			runs = append(runs, run)
		}
	}
	require.Equal(t, []string{"NCB-AA 0", "NCB-BB 0", "NCB-AA 1", "NCB-BB 1", "NCB-AA 2"}, runs[:5])
}

// However many others flood their mailboxes, with how much, whoever waits has a
// request in the next batch.
func TestMailboxesGiveEachAShareOfTheBatch(t *testing.T) {
	const flooding = 30
	for name, value := range map[string]string{"many": "x", "large": strings.Repeat("x", 20<<10)} {
		t.Run(name, func(t *testing.T) {
			c := sim.NewCluster(t, embedded.BrokerConfig{})
			m := reading(t, c.Client, consumers.MailboxesConfig{})
			orgs := []string{"NCB-LONE"}
			for i := range flooding {
				orgs = append(orgs, fmt.Sprintf("NCB-%03d", i))
			}
			mailbox(c, orgs...)
			for _, org := range orgs[1:] {
				var msgs []events.Message
				for i := range 40 {
					id := events.NewEnvelope(events.RequestIDFrom(org, fmt.Sprint(i)), events.TypeRecordSubmitted)
					msgs = append(msgs, events.Message{Headers: id.Headers, Value: []byte(value)})
				}
				sim.Send(t, c.Client, org, msgs...)
				m.Open(org, 0)
			}
			m.Open(orgs[0], 0)
			require.Eventually(t, func() bool { return m.Waiting() == flooding*40 }, waitLimit, tick)
			for i := range 5 {
				send(t, c, orgs[0], i, i+1)
				require.Eventually(t, func() bool { return m.Waiting() == flooding*40-i*99+1 }, waitLimit, tick)
				batch := m.Take(100, 2<<20)
				require.Len(t, batch, 100)
				mine := 0
				for _, r := range batch {
					if r.Org == orgs[0] {
						mine++
					}
				}
				require.Equal(t, 1, mine, "batch %d", i)
			}
		})
	}
}

// Whoever sends one request while others flood is told apart from them: its
// request can be taken before its turn, once.
func TestMailboxesTellWhoComesNew(t *testing.T) {
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	mailbox(c, "NCB-AA", "NCB-BB", "NCB-CC")
	send(t, c, "NCB-AA", 0, 200)
	m := reading(t, c.Client, consumers.MailboxesConfig{})
	for _, org := range []string{"NCB-AA", "NCB-BB", "NCB-CC"} {
		m.Open(org, 0)
	}
	require.Eventually(t, func() bool { return m.Waiting() == 200 }, waitLimit, tick)
	require.Len(t, m.Take(1, 1<<20), 1)
	require.Empty(t, m.TakeNew(5), "who floods is not new")
	for i := range 3 {
		send(t, c, "NCB-BB", i, i+1)
		send(t, c, "NCB-CC", i, i+1)
		require.Eventually(t, func() bool { return m.Waiting() == 199+2 }, waitLimit, tick)
		<-m.Came()
		require.Len(t, m.TakeNew(1), 1)
		two := m.TakeNew(5)
		require.Len(t, two, 1)
		require.NotEqual(t, "NCB-AA", two[0].Org)
		require.EqualValues(t, i, two[0].Off)
		require.Empty(t, m.TakeNew(5))
	}
	send(t, c, "NCB-BB", 3, 6)
	require.Eventually(t, func() bool { return m.Waiting() == 199+3 }, waitLimit, tick)
	require.Len(t, m.TakeNew(5), 1)
	require.Empty(t, m.TakeNew(5), "what waits behind the first is in the rounds")
	require.Len(t, takeAll(t, m, 199+2), 201)
}

func TestMailboxThatIsNotThereYet(t *testing.T) {
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	mailbox(c, "NCB-AA")
	m := reading(t, c.Client, consumers.MailboxesConfig{})
	m.Open("NCB-ZZ", 0)
	m.Open("NCB-AA", 0)
	send(t, c, "NCB-AA", 0, 1)
	require.Equal(t, "NCB-AA", takeAll(t, m, 1)[0].Org, "it holds nobody up")
	mailbox(c, "NCB-ZZ")
	send(t, c, "NCB-ZZ", 0, 3)
	require.Len(t, takeAll(t, m, 3), 3)
	require.Empty(t, m.Losses())
}

func TestMailboxThatLostRequestsStops(t *testing.T) {
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	mailbox(c, "NCB-AA", "NCB-BB", "NCB-CC")
	for _, org := range []string{"NCB-AA", "NCB-BB", "NCB-CC"} {
		send(t, c, org, 0, 10)
	}
	require.NoError(t, c.Cluster().DeleteRecords(events.MailboxTopic("NCB-AA"), 0, 5))
	m := reading(t, c.Client, consumers.MailboxesConfig{OldLog: time.Millisecond})
	m.Open("NCB-AA", 3)  // 3 and 4 are gone
	m.Open("NCB-BB", 12) // decided up to 12 once; now it ends at 10
	m.Open("NCB-CC", 0)
	for _, r := range takeAll(t, m, 10) {
		require.Equal(t, "NCB-CC", r.Org)
	}
	require.Eventually(t, func() bool { return len(m.Losses()) == 2 }, waitLimit, tick)
	require.Contains(t, m.Losses(), consumers.Loss{Org: "NCB-AA", From: 3, To: 5})
	require.Contains(t, m.Losses(), consumers.Loss{Org: "NCB-BB", From: 12, To: 13, Ends: true})
	require.Zero(t, m.Waiting(), "nothing is passed over in silence")
}

func TestMailboxSpansCoverOffsetsWithoutAMessage(t *testing.T) {
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	mailbox(c, "NCB-AA")
	topic := events.MailboxTopic("NCB-AA")
	client, err := kgo.NewClient(kgo.SeedBrokers(c.Addr()), kgo.TransactionalID("test"), kgo.DefaultProduceTopic(topic))
	require.NoError(t, err)
	defer client.Close()
	for i := range 3 { // a transaction of one message leaves a marker behind it
		require.NoError(t, client.BeginTransaction())
		require.NoError(t, client.ProduceSync(t.Context(), kgo.StringRecord(fmt.Sprint(i))).FirstErr())
		require.NoError(t, client.EndTransaction(t.Context(), kgo.TryCommit))
	}
	m := reading(t, c.Client, consumers.MailboxesConfig{})
	m.Open("NCB-AA", 0)
	end := int64(0)
	for i, r := range takeAll(t, m, 3) {
		require.Equal(t, fmt.Sprint(i), string(r.Value))
		require.Equal(t, end, r.Off, "no offset is left out")
		end = r.Off + r.Span
	}
	require.EqualValues(t, 5, end)

	send(t, c, "NCB-AA", 7, 8) // past the last marker, which came alone
	r := takeAll(t, m, 1)[0]
	require.Equal(t, "7", string(r.Value))
	require.EqualValues(t, 5, r.Off)
	require.EqualValues(t, 2, r.Span)
}

// What only the library can read is read by it, and what follows by whoever can.
func TestMailboxesReadWhatIsCompressed(t *testing.T) {
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	mailbox(c, "NCB-AA")
	for i, codec := range []kgo.CompressionCodec{kgo.GzipCompression(), kgo.SnappyCompression(), kgo.Lz4Compression(), kgo.ZstdCompression(), kgo.NoCompression()} {
		client, err := kgo.NewClient(kgo.SeedBrokers(c.Addr()), kgo.ProducerBatchCompression(codec), kgo.DefaultProduceTopic(events.MailboxTopic("NCB-AA")))
		require.NoError(t, err)
		value := strings.Repeat(fmt.Sprint(i), 500) // long enough to be compressed
		require.NoError(t, client.ProduceSync(t.Context(), kgo.StringRecord(value)).FirstErr())
		client.Close()
	}
	m := reading(t, c.Client, consumers.MailboxesConfig{})
	m.Open("NCB-AA", 0)
	for i, r := range takeAll(t, m, 5) {
		require.Equal(t, strings.Repeat(fmt.Sprint(i), 500), string(r.Value))
		require.EqualValues(t, i, r.Off)
	}
}

func TestMailboxesHoldABoundedNumber(t *testing.T) {
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	mailbox(c, "NCB-AA", "NCB-BB")
	for i := range 40 {
		send(t, c, "NCB-AA", i*100, i*100+100)
	}
	m := reading(t, c.Client, consumers.MailboxesConfig{Messages: 200, Bytes: 1 << 20})
	m.Open("NCB-AA", 0)
	m.Open("NCB-BB", 0)
	require.Eventually(t, func() bool { return m.Waiting() >= 200 }, waitLimit, tick)
	send(t, c, "NCB-BB", 0, 1)
	taken := takeAll(t, m, 4001)
	require.Len(t, taken, 4001, "a mailbox that is full holds up neither itself nor another")
}

// What waits of all mailboxes together is bounded, too; one of which nothing
// waits is read even then.
func TestMailboxesHoldABoundedNumberOfBytes(t *testing.T) {
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	mailbox(c, "NCB-AA", "NCB-BB", "NCB-CC")
	const rows, batches = 100, 20
	value := []byte(strings.Repeat("x", 4<<10)) // a fetch brings a mebibyte of 8
	for i := range batches {
		var msgs []events.Message
		for k := range rows {
			id := events.NewEnvelope(events.RequestIDFrom("NCB-AA", fmt.Sprint(i, k)), events.TypeRecordSubmitted)
			msgs = append(msgs, events.Message{Headers: id.Headers, Value: value})
		}
		sim.Send(t, c.Client, "NCB-AA", msgs...)
	}
	m := reading(t, c.Client, consumers.MailboxesConfig{AllBytes: 1})
	m.Open("NCB-AA", 0)
	require.Eventually(t, func() bool { return m.Waiting() > 0 && m.Waiting()%rows == 0 }, waitLimit, tick)
	first := m.Waiting()
	require.LessOrEqual(t, first, 1<<20/len(value)+rows)
	for i, org := range []string{"NCB-BB", "NCB-CC"} {
		send(t, c, org, 0, 1)
		m.Open(org, 0)
		require.Eventually(t, func() bool { return m.Waiting() > first+i }, waitLimit, tick)
		require.Equal(t, first+i+1, m.Waiting(), "only what is empty is read")
	}
	taken := takeAll(t, m, batches*rows+2)
	require.Len(t, taken, batches*rows+2)
}

// BenchmarkIdleMailboxes says what two hundred mailboxes cost in which nothing
// happens: see the reported share of one core.
func BenchmarkIdleMailboxes(b *testing.B) {
	c := sim.NewCluster(b, embedded.BrokerConfig{})
	var topics []producers.Topic
	for i := range 200 {
		topics = append(topics, producers.MailboxTopic(fmt.Sprintf("NCB-%03d", i)))
	}
	c.Create(topics...)
	m := reading(b, c.Client, consumers.MailboxesConfig{})
	for i := range 200 {
		m.Open(fmt.Sprintf("NCB-%03d", i), 0)
	}
	sim.ReportCPU(b, idleTime)
}

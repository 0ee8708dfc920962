package sim

import (
	"log/slog"
	"testing"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/embedded/embeddedtest"
	"github.com/armslog/armslog/producers"
)

// Cluster is a broker with a journal, and a client of it.
type Cluster struct {
	*embedded.Broker
	Client *kafka.Client
	t      testing.TB
}

// NewCluster starts a broker that ends with the test.
func NewCluster(t testing.TB, cfg embedded.BrokerConfig) *Cluster {
	t.Helper()
	b := embeddedtest.Broker(t, cfg)
	c := &Cluster{Broker: b, t: t, Client: Connect(t, b.Addr())}
	c.Create(producers.JournalTopic())
	return c
}

// Connect is a client that is disconnected when the test ends.
func Connect(t testing.TB, addr string) *kafka.Client {
	client := producers.Connect(producers.Cluster{Brokers: []string{addr}})
	t.Cleanup(func() { producers.Disconnect(client) })
	return client
}

// Create creates topics.
func (c *Cluster) Create(topics ...producers.Topic) {
	c.t.Helper()
	require.NoError(c.t, producers.CreateTopics(c.t.Context(), c.Client, producers.Replication{}, topics...))
}

// Journal appends items as one batch.
func (c *Cluster) Journal(items ...events.Item) {
	c.t.Helper()
	batch := make([]events.Message, len(items))
	for i, it := range items {
		batch[i] = MessageOf(it)
	}
	_, err := producers.NewJournal(c.Client, Quiet()).Append(c.t.Context(), batch)
	require.NoError(c.t, err)
}

// MessageOf is an item as the journal stores it.
func MessageOf(it events.Item) events.Message {
	if it.Fence != nil {
		return events.Message{Headers: it.Fence.Headers()}
	}
	return events.Message{Headers: it.Entry.Headers(), Value: it.Entry.Value}
}

// Quiet is a log that nobody reads.
func Quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// Send appends messages to a mailbox, as an organisation with its own client does.
func Send(t testing.TB, client *kafka.Client, org events.OrgID, msgs ...events.Message) {
	t.Helper()
	m := producers.NewMailboxes(client, producers.MailboxConfig{Log: Quiet()})
	defer m.Close()
	_, err := m.Append(t.Context(), org, msgs)
	require.NoError(t, err)
}

package producers_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/embedded/embeddedtest"
	"github.com/armslog/armslog/producers"
)

func journal(t *testing.T) (*kfake.Cluster, *kafka.Client, *producers.Journal) {
	t.Helper()
	b, c := connect(t)
	require.NoError(t, producers.CreateTopics(t.Context(), c, producers.Replication{}, producers.JournalTopic()))
	return b.Cluster(), c, producers.NewJournal(c, quiet())
}

func failProduce(c *kfake.Cluster, err *kerr.Error, times int) {
	c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: err, Count: times})
}

func TestJournalAppendsOneBatch(t *testing.T) {
	_, c, j := journal(t)
	at, err := j.Append(t.Context(), messages("a", "b", "c"))
	require.NoError(t, err)
	require.Zero(t, at.Offset)
	at, err = j.Append(t.Context(), messages("d"))
	require.NoError(t, err)
	require.EqualValues(t, 3, at.Offset)
	require.Equal(t, []string{"a", "b", "c", "d"}, stored(t, c, events.JournalTopic))
}

func TestJournalSendsTheSameBatchUntilItIsAcknowledged(t *testing.T) {
	cluster, c, j := journal(t)
	_, err := j.Append(t.Context(), messages("a"))
	require.NoError(t, err)

	failProduce(cluster, kerr.NotLeaderForPartition, 3) // not stored, not acknowledged
	at, err := j.Append(t.Context(), messages("b", "c"))
	require.NoError(t, err)
	require.EqualValues(t, 1, at.Offset)

	failProduce(cluster, kerr.RequestTimedOut, 2) // stored, not acknowledged
	at, err = j.Append(t.Context(), messages("d"))
	require.NoError(t, err)
	require.EqualValues(t, 5, at.Offset, "that of the last copy")
	require.Equal(t, []string{"a", "b", "c", "d", "d", "d"}, stored(t, c, events.JournalTopic))
}

func TestJournalRefusesWhatCanNeverBeStored(t *testing.T) {
	cluster, c, j := journal(t)
	_, err := j.Append(t.Context(), messages(strings.Repeat("x", producers.MaxJournalBatch)))
	require.ErrorIs(t, err, producers.ErrRefused)

	failProduce(cluster, kerr.MessageTooLarge, 1)
	_, err = j.Append(t.Context(), messages("a"))
	require.ErrorIs(t, err, producers.ErrRefused)
	require.Empty(t, stored(t, c, events.JournalTopic))

	fits := strings.Repeat("x", producers.MaxJournalBatch-200)
	_, err = j.Append(t.Context(), messages(fits))
	require.NoError(t, err, "the topic takes all that the bound allows")
}

func TestJournalEndsWithItsContext(t *testing.T) {
	cluster, _, j := journal(t)
	failProduce(cluster, kerr.NotEnoughReplicas, -1)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := j.Append(ctx, messages("a"))
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestJournalOutlivesItsBroker(t *testing.T) {
	cfg := embedded.BrokerConfig{Dir: t.TempDir(), Sync: true}
	b := embeddedtest.Broker(t, cfg)
	c := clientOf(t, b.Addr())
	require.NoError(t, producers.CreateTopics(t.Context(), c, producers.Replication{}, producers.JournalTopic()))
	j := producers.NewJournal(c, quiet())
	b.Close()

	done := make(chan error)
	go func() {
		_, err := j.Append(t.Context(), messages("a"))
		done <- err
	}()
	cfg.Listen = b.Addr()
	embeddedtest.Broker(t, cfg)
	require.NoError(t, <-done)
	// By a client of its own: the other one's connections died with the broker.
	require.Equal(t, []string{"a"}, stored(t, clientOf(t, b.Addr()), events.JournalTopic))
}

func TestCreateTopicsAgainAndAtOnce(t *testing.T) {
	cluster, c, _ := journal(t)
	topics := []producers.Topic{producers.JournalTopic(), producers.MailboxTopic(org), producers.OutboxTopic(org)}
	done := make(chan error)
	for range 4 {
		go func() { done <- producers.CreateTopics(t.Context(), c, producers.Replication{}, topics...) }()
	}
	for range 4 {
		require.NoError(t, <-done)
	}
	mailbox := cluster.TopicInfo(events.MailboxTopic(org))
	require.Len(t, cluster.PartitionInfos(events.MailboxTopic(org)), 1)
	require.Equal(t, "7776000000", *mailbox.Configs["retention.ms"])
	require.Equal(t, "-1", *cluster.TopicInfo(events.JournalTopic).Configs["retention.ms"])
}

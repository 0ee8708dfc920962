package producers_test

import (
	"fmt"
	"net"
	"slices"
	"testing"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/embedded/embeddedtest"
	"github.com/armslog/armslog/producers"
)

// outboxes is a broker with one outbox, and who writes to it.
func outboxes(t *testing.T) (*kfake.Cluster, *kafka.Client, *producers.Outboxes) {
	t.Helper()
	b := embeddedtest.Broker(t, embedded.BrokerConfig{})
	c := clientOf(t, b.Addr())
	require.NoError(t, producers.CreateTopics(t.Context(), c, producers.Replication{}, producers.OutboxTopic(org)))
	return b.Cluster(), c, producers.NewOutboxes(c)
}

func endOf(c *kfake.Cluster) int64 {
	return c.PartitionInfo(events.OutboxTopic(org), 0).HighWatermark
}

func TestOutboxIsLookedAtFirst(t *testing.T) {
	cluster, c, o := outboxes(t)
	require.ErrorIs(t, o.Append(t.Context(), org, messages("a")), producers.ErrNotLooked)
	o.Looked(org, 0)
	require.NoError(t, o.Append(t.Context(), org, messages("a", "b")))
	require.NoError(t, o.Append(t.Context(), org, messages("c")))

	failProduce(cluster, kerr.NotLeaderForPartition, 1) // not stored
	require.Error(t, o.Append(t.Context(), org, messages("d")))
	require.ErrorIs(t, o.Append(t.Context(), org, messages("d")), producers.ErrNotLooked)
	o.Looked(org, endOf(cluster))
	require.NoError(t, o.Append(t.Context(), org, messages("d")))

	failProduce(cluster, kerr.RequestTimedOut, 1) // stored, and not acknowledged
	require.Error(t, o.Append(t.Context(), org, messages("e")))
	o.Looked(org, endOf(cluster))
	require.NoError(t, o.Append(t.Context(), org, messages("f")))
	require.Equal(t, []string{"a", "b", "c", "d", "e", "f"}, stored(t, c, events.OutboxTopic(org)))
}

// An append that was given up arrives after all: just after the courier has
// looked, or after it has appended the same again, with more or with less.
func TestOutboxRefusesWhatComesLate(t *testing.T) {
	all := []string{"a", "b", "c", "d", "e"}
	for name, first := range map[string]bool{"after the look": true, "after the next append": false} {
		for until := 3; until <= len(all); until++ {
			t.Run(fmt.Sprint(name, ", up to ", all[until-1]), func(t *testing.T) {
				cluster, c, o := outboxes(t)
				o.Looked(org, 0)
				require.NoError(t, o.Append(t.Context(), org, messages("a", "b")))
				request := loseOne(t, cluster, func() { require.Error(t, o.Append(t.Context(), org, messages("c", "d"))) })

				next := endOf(cluster)
				o.Looked(org, next)
				if first {
					arrive(t, c, request)
				}
				for o.Append(t.Context(), org, messages(all[next:max(int(next)+1, until)]...)) != nil {
					next = endOf(cluster)
					o.Looked(org, next)
					if int(next) >= until {
						break
					}
				}
				arrive(t, c, request)
				o.Looked(org, endOf(cluster))
				require.NoError(t, o.Append(t.Context(), org, messages("z")))
				arrive(t, c, request)

				want := max(until, 4) // what came late is told, too, where it came first
				if !first {
					want = until
				}
				require.Equal(t, append(slices.Clone(all[:want]), "z"), stored(t, c, events.OutboxTopic(org)))
			})
		}
	}
}

// loseOne runs do, whose first append the broker does not see.
func loseOne(t *testing.T, c *kfake.Cluster, do func()) *kmsg.ProduceRequest {
	held := make(chan *kmsg.ProduceRequest, 1)
	c.ControlKey(int16(kmsg.Produce), func(req kmsg.Request) (kmsg.Response, error, bool) {
		held <- req.(*kmsg.ProduceRequest)
		return nil, net.ErrClosed, true
	})
	do()
	return <-held
}

// arrive hands a request to the broker as it was sent, whatever it says to it.
func arrive(t *testing.T, c *kafka.Client, req *kmsg.ProduceRequest) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(c.Addr.String()), kgo.MaxVersions(kversion.V2_4_0()))
	require.NoError(t, err)
	defer client.Close()
	_, err = req.RequestWith(t.Context(), client)
	require.NoError(t, err)
}

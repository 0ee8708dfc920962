package consumers_test

import (
	"sync/atomic"
	"testing"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/armslog/armslog/consumers"
	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/sim"
)

// replaced lets the broker answer so many fetches like one that stood still, was
// replaced and does not know it yet: its log ends before what was read already.
func replaced(c *sim.Cluster, fetches int) (left *atomic.Int64) {
	left = new(atomic.Int64)
	left.Store(int64(fetches))
	c.Cluster().ControlKey(int16(kmsg.Fetch), func(r kmsg.Request) (kmsg.Response, error, bool) {
		c.Cluster().KeepControl()
		if left.Add(-1) < 0 {
			return nil, nil, false
		}
		req := r.(*kmsg.FetchRequest)
		res := req.ResponseKind().(*kmsg.FetchResponse)
		for _, t := range req.Topics {
			to := kmsg.NewFetchResponseTopic()
			to.Topic, to.TopicID = t.Topic, t.TopicID
			for _, p := range t.Partitions {
				of := kmsg.NewFetchResponseTopicPartition()
				of.Partition, of.HighWatermark, of.LogStartOffset = p.Partition, -1, -1
				of.ErrorCode = int16(kafka.OffsetOutOfRange)
				to.Partitions = append(to.Partitions, of)
			}
			res.Topics = append(res.Topics, to)
		}
		return res, nil, true
	})
	return left
}

func TestFollowOutlivesAReplacedBroker(t *testing.T) {
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	c.Journal(fence("n", ""), entry("n", 0, "NCB-AA", 0), entry("n", 1, "NCB-AA", 1))
	left := replaced(c, 3)
	got, _, _ := followUntil(t, newJournal(c), consumers.Position{}, 1)
	require.Len(t, got, 2)
	require.Negative(t, left.Load())
}

func TestMailboxOutlivesAReplacedBroker(t *testing.T) {
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	mailbox(c, "NCB-AA")
	send(t, c, "NCB-AA", 0, 5)
	left := replaced(c, 2)
	m := reading(t, c.Client, consumers.MailboxesConfig{})
	m.Open("NCB-AA", 3)
	require.Len(t, takeAll(t, m, 2), 2)
	require.Empty(t, m.Losses(), "nothing is lost")
	require.Negative(t, left.Load())
}

package node_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/sim"
	"github.com/armslog/armslog/node"
	"github.com/armslog/armslog/producers"
	"github.com/armslog/armslog/projections"
)

// withCourier runs a node that is the courier while it leads.
func withCourier(t *testing.T, c *sim.Cluster) *running {
	n := node.New(config(c))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx, node.LeadersCourier(projections.NewMetrics(nil), 0)) }()
	<-n.Ready()
	stopped := false
	r := &running{Node: n, t: t, stop: func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		return <-done
	}}
	t.Cleanup(func() { require.NoError(t, r.stop()) })
	return r
}

// TestCourierFollowsTheLeader: every node bears the courier's role, the leader
// changes again and again, and everybody is told everything, once.
func TestCourierFollowsTheLeader(t *testing.T) {
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	nodes := []*running{withCourier(t, c), withCourier(t, c)}
	nodes[0].enrol(bureau)
	want := 0
	for round := range 4 {
		for range 5 {
			nodes[1].accepted(bureau, told(want))
			want++
		}
		if round == 3 {
			break
		}
		require.Eventually(t, func() bool { return nodes[0].Leads() != nodes[1].Leads() }, limit, tick)
		if nodes[1].Leads() {
			nodes[0], nodes[1] = nodes[1], nodes[0]
		}
		require.NoError(t, nodes[0].stop())
		nodes[0] = withCourier(t, c)
	}
	var got []string
	require.Eventually(t, func() bool {
		got = outboxOf(t, c, bureau)
		return len(got) >= want
	}, limit, 10*tick)
	seen := map[string]bool{}
	for _, seq := range got {
		require.False(t, seen[seq], "seq %s is told twice", seq)
		seen[seq] = true
	}
	require.Len(t, got, want)
}

// TestCourierGoesRoundAMissingOutbox: an operator has yet to make the outbox of
// one organisation, or has deleted it; all others are told meanwhile.
func TestCourierGoesRoundAMissingOutbox(t *testing.T) {
	const other = "NCB-PY"
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	r := withCourier(t, c)
	r.enrol(bureau, other)
	want, weapons := map[events.OrgID]int{}, 0
	tell := func(orgs ...events.OrgID) {
		for _, org := range orgs {
			r.accepted(org, toldOf(org, weapons))
			want[org]++
			weapons++
		}
	}
	arrives := func(org events.OrgID) {
		t.Helper()
		require.Eventually(t, func() bool { return len(outboxOf(t, c, org)) == want[org] }, limit, 10*tick)
	}
	tell(bureau, other)
	arrives(bureau)
	_, err := c.Client.DeleteTopics(t.Context(), &kafka.DeleteTopicsRequest{Topics: []string{events.OutboxTopic(bureau)}})
	require.NoError(t, err)
	for range 3 {
		tell(bureau, other, bureau)
		arrives(other)
	}
	require.NoError(t, producers.CreateTopics(t.Context(), c.Client, producers.Replication{}, producers.OutboxTopic(bureau)))
	arrives(bureau)
	tell(other, bureau)
	arrives(bureau)
	arrives(other)
	require.True(t, slices.IsSortedFunc(outboxOf(t, c, bureau), func(a, b string) int {
		x, _ := strconv.Atoi(a)
		y, _ := strconv.Atoi(b)
		return x - y
	}))
}

// told is a request that wants a reply.
func told(n int) events.Message { return toldOf(bureau, n) }

func toldOf(org events.OrgID, n int) events.Message {
	e := events.NewEnvelope(events.RequestIDFrom(org, fmt.Sprint("told ", n)), events.TypeRecordSubmitted)
	return events.Message{Headers: e.Headers, Value: []byte(record(n))}
}

// outboxOf are the seqs in an outbox, in order; none where it cannot be read
// just now.
func outboxOf(t *testing.T, c *sim.Cluster, org events.OrgID) (seqs []string) {
	end := c.Cluster().PartitionInfo(events.OutboxTopic(org), 0).HighWatermark
	client := producers.Connect(producers.Cluster{Brokers: []string{c.Addr()}}) // who was there before does not know a new topic
	defer producers.Disconnect(client)
	for at := int64(0); at < end; {
		res, err := client.Fetch(t.Context(), &kafka.FetchRequest{Topic: events.OutboxTopic(org), Offset: at, MinBytes: 1, MaxBytes: 1 << 20, MaxWait: time.Second})
		if err != nil {
			return nil // it is just being made: ask again
		}
		for {
			r, err := res.Records.ReadRecord()
			if err != nil {
				break // the end of what was fetched
			}
			if r.Offset == at {
				seqs = append(seqs, string(r.Headers[0].Value))
				at++
			}
		}
	}
	return seqs
}

package node_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/sim"
	"github.com/armslog/armslog/node"
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
		got = outboxOf(t, c)
		return len(got) >= want
	}, limit, 10*tick)
	seen := map[string]bool{}
	for _, seq := range got {
		require.False(t, seen[seq], "seq %s is told twice", seq)
		seen[seq] = true
	}
	require.Len(t, got, want)
}

// told is a request that wants a reply.
func told(n int) events.Message {
	e := events.NewEnvelope(events.RequestIDFrom(bureau, fmt.Sprint("told ", n)), events.TypeRecordSubmitted)
	return events.Message{Headers: e.Headers, Value: []byte(record(n))}
}

// outboxOf are the seqs in the bureau's outbox, in order.
func outboxOf(t *testing.T, c *sim.Cluster) (seqs []string) {
	end := c.Cluster().PartitionInfo(events.OutboxTopic(bureau), 0).HighWatermark
	for at := int64(0); at < end; {
		res, err := c.Client.Fetch(t.Context(), &kafka.FetchRequest{Topic: events.OutboxTopic(bureau), Offset: at, MinBytes: 1, MaxBytes: 1 << 20, MaxWait: time.Second})
		require.NoError(t, err)
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

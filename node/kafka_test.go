package node_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/kafkatest"
	"github.com/armslog/armslog/internal/sim"
	"github.com/armslog/armslog/node"
	"github.com/armslog/armslog/producers"
)

// TestOnApacheKafka walks the write path on a real broker: append times, topics
// that are not served at once, an election by a real group coordinator.
func TestOnApacheKafka(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real broker")
	}
	brokers := kafkatest.Start(t, kafkatest.Config{}).Addrs()
	cfg := node.Config{
		Cluster: producers.Cluster{Brokers: brokers}, Leads: true, Genesis: genesis(),
		Election: 6 * time.Second, Log: sim.Quiet(),
	}
	leader := run(t, cfg)
	followerConfig := cfg
	followerConfig.Leads, followerConfig.Genesis = false, nil
	follower := run(t, followerConfig)
	leader.enrol("NCB-CL", "NCB-PY")

	var msgs []events.Message
	for i := range 3000 {
		msgs = append(msgs, recordOf("NCB-CL", i))
	}
	leader.accepted("NCB-CL", msgs...)
	follower.ask("NCB-PY", recordOf("NCB-PY", 1))
	again := follower.ask("NCB-CL", recordOf("NCB-CL", 7))[0]
	require.Equal(t, events.Duplicate, again.Verdict)
	leader.sameAs(follower)

	// A leader that was replaced finds out, on a real broker too.
	client := sim.Connect(t, brokers[0])
	fence := events.Fence{Nonce: "usurper", Prev: ownerOf(t, client), Engine: 1}
	_, err := producers.NewJournal(client, sim.Quiet()).Append(t.Context(), []events.Message{{Headers: fence.Headers()}})
	require.NoError(t, err)
	leader.accepted("NCB-CL", recordOf("NCB-CL", 5000))
	require.NoError(t, leader.stop())
	leader = run(t, cfg)
	leader.accepted("NCB-PY", recordOf("NCB-PY", 2))
	leader.sameAs(follower)
}

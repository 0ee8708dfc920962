package node_test

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/kafkatest"
	"github.com/armslog/armslog/internal/realkafka"
	"github.com/armslog/armslog/internal/sim"
	"github.com/armslog/armslog/internal/testca"
	"github.com/armslog/armslog/node"
	"github.com/armslog/armslog/producers"
)

// TestOnApacheKafka walks the write path on a real broker that wants TLS and
// SASL, lets each node do what it must and nothing else, and asks every few
// seconds again who is there: append times, topics that are not served at once,
// an election by a real group coordinator.
func TestOnApacheKafka(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real broker")
	}
	cluster := kafkatest.Start(t, kafkatest.Config{
		SASL: true, TLS: true, Users: map[string]string{"leader": "one secret", "follower": "another secret"},
		Properties: map[string]string{"connections.max.reauth.ms": "5000"},
	})
	readWrite := []kafka.ACLOperationType{kafka.ACLOperationTypeRead, kafka.ACLOperationTypeWrite}
	cluster.Allow(
		realkafka.Right{User: "leader", Resource: kafka.ResourceTypeTopic, Name: "armslog.", Prefix: true, Operations: append(readWrite, kafka.ACLOperationTypeCreate)},
		realkafka.Right{User: "leader", Resource: kafka.ResourceTypeGroup, Name: "armslog.leader", Operations: readWrite[:1]},
		realkafka.Right{User: "follower", Resource: kafka.ResourceTypeTopic, Name: "armslog.", Prefix: true, Operations: readWrite},
	)
	cfg := node.Config{
		Cluster: cluster.As("leader"), Leads: true, Genesis: genesis(),
		Election: 6 * time.Second, Log: sim.Quiet(),
	}
	leader := run(t, cfg)
	followerConfig := cfg
	followerConfig.Leads, followerConfig.Genesis, followerConfig.Cluster = false, nil, cluster.As("follower")
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
	client := cluster.Client(kafkatest.Admin)
	fence := events.Fence{Nonce: "usurper", Prev: ownerOf(t, client), Engine: 1}
	_, err := producers.NewJournal(client, sim.Quiet()).Append(t.Context(), []events.Message{{Headers: fence.Headers()}})
	require.NoError(t, err)
	leader.accepted("NCB-CL", recordOf("NCB-CL", 5000))
	require.NoError(t, leader.stop())
	leader = run(t, cfg)
	leader.accepted("NCB-PY", recordOf("NCB-PY", 2))
	found := follower.accepted("NCB-PY", request("NCB-PY", "q", events.TypeSearchMade, question(7)))[0]
	require.NotEmpty(t, found.Value)
	leader.sameAs(follower)

	// Who is not let in says why, once, and not what the secret was.
	wrong, err := cluster.With("SCRAM-SHA-512", "leader", "the wrong secret")
	require.NoError(t, err)
	stranger := cluster.As("leader")
	other, err := testca.New()
	require.NoError(t, err)
	stranger.TLS = other.Trust()
	anonymous := cluster.As("leader")
	anonymous.SASL = nil
	for says, to := range map[string]producers.Cluster{
		"the brokers refuse the user or the password: check --kafka-user":          wrong,
		"the brokers' certificate cannot be trusted: check --kafka-ca-file":        stranger,
		"they may want TLS (--kafka-ca-file) or somebody to sign in (--kafka-user": anonymous,
	} {
		logged := cannotBegin(t, node.Config{Cluster: to, Leads: true, Genesis: genesis()}, says)
		require.NotContains(t, logged, "secret")
	}
}

// cannotBegin runs a node until it has said why it cannot, and a little longer.
func cannotBegin(t *testing.T, cfg node.Config, says string) string {
	t.Helper()
	var log syncBuffer
	cfg.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelError}))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := node.New(cfg)
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	require.Eventually(t, func() bool { return bytes.Contains(log.bytes(), []byte(says)) }, limit, tick, says)
	select {
	case <-n.Ready():
		t.Fatal("a node that is not let in became ready")
	default:
	}
	cancel()
	require.NoError(t, <-done)
	require.Equal(t, 1, bytes.Count(log.bytes(), []byte("\n")), "once: %s", log.bytes())
	return string(log.bytes())
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) bytes() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.b.Bytes())
}

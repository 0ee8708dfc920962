package node_test

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/sim"
	"github.com/armslog/armslog/node"
)

// TestClockSetWhileLeadingEndsTheReign: nothing is decided in a time that has
// not come.
func TestClockSetWhileLeadingEndsTheReign(t *testing.T) {
	for name, by := range map[string]time.Duration{"forwards": time.Hour, "backwards": -time.Hour} {
		t.Run(name, func(t *testing.T) {
			c := sim.NewCluster(t, embedded.BrokerConfig{})
			stampProduce(t, c, time.Now())
			var off atomic.Int64
			log := &logged{}
			cfg := config(c)
			cfg.Log = slog.New(log)
			cfg.Now = func() time.Time { return time.Now().Add(time.Duration(off.Load())) }
			r := run(t, cfg)
			r.enrol(bureau)
			r.accepted(bureau, recordOf(bureau, 0))
			off.Store(int64(by))
			_, err := r.Submit(t.Context(), bureau, []events.Message{recordOf(bureau, 1)})
			require.NoError(t, err)
			require.Eventually(t, func() bool { return log.has("refuses to lead") }, limit, tick)
			next, _ := r.hash()
			require.EqualValues(t, 3, next, "it has decided nothing more")
		})
	}
}

// TestClockSetDuringTheClaim: the first look at the clock was right.
func TestClockSetDuringTheClaim(t *testing.T) {
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	stampProduce(t, c, time.Now())
	var looks atomic.Int64
	log := &logged{}
	cfg := config(c)
	cfg.Log = slog.New(log)
	cfg.Now = func() time.Time {
		if looks.Add(1) == 1 {
			return time.Now()
		}
		return time.Now().Add(time.Hour)
	}
	n := node.New(cfg)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- n.Run(ctx) }()
	require.Eventually(t, func() bool { return log.has("refuses to lead") }, limit, tick)
	cancel()
	require.NoError(t, <-done)
	require.EqualValues(t, 1, c.Cluster().PartitionInfo(events.JournalTopic, 0).HighWatermark, "the fence, and no decision")
}

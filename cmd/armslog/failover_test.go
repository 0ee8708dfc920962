package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/internal/embedded/embeddedtest"
	"github.com/armslog/armslog/internal/failover"
	"github.com/armslog/armslog/internal/realkafka"
)

var (
	failoverKills = flag.Int("kills", 3, "TestTakeover: how often the leader is killed")
	failoverSleep = flag.Duration("sleep", 3*time.Second, "TestTakeover: how long the leader is paused")
)

// TestTakeover: three nodes on Apache Kafka, with tuned settings. Every node is
// restarted in turn behind a balancer, under load: nobody is refused. Then the
// leader is paused and goes on, and killed again and again: somebody leads
// soon, nothing is lost, nothing decided twice.
//
// `armslog bench failover` is the same at length, with times.
func TestTakeover(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real broker and three nodes")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute+*failoverSleep+time.Duration(*failoverKills)*10*time.Second)
	defer cancel()
	c, err := failover.Start(ctx, failover.Config{
		Program: os.Args[0], Env: []string{asProgram + "=1"}, Brokers: 1, Nodes: 3, Takeover: 2 * time.Second, Drain: time.Second,
	})
	if errors.Is(err, realkafka.ErrMissing) {
		embeddedtest.Missing(t, err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })

	restarts, err := c.Restart(ctx)
	t.Logf("%+v", restarts)
	require.NoError(t, err)
	require.Zero(t, restarts.Failed)

	sleep, err := c.Sleep(ctx, *failoverSleep)
	t.Logf("%+v", sleep)
	require.NoError(t, err)

	kills, err := c.Kill(ctx, *failoverKills, io.Discard)
	t.Logf("%+v", kills)
	require.NoError(t, err)
	require.Zero(t, kills.Failed, "callers with several nodes to ask were all told")
}

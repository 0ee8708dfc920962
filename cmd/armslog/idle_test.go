package main

import (
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/internal/bench"
	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/embedded/embeddedtest"
)

// TestIdleNode: the real program, with two hundred mailboxes in which nothing
// happens, asks its broker as little as with one, and needs little memory.
//
// `armslog bench idle` is the same at length, with the share of a core.
func TestIdleNode(t *testing.T) {
	if testing.Short() || runtime.GOOS != "linux" {
		t.Skip("measures a process for some seconds, as Linux tells it")
	}
	b := embeddedtest.Broker(t, embedded.BrokerConfig{})
	r, err := bench.Idle(t.Context(), bench.IdleConfig{
		Program: os.Args[0], Env: []string{asProgram + "=1"}, Brokers: []string{b.Addr()}, Asked: bench.CountAsked(b.Cluster()),
		Roles: []string{"registry", "gateway", "courier"}, Mailboxes: 200, Settle: time.Second, For: 4 * time.Second,
	})
	require.NoError(t, err)
	r.Print(t.Output())
	total := 0.0
	for _, n := range r.PerSecond {
		total += n
	}
	require.Positive(t, total)
	require.Less(t, total, 20.0, "a poll for each mailbox would be 400")
	require.Less(t, r.ResidentMB, 150.0)
}

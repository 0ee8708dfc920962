package node_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/consumers"
	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/sim"
	"github.com/armslog/armslog/node"
)

// TestLeaderThatRetiresHandsOver: under load, the leader is stopped in order.
// Its successor's fence finds nothing under way, so that nobody has to fold
// again, and takes over long before a session could end.
func TestLeaderThatRetiresHandsOver(t *testing.T) {
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	logs := [2]*logged{{}, {}}
	var nodes [2]*running
	for i := range nodes {
		cfg := config(c)
		cfg.Election, cfg.Log = time.Minute, slog.New(logs[i])
		nodes[i] = run(t, cfg)
	}
	nodes[0].enrol(bureau)
	old, next := 0, 1
	if nodes[1].Leads() {
		old, next = 1, 0
	}
	ctx, cancel := context.WithCancel(t.Context())
	load := make(chan int)
	go func() {
		n := 0
		for ; ctx.Err() == nil; n++ {
			nodes[next].accepted(bureau, recordOf(bureau, n))
		}
		load <- n
	}()
	nodes[next].untilSeq(20)
	require.NoError(t, nodes[old].stop())
	require.Eventually(t, nodes[next].Leads, limit, tick)
	before, _ := nodes[next].hash()
	nodes[next].untilSeq(before + 20)
	cancel()
	n := <-load
	require.False(t, logs[old].has("state was dropped and folded again"))
	nodes[next].accepted(bureau, recordOf(bureau, n))
	nodes[next].sameAs(run(t, standby(c)))
}

func (r *running) untilSeq(seq uint64) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), limit)
	defer cancel()
	require.NoError(r.t, r.WaitSeq(ctx, seq))
}

// TestWhoJoinsOrLeavesMovesNothing: a leader leads on while others come and go,
// whatever their places in the group.
func TestWhoJoinsOrLeavesMovesNothing(t *testing.T) {
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	leader := run(t, config(c))
	leader.enrol(bureau)
	owner := lastOwner(t, c)
	members := func(n int) func() bool {
		return func() bool {
			g := c.Cluster().GroupInfo("armslog.leader")
			return g != nil && g.State == "Stable" && len(g.Members) == n
		}
	}
	for range 4 { // each has an even chance of standing first
		other := run(t, config(c))
		require.Eventually(t, members(2), limit, tick)
		leader.ask(bureau, recordOf(bureau, 1), recordOf(bureau, 2))
		require.NoError(t, other.stop())
		require.Eventually(t, members(1), limit, tick)
		leader.ask(bureau, recordOf(bureau, 1))
	}
	require.Equal(t, owner, lastOwner(t, c))
	require.True(t, leader.Leads())
}

// TestLeaderWithoutSuccessorServesToItsEnd: whoever waits while the only node
// stops, or one whose fellow is not able to take over, is answered before it ends.
func TestLeaderWithoutSuccessorServesToItsEnd(t *testing.T) {
	for name, fellow := range map[string]bool{"alone": false, "fellow is unfit": true} {
		t.Run(name, func(t *testing.T) {
			c := sim.NewCluster(t, embedded.BrokerConfig{})
			cfg := config(c)
			if fellow {
				cfg.Election = time.Minute
				joinDeaf(t, c)
			}
			n := node.New(cfg)
			ctx, stop := context.WithCancel(t.Context())
			err := n.Run(ctx, func(ctx context.Context, n *node.Node) error {
				r := &running{Node: n, t: t}
				r.enrol(bureau)
				stop()
				<-ctx.Done()
				r.accepted(bureau, recordOf(bureau, 1))
				return nil
			})
			require.NoError(t, err)
		})
	}
}

// joinDeaf is a member of the election that never leads.
func joinDeaf(t *testing.T, c *sim.Cluster) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	joined := make(chan struct{}, 100)
	go func() {
		done <- consumers.Campaign(ctx, consumers.ElectionConfig{Brokers: []string{c.Addr()}, Session: time.Minute, Log: sim.Quiet(),
			Standing: func() consumers.Standing { return consumers.Standing{Offset: -1} }},
			func(consumers.Elected) { joined <- struct{}{} })
	}()
	<-joined
	t.Cleanup(func() {
		cancel()
		<-done
	})
}

package node_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/sim"
	"github.com/armslog/armslog/node"
	"github.com/armslog/armslog/producers"
)

// refusal is the BusyError that says when to come back.
func refusal(t testing.TB, err error) *producers.BusyError {
	t.Helper()
	var busy *producers.BusyError
	require.ErrorAs(t, err, &busy)
	require.GreaterOrEqual(t, busy.RetryAfter, time.Second)
	require.LessOrEqual(t, busy.RetryAfter, time.Minute)
	return busy
}

// More is offered than is decided: what waits is bounded, whoever is refused is
// told when to come back, and whatever was taken is decided.
func TestNodePushesBack(t *testing.T) {
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	cfg := config(c)
	cfg.DecideRate, cfg.Backlog = 400, node.Backlog{Messages: 100, Bytes: 60_000, AllBytes: 80_000}
	r := run(t, cfg)
	orgs := []string{"NCB-CL", "NCB-PY"}
	r.enrol(orgs...)
	largest := producers.Size(recordOf(orgs[0], 1000))
	var pending []*node.Pending
	refused := 0
	for i := range 4000 {
		org := orgs[i%2]
		p, err := r.Submit(t.Context(), org, []events.Message{recordOf(org, i)})
		messages, bytes := r.Undecided()
		require.LessOrEqual(t, messages, 200)
		require.LessOrEqual(t, bytes, 80_000+len(orgs)*largest)
		if err != nil {
			refusal(t, err)
			refused++
			continue
		}
		pending = append(pending, p)
	}
	require.Positive(t, refused)
	require.GreaterOrEqual(t, len(pending), 100)
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	for _, p := range pending {
		e, err := p.Next(ctx)
		require.NoError(t, err)
		require.Equal(t, events.Accepted, e.Verdict)
	}
	messages, bytes := r.Undecided()
	require.Zero(t, messages)
	require.Zero(t, bytes, "what is decided is counted out")
	r.accepted(orgs[0], recordOf(orgs[0], 9999))
}

// Who would wait longer than it can is refused at once, whoever filled its
// mailbox: the gateway, or the organisation itself with a client of its own.
func TestNodeRefusesWhomItCannotServeInTime(t *testing.T) {
	for name, fill := range map[string]func(r *running, c *sim.Cluster, msgs []events.Message){
		"through the node": func(r *running, _ *sim.Cluster, msgs []events.Message) {
			_, err := r.Submit(t.Context(), bureau, msgs)
			require.NoError(t, err)
		},
		"straight to Kafka": func(r *running, c *sim.Cluster, msgs []events.Message) {
			sim.Send(t, c.Client, bureau, msgs[:len(msgs)-1]...)
			_, err := r.Submit(t.Context(), bureau, msgs[len(msgs)-1:])
			require.NoError(t, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := sim.NewCluster(t, embedded.BrokerConfig{})
			cfg := config(c)
			cfg.DecideRate = 200
			r := run(t, cfg)
			r.enrol(bureau, "NCB-PY")
			const n = 300 // a second and a half of deciding
			var msgs []events.Message
			for i := range n {
				msgs = append(msgs, recordOf(bureau, i))
			}
			fill(r, c, msgs)
			ask := func(org string, i int, patience time.Duration) error {
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				_, err := r.Submit(ctx, org, []events.Message{recordOf(org, n+i)})
				return err
			}
			asked := 0
			require.Eventually(t, func() bool {
				err := ask(bureau, asked, 200*time.Millisecond)
				asked++
				return errors.Is(err, producers.ErrBusy)
			}, limit, 20*time.Millisecond)
			refusal(t, ask(bureau, asked, 200*time.Millisecond))
			require.NoError(t, ask(bureau, asked, time.Hour), "who has time is let in")
			require.NoError(t, ask("NCB-PY", 0, 200*time.Millisecond), "nobody else feels it")
			r.accepted("NCB-PY", recordOf("NCB-PY", 1))
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			_, err := r.Wait(ctx, bureau, n)
			require.NoError(t, err)
			require.Eventually(t, func() bool {
				return ask(bureau, asked+1, 200*time.Millisecond) == nil
			}, limit, tick, "and all are, once it is decided")
		})
	}
}

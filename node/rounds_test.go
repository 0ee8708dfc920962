package node_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/sim"
	"github.com/armslog/armslog/producers"
)

// One organisation has filled its mailbox when the leader begins; what another
// has sent is decided long before that is done: their rounds alternate, and
// neither has to wait for the other's end.
func TestRoundsAreFair(t *testing.T) {
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	cfg := config(c)
	first := run(t, cfg)
	const other, few, part, parts = "NCB-PY", 40, 500, 6
	first.enrol(bureau, other)
	require.NoError(t, first.stop())
	c.Create(producers.MailboxTopic(bureau), producers.MailboxTopic(other)) // unless the leader came to it
	fill := func(org string, from, to int) {
		var msgs []events.Message
		for i := from; i < to; i++ {
			msgs = append(msgs, recordOf(org, i))
		}
		sim.Send(t, c.Client, org, msgs...)
	}
	for i := range parts {
		fill(bureau, i*part, (i+1)*part)
	}
	fill(other, 0, few)

	cfg.DecideRate = 2000 // so that a batch is far less than what waits
	r := run(t, cfg)
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	half, err := r.Wait(ctx, bureau, part*parts/2)
	require.NoError(t, err)
	last, err := r.Wait(ctx, other, few-1)
	require.NoError(t, err)
	require.Less(t, last.Seq, half.Seq)
	_, err = r.Wait(ctx, bureau, part*parts-1)
	require.NoError(t, err, "nor is the flood left undecided")
}

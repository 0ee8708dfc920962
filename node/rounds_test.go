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

// The leader may decide two requests at a time, and one organisation has filled
// its mailbox. Another, that asks one thing after the other, is not kept to the
// flood's pace: three of its requests are decided with nothing between them,
// where rounds alone let one of the flood come with each.
func TestWhoSendsLittleIsDecidedEarly(t *testing.T) {
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	cfg := config(c)
	first := run(t, cfg)
	const other = "NCB-PY"
	first.enrol(bureau, other)
	require.NoError(t, first.stop())
	c.Create(producers.MailboxTopic(bureau), producers.MailboxTopic(other))
	var msgs []events.Message
	for i := range 500 {
		msgs = append(msgs, recordOf(bureau, i))
	}
	sim.Send(t, c.Client, bureau, msgs...)

	cfg.DecideRate = 2
	r := run(t, cfg)
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	var last uint64
	for asked, inARow := 0, 0; inARow < 3; asked++ {
		require.NoError(t, ctx.Err(), "the flood has a share of each batch")
		seq := r.accepted(other, recordOf(other, asked))[0].Seq
		if inARow++; seq != last+1 {
			inARow = 1
		}
		last = seq
	}
}

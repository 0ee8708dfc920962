package node_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/sim"
	"github.com/armslog/armslog/node"
	"github.com/armslog/armslog/producers"
	"github.com/armslog/armslog/registry"
)

const loser = "NCB-CL"

func skipOf(org string, to int64) events.Message {
	return request(secretariat, fmt.Sprint("skip ", org, to), events.TypeMailboxSkipped, fmt.Sprintf(`{"organisation":%q,"to":%d}`, org, to))
}

// lostHead is a registry without a node, which has decided two requests of the
// loser; of those that follow retention has taken all before the offset start.
func lostHead(t *testing.T, start int64, waiting ...events.Message) *sim.Cluster {
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	first := run(t, config(c))
	first.enrol(loser, "NCB-PY")
	first.accepted(loser, recordOf(loser, 0), recordOf(loser, 1))
	require.NoError(t, first.stop())
	sim.Send(t, c.Client, loser, waiting...)
	lose(t, c, start)
	return c
}

func lose(t *testing.T, c *sim.Cluster, start int64) {
	t.Helper()
	require.NoError(t, c.Cluster().DeleteRecords(events.MailboxTopic(loser), 0, start))
}

// ofLoser are the accepted entries of the loser's mailbox behind its first two:
// verdict, first offset and span.
func ofLoser(t *testing.T, c *sim.Cluster) (all []string) {
	t.Helper()
	for _, e := range acceptedIn(t, c.Addr()) {
		if e.Src == loser && e.Off >= 2 {
			all = append(all, fmt.Sprintf("%s %d+%d", e.Verdict, e.Off, e.Span))
		}
	}
	return all
}

func (r *running) stops(detail string) {
	r.t.Helper()
	require.Eventually(r.t, func() bool { return untilFound(r.t, r.Node, "mailboxes", "mailbox_stopped").Detail == detail }, limit, tick)
}

// The check names the command; once the General Secretariat has sent it, all
// that is left is decided, in its order, and the first entry covers exactly what
// was lost. The loser is told once; a standby knows the same.
func TestSkippedMailboxGoesOn(t *testing.T) {
	c := lostHead(t, 4, recordOf(loser, 2), recordOf(loser, 3), recordOf(loser, 4), recordOf(loser, 5))
	r := run(t, config(c))
	r.stops("NCB-CL: offsets 2 to 3: armslog org skip-lost NCB-CL --to 4")
	byOthers := request("NCB-PY", "skip", events.TypeMailboxSkipped, `{"organisation":"NCB-CL","to":4}`)
	require.Equal(t, events.Rejected, r.ask("NCB-PY", byOthers)[0].Verdict)
	require.Equal(t, events.Rejected, r.ask(secretariat, skipOf(loser, 2))[0].Verdict, "all before it is decided")
	require.Empty(t, ofLoser(t, c))

	skipped := r.accepted(secretariat, skipOf(loser, 4))[0]
	require.Equal(t, events.Accepted, r.ask(loser, recordOf(loser, 6))[0].Verdict)
	require.Equal(t, []string{"accepted 2+3", "accepted 5+1", "accepted 6+1"}, ofLoser(t, c))
	require.Empty(t, r.Losses())
	untilSays(t, r.Node, "mailboxes", "none is stopped")
	require.Equal(t, events.Duplicate, r.ask(secretariat, skipOf(loser, 4))[0].Verdict)
	r.read(func(s *registry.State) {
		require.EqualValues(t, 1, s.InboxLen(loser))
		seq, _ := s.InboxSeq(loser, 1)
		require.Equal(t, skipped.Seq, seq)
	})
	r.sameAs(run(t, standby(c)))
}

// More is lost than was permitted: nothing is passed over, and the check names
// the larger offset.
func TestSkipStopsAtALargerLoss(t *testing.T) {
	c := lostHead(t, 4, recordOf(loser, 2), recordOf(loser, 3), recordOf(loser, 4), recordOf(loser, 5))
	r := run(t, config(c))
	r.stops("NCB-CL: offsets 2 to 3: armslog org skip-lost NCB-CL --to 4")
	r.accepted(secretariat, skipOf(loser, 3))
	r.accepted("NCB-PY", recordOf("NCB-PY", 0))
	require.NoError(t, r.stop())
	require.Empty(t, ofLoser(t, c))
	lose(t, c, 5)

	r = run(t, config(c))
	r.stops("NCB-CL: offsets 2 to 4: armslog org skip-lost NCB-CL --to 5")
	r.accepted("NCB-PY", recordOf("NCB-PY", 1))
	require.Empty(t, ofLoser(t, c))
	r.accepted(secretariat, skipOf(loser, 5))
	r.accepted(loser, recordOf(loser, 6))
	require.Equal(t, []string{"accepted 2+4", "accepted 6+1"}, ofLoser(t, c))
}

// The permission is in the journal: a leader that was started again, and one
// that has only followed, go on by it, though nothing has come in between.
func TestSkipOutlivesItsLeader(t *testing.T) {
	for name, next := range map[string]func(*testing.T, *sim.Cluster, *running) *running{
		"restart": func(t *testing.T, c *sim.Cluster, r *running) *running {
			require.NoError(t, r.stop())
			return run(t, config(c))
		},
		"failover": func(t *testing.T, c *sim.Cluster, r *running) *running {
			other := run(t, config(c))
			require.NoError(t, r.stop())
			return other
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := lostHead(t, 4, recordOf(loser, 2), recordOf(loser, 3)) // nothing is left
			r := run(t, config(c))
			r.stops("NCB-CL: offsets 2 to 3: armslog org skip-lost NCB-CL --to 4")
			r.accepted(secretariat, skipOf(loser, 4))
			require.Empty(t, ofLoser(t, c), "nothing is journaled for what is lost")
			r = next(t, c, r)
			r.accepted(loser, recordOf(loser, 4))
			require.Equal(t, []string{"accepted 2+3"}, ofLoser(t, c))
			require.Empty(t, r.Losses())
			r.sameAs(run(t, standby(c)))
		})
	}
}

// What is lost is not said to have changed nothing: the entry that covers it
// stands alone, and the run begins behind.
func TestRunOfUnchangedBeginsBehindTheGap(t *testing.T) {
	again := func(n int) events.Message {
		return request(loser, fmt.Sprint("again ", n), events.TypeRecordSubmitted, record(0))
	}
	c := lostHead(t, 4, recordOf(loser, 2), recordOf(loser, 3), again(1), again(2), again(3))
	r := run(t, config(c))
	figures := prometheus.NewRegistry()
	node.RegisterMetrics(figures, r.Node)
	r.accepted(secretariat, skipOf(loser, 4))
	require.Eventually(t, func() bool {
		got := ofLoser(t, c)
		return len(got) > 0 && (got[len(got)-1] == "unchanged 5+2" || got[len(got)-1] == "unchanged 6+1")
	}, limit, tick)
	require.Equal(t, "unchanged 2+3", ofLoser(t, c)[0])
	require.EqualValues(t, 3, decisions(t, figures, events.Unchanged), "what was lost is not counted as decided")
}

// Who still waits for a request that is lost is not told another's decision: it
// hears that nothing came of it, asks again under the same ce_id, and is decided.
func TestWhoWaitsForWhatIsLostAsksAgain(t *testing.T) {
	c := lostHead(t, 3, recordOf(loser, 2))
	r := run(t, config(c))
	r.stops("NCB-CL: offsets 2 to 2: armslog org skip-lost NCB-CL --to 3")
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	waiting, err := r.Submit(ctx, loser, []events.Message{recordOf(loser, 3)})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return c.Cluster().PartitionInfo(events.MailboxTopic(loser), 0).HighWatermark == 4 }, limit, tick)
	lose(t, c, 4)
	r.accepted(secretariat, skipOf(loser, 4))
	r.accepted(loser, recordOf(loser, 4))
	require.Equal(t, []string{"accepted 2+3"}, ofLoser(t, c))
	_, err = waiting.Next(ctx)
	require.ErrorIs(t, err, producers.ErrUnavailable)
	_, err = waiting.Next(ctx)
	require.ErrorIs(t, err, producers.ErrUnavailable, "however often")
	r.accepted(loser, recordOf(loser, 3))
	require.Equal(t, []string{"accepted 2+3", "accepted 5+1"}, ofLoser(t, c))
}

// decisions is how many requests a leader has decided with a verdict.
func decisions(t *testing.T, from prometheus.Gatherer, verdict events.Verdict) (n float64) {
	families, err := from.Gather()
	require.NoError(t, err)
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == "armslog_decisions_total" && m.GetLabel()[0].GetValue() == string(verdict) {
				n += m.GetCounter().GetValue()
			}
		}
	}
	return n
}

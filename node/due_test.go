package node_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/consumers"
	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/sim"
)

// clock is a clock that a test sets.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time          { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *clock) set(ahead time.Duration) { c.ahead.Store(int64(ahead)) }

func TestDueWorkIsJournaledWhenItsTimeHasCome(t *testing.T) {
	c, clock := sim.NewCluster(t, embedded.BrokerConfig{}), &clock{}
	cfg := config(c)
	cfg.Now = clock.now
	r := run(t, cfg)
	r.enrol(bureau)
	question := `{"purpose":"border_control","context":"recovered","firearm":{"marks":[{"kind":"serial","status":"readable","text":"RV000001"}]}}`
	asked := r.accepted(bureau, request(bureau, "q", events.TypeSearchMade, question))[0]

	clock.set(6 * 365 * 24 * time.Hour) // a question stands for five years
	require.NoError(t, r.WaitSeq(t.Context(), asked.Seq+1))
	due, err := r.Entry(t.Context(), asked.Seq+1)
	require.NoError(t, err)
	require.Equal(t, events.TypeSearchLapsed, due.Envelope.Type)
	require.Equal(t, events.SourceRegistry, due.Src)
	require.EqualValues(t, 1, due.Off, "after the genesis entry: its own dense offsets")

	clock.set(0) // back: log time never falls
	e := r.accepted(bureau, request(bureau, "q2", events.TypeSearchMade, question))[0]
	require.Equal(t, due.At, e.At)
	r.sameAs(run(t, standby(c)))
}

func TestLostRequestsStopTheirOrganisationOnly(t *testing.T) {
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	first := run(t, config(c))
	first.enrol("NCB-CL", "NCB-PY")
	first.accepted("NCB-CL", recordOf("NCB-CL", 0), recordOf("NCB-CL", 1))
	require.NoError(t, first.stop())
	send := sim.Connect(t, c.Addr())
	sim.Send(t, send, "NCB-CL", recordOf("NCB-CL", 2), recordOf("NCB-CL", 3))
	require.NoError(t, c.Cluster().DeleteRecords(events.MailboxTopic("NCB-CL"), 0, 3)) // one that was never decided

	r := run(t, config(c))
	r.accepted("NCB-PY", recordOf("NCB-PY", 0))
	require.Eventually(t, func() bool { return len(r.Losses()) == 1 }, limit, tick)
	require.Equal(t, consumers.Loss{Org: "NCB-CL", From: 2, To: 3}, r.Losses()[0])
	stopped := untilFound(t, r.Node, "mailboxes", "mailbox_stopped")
	require.Equal(t, "NCB-CL: offsets 2 to 2: armslog org skip-lost NCB-CL --to 3", stopped.Detail, "who it is, to whom it concerns")
	require.NotContains(t, stopped.Says+stopped.Do, "NCB")
	for _, e := range acceptedIn(t, c.Addr()) {
		require.False(t, e.Src == "NCB-CL" && e.Off >= 2, "nothing is passed over in silence")
	}
}

const otherQuestion = `{"purpose":"border_control","context":"recovered","firearm":{"marks":[{"kind":"serial","status":"readable","text":"ZZ998877"}]}}`

// Years pass on the leader's clock: its own loop reminds, ends the record and
// lets another be asked about between, and a standby knows the same.
func TestRecordExpiresOnTheLeadersClock(t *testing.T) {
	c, clock := sim.NewCluster(t, embedded.BrokerConfig{}), &clock{}
	cfg := config(c)
	cfg.Now = clock.now
	r := run(t, cfg)
	r.enrol(bureau)
	day := time.Date(time.Now().Year()+2, time.Now().Month(), 15, 0, 0, 0, 0, time.UTC)
	last := events.DayOf(day.UnixMilli())
	body := fmt.Sprintf(`{"source":{"system":"desk","id":"1"},"category":"stolen","firearm":{"type":"pistol","marks":[{"kind":"serial","status":"readable","text":"RV000001"}]},`+
		`"incident":{"country":"BR"},"retain_until":%q}`, last)
	first := r.accepted(bureau, request(bureau, "r", events.TypeRecordSubmitted, body))[0]
	comes := func(after uint64, at int64, of events.Type) uint64 {
		clock.set(time.Until(time.UnixMilli(at).Add(-time.Hour)))
		asked := r.accepted(bureau, request(bureau, fmt.Sprint("before ", of, at), events.TypeSearchMade, otherQuestion))[0]
		require.Equal(t, after+1, asked.Seq, "never before its time")
		clock.set(time.Until(time.UnixMilli(at)))
		require.NoError(t, r.WaitSeq(t.Context(), asked.Seq+1))
		e, err := r.Entry(t.Context(), asked.Seq+1)
		require.NoError(t, err)
		require.Equal(t, of, e.Envelope.Type)
		return e.Seq
	}
	seq := comes(first.Seq, day.AddDate(0, -6, 0).UnixMilli(), events.TypeRecordReviewDue)
	seq = comes(seq, day.AddDate(0, -1, 0).UnixMilli(), events.TypeRecordReviewDue)
	seq = comes(seq, (last + 1).Start(), events.TypeRecordExpired)
	e, err := r.Entry(t.Context(), seq)
	require.NoError(t, err)
	require.Equal(t, "expired", e.Effects[len(e.Effects)-1].(events.RecordEffect).Outcome)
	r.sameAs(run(t, standby(c)))
}

package node_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/sim"
	"github.com/armslog/armslog/schemas"
)

const loud = `{"policy":"loud","bits":{"fair":14,"strong":26},"shared_cases":1000,"rules":[],"else":"notify"}`

func question(n int) string {
	return fmt.Sprintf(`{"purpose":"border_control","context":"recovered","firearm":{"marks":[{"kind":"serial","status":"readable","text":"RV%06d"}]}}`, n)
}

// A trial reads the journal and leaves it, and the state, as they are; while
// it goes on others are decided.
func TestTryLeavesTheJournalAlone(t *testing.T) {
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	r := run(t, config(c))
	r.enrol(bureau, "NCB-PY")
	for i := range 20 {
		r.accepted(bureau, recordOf(bureau, i))
		r.accepted("NCB-PY", request("NCB-PY", fmt.Sprint("q", i), events.TypeSearchMade, question(i)))
	}
	before, hash := r.hash()
	sum := func(policy string) (uint64, uint64) {
		x, err := r.Try(t.Context(), []byte(policy), func(folded, all uint64) error {
			require.Equal(t, before, all)
			require.LessOrEqual(t, folded, all)
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, before, x.Entries)
		require.Zero(t, x.Undecided)
		return x.Added.Notifications, x.Gone.Notifications
	}
	added, gone := sum(string(schemas.DefaultPolicy()))
	require.Zero(t, added+gone)
	added, gone = sum(loud)
	require.Equal(t, []uint64{0, 0}, []uint64{added, gone}, "strong numbers are told under both")
	after, still := r.hash()
	require.Equal(t, before, after)
	require.Equal(t, hash, still)
	require.NoError(t, r.CatchUp(t.Context()))
	after, _ = r.hash()
	require.Equal(t, before, after, "the journal ends where it ended")

	_, err := r.Try(t.Context(), []byte(loud), func(uint64, uint64) error {
		r.accepted(bureau, recordOf(bureau, 1000)) // the state is not held
		return errTired
	})
	require.ErrorIs(t, err, errTired)
}

var errTired = errors.New("tired")

// A policy that is set has standing questions asked again by the leader, when
// it has been quiet for a while; a standby comes to know the same.
func TestLeaderAsksAgainUnderANewPolicy(t *testing.T) {
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	r := run(t, config(c))
	r.enrol(bureau, "NCB-PY")
	weak := `{"purpose":"border_control","context":"recovered","firearm":{"marks":[{"kind":"serial","status":"readable","text":"387"}]}}`
	r.accepted("NCB-PY", request("NCB-PY", "q", events.TypeSearchMade, weak))
	body := `{"source":{"system":"test","id":"weak"},"category":"seized","firearm":{"type":"revolver","marks":[{"kind":"serial","status":"readable","text":"387"}]},"incident":{"country":"CL"},"retain_until":"2035-01-01"}`
	r.accepted(bureau, request(bureau, "weak", events.TypeRecordSubmitted, body))
	set := r.accepted(secretariat, request(secretariat, "loud", events.TypePolicySet, loud))[0]
	require.NoError(t, r.WaitSeq(t.Context(), set.Seq+1))
	step, err := r.Entry(t.Context(), set.Seq+1)
	require.NoError(t, err)
	require.Equal(t, events.TypeQuestionsReexamined, step.Envelope.Type)
	require.IsType(t, &events.MatchEffect{}, step.Effects[0])
	require.GreaterOrEqual(t, step.At, set.At+1000)
	r.sameAs(run(t, standby(c)))
}

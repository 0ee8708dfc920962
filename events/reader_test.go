package events_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
)

// The reader rule is all that stands between two leaders who both believe that
// they lead and a request that is decided twice. It is held by simulation: a
// broker that loses, doubles and delays batches and their acknowledgements, and
// leaders that crash, pause, and go on without knowing what happened meanwhile.

// rule is what a reader does with the next item of the journal.
type rule func(*events.Reader, events.Item) (accepted bool, err error)

func TestReaderRuleDecidesEveryInputOnceAndInOrder(t *testing.T) {
	const histories = 120_000
	var seen history
	for seed := range uint64(histories) {
		h := newHistory(seed, (*events.Reader).Read)
		h.run()
		require.Empty(t, h.violation, "history %d", seed)
		seen.count(h)
	}
	// The simulation is worth something only if it goes where it hurts.
	require.Greater(t, seen.reigns, 2*histories, "leaders replace one another")
	require.Greater(t, seen.ignored, histories, "entries of replaced leaders and doubled ones are stored")
	require.Greater(t, seen.deposed, histories/4, "leaders find out that they were replaced")
	require.Greater(t, seen.spans, histories, "entries cover several inputs")
}

func TestSimulationFindsABrokenReaderRule(t *testing.T) {
	const histories = 2_000
	for name, mutant := range map[string]rule{
		"without the owner check": func(r *events.Reader, it events.Item) (bool, error) {
			if it.Entry != nil {
				it.Entry = &events.Entry{Seq: it.Entry.Seq, Src: it.Entry.Src, Off: it.Entry.Off, Span: it.Entry.Span, Owner: r.Owner}
			}
			return r.Read(it)
		},
		"the latest fence wins": func(r *events.Reader, it events.Item) (bool, error) {
			if it.Fence != nil {
				it.Fence = &events.Fence{Nonce: it.Fence.Nonce, Prev: r.Owner}
			}
			return r.Read(it)
		},
	} {
		t.Run(name, func(t *testing.T) {
			found := 0
			for seed := range uint64(histories) {
				h := newHistory(seed, mutant)
				h.run()
				if h.violation != "" {
					found++
				}
			}
			t.Logf("%d of %d histories are violated", found, histories)
			require.Greater(t, found, histories/50)
		})
	}
}

func TestReaderResumesFromAnyPosition(t *testing.T) {
	for seed := range uint64(500) {
		h := newHistory(seed, (*events.Reader).Read)
		h.run()
		whole := events.Reader{Frontier: map[string]int64{}}
		for i, it := range h.journal {
			resumed := whole.Clone()
			accepted, err := whole.Read(it)
			require.NoError(t, err)
			again, err := resumed.Read(it)
			require.NoError(t, err)
			require.Equal(t, accepted, again)
			require.Equal(t, whole, resumed, "history %d, offset %d", seed, i)
		}
	}
}

func TestReaderStopsAtAHole(t *testing.T) {
	fence := events.Item{Fence: &events.Fence{Nonce: "n", Engine: 3}}
	entry := func(seq uint64, off int64) events.Item {
		return events.Item{Entry: &events.Entry{Seq: seq, Owner: "n", Src: "NCB-AA", Off: off, Span: 1}}
	}
	for name, second := range map[string]events.Item{
		"seq is missing":    entry(2, 1),
		"input is missing":  entry(1, 2),
		"input comes twice": entry(1, 0),
	} {
		t.Run(name, func(t *testing.T) {
			var r events.Reader
			_, err := r.Read(fence)
			require.NoError(t, err)
			accepted, err := r.Read(entry(0, 0))
			require.NoError(t, err)
			require.True(t, accepted)
			before := r.Clone()
			accepted, err = r.Read(second)
			require.ErrorIs(t, err, events.ErrDamaged)
			require.False(t, accepted)
			require.Equal(t, before, r, "nothing is skipped")
		})
	}
}

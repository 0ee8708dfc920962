package bench

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/internal/workload"
)

func TestDecideIsDeterministic(t *testing.T) {
	load := workload.New(workload.Config{Records: 4000, Searches: 800, Seed: 7})
	a, b := Decide(load, t.Output()), Decide(load, t.Output())
	require.Equal(t, a.StateHash, b.StateHash)
	require.Equal(t, a.Matches, b.Matches)
	require.Greater(t, a.Matches, 50, "a load in which nothing meets measures nothing")
}

func BenchmarkDecideStandard(b *testing.B) {
	for b.Loop() {
		r := Decide(workload.New(workload.Standard), os.Stderr)
		b.ReportMetric(r.RecordsPerSecond, "records/s")
	}
}

func TestFoldEqualsTheLeader(t *testing.T) {
	j, err := WriteJournal(t.Context(), workload.New(workload.Config{Records: 3000, Searches: 600, Seed: 7}))
	require.NoError(t, err)
	defer func() { require.NoError(t, j.Close()) }()
	r, err := Fold(t.Context(), j, t.Output())
	require.NoError(t, err)
	require.EqualValues(t, 3604, r.Entries)
}

func BenchmarkFoldStandard(b *testing.B) {
	cfg := workload.Standard
	if testing.Short() {
		cfg.Records, cfg.Searches = cfg.Records/5, cfg.Searches/5
	}
	j, err := WriteJournal(b.Context(), workload.New(cfg))
	require.NoError(b, err)
	for b.Loop() {
		_, err := Fold(b.Context(), j, os.Stderr)
		require.NoError(b, err)
	}
	require.NoError(b, j.Close())
}

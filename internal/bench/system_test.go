package bench

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/internal/embedded/embeddedtest"
	"github.com/armslog/armslog/internal/workload"
)

func TestMain(m *testing.M) { embeddedtest.Main(m) }

func TestSystemMeasuresEverything(t *testing.T) {
	engine := embeddedtest.Engine(t)
	s, err := StartSystem(t.Context(), SystemConfig{Load: workload.New(workload.Config{Records: 2000, Searches: 300, Seed: 3}), Engine: engine, Out: t.Output()})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	imported, err := s.Import(t.Context())
	require.NoError(t, err)
	require.Equal(t, 2000, imported.Rows)
	rate, err := s.SearchAtRate(t.Context(), 100, time.Second)
	require.NoError(t, err)
	require.Zero(t, rate.Failed)
	require.Positive(t, rate.FloorP50)
	most, err := s.SearchMax(t.Context(), 200*time.Millisecond)
	require.NoError(t, err)
	require.Positive(t, most.OnePerSecond)
	rebuilt, err := s.Rebuild(t.Context(), engine)
	require.NoError(t, err)
	require.Greater(t, rebuilt.Entries, uint64(2300))
	again, err := s.Reexamine(t.Context(), 100)
	require.NoError(t, err)
	require.Greater(t, again.Steps, 3)
	require.Zero(t, again.Failed)
	due, err := s.Due(t.Context(), 50)
	require.NoError(t, err)
	require.Zero(t, due.Failed)
	require.GreaterOrEqual(t, due.Entries, uint64(due.Expired/500))
}

func BenchmarkSystem(b *testing.B) {
	s, err := StartSystem(b.Context(), SystemConfig{Load: workload.New(workload.Config{Records: 200_000, Searches: 20_000, Seed: 3}), Sync: true, Engine: embeddedtest.Engine(b), Out: os.Stderr})
	require.NoError(b, err)
	b.Run("import", func(b *testing.B) {
		_, err = s.Import(b.Context())
		require.NoError(b, err)
	})
	b.Run("search", func(b *testing.B) {
		_, err = s.SearchMax(b.Context(), 5*time.Second)
		require.NoError(b, err)
	})
	require.NoError(b, s.Close())
}

func BenchmarkRate(b *testing.B) {
	s, err := StartSystem(b.Context(), SystemConfig{Load: workload.New(workload.Config{Records: 20_000, Searches: 100_000, Seed: 3}), Sync: true, Engine: embeddedtest.Engine(b), Out: os.Stderr})
	require.NoError(b, err)
	b.Run("rate", func(b *testing.B) {
		_, err = s.SearchAtRate(b.Context(), 1000, 10*time.Second)
		require.NoError(b, err)
	})
	require.NoError(b, s.Close())
}

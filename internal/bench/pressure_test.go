package bench

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/internal/embedded"
)

// The short form of `armslog bench pressure`: bounds and accounts, no times.
func TestPressure(t *testing.T) {
	s := loaded(t, 100, embedded.Engine{})
	r, err := s.Pressure(t.Context(), 100, 3*time.Second)
	require.NoError(t, err, "latency comes back")
	require.NoError(t, s.Stop())
	r.Print(t.Output())
	require.Greater(t, r.Offered, 2*r.Accepted, "more was offered than is decided")
	require.Positive(t, r.Accepted)
	require.Zero(t, r.Failed, "who is not served is told when to come back: %s", r.First)
	require.Positive(t, r.Refused)
	require.Zero(t, r.Lost, "what was acknowledged is decided")
	require.Zero(t, r.Kept, "what was refused was not taken")
	const underWay = 256 + 20 // requests of one organisation, and another's few
	require.LessOrEqual(t, r.Undecided, underWay)
	require.LessOrEqual(t, r.UndecidedBytes, underWay*2048)
}

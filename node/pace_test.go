package node

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A leader that always has work decides as many as it may, and asks no oftener
// than its steps are long.
func TestPaceKeepsItsRate(t *testing.T) {
	for _, rate := range []int{3, 200, 5000, 200_000} {
		p := pace{perSecond: rate}
		began := time.Unix(1_000_000, 0)
		now, decided, asked := began, 0, 0
		for now.Sub(began) < 10*time.Second {
			n, rest := p.allowed(now)
			asked++
			p.decided(n)
			decided += n
			if n == 0 {
				require.Positive(t, rest)
				now = now.Add(rest)
			}
		}
		require.LessOrEqual(t, decided, 10*rate+max(2, rate/paceBurst))
		require.GreaterOrEqual(t, decided, 99*10*rate/100-2)
		require.LessOrEqual(t, asked, 2*10*paceStep+200)
	}
}

func TestPaceSavesUpLittle(t *testing.T) {
	p := pace{perSecond: 1000}
	now := time.Unix(1_000_000, 0)
	n, _ := p.allowed(now)
	p.decided(n)
	n, _ = p.allowed(now.Add(time.Hour))
	require.Equal(t, 1000/paceBurst, n)
}

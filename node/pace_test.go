package node

import (
	"context"
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
			p.decided(n, false)
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
	p.decided(n, false)
	n, _ = p.allowed(now.Add(time.Hour))
	require.Equal(t, 1000/paceBurst, n)
}

// Who comes new is let in at once, though the others must wait; half of the rate
// at most is given away so, and the whole is kept.
func TestPaceLetsWhoComesNewInEarly(t *testing.T) {
	const rate = 1000
	came := make(chan struct{}, 1)
	came <- struct{}{}
	p := pace{perSecond: 2, early: 2, allowance: -1e6, at: time.Now()}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	got, err := p.wait(ctx, came)
	require.NoError(t, err)
	require.True(t, got.early)

	p = pace{perSecond: rate}
	now, inTime, early := time.Unix(1_000_000, 0), 0, 0
	for began := now; now.Sub(began) < 10*time.Second; now = now.Add(time.Millisecond) {
		n, _ := p.allowed(now)
		p.decided(n, false)
		inTime += n
		if n == 0 && p.early >= 1 { // somebody always comes
			few := int(p.early)
			p.decided(few, true)
			early += few
		}
	}
	require.LessOrEqual(t, early, 10*rate/2+rate/paceBurst)
	require.GreaterOrEqual(t, inTime, 99*10*rate/2/100-rate/paceBurst, "nobody waits for ever")
	require.LessOrEqual(t, inTime+early, 10*rate+2*rate/paceBurst)
}

func TestPaceEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p := pace{perSecond: 1, allowance: -1000, at: time.Now()}
	_, err := p.wait(ctx, nil)
	require.ErrorIs(t, err, context.Canceled)
}

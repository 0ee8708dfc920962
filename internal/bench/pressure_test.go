package bench

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/internal/workload"
)

// loaded is a system without ClickHouse whose leader may decide so much.
func loaded(t *testing.T, decideRate int) *System {
	t.Helper()
	s, err := StartSystem(t.Context(), SystemConfig{
		Load: workload.New(workload.Config{Records: 1_000_000, Searches: 1000, Seed: 5}), Out: t.Output(), DecideRate: decideRate,
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		s.client.CloseIdleConnections()
		require.NoError(t, s.Close())
	})
	return s
}

// The short form of `armslog bench pressure`: bounds and accounts, no times.
func TestPressure(t *testing.T) {
	const rate = 200
	r, err := loaded(t, rate).Pressure(t.Context(), rate, 2*time.Second)
	require.NoError(t, err)
	r.Print(t.Output())
	require.Equal(t, r.Offered, r.Accepted+r.Refused429+r.Refused503+r.Late)
	require.Zero(t, r.Failed, "who is not served is told when to come back: %s", r.FirstFailure)
	require.Positive(t, r.Accepted)
	require.Positive(t, r.Refused429)
	require.Zero(t, r.Lost, "what was acknowledged is in the journal")
	require.Zero(t, r.Doubled)
	require.Zero(t, r.Kept, "what was refused is not")
	const underWay = 256 + 1 // requests of one organisation
	require.LessOrEqual(t, r.Undecided, underWay)
	require.LessOrEqual(t, r.UndecidedBytes, underWay*1024)
}

// Each way in which Fairness floods is one: more is sent than may be decided,
// and all that was taken is decided in the end.
func TestFloods(t *testing.T) {
	const rate = 1000
	s := loaded(t, rate)
	f := &flooder{System: s, rate: Over * rate}
	for name, flood := range map[string]func(context.Context){
		"records": f.records, "searches": f.searches, "batch": f.batches, "mailbox": f.mailbox,
	} {
		f.sent.Store(0)
		ctx, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
		flood(ctx)
		stop()
		require.Positive(t, f.sent.Load(), name)
		require.NoError(t, f.emptied(t.Context()), name)
	}
}

// The account objects to whatever was told otherwise than it is.
func TestAccount(t *testing.T) {
	for name, c := range map[string]struct {
		told answer
		seqs []uint64
		want Account
	}{
		"decided":               {answer{status: 201, seq: 7}, []uint64{7}, Account{Accepted: 1}},
		"decided, and lost":     {answer{status: 201, seq: 7}, nil, Account{Accepted: 1, Lost: 1}},
		"decided elsewhere":     {answer{status: 201, seq: 7}, []uint64{8}, Account{Accepted: 1, Lost: 1}},
		"decided twice":         {answer{status: 201, seq: 7}, []uint64{7, 9}, Account{Accepted: 1, Doubled: 1}},
		"late":                  {answer{status: 504}, []uint64{7}, Account{Late: 1}},
		"late, and lost":        {answer{status: 504}, nil, Account{Late: 1, Lost: 1}},
		"too many":              {answer{status: 429}, nil, Account{Refused429: 1}},
		"not now":               {answer{status: 503}, nil, Account{Refused503: 1}},
		"refused, and kept":     {answer{status: 429}, []uint64{7}, Account{Refused429: 1, Kept: 1}},
		"neither this nor that": {answer{status: 500, err: context.Canceled}, nil, Account{Failed: 1, FirstFailure: "context canceled"}},
	} {
		c.want.Offered = 1
		var acc Account
		acc.count(c.told, c.seqs)
		require.Equal(t, c.want, acc, name)
	}
}

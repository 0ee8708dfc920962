package main

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHeapGrowsByAGigabyteOrByWhatLives(t *testing.T) {
	const mb = 1 << 20
	for live, want := range map[uint64]int{0: 300, 100 * mb: 300, 341 * mb: 300, 400 * mb: 250, 512 * mb: 200, 1024 * mb: 100, 50_000 * mb: 100} {
		require.Equal(t, want, growthOf(live), "%d MB", live/mb)
	}
	for live := uint64(mb); live < 8000*mb; live += 7 * mb {
		require.LessOrEqual(t, live*uint64(growthOf(live))/100, max(roomToGrow, live))
	}
}

func TestLiveHeapIsKnown(t *testing.T) {
	runtime.GC()
	require.Positive(t, liveHeap())
}

package main

import (
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// A server's heap may grow further than Go lets it before it is collected: the
// state is large, lives for ever and holds hardly a pointer, and what a request
// allocates dies at once. But by a gigabyte, not by three times what a large
// registry holds.
const (
	mostGrowth  = 300     // per cent of what lives
	leastGrowth = 100     // Go's own measure
	roomToGrow  = 1 << 30 // bytes
	lookAtHeap  = 5 * time.Second
)

// spareCollector sees to that until it is stopped. GOGC, where it is set, has the
// last word.
func spareCollector() (stop func()) {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	growth, tick, done := mostGrowth, time.NewTicker(lookAtHeap), make(chan struct{})
	debug.SetGCPercent(growth)
	go func() {
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
			case <-done:
				return
			}
			if now := growthOf(liveHeap()); now != growth {
				growth = now
				debug.SetGCPercent(growth)
			}
		}
	}()
	return func() { close(done) }
}

// growthOf is by how many per cent a heap may grow of which so many bytes live.
// It changes in steps, since each change stops the world for a moment.
func growthOf(live uint64) int {
	const step = 25
	growth := mostGrowth
	for growth > leastGrowth && live*uint64(growth) > roomToGrow*100 {
		growth -= step
	}
	return growth
}

// liveHeap is what the last collection found alive, in bytes.
func liveHeap() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

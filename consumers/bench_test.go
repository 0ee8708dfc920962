package consumers_test

import (
	"testing"
	"time"

	"github.com/armslog/armslog/consumers"
	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/sim"
)

const (
	waitLimit = 10 * time.Second
	tick      = time.Millisecond
	idleTime  = 5 * time.Second
)

// BenchmarkFollow reads entries of about 1.2 KB from the journal's start.
func BenchmarkFollow(b *testing.B) {
	c := sim.NewCluster(b, embedded.BrokerConfig{Dir: b.TempDir()})
	const n = 200_000
	batch := []events.Item{fence("n", "")}
	for seq := range uint64(n) {
		it := entry("n", seq, "NCB-AA", int64(seq))
		it.Entry.Value = []byte(sim.Body)
		batch = append(batch, it)
		if len(batch) == 500 {
			c.Journal(batch...)
			batch = batch[:0]
		}
	}
	c.Journal(batch...)
	b.ResetTimer()
	for b.Loop() {
		j := consumers.NewJournal(c.Client, consumers.JournalConfig{Log: sim.Quiet()})
		_ = j.Follow(b.Context(), consumers.Position{}, func(batch *consumers.Batch) error {
			if batch.Position.Reader.Next == n {
				return errEnough
			}
			return nil
		})
	}
	b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
}

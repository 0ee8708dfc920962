package node_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/sim"
	"github.com/armslog/armslog/node"
	"github.com/armslog/armslog/producers"
	"github.com/armslog/armslog/registry"
)

// fill registers n records, as a gateway that streams a table does: several
// appends of 500 on their way at once.
func fill(b *testing.B, r *running, from, n int) {
	const group, ahead = 500, 8
	pending := make(chan *node.Pending, ahead)
	go func() {
		defer close(pending)
		for at := from; at < from+n; at += group {
			msgs := make([]events.Message, group)
			for i := range msgs {
				msgs[i] = recordOf(bureau, at+i)
			}
			p, err := r.Submit(b.Context(), bureau, msgs)
			if err != nil {
				b.Error(err)
				return
			}
			pending <- p
		}
	}()
	for p := range pending {
		for range group {
			if _, err := p.Next(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkSubmit: requests submitted, decided, journaled, answered.
func BenchmarkSubmit(b *testing.B) {
	for name, sync := range map[string]bool{"fsync": true, "no fsync": false} {
		b.Run(name, func(b *testing.B) {
			c := sim.NewCluster(b, embedded.BrokerConfig{Dir: b.TempDir(), Sync: sync})
			r := run(b, config(c))
			r.enrol(bureau)
			b.ResetTimer()
			const n = 100_000
			cpu := sim.CPU()
			for i := range b.N {
				fill(b, r, i*n, n)
			}
			report(b, n, cpu, "requests/s")
		})
	}
}

// BenchmarkFold: a restart. The state of a node that knows nothing reaches the
// end of a journal of 200,000 entries.
func BenchmarkFold(b *testing.B) {
	c := sim.NewCluster(b, embedded.BrokerConfig{Dir: b.TempDir()})
	r := run(b, config(c))
	r.enrol(bureau)
	const n = 200_000
	fill(b, r, 0, n)
	require.NoError(b, r.stop())
	b.ResetTimer()
	cpu := sim.CPU()
	for range b.N {
		again := run(b, standby(c))
		b.StopTimer()
		require.NoError(b, again.stop())
		b.StartTimer()
	}
	report(b, n, cpu, "entries/s")
}

// report says how many of n things were done in a second, and what CPU time
// one took, of all parts of the system, the broker included.
func report(b *testing.B, n int, cpu time.Duration, unit string) {
	done := float64(n) * float64(b.N)
	b.ReportMetric(done/b.Elapsed().Seconds(), unit)
	b.ReportMetric(float64((sim.CPU()-cpu).Microseconds())/done, "cpu-µs/each")
}

// BenchmarkReply: one request after another at 1,000 a second, from its
// submission to its decision, beside two bare appends to the same broker.
func BenchmarkReply(b *testing.B) {
	for name, sync := range map[string]bool{"fsync": true, "no fsync": false} {
		b.Run(name, func(b *testing.B) {
			c := sim.NewCluster(b, embedded.BrokerConfig{Dir: b.TempDir(), Sync: sync})
			r := run(b, config(c))
			r.enrol(bureau)
			c.Create(producers.MailboxTopic("FLOOR"))
			m := producers.NewMailboxes(c.Client, producers.MailboxConfig{Log: sim.Quiet()})
			defer m.Close()
			for _, way := range []struct {
				name string
				do   func(i int) error
			}{
				{"floor", func(i int) error {
					_, err := m.Append(b.Context(), "FLOOR", []events.Message{recordOf(bureau, i)})
					if err == nil {
						_, err = m.Append(b.Context(), "FLOOR", []events.Message{recordOf(bureau, i)})
					}
					return err
				}},
				{"reply", func(i int) error {
					p, err := r.Submit(b.Context(), bureau, []events.Message{recordOf(bureau, i)})
					if err == nil {
						_, err = p.Next(b.Context())
					}
					return err
				}},
			} {
				took := atRate(b, 1000, 3*time.Second, way.do)
				b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, way.name+"-p50-ms")
				b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, way.name+"-p99-ms")
			}
		})
	}
}

// atRate starts do at a constant rate, whether or not those before have ended,
// and returns how long each took, sorted.
func atRate(b *testing.B, perSecond int, d time.Duration, do func(i int) error) []time.Duration {
	n := int(d.Seconds() * float64(perSecond))
	took := make(chan time.Duration, n)
	start := time.Now()
	for i := range n {
		at := start.Add(time.Duration(i) * time.Second / time.Duration(perSecond))
		<-time.After(time.Until(at))
		go func() {
			if err := do(i); err != nil {
				b.Error(err)
			}
			took <- time.Since(at)
		}()
	}
	all := make([]time.Duration, n)
	for i := range all {
		all[i] = <-took
	}
	slices.Sort(all)
	return all
}

// BenchmarkRead: how long a reader of the state waits beside a leader that
// decides as fast as it can.
func BenchmarkRead(b *testing.B) {
	c := sim.NewCluster(b, embedded.BrokerConfig{Dir: b.TempDir(), Sync: true})
	r := run(b, config(c))
	r.enrol(bureau)
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := 0; ctx.Err() == nil; i++ {
			fill(b, r, i*5000, 5000)
		}
	}()
	b.ResetTimer()
	for b.Loop() {
		if err := r.Read(ctx, func(s *registry.State) { _ = s.Next() }); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	cancel()
	<-done
}

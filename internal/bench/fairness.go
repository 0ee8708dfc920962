package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/workload"
	"github.com/armslog/armslog/producers"
)

// FairnessResult is what Fairness measured of one way to flood: how long another
// organisation's searches took with the flood and without it, in turns of one
// run; times in milliseconds.
type FairnessResult struct {
	Way      string  `json:"way"`
	QuietP50 float64 `json:"quiet_p50_ms"`
	QuietP99 float64 `json:"quiet_p99_ms"`
	P50      float64 `json:"p50_ms"`
	P99      float64 `json:"p99_ms"`
	RatioP50 float64 `json:"ratio_p50"`
	RatioP99 float64 `json:"ratio_p99"`
	Sent     int     `json:"sent"`   // by the flood
	Failed   int     `json:"failed"` // searches of the other organisation
	First    string  `json:"first_failure,omitempty"`
}

// A turn is quiet or loud; both take turns, so that what else runs on the
// machine weighs on both.
const (
	turnLength = 5 * time.Second
	turnsLeast = 3
	turnStart  = 500 * time.Millisecond // of a flood, before anything is measured
)

// Fairness lets one organisation send five times what the leader may decide, in
// one way after the other, while another searches at a steady rate, for about d
// in all; what a flood leaves behind is waited for, and not counted.
func (s *System) Fairness(ctx context.Context, decideRate, rate int, d time.Duration) (all []FairnessResult, err error) {
	f := &flooder{System: s, rate: Over * decideRate}
	ways := []struct {
		name  string
		flood func(context.Context)
	}{
		{"records over HTTP", f.records},
		{"searches over HTTP", f.searches},
		{"a batch over HTTP", f.batches},
		{"records straight to its mailbox", f.mailbox},
	}
	for _, way := range ways {
		f.sent.Store(0)
		f.failures = nil
		quiet, loud, err := f.turns(ctx, way.flood, rate, d/time.Duration(len(ways)))
		if err != nil {
			return all, fmt.Errorf("%s: %w", way.name, err)
		}
		r := FairnessResult{Way: way.name, Sent: int(f.sent.Load()), Failed: len(f.failures)}
		if r.Failed > 0 {
			r.First = f.failures[0].Error()
		}
		r.QuietP50, r.QuietP99 = ms(quantile(quiet, 50)), ms(quantile(quiet, 99))
		r.P50, r.P99 = ms(quantile(loud, 50)), ms(quantile(loud, 99))
		r.RatioP50, r.RatioP99 = r.P50/r.QuietP50, r.P99/r.QuietP99
		r.print(s.out, rate)
		all = append(all, r)
	}
	return all, nil
}

func (r FairnessResult) print(out io.Writer, rate int) {
	fmt.Fprintf(out, "fairness  p50 %.2f ms  p99 %.2f ms   searches at %d/s while another sends %s: %d requests\n", r.P50, r.P99, rate, r.Way, r.Sent)
	fmt.Fprintf(out, "          p50 %.2f ms  p99 %.2f ms   in the turns between; ratio p50 %.2f p99 %.2f; %d failed %s\n", r.QuietP50, r.QuietP99, r.RatioP50, r.RatioP99, r.Failed, r.First)
}

// flooder is the organisation that floods.
type flooder struct {
	*System
	rate     int          // requests a second
	fresh    int          // number of the next request: none is sent twice
	asked    int          // searches of the other organisation
	failures []error      // of these
	sent     atomic.Int64 // requests, by a goroutine that may end with its connection
}

// turns measures searches for d in all, half of it beside a flood.
func (f *flooder) turns(ctx context.Context, flood func(context.Context), rate int, d time.Duration) (quiet, loud []time.Duration, err error) {
	n := max(turnsLeast, int(d/(2*turnLength)))
	length := d / time.Duration(2*n)
	for range n {
		times, err := f.ask(ctx, rate, length)
		if err != nil {
			return nil, nil, err
		}
		quiet = append(quiet, times...)
		flooding, stop := context.WithCancel(ctx)
		var running sync.WaitGroup
		running.Go(func() { flood(flooding) })
		if err = rest(ctx, turnStart); err == nil {
			times, err = f.ask(ctx, rate, length)
		}
		stop()
		running.Wait()
		if err != nil {
			return nil, nil, err
		}
		loud = append(loud, times...)
		if err := f.emptied(ctx); err != nil {
			return nil, nil, err
		}
	}
	return quiet, loud, nil
}

// ask searches as the other organisation at a steady rate.
func (f *flooder) ask(ctx context.Context, rate int, d time.Duration) ([]time.Duration, error) {
	var mu sync.Mutex
	from := f.asked
	times := steady(ctx, rate, d, func(i int) {
		if err := f.search(ctx, from+i); err != nil {
			mu.Lock()
			defer mu.Unlock()
			f.failures = append(f.failures, err)
		}
	})
	f.asked += len(times)
	if len(times) == 0 {
		return nil, fmt.Errorf("nothing was asked in %s at %d a second", d, rate)
	}
	return times, nil
}

// emptied waits until the flood's mailbox is decided to its end.
func (f *flooder) emptied(ctx context.Context) error {
	f.fresh++
	for {
		pending, err := f.Node.Submit(ctx, "NCB-FJ", []events.Message{f.message(f.fresh)})
		if err == nil {
			_, err = pending.Next(ctx)
			return err
		}
		if !errors.Is(err, producers.ErrBusy) {
			return err
		}
		if err := rest(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
}

// message is record i as its organisation appends it with a client of its own.
func (s *System) message(i int) events.Message {
	return events.Message{Headers: workload.Headers("NCB-FJ", events.TypeRecordSubmitted, i), Value: s.load.AppendRecord(nil, i)}
}

func (f *flooder) records(ctx context.Context) {
	f.overHTTP(ctx, func(i int) answer { return f.offer(context.WithoutCancel(ctx), i) })
}

func (f *flooder) searches(ctx context.Context) {
	f.overHTTP(ctx, func(i int) answer {
		return f.send(context.WithoutCancel(ctx), "/v1/searches", fmt.Sprint("search-", i), f.load.AppendSearch(nil, i))
	})
}

// overHTTP sends one request after another over as many connections as Pressure
// does.
func (f *flooder) overHTTP(ctx context.Context, send func(i int) answer) {
	from := f.fresh
	n := len(flood(ctx, pressureClients, f.rate, func(i int) answer { return send(from + i) }))
	f.fresh += n
	f.sent.Add(int64(n))
}

// batches streams one batch that has no end, and is broken off.
func (f *flooder) batches(ctx context.Context) {
	from, n := f.fresh, atomic.Int64{}
	_, _ = f.batch(ctx, f.bureau, "/v1/records:batch?only=errors", 1<<30, func(dst []byte, i int) []byte {
		n.Store(int64(i))
		return f.load.AppendRecord(dst, from+i)
	})
	f.fresh += int(n.Load())
	f.sent.Add(n.Load())
}

// mailbox appends a hundred records at a time to the mailbox itself, which takes
// whatever is sent.
func (f *flooder) mailbox(ctx context.Context) {
	client := producers.Connect(producers.Cluster{Brokers: []string{f.KafkaAddr}})
	defer producers.Disconnect(client)
	m := producers.NewMailboxes(client, producers.MailboxConfig{Log: slog.New(slog.DiscardHandler)})
	defer m.Close()
	const batch = 100
	began := time.Now()
	for sent := 0; ; sent += batch {
		if rest(ctx, time.Until(began.Add(time.Duration(sent)*time.Second/time.Duration(f.rate)))) != nil || ctx.Err() != nil {
			return
		}
		msgs := make([]events.Message, batch)
		for k := range msgs {
			msgs[k] = f.message(f.fresh + k)
		}
		f.fresh += batch
		if _, err := m.Append(ctx, "NCB-FJ", msgs); err != nil {
			return
		}
		f.sent.Add(batch)
	}
}

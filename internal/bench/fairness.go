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
	Sent     int     `json:"sent"` // by the flood
}

// Fairness lets one organisation send all it can, over HTTP and straight into
// its own mailbox, while another asks at a steady rate. decideRate is what the
// leader may decide; the flood is five times as much.
func (s *System) Fairness(ctx context.Context, decideRate, rate int, d time.Duration) (all []FairnessResult, err error) {
	at := 0
	for _, way := range []struct {
		name  string
		flood func(context.Context, int) int
	}{
		{"records one by one over HTTP", s.floodHTTP}, {"a batch over HTTP", s.floodBatch}, {"straight into its mailbox", s.floodKafka},
	} {
		const turns = 3
		r := FairnessResult{Way: way.name}
		var quiet, loud []time.Duration
		for range turns {
			times, err := s.ask(ctx, rate, d/turns, at)
			if err != nil {
				return all, err
			}
			quiet = append(quiet, times...)
			at += len(times)
			flooding, stop := context.WithCancel(ctx)
			var running sync.WaitGroup
			sent := 0
			running.Go(func() { sent = way.flood(flooding, Over*decideRate) })
			times, err = s.ask(ctx, rate, d/turns, at)
			stop()
			running.Wait()
			if err != nil {
				return all, fmt.Errorf("%s: %w", way.name, err)
			}
			loud = append(loud, times...)
			at += len(times)
			r.Sent += sent
			if err := s.emptied(ctx); err != nil {
				return all, err
			}
		}
		r.QuietP50, r.QuietP99 = ms(quantile(quiet, 50)), ms(quantile(quiet, 99))
		r.P50, r.P99 = ms(quantile(loud, 50)), ms(quantile(loud, 99))
		all = append(all, r)
		r.print(s.out, rate)
	}
	return all, nil
}

func (r FairnessResult) print(out io.Writer, rate int) {
	fmt.Fprintf(out, "fairness  p50 %.2f ms  p99 %.2f ms   searches at %d/s while another sends %s: %d requests\n", r.P50, r.P99, rate, r.Way, r.Sent)
	fmt.Fprintf(out, "          p50 %.2f ms  p99 %.2f ms   without; ratio p50 %.2f p99 %.2f\n", r.QuietP50, r.QuietP99, r.P50/r.QuietP50, r.P99/r.QuietP99)
}

// emptied waits until the flood's mailbox is decided to its end.
func (s *System) emptied(ctx context.Context) error {
	res, err := s.Node.Submit(ctx, "NCB-FJ", []events.Message{s.message(0)})
	for errors.Is(err, producers.ErrBusy) {
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
		res, err = s.Node.Submit(ctx, "NCB-FJ", []events.Message{s.message(0)})
	}
	if err != nil {
		return err
	}
	_, err = res.Next(ctx)
	return err
}

// message is record i as its organisation appends it with a client of its own.
func (s *System) message(i int) events.Message {
	return events.Message{Headers: workload.Headers("NCB-FJ", events.TypeRecordSubmitted, i), Value: s.load.AppendRecord(nil, i)}
}

// floodHTTP sends records over sixty-four connections.
func (s *System) floodHTTP(ctx context.Context, rate int) int {
	return len(flood(ctx, 64, rate, func(i int) offered { return s.offer(context.WithoutCancel(ctx), i) }))
}

// flood lets so many clients send at a steady rate until ctx ends, each its next
// request only when the one before was answered, and returns the answers.
func flood(ctx context.Context, clients, rate int, send func(i int) offered) (answers []offered) {
	var mu sync.Mutex
	var running sync.WaitGroup
	next, began := 0, time.Now()
	for range clients {
		running.Go(func() {
			for {
				mu.Lock()
				i := next
				next++
				answers = append(answers, offered{})
				mu.Unlock()
				select {
				case <-time.After(time.Until(began.Add(time.Duration(i) * time.Second / time.Duration(rate)))):
				case <-ctx.Done():
					return
				}
				if ctx.Err() != nil {
					return
				}
				a := send(i)
				mu.Lock()
				answers[i] = a
				mu.Unlock()
			}
		})
	}
	running.Wait()
	return answers
}

// floodBatch streams one batch for as long as it may.
func (s *System) floodBatch(ctx context.Context, _ int) int {
	var sent atomic.Int64 // by a goroutine that ends with the connection
	rows, _ := s.load.Len()
	_, _ = s.batch(ctx, s.bureau, "/v1/records:batch?only=errors", rows, func(dst []byte, i int) []byte { // it is broken off
		sent.Store(int64(i))
		return s.load.AppendRecord(dst, i)
	})
	return int(sent.Load())
}

// floodKafka appends batches of a hundred to the mailbox itself, which takes
// whatever is sent.
func (s *System) floodKafka(ctx context.Context, rate int) int {
	client := producers.Connect(producers.Cluster{Brokers: []string{s.KafkaAddr}})
	defer producers.Disconnect(client)
	m := producers.NewMailboxes(client, producers.MailboxConfig{Log: slog.New(slog.DiscardHandler)})
	defer m.Close()
	const batch = 100
	began := time.Now()
	for sent := 0; ; sent += batch {
		msgs := make([]events.Message, batch)
		for k := range msgs {
			msgs[k] = s.message(sent + k)
		}
		select {
		case <-time.After(time.Until(began.Add(time.Duration(sent) * time.Second / time.Duration(rate)))):
		case <-ctx.Done():
		}
		if _, err := m.Append(ctx, "NCB-FJ", msgs); err != nil || ctx.Err() != nil {
			return sent
		}
	}
}

package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// RateResult is what SearchAtRate measured; times in milliseconds.
type RateResult struct {
	Rate     int     `json:"rate"`
	P50      float64 `json:"p50_ms"`
	P99      float64 `json:"p99_ms"`
	FloorP50 float64 `json:"floor_p50_ms"`
	FloorP99 float64 `json:"floor_p99_ms"`
	Failed   int64   `json:"failed"`
}

// SearchAtRate asks one question after another at a steady rate, and measures
// from the moment at which each was due to its reply. Its floor is measured at
// the same rate: two appends and two fetches, and nothing else. The two take
// turns, so that what an import leaves behind for ClickHouse, and what else runs
// on the machine, weighs on both.
func (s *System) SearchAtRate(ctx context.Context, rate int, d time.Duration) (RateResult, error) {
	const turns = 4
	var failed atomic.Int64
	var floor, times []time.Duration
	for turn := range turns {
		f, err := s.floor(ctx, turn, rate, d/turns)
		if err != nil {
			return RateResult{}, err
		}
		floor = append(floor, f...)
		asked := len(times)
		times = append(times, steady(ctx, rate, d/turns, func(i int) {
			if err := s.search(ctx, asked+i); err != nil {
				failed.Add(1)
			}
		})...)
	}
	r := RateResult{Rate: rate, P50: ms(quantile(times, 50)), P99: ms(quantile(times, 99)),
		FloorP50: ms(quantile(floor, 50)), FloorP99: ms(quantile(floor, 99)), Failed: failed.Load()}
	fmt.Fprintf(s.out, "search    p50 %.2f ms  p99 %.2f ms   at %d/s, one by one, request to reply\n", r.P50, r.P99, rate)
	fmt.Fprintf(s.out, "          floor p50 %.2f ms  p99 %.2f ms: two appends and two fetches; ratio p50 %.2f p99 %.2f; %d failed\n",
		r.FloorP50, r.FloorP99, r.P50/r.FloorP50, r.P99/r.FloorP99, r.Failed)
	return r, nil
}

func (s *System) search(ctx context.Context, i int) error {
	res, err := s.request(ctx, s.asker, http.MethodPost, "/v1/searches", bytes.NewReader(s.load.AppendSearch(nil, i)))
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(res.Body)
		return fmt.Errorf("search: %s: %s", res.Status, text)
	}
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return err
	}
	return nil
}

// steady calls f at a rate, however long each call takes, and returns how long
// after its due time each call ended: a server that stalls is charged for all
// who had to wait.
func steady(ctx context.Context, rate int, d time.Duration, f func(i int)) []time.Duration {
	n := int(float64(rate) * d.Seconds())
	times := make([]time.Duration, n)
	var wg sync.WaitGroup
	began := time.Now()
	for i := range n {
		due := began.Add(time.Duration(i) * time.Second / time.Duration(rate))
		time.Sleep(time.Until(due))
		if ctx.Err() != nil {
			break
		}
		wg.Go(func() {
			f(i)
			times[i] = time.Since(due)
		})
	}
	wg.Wait()
	return times
}

func quantile(times []time.Duration, percent int) time.Duration {
	sorted := slices.Sorted(slices.Values(times))
	return sorted[min(len(sorted)*percent/100, len(sorted)-1)]
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// MaxResult is what SearchMax measured.
type MaxResult struct {
	BatchPerSecond float64 `json:"batch_per_second"`
	OnePerSecond   float64 `json:"one_by_one_per_second"`
}

// SearchMax measures the most searches answered: in one batch, and one by one
// over 64 connections.
func (s *System) SearchMax(ctx context.Context, one time.Duration) (MaxResult, error) {
	_, n := s.load.Len()
	began := time.Now()
	if _, err := s.batch(ctx, s.asker, "/v1/searches:batch", n, s.load.AppendSearch); err != nil {
		return MaxResult{}, err
	}
	r := MaxResult{BatchPerSecond: perSecond(n, time.Since(began))}
	fmt.Fprintf(s.out, "search    %9.0f /s       at most, through /searches:batch\n", r.BatchPerSecond)

	ctx, stop := context.WithTimeout(ctx, one)
	defer stop()
	var answered, next atomic.Int64
	var wg sync.WaitGroup
	began = time.Now()
	for range 64 {
		wg.Go(func() {
			for ctx.Err() == nil {
				if s.search(ctx, n+int(next.Add(1))) == nil {
					answered.Add(1)
				}
			}
		})
	}
	wg.Wait()
	r.OnePerSecond = perSecond(int(answered.Load()), time.Since(began))
	fmt.Fprintf(s.out, "          %9.0f /s       one by one over 64 connections\n", r.OnePerSecond)
	return r, nil
}

package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// ReexamineResult is what Reexamine measured; waits in milliseconds.
type ReexamineResult struct {
	Questions int     `json:"questions"`
	Seconds   float64 `json:"seconds"`
	Steps     int     `json:"steps"` // entries that the look at the questions wrote
	Searches  int     `json:"searches"`
	Failed    int64   `json:"failed"`
	P50       float64 `json:"p50_ms"`
	P99       float64 `json:"p99_ms"`
	Longest   float64 `json:"longest_ms"`
}

// everything is a policy under which whatever meets is told at once: nothing
// could have more follow from it.
const everything = `{"policy":"bench-everything","bits":{"fair":14,"strong":26},"shared_cases":1000000,"rules":[],"else":"notify"}`

// Reexamine lets the load's searches stand, sets a policy that tells of
// whatever meets, and asks at a steady rate until all standing questions have
// been looked at again: how long whoever asks meanwhile waits.
func (s *System) Reexamine(ctx context.Context, rate int) (r ReexamineResult, err error) {
	_, r.Questions = s.load.Len()
	if _, err := s.batch(ctx, s.asker, "/v1/searches:batch", r.Questions, s.load.AppendSearch); err != nil {
		return r, err
	}
	var set struct{ Seq uint64 }
	if err := s.post(ctx, s.admin, "/v1/policy", []byte(everything), &set); err != nil {
		return r, err
	}
	began := time.Now()
	var times []time.Duration
	var failed atomic.Int64
	for under := true; under; {
		at := r.Questions + len(times)
		times = append(times, steady(ctx, rate, time.Second/2, func(i int) {
			if err := s.search(ctx, at+i); err != nil {
				failed.Add(1)
			}
		})...)
		if under, err = s.lookedAt(ctx); err != nil {
			return r, err
		}
	}
	r.Seconds = (time.Since(began) - time.Second).Seconds() // it begins when it has been quiet for one
	r.Searches, r.Failed = len(times), failed.Load()
	r.P50, r.P99, r.Longest = ms(quantile(times, 50)), ms(quantile(times, 99)), ms(quantile(times, 100))
	var ready struct {
		Next uint64 `json:"next_seq"`
	}
	if err := s.get(ctx, "/readyz", &ready); err != nil {
		return r, err
	}
	r.Steps = int(ready.Next-set.Seq) - 1 - r.Searches
	fmt.Fprintf(s.out, "reexamine %9d questions that stand, asked again under a policy that tells of everything, in %.1f s and %d entries\n", r.Questions, r.Seconds, r.Steps)
	fmt.Fprintf(s.out, "          searches meanwhile, %d/s: p50 %.2f ms  p99 %.2f ms  longest %.2f ms; %d failed\n", rate, r.P50, r.P99, r.Longest, r.Failed)
	return r, nil
}

// lookedAt says whether standing questions are still being looked at.
func (s *System) lookedAt(ctx context.Context) (under bool, err error) {
	var p struct {
		Reexamination *struct{ Left int } `json:"reexamination"`
	}
	err = s.get(ctx, "/v1/policy", &p)
	return p.Reexamination != nil, err
}

func (s *System) get(ctx context.Context, path string, v any) error {
	res, err := s.request(ctx, s.admin, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s: %s", path, res.Status, text)
	}
	return json.Unmarshal(text, v)
}

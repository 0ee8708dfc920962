package bench

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
)

// Over is how many times what the leader may decide is offered by Pressure.
const Over = 5

// PressureResult is what Pressure measured; times in milliseconds.
type PressureResult struct {
	DecideRate int     `json:"decide_rate"` // requests a second that the leader may decide
	Seconds    float64 `json:"seconds"`
	Offered    int     `json:"offered"`  // records, by one organisation
	Accepted   int     `json:"accepted"` // answered with a decision
	Refused    int     `json:"refused"`  // 429 or 503 with Retry-After
	Unknown    int     `json:"unknown"`  // 504 with Retry-After: taken, and not decided in time
	Failed     int     `json:"failed"`   // any other answer, or none
	First      string  `json:"first_failure,omitempty"`
	Lost       int     `json:"lost"`   // accepted, and not in the registry
	Kept       int     `json:"kept"`   // refused, and in the registry all the same
	P50        float64 `json:"p50_ms"` // of what was accepted
	P99        float64 `json:"p99_ms"`
	Normal     float64 `json:"normal_ms"`   // twice the p99 of another's searches before
	Recovery   float64 `json:"recovery_ms"` // from the last request offered to the first of ten answered as fast as before

	Undecided      int     `json:"undecided"`       // requests that waited in the node, at most
	UndecidedBytes int     `json:"undecided_bytes"` // the same in bytes
	Goroutines     int     `json:"goroutines"`      // at most
	ResidentMB     float64 `json:"resident_mb"`     // of the process at most, the embedded broker included
	ResidentFirst  float64 `json:"resident_first_mb"`
	LogMB          float64 `json:"log_mb"` // what the broker wrote meanwhile
}

// pressureClients are more than an organisation may have requests under way.
const pressureClients = 400

// offered is one request of the flood.
type offered struct {
	sent       bool
	status     int
	retryAfter bool
	took       time.Duration
	failure    string // what came instead of an answer, or in it
}

// Pressure offers five times what the leader may decide, for as long as d, and
// then asks until answers come as fast as before. Every record that was
// accepted must be there then, and none that was refused.
func (s *System) Pressure(ctx context.Context, decideRate int, d time.Duration) (PressureResult, error) {
	r := PressureResult{DecideRate: decideRate}
	normal, err := s.ask(ctx, 20, 2*time.Second, 0)
	if err != nil {
		return r, err
	}
	watched, began := s.watch(ctx), time.Now()
	logged := diskUse(s.Dir)
	flooding, stop := context.WithTimeout(ctx, d)
	answers := flood(flooding, pressureClients, Over*decideRate, func(i int) offered { return s.offer(ctx, i) })
	stop()
	ended := time.Now()
	within := 2 * quantile(normal, 99)
	r.Normal = ms(within)
	if r.Recovery, err = s.recovery(ctx, ended, within); err != nil {
		return r, err
	}
	r.Seconds = ended.Sub(began).Seconds()
	r.LogMB = mb(diskUse(s.Dir) - logged)
	watched(&r)
	return r, s.account(ctx, &r, answers)
}

// offer sends one record.
func (s *System) offer(ctx context.Context, i int) offered {
	began := time.Now()
	res, err := s.request(ctx, s.bureau, http.MethodPost, "/v1/records", bytes.NewReader(s.load.AppendRecord(nil, i)))
	if err != nil {
		return offered{sent: true, failure: err.Error()}
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return offered{sent: true, failure: err.Error()}
	}
	seconds, err := strconv.Atoi(res.Header.Get("Retry-After"))
	a := offered{sent: true, status: res.StatusCode, retryAfter: err == nil && seconds > 0, took: time.Since(began)}
	if a.status >= 300 && !a.retryAfter {
		a.failure = string(text)
	}
	return a
}

// recovery is how long after a moment, in milliseconds, the first of ten answers
// came that were each as fast as normal.
func (s *System) recovery(ctx context.Context, since time.Time, normal time.Duration) (float64, error) {
	_, first := s.load.Len()
	var at time.Time
	for i, good := 0, 0; good < 10; i++ {
		began := time.Now()
		if good == 0 {
			at = began
		}
		err := s.searchAs(ctx, s.bureau, first+100+i)
		if took := time.Since(began); err != nil || took > normal {
			good = -1
		}
		good++
		if time.Since(since) > 2*time.Minute || ctx.Err() != nil {
			return 0, fmt.Errorf("latency did not come back within %s of %s", normal, time.Since(since))
		}
	}
	return ms(at.Sub(since)), nil
}

// account holds what was answered against what is in the registry.
func (s *System) account(ctx context.Context, r *PressureResult, answers []offered) error {
	if err := s.decided(ctx); err != nil {
		return err
	}
	var took []time.Duration
	err := s.Node.Read(ctx, func(state *registry.State) {
		for i, a := range answers {
			_, known := state.Record(events.RecordID("NCB-FJ", events.Source{System: "bench", ID: "B-" + strconv.Itoa(i)}))
			if !a.sent {
				continue
			}
			r.Offered++
			switch {
			case a.status == http.StatusCreated:
				r.Accepted++
				took = append(took, a.took)
				if !known {
					r.Lost++
				}
			case a.retryAfter && (a.status == http.StatusTooManyRequests || a.status == http.StatusServiceUnavailable):
				r.Refused++
				if known {
					r.Kept++
				}
			case a.retryAfter && a.status == http.StatusGatewayTimeout:
				r.Unknown++
				if !known {
					r.Lost++
				}
			default:
				r.Failed++
				r.First = cmp.Or(r.First, a.failure)
			}
		}
	})
	if err != nil || len(took) == 0 {
		return fmt.Errorf("read what was decided of %d accepted: %w", len(took), err)
	}
	r.P50, r.P99 = ms(quantile(took, 50)), ms(quantile(took, 99))
	return nil
}

// decided waits until nothing that the node was given is undecided.
func (s *System) decided(ctx context.Context) error {
	for {
		if n, _ := s.Node.Undecided(); n == 0 {
			return nil
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Print writes what was measured, in the words of the other benchmarks.
func (r PressureResult) Print(out io.Writer) {
	per := func(n int) float64 { return float64(n) / r.Seconds }
	fmt.Fprintf(out, "pressure  %9.0f /s       offered for %.0f s, %d may be decided: %.0f accepted, %.0f refused with Retry-After, %d late, %d failed\n",
		per(r.Offered), r.Seconds, r.DecideRate, per(r.Accepted), per(r.Refused), r.Unknown, r.Failed)
	fmt.Fprintf(out, "          %d of the accepted are not in the registry, %d of the refused are; accepted p50 %.0f ms  p99 %.0f ms\n", r.Lost, r.Kept, r.P50, r.P99)
	if r.Failed > 0 {
		fmt.Fprintf(out, "          the first that failed: %s\n", strings.TrimSpace(r.First))
	}
	fmt.Fprintf(out, "          answers within %.0f ms again, twice the p99 before: %.0f ms after the last\n", r.Normal, r.Recovery)
	fmt.Fprintf(out, "          at most %d requests and %.1f MB undecided, %d goroutines; resident %.0f MB before, %.0f at most, the embedded broker (which wrote %.0f MB) and the load's own clients included\n",
		r.Undecided, float64(r.UndecidedBytes)/1e6, r.Goroutines, r.ResidentFirst, r.ResidentMB, r.LogMB)
}

// searchAs is search in somebody's name.
func (s *System) searchAs(ctx context.Context, token string, i int) error {
	return s.post(ctx, token, "/v1/searches", s.load.AppendSearch(nil, i), nil)
}

// ask asks as the one who does not flood, at a steady rate, and fails where one
// question does.
func (s *System) ask(ctx context.Context, rate int, d time.Duration, from int) ([]time.Duration, error) {
	var failed atomic.Int64
	times := steady(ctx, rate, d, func(i int) {
		if s.search(ctx, from+i) != nil {
			failed.Add(1)
		}
	})
	if n := failed.Load(); n > 0 || len(times) == 0 {
		return nil, fmt.Errorf("%d of %d searches failed", n, len(times))
	}
	return times, nil
}

package bench

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"
)

// Over is how many times what the leader may decide is offered by Pressure and
// Fairness.
const Over = 5

// PressureResult is what Pressure measured; times in milliseconds.
type PressureResult struct {
	DecideRate int     `json:"decide_rate"` // requests a second that the leader may decide
	Seconds    float64 `json:"seconds"`
	Account

	BeforeP50 float64 `json:"before_p50_ms"` // of the same organisation's records, one at a time
	BeforeP99 float64 `json:"before_p99_ms"`
	P50       float64 `json:"p50_ms"` // of what was accepted
	P99       float64 `json:"p99_ms"`
	Normal    float64 `json:"normal_ms"`   // twice the p99 before
	Recovery  float64 `json:"recovery_ms"` // from the last request offered to the first of ten answered within Normal

	Undecided      int     `json:"undecided"` // requests that waited in the node, at most
	UndecidedBytes int     `json:"undecided_bytes"`
	Goroutines     int     `json:"goroutines"`         // at most
	ResidentBefore float64 `json:"resident_before_mb"` // of this process: the embedded broker and those who offer are part of it
	ResidentFirst  float64 `json:"resident_first_mb"`  // at most, in the first half
	ResidentSecond float64 `json:"resident_second_mb"` // at most, in the second half
	LogMB          float64 `json:"log_mb"`             // what the broker wrote meanwhile
}

// pressureClients are more than an organisation may have requests under way.
const pressureClients = 400

// Pressure offers five times what the leader may decide, for as long as d, and
// then asks until answers come as fast as before. Last it holds what everybody
// was told against the journal.
func (s *System) Pressure(ctx context.Context, decideRate int, d time.Duration) (PressureResult, error) {
	r := PressureResult{DecideRate: decideRate}
	before, err := s.probes(ctx, int(min(100, max(20, d/time.Second))))
	if err != nil {
		return r, err
	}
	normal := 2 * quantile(before, 99)
	r.BeforeP50, r.BeforeP99, r.Normal = ms(quantile(before, 50)), ms(quantile(before, 99)), ms(normal)

	logged, watched := diskUse(s.Dir), s.watch(ctx)
	flooding, stop := context.WithTimeout(ctx, d)
	defer stop()
	var answers []answer
	var running sync.WaitGroup
	began := time.Now()
	running.Go(func() {
		answers = flood(flooding, pressureClients, Over*decideRate, func(i int) answer { return s.offer(ctx, i) })
	})
	<-flooding.Done()
	ended := time.Now()
	r.use(watched())
	recovered, err := s.recovery(ctx, normal)
	running.Wait()
	if err != nil {
		return r, err
	}
	r.Seconds, r.Recovery = ended.Sub(began).Seconds(), ms(recovered.Sub(ended))
	r.LogMB = mb(diskUse(s.Dir) - logged)
	r.P50, r.P99 = decidedWithin(answers)
	r.Account, err = s.account(ctx, answers)
	return r, err
}

// decidedWithin are p50 and p99 of what was decided, in milliseconds.
func decidedWithin(answers []answer) (p50, p99 float64) {
	var took []time.Duration
	for _, a := range answers {
		if a.decided() {
			took = append(took, a.took)
		}
	}
	if len(took) == 0 {
		return 0, 0
	}
	return ms(quantile(took, 50)), ms(quantile(took, 99))
}

// A probe is one record, registered while nobody waits for the one before.
const (
	probeEvery = 50 * time.Millisecond
	firstProbe = 1 << 30 // number of its record: a flood's are below
	// recoveryLimit is how long answers may stay slow before nobody waits any more.
	recoveryLimit = 2 * time.Minute
)

// probes are how long n probes took, each of which must be decided.
func (s *System) probes(ctx context.Context, n int) (times []time.Duration, err error) {
	for len(times) < n {
		a := s.probe(ctx)
		if !a.decided() {
			return nil, fmt.Errorf("register before the pressure: status %d: %w", a.status, a.err)
		}
		times = append(times, a.took)
		if err := rest(ctx, probeEvery); err != nil {
			return nil, err
		}
	}
	return times, nil
}

func (s *System) probe(ctx context.Context) answer {
	s.probed++
	return s.offer(ctx, firstProbe+s.probed)
}

// recovery returns when the first of ten probes in a row was sent that were each
// decided within normal, or when it gave up.
func (s *System) recovery(ctx context.Context, normal time.Duration) (at time.Time, err error) {
	began := time.Now()
	for good := 0; good < 10; {
		sent := time.Now()
		if sent.Sub(began) > recoveryLimit {
			return sent, nil
		}
		switch a := s.probe(ctx); {
		case !a.decided() || a.took > normal:
			good = 0
		case good == 0:
			at, good = sent, 1
		default:
			good++
		}
		if err := rest(ctx, probeEvery); err != nil {
			return at, err
		}
	}
	return at, nil
}

// rest waits for d, or returns ctx's error.
func rest(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Print writes what was measured, in the words of the other benchmarks.
func (r PressureResult) Print(out io.Writer) {
	per := func(n int) float64 { return float64(n) / r.Seconds }
	fmt.Fprintf(out, "pressure  %9.0f /s       offered by one organisation for %.0f s, %d may be decided: %.0f decided, %.0f refused with 429, %.0f with 503\n",
		per(r.Offered), r.Seconds, r.DecideRate, per(r.Accepted), per(r.Refused429), per(r.Refused503))
	fmt.Fprintf(out, "          in all %d decided, %d refused and told when to come back, %d told too late, %d failed %s\n",
		r.Accepted, r.Refused429+r.Refused503, r.Late, r.Failed, r.FirstFailure)
	fmt.Fprintf(out, "          in the journal: %d of the acknowledged missing, %d twice, %d of the refused\n", r.Lost, r.Doubled, r.Kept)
	fmt.Fprintf(out, "          p50 %.1f ms  p99 %.1f ms   before; p50 %.0f ms  p99 %.0f ms of what was decided meanwhile; within %.1f ms again %.0f ms after the last\n",
		r.BeforeP50, r.BeforeP99, r.P50, r.P99, r.Normal, r.Recovery)
	fmt.Fprintf(out, "          at most %d requests of %d kB wait in the node, %d goroutines\n", r.Undecided, r.UndecidedBytes/1000, r.Goroutines)
	fmt.Fprintf(out, "          resident %.0f MB before, at most %.0f in the first half, %.0f in the second, broker (it wrote %.0f MB) and senders included\n",
		r.ResidentBefore, r.ResidentFirst, r.ResidentSecond, r.LogMB)
}

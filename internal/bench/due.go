package bench

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
)

// lastDay is the day until which the load's records are kept: all of them.
var lastDay = events.MustDate("2040-12-31")

// DueResult is what Due measured.
type DueResult struct {
	Expired     int     `json:"expired"`
	Entries     uint64  `json:"entries"` // of due work
	Seconds     float64 `json:"seconds"`
	Searches    int     `json:"searches"`
	LongestWait float64 `json:"longest_wait_ms"` // of a search, request to reply
	P50         float64 `json:"p50_ms"`
	Failed      int     `json:"failed"`
}

// Due sets the clock to the end of the day on which every record of the load
// expires, and asks at a steady rate until the last one has: who asks must not
// have to wait for them. It ends the records: run it last.
func (s *System) Due(ctx context.Context, rate int) (DueResult, error) {
	if err := s.passes(ctx, lastDay.Min().Start()); err != nil { // reminders come before
		return DueResult{}, err
	}
	before, err := s.next(ctx)
	if err != nil {
		return DueResult{}, err
	}
	began := time.Now()
	asking, stop := context.WithCancel(ctx)
	times := make(chan []time.Duration, 1)
	var failed atomic.Int64
	go func() { times <- s.askUntil(asking, rate, &failed) }()
	err = s.passes(ctx, lastDay.End())
	took := time.Since(began)
	stop()
	waits := <-times
	if err != nil {
		return DueResult{}, err
	}
	after, err := s.next(ctx)
	if err != nil {
		return DueResult{}, err
	}
	rows, _ := s.load.Len()
	r := DueResult{Expired: rows, Entries: after - before - uint64(len(waits)), Seconds: took.Seconds(), Searches: len(waits), Failed: int(failed.Load())}
	if len(waits) > 0 {
		r.LongestWait, r.P50 = ms(slices.Max(waits)), ms(quantile(waits, 50))
	}
	fmt.Fprintf(s.out, "due       %9d records expire on one day: %d entries in %.1f s\n", r.Expired, r.Entries, r.Seconds)
	fmt.Fprintf(s.out, "          a search waited %.1f ms at the longest, %.1f ms in the middle: %d asked meanwhile, at %d/s; %d failed\n",
		r.LongestWait, r.P50, r.Searches, rate, r.Failed)
	return r, nil
}

// passes sets the clock, and returns when nothing is due any more by then.
func (s *System) passes(ctx context.Context, at int64) error {
	s.clock.Set(time.UnixMilli(at))
	for {
		left := false
		err := s.Node.Read(ctx, func(state *registry.State) {
			due, ok := state.NextDue()
			left = ok && due <= at
		})
		if err != nil || !left {
			return err
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (s *System) next(ctx context.Context) (seq uint64, err error) {
	err = s.Node.Read(ctx, func(state *registry.State) { seq = state.Next() })
	return seq, err
}

// askUntil asks at a steady rate, and returns how long after its due time each
// answer came.
func (s *System) askUntil(ctx context.Context, rate int, failed *atomic.Int64) (times []time.Duration) {
	var group sync.WaitGroup
	var lock sync.Mutex
	began := time.Now()
	_, first := s.load.Len() // not asked before
	for i := 0; ; i++ {
		due := began.Add(time.Duration(i) * time.Second / time.Duration(rate))
		select {
		case <-time.After(time.Until(due)):
		case <-ctx.Done():
			group.Wait()
			return times
		}
		group.Go(func() {
			if err := s.search(context.WithoutCancel(ctx), 10*first+i); err != nil {
				failed.Add(1)
				return
			}
			lock.Lock()
			times = append(times, time.Since(due))
			lock.Unlock()
		})
	}
}

// Clock is a node's clock that a benchmark moves.
type Clock struct{ ahead atomic.Int64 }

// Now is the machine's time, moved.
func (c *Clock) Now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// Set makes it that time now.
func (c *Clock) Set(t time.Time) { c.ahead.Store(int64(time.Until(t))) }

package node

import (
	"context"
	"time"
)

// pace caps how many requests a leader decides in a second: the knob with which
// an operator spares a cluster, and a test makes a small machine the bottleneck.
// Only the goroutine of lead uses it.
type pace struct {
	perSecond int       // 0 = as many as it can
	allowance float64   // requests that may be decided at the time at
	at        time.Time // zero = never asked
}

// One waits for a few requests' worth of time rather than for each: a batch
// costs an fsync.
const (
	paceStep  = 500 // of a second: two milliseconds
	paceBurst = 4   // of a second: what a leader saves up while it is idle, or waits for an append
)

// wait returns how many requests may be decided now, at least two, as soon as
// that many may, or ctx's error. It waits for time alone, and never spins.
func (p *pace) wait(ctx context.Context) (int, error) {
	if p.perSecond == 0 {
		return batchEntries, nil
	}
	for {
		n, rest := p.allowed(time.Now())
		if n > 0 {
			return n, nil
		}
		select {
		case <-time.After(rest):
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

// allowed is how many requests may be decided at a time; where none may, how
// long it is until some may.
func (p *pace) allowed(now time.Time) (n int, rest time.Duration) {
	rate := float64(p.perSecond)
	least := max(2, rate/paceStep)
	most := max(least, rate/paceBurst)
	if p.at.IsZero() {
		p.allowance = most
	} else {
		p.allowance = min(most, p.allowance+rate*now.Sub(p.at).Seconds())
	}
	p.at = now
	if p.allowance < least {
		return 0, time.Duration((least-p.allowance)/rate*float64(time.Second)).Truncate(time.Microsecond) + time.Microsecond
	}
	return min(batchEntries, int(p.allowance)), 0
}

// decided takes n requests from the allowance. It may go below zero, where one
// entry covers many requests that changed nothing.
func (p *pace) decided(n int) {
	if p.perSecond > 0 {
		p.allowance -= float64(n)
	}
}

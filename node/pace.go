package node

import (
	"context"
	"time"
)

// pace caps how many requests a leader decides in a second: the knob with which
// an operator spares a cluster, and a test makes a small machine the bottleneck.
// Only the goroutine of lead uses it.
//
// Whoever floods waits for the cap. Who sends little need not: where nothing
// waited in a mailbox before, its request is decided early, and the others wait
// for that. Half of the rate at most is given away so, so that rounds go on
// however many send little.
type pace struct {
	perSecond int       // 0 = as many as it can
	allowance float64   // requests that may be decided at the time at; negative after early ones
	early     float64   // requests that may be decided early at the time at
	at        time.Time // zero = never asked
}

// turn is what may be decided in one batch.
type turn struct {
	most  int  // requests
	early bool // only of mailboxes in which nothing waited before
}

// One waits for a few requests' worth of time rather than for each: a batch
// costs an fsync.
const (
	paceStep  = 500 // of a second: two milliseconds
	paceBurst = 4   // of a second: what a leader saves up while it is idle, or waits for an append
)

// wait returns how many requests may be decided now, at least two, as soon as
// that many may, or ctx's error; or, after a token of came, how many may be
// decided early, at least one. It waits for nothing else, and never spins.
func (p *pace) wait(ctx context.Context, came <-chan struct{}) (turn, error) {
	if p.perSecond == 0 {
		return turn{most: batchEntries}, nil
	}
	for {
		n, rest := p.allowed(time.Now())
		if n > 0 {
			return turn{most: n}, nil
		}
		select {
		case <-time.After(rest):
		case <-came:
			if _, _ = p.allowed(time.Now()); p.early >= 1 {
				return turn{most: min(batchEntries, int(p.early)), early: true}, nil
			}
		case <-ctx.Done():
			return turn{}, ctx.Err()
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
		p.allowance, p.early = most, most
	} else {
		more := rate * now.Sub(p.at).Seconds()
		p.allowance = min(most, p.allowance+more)
		p.early = min(most, p.early+more/2)
	}
	p.at = now
	if p.allowance < least {
		return 0, time.Duration((least-p.allowance)/rate*float64(time.Second)).Truncate(time.Microsecond) + time.Microsecond
	}
	return min(batchEntries, int(p.allowance)), 0
}

// decided takes n requests from the allowance. It may go below zero: after early
// ones, and where one entry covers many requests that changed nothing.
func (p *pace) decided(n int, early bool) {
	if p.perSecond == 0 {
		return
	}
	p.allowance -= float64(n)
	if early {
		p.early -= float64(n)
	}
}

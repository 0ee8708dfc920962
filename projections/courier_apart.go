package projections

import (
	"context"
	"errors"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/armslog/armslog/events"
)

// ErrNoOutbox is returned by Outbox for an organisation whose topic is not
// there, or not for this courier to use: somebody has to make it, and that may
// take days.
var ErrNoOutbox = errors.New("no outbox")

// apart is an outbox that is not there. It gets a courier of its own, which
// goes over the journal from where the outbox was missed, so that it holds up
// no other and misses nothing.
type apart struct {
	courier *Courier // for this outbox alone
	was     bool     // it was there before
	wait    *backoff.ExponentialBackOff
	due     time.Time
}

// leave sets an outbox apart, from before the batch that is under way.
func (c *Courier) leave(org events.OrgID) {
	alone := &Courier{cfg: c.cfg, oldest: c.oldest, only: org, last: map[events.OrgID]uint64{}, at: c.at, open: c.before.clone()}
	wait := backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(firstRetry), backoff.WithMaxInterval(lastRetry), backoff.WithMaxElapsedTime(0))
	_, was := c.last[org]
	c.apart[org] = &apart{courier: alone, was: was, wait: wait, due: time.Now().Add(wait.NextBackOff())}
	delete(c.last, org)
}

// comeBack tries each outbox that is apart and due. One that has got as far as
// the others is again one of them.
func (c *Courier) comeBack(ctx context.Context) error {
	for org, a := range c.apart {
		if time.Now().Before(a.due) {
			continue
		}
		err := a.catchUp(ctx, c.at.Reader.Next)
		switch {
		case err == nil:
			delete(c.apart, org)
			c.last[org] = a.courier.at.Reader.Next // it may be ahead of the others
		case errors.Is(err, errLater):
			a.wait.Reset()
		case isFinal(err) || ctx.Err() != nil:
			return err
		default:
			next := a.wait.NextBackOff()
			a.due = time.Now().Add(next)
			c.wait.retries.Inc()
			c.say(next)
		}
	}
	c.cfg.Metrics.missing.Set(float64(len(c.apart)))
	if len(c.apart) == 0 && c.said {
		c.said = false
		c.cfg.Log.Info("all outboxes are there")
	}
	return nil
}

// say tells once what an operator has to know, and names no organisation. The
// error is left out: it may name a topic.
func (c *Courier) say(next time.Duration) {
	if next >= worthSaying && !c.said {
		c.said = true
		c.cfg.Log.Warn("outboxes are not there, or not for this node to use: the others go on; armslog cluster plan says which, apply makes them",
			"outboxes", len(c.apart))
	}
}

var (
	errThere = errors.New("as far as the others")
	errLater = errors.New("there is more, later")
)

// turn is how long the others wait, about, while one outbox catches up.
const turn = 200 * time.Millisecond

// catchUp delivers until the outbox has what was told before until. It returns
// errLater where its turn ends first.
func (a *apart) catchUp(ctx context.Context, until uint64) error {
	c, began := a.courier, time.Now()
	clear(c.last)
	_, holds, err := c.cfg.Outbox.LastSeq(ctx, c.only)
	if err != nil {
		return err
	}
	if a.was && !holds { // it was made anew: it gets what a courier that starts would send
		c.at, c.open = Position{}, newContinuations()
	}
	a.was = false
	err = c.cfg.Source.Follow(ctx, c.at, func(b Batch) error {
		if _, err := c.send(ctx, b); err != nil {
			return err
		}
		switch {
		case b.Reader.Next >= until:
			return errThere
		case time.Since(began) > turn:
			return errLater
		}
		return nil
	})
	if errors.Is(err, errThere) {
		return nil
	}
	return err
}

package node

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/armslog/armslog/consumers"
	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
)

// maxSkew is how far a leader's clock may be off the journal's: log time is the
// leader's, and one bad clock would expire everything.
const maxSkew = 5 * time.Second

// claim appends a fence and reads back up to it. It returns the nonce under
// which this node owns the journal, errDeposed if somebody else was faster, and
// errUnfit if the clocks differ. A fence that was acknowledged late says nothing
// of the clocks, so another replaces it.
func (n *Node) claim(ctx context.Context) (nonce string, err error) {
	for {
		nonce, compared, err := n.fence(ctx)
		if err != nil || compared {
			return nonce, err
		}
	}
}

func (n *Node) fence(ctx context.Context) (nonce string, compared bool, err error) {
	var random [16]byte
	_, _ = rand.Read(random[:]) // never fails
	nonce = hex.EncodeToString(random[:])
	fence := events.Fence{Nonce: nonce, Prev: n.pos.Reader.Owner, Engine: registry.Engine}
	n.clock = clock{told: n.cfg.Now(), at: time.Now()}
	appended, err := n.appender.Append(ctx, []events.Message{{Headers: fence.Headers()}})
	if err != nil {
		return "", false, err
	}
	took := time.Since(n.clock.at)
	if err := n.readBack(ctx, appended.Offset+1); err != nil {
		return "", false, err
	}
	if n.pos.Reader.Owner != nonce {
		return "", false, errDeposed
	}
	n.read = time.Now()
	if appended.Time.IsZero() { // a broker without append times shares our clock
		n.clock = clock{}
		return nonce, true, nil
	}
	if took > maxSkew {
		return nonce, false, nil
	}
	// It was appended when this clock said told, or took later.
	if off := n.clock.told.Sub(appended.Time); off > maxSkew || off+took < -maxSkew {
		return "", false, fmt.Errorf("%w: its clock is %s off the journal's", errUnfit, off.Round(time.Second))
	}
	return nonce, true, nil
}

// clock is what the node's clock said when its fence was sent. Log time is the
// clock's; one that is set while the node leads would date decisions, and
// expire what they find, as if that time had come.
type clock struct{ told, at time.Time }

// now is the node's time, or errUnfit where its clock was set since its
// fence was sent: it is held against the time that the process has counted.
func (n *Node) now() (time.Time, error) {
	now := n.cfg.Now()
	if n.clock.at.IsZero() {
		return now, nil // the broker's is the same clock
	}
	jump := now.Round(0).Sub(n.clock.told.Round(0)) - time.Since(n.clock.at)
	if jump.Abs() > maxSkew {
		return now, fmt.Errorf("%w: its clock was set by %s", errUnfit, jump.Round(time.Second))
	}
	return now, nil
}

// readBack folds what the journal holds up to the offset end, as a follower.
func (n *Node) readBack(ctx context.Context, end int64) error {
	b := &consumers.Batch{Position: n.pos}
	return n.journal.Read(ctx, n.pos.Offset, end, func(items []consumers.Item) error {
		if err := b.Take(items); err != nil {
			return err
		}
		return n.evolve(b)
	})
}

// journalEnd asks until it is answered, or ctx ends.
func (n *Node) journalEnd(ctx context.Context) (end int64, err error) {
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval, wait.MaxInterval, wait.MaxElapsedTime = 10*time.Millisecond, time.Second, 0
	err = backoff.Retry(func() (err error) {
		end, err = n.journal.End(ctx)
		return err
	}, backoff.WithContext(wait, ctx))
	return end, err
}

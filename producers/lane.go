package producers

import (
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/armslog/armslog/events"
)

// batchMessages bounds a batch so that its first message does not wait for
// thousands of others to be decoded.
const batchMessages = 2000

// lane is the queue of one mailbox and the goroutine that empties it.
type lane struct {
	*Mailboxes
	topic *direct
	wake  chan struct{} // holds one token while something waits

	mu       sync.Mutex
	queue    []*Append
	messages int // waiting
	bytes    int
}

// retryAfter is the hint of a BusyError: a full queue takes about this long.
const retryAfter = time.Second

// idleLane is after how long without an append a mailbox's connection is
// closed.
const idleLane = time.Minute

// worthSaying is the wait before a repeat from which on it is worth a warning.
const worthSaying = 200 * time.Millisecond

func (l *lane) push(a *Append) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queue) > 0 && (l.messages+len(a.msgs) > l.cfg.QueueMessages || l.bytes+a.size > l.cfg.QueueBytes) {
		return &BusyError{RetryAfter: retryAfter}
	}
	l.queue = append(l.queue, a)
	l.messages += len(a.msgs)
	l.bytes += a.size
	select {
	case l.wake <- struct{}{}:
	default:
	}
	return nil
}

// pop takes what goes into the next batch: whole appends, at least one.
func (l *lane) pop() (group []*Append) {
	l.mu.Lock()
	defer l.mu.Unlock()
	messages, bytes := 0, 0
	for _, a := range l.queue {
		if len(group) > 0 && (messages+len(a.msgs) > batchMessages || bytes+a.size > MaxAppend) {
			break
		}
		group = append(group, a)
		messages += len(a.msgs)
		bytes += a.size
	}
	clear(l.queue[:len(group)])
	l.queue = l.queue[len(group):]
	l.messages -= messages
	l.bytes -= bytes
	return group
}

func (l *lane) run() {
	defer l.topic.hangUp()
	for {
		group := l.pop()
		if len(group) > 0 {
			l.send(group)
			continue
		}
		select {
		case <-l.wake:
		case <-time.After(idleLane):
			l.topic.hangUp()
			select {
			case <-l.wake:
			case <-l.ctx.Done():
			}
		case <-l.ctx.Done():
			l.failQueue()
			return
		}
	}
}

// send stores a group as one batch. As long as the outcome of an attempt is
// unknown it sends the same again, so that no later append can overtake; what
// is stored twice is decided once, by its ce_id. When it gives a batch up that
// is surely not stored, it gives up what waits behind it too.
func (l *lane) send(group []*Append) {
	batch := batchOf(group)
	attempts, ambiguous, started := 0, false, time.Now()
	err := backoff.RetryNotify(func() error {
		attempts++
		at, err := l.topic.produce(l.ctx, batch)
		if err == nil {
			if l.cfg.Stored != nil {
				l.cfg.Stored(time.Since(started))
			}
			finish(group, Stored{Offset: at.Offset, Again: ambiguous})
			return nil
		}
		switch outcomeOf(err) {
		case refused:
			return backoff.Permanent(fmt.Errorf("%w: %w", ErrRefused, err))
		case unknown:
			ambiguous = true
		case notStored:
			if !ambiguous && time.Since(started) > l.cfg.Patience {
				return backoff.Permanent(fmt.Errorf("%w: %w", ErrUnavailable, err))
			}
		}
		return err
	}, forever(l.ctx), l.sayAgain)
	switch {
	case err == nil:
	case l.ctx.Err() != nil:
		fail(group, ErrOutcomeUnknown)
		l.failQueue()
	default:
		fail(group, err)
		l.failQueue()
	}
}

// sayAgain warns when it lasts: a topic that is just being made is no news.
func (l *lane) sayAgain(err error, wait time.Duration) {
	level := slog.LevelWarn
	if wait < worthSaying {
		level = slog.LevelDebug
	}
	l.cfg.Log.Log(l.ctx, level, "mailbox append is sent again", slog.String("error", codeOf(err)), slog.Duration("after", wait))
}

func batchOf(group []*Append) []events.Message {
	if len(group) == 1 {
		return group[0].msgs
	}
	var batch []events.Message
	for _, a := range group {
		batch = append(batch, a.msgs...)
	}
	return batch
}

func finish(group []*Append, at Stored) {
	for _, a := range group {
		a.finish(at, nil)
		at.Offset += int64(len(a.msgs))
	}
}

func fail(group []*Append, err error) {
	for _, a := range group {
		a.finish(Stored{}, fmt.Errorf("append to mailbox: %w", err))
	}
}

func (l *lane) failQueue() {
	for group := l.pop(); len(group) > 0; group = l.pop() {
		fail(group, ErrUnavailable)
	}
}

package projections

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/armslog/armslog/events"
)

// patience tries again for ever, and says once that it has to and once that it
// is over.
type patience struct {
	log     *slog.Logger
	retries prometheus.Counter
	said    atomic.Bool
}

func newPatience(log *slog.Logger, retries prometheus.Counter) *patience {
	return &patience{log: log, retries: retries}
}

// Waits between tries grow from the first to the last.
const firstRetry, lastRetry = 50 * time.Millisecond, 5 * time.Second

// retry tries until it succeeds, until ctx ends, whose error it returns, or
// until trying again would be wrong.
func (w *patience) retry(ctx context.Context, try func() error) error {
	b := backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(firstRetry),
		backoff.WithMaxInterval(lastRetry),
		backoff.WithMaxElapsedTime(0)) // never give up
	return backoff.RetryNotify(func() error {
		err := try()
		if isFinal(err) {
			return backoff.Permanent(err)
		}
		return err
	}, backoff.WithContext(b, ctx), w.again)
}

func isFinal(err error) bool {
	return errors.Is(err, errMoved) || errors.Is(err, ErrOtherJournal) || errors.Is(err, ErrHistoryWentBack) ||
		errors.Is(err, events.ErrDamaged) || errors.Is(err, events.ErrNotJournal)
}

// worthSaying is the wait before another try from which on it is worth a
// warning: a topic that is just being made is no news.
const worthSaying = 200 * time.Millisecond

func (w *patience) again(err error, next time.Duration) {
	w.retries.Inc()
	if next >= worthSaying && !w.said.Swap(true) {
		w.log.Warn("read models wait; registration, search and notification go on", "error", err)
	}
}

func (w *patience) over() {
	if w.said.Swap(false) {
		w.log.Info("read models go on")
	}
}

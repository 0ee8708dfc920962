package producers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/segmentio/kafka-go"

	"github.com/armslog/armslog/events"
)

// MaxJournalBatch bounds one batch of the journal, in bytes as Size counts
// them. The topic takes a little more.
const MaxJournalBatch = 8 << 20

// ErrRefused is returned when a batch can never be stored: it is too large, or
// the broker calls it invalid. Nothing of it was stored.
var ErrRefused = errors.New("batch is refused")

// Journal appends decisions. It is not safe for concurrent use: there is one
// batch in flight, so a batch can never overtake the one before it.
type Journal struct {
	topic *direct
	log   *slog.Logger
}

// NewJournal appends through client, which it does not close.
func NewJournal(client *kafka.Client, log *slog.Logger) *Journal {
	return &Journal{topic: newDirect(client, events.JournalTopic), log: log}
}

// Close ends the connection.
func (j *Journal) Close() { j.topic.hangUp() }

// Appended says where a batch was stored.
type Appended struct {
	Offset int64     // of its first record; the others follow without a gap
	Time   time.Time // the broker's append time; zero where the broker has none
}

// Append stores batch as one record batch, all or nothing. On an error or a
// timeout it sends the identical batch again, for ever: giving up would leave
// nobody knowing whether it is stored. A batch may therefore be stored twice;
// Offset is that of the last copy.
//
// It returns ErrRefused when the batch can never be stored, and ctx's error
// when ctx ends; then the outcome is unknown.
func (j *Journal) Append(ctx context.Context, batch []events.Message) (Appended, error) {
	if n := sizeOf(batch); n > MaxJournalBatch {
		return Appended{}, fmt.Errorf("append to the journal: %w: %d bytes", ErrRefused, n)
	}
	var at Appended
	err := backoff.RetryNotify(func() (err error) {
		at, err = j.topic.produce(ctx, batch)
		if err != nil && outcomeOf(err) == refused {
			return backoff.Permanent(fmt.Errorf("%w: %w", ErrRefused, err))
		}
		return err
	}, forever(ctx), j.sayAgain)
	if err != nil {
		return Appended{}, fmt.Errorf("append to the journal: %w", err)
	}
	return at, nil
}

func (j *Journal) sayAgain(err error, wait time.Duration) {
	j.log.Warn("journal append is sent again", slog.String("error", codeOf(err)), slog.Duration("after", wait))
}

func sizeOf(batch []events.Message) (n int) {
	for _, m := range batch {
		n += Size(m)
	}
	return n
}

// forever is a backoff that ends with ctx and never before.
func forever(ctx context.Context) backoff.BackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval, b.MaxInterval, b.MaxElapsedTime = 10*time.Millisecond, time.Second, 0
	return backoff.WithContext(b, ctx)
}

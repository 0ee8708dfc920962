package consumers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"

	"github.com/armslog/armslog/events"
)

// maxWait is how long the broker holds a fetch that finds nothing.
const maxWait = 500 * time.Millisecond

// all is more records than a response holds.
const all = math.MaxInt

// patience bounds a fetch beyond maxWait: then its connection is given up.
const patience = 10 * time.Second

// ErrLost is returned when records that were to be read next are not there: the
// topic begins after them, or ends before them.
var ErrLost = errors.New("records are lost")

// record is one Kafka record, copied out of the client's buffers.
type record struct {
	offset int64
	events.Message
}

// readRecords copies the records from offset on out of a fetch response (a
// batch is handed out whole, so it may begin before), and returns the offset
// after the last record, those of transaction markers included. It stops after
// most records.
func readRecords(set kafka.RecordReader, from int64, most int) (records []record, next int64, err error) {
	next = from
	for batch, control := range batches(set) {
		for {
			r, err := batch.ReadRecord()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return nil, from, fmt.Errorf("read records: %w", err)
			}
			if r.Offset < from {
				continue
			}
			next = r.Offset + 1
			if control {
				continue // a transaction marker: an offset without a message
			}
			m, err := copyOf(r)
			if err != nil {
				return nil, from, fmt.Errorf("read records: %w", err)
			}
			if records = append(records, record{r.Offset, m}); len(records) == most {
				return records, next, nil
			}
		}
	}
	return records, next, nil
}

// batches are the record batches of a response; control says that one holds
// transaction markers.
func batches(set kafka.RecordReader) func(yield func(batch kafka.RecordReader, control bool) bool) {
	return func(yield func(kafka.RecordReader, bool) bool) {
		stream, ok := set.(*protocol.RecordStream)
		if !ok {
			if set != nil {
				yield(set, false)
			}
			return
		}
		for _, batch := range stream.Records {
			_, control := batch.(*protocol.ControlBatch)
			if !yield(batch, control) {
				return
			}
		}
	}
}

func copyOf(r *kafka.Record) (events.Message, error) {
	m := events.Message{Headers: make([]events.Header, len(r.Headers))}
	for i, h := range r.Headers {
		m.Headers[i] = events.Header(h)
	}
	if r.Value == nil {
		return m, nil
	}
	v, err := kafka.ReadAll(r.Value)
	m.Value = v
	return m, err
}

// forever is a backoff that ends with ctx and never before.
func forever(ctx context.Context) backoff.BackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval, b.MaxInterval, b.MaxElapsedTime = 10*time.Millisecond, time.Second, 0
	return backoff.WithContext(b, ctx)
}

package consumers

import (
	"context"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"
)

// oldLog is how long a broker may show a log that ends before what was read
// already, until that counts as lost. A broker that was replaced and does not
// know it yet, because it stood still or was cut off, has such a log; so its
// word that an offset is out of range proves nothing.
const oldLog = 30 * time.Second

// outOfRange finds out what a broker means that says so, over several answers.
// The zero value has heard none.
type outOfRange struct {
	limit time.Duration // 0 = oldLog
	since time.Time     // of the first of these answers in a row
}

// lost says which offset the records that are left begin at, when those from an
// offset on are gone; ends says that none are left, for the log ends before that
// offset. Until that is certain it returns kafka.OffsetOutOfRange:
// ask again.
func (o *outOfRange) lost(ctx context.Context, client *kafka.Client, topic string, from int64) (to int64, ends bool, err error) {
	limit := o.limit
	if limit == 0 {
		limit = oldLog
	}
	if o.since.IsZero() {
		o.since = time.Now()
	}
	first, end, err := Bounds(ctx, client, topic)
	switch {
	case err != nil:
		return 0, false, fmt.Errorf("find out what is lost: %w", err)
	case first > from:
		return first, false, nil
	case end < from && time.Since(o.since) >= limit:
		return from + 1, true, nil // at least one
	}
	return 0, false, kafka.OffsetOutOfRange
}

// heard ends a row of such answers.
func (o *outOfRange) heard() { o.since = time.Time{} }

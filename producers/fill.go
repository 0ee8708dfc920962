package producers

import (
	"context"
	"fmt"

	"github.com/cenkalti/backoff/v4"
	"github.com/segmentio/kafka-go"

	"github.com/armslog/armslog/events"
)

// filler is how many empty messages one append holds.
const filler = 10_000

// Fill appends messages without key, headers or value to a topic until its next
// message has the offset to; end says where it ends now. It is how a mailbox
// that was lost begins again behind what was decided of it: nobody reads what
// lies before. It tries again until ctx ends.
func Fill(ctx context.Context, client *kafka.Client, topic string, to int64, end func(context.Context) (int64, error)) error {
	d := newDirect(client, topic)
	defer d.hangUp()
	empty := make([]events.Message, filler)
	done := false
	for !done {
		err := backoff.Retry(func() error {
			at, err := end(ctx) // asked anew after an error, too: the append may be stored
			if err != nil {
				return err
			}
			if done = at >= to; done {
				return nil
			}
			_, err = d.produce(ctx, empty[:min(filler, to-at)])
			return err
		}, forever(ctx))
		if err != nil {
			return fmt.Errorf("fill %s: %w", topic, err)
		}
	}
	return nil
}

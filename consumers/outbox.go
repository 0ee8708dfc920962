package consumers

import (
	"context"
	"errors"
	"fmt"

	"github.com/segmentio/kafka-go"

	"github.com/armslog/armslog/events"
)

// LastMessage is the last message of a topic, and the offset behind it; ok is
// false for a topic without messages. What arrives meanwhile is not looked at. A
// topic that is not there yet is an error, and so is a broker that says nothing
// for a while: try again later.
func LastMessage(ctx context.Context, client *kafka.Client, topic string) (m events.Message, end int64, ok bool, err error) {
	first, end, err := Bounds(ctx, client, topic)
	if err != nil {
		return m, 0, false, fmt.Errorf("find the last message: %w", err)
	}
	if end <= first {
		return m, end, false, nil
	}
	records, err := someOf(ctx, client, topic, end-1)
	if err != nil {
		return m, 0, false, fmt.Errorf("read the last message: %w", err)
	}
	for _, r := range records {
		if r.offset == end-1 {
			return r.Message, end, true, nil
		}
	}
	return m, 0, false, errors.New("read the last message: the broker did not give it yet")
}

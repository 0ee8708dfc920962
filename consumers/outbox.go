package consumers

import (
	"context"
	"fmt"

	"github.com/segmentio/kafka-go"

	"github.com/armslog/armslog/events"
)

// LastMessage is the last message of a topic; ok is false for a topic without
// messages. A topic that is not there yet is an error, and so is a broker that
// says nothing for a while: try again later.
func LastMessage(ctx context.Context, client *kafka.Client, topic string) (m events.Message, ok bool, err error) {
	first, end, err := Bounds(ctx, client, topic)
	if err != nil {
		return m, false, fmt.Errorf("find the last message: %w", err)
	}
	if end <= first {
		return m, false, nil
	}
	return messageAt(ctx, client, topic, end-1)
}

func messageAt(ctx context.Context, client *kafka.Client, topic string, offset int64) (m events.Message, ok bool, err error) {
	records, err := someOf(ctx, client, topic, offset)
	if err != nil {
		return m, false, fmt.Errorf("read the last message: %w", err)
	}
	if len(records) == 0 {
		return m, false, nil
	}
	return records[len(records)-1].Message, true, nil
}

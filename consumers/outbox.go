package consumers

import (
	"context"
	"fmt"

	"github.com/segmentio/kafka-go"

	"github.com/armslog/armslog/events"
)

// LastMessage is the last message of a topic; ok is false for a topic without
// messages. A topic that is not there yet is an error: try again later.
func LastMessage(ctx context.Context, client *kafka.Client, topic string) (m events.Message, ok bool, err error) {
	res, err := client.ListOffsets(ctx, &kafka.ListOffsetsRequest{
		Topics: map[string][]kafka.OffsetRequest{topic: {kafka.FirstOffsetOf(0), kafka.LastOffsetOf(0)}},
	})
	if err != nil {
		return m, false, fmt.Errorf("find the last message: %w", err)
	}
	ends := res.Topics[topic]
	if len(ends) == 0 {
		return m, false, fmt.Errorf("find the last message: %w", kafka.UnknownTopicOrPartition)
	}
	if err := ends[0].Error; err != nil {
		return m, false, fmt.Errorf("find the last message: %w", err)
	}
	if ends[0].LastOffset <= max(ends[0].FirstOffset, 0) {
		return m, false, nil
	}
	return messageAt(ctx, client, topic, ends[0].LastOffset-1)
}

func messageAt(ctx context.Context, client *kafka.Client, topic string, offset int64) (m events.Message, ok bool, err error) {
	res, err := client.Fetch(ctx, &kafka.FetchRequest{Topic: topic, Offset: offset, MinBytes: 1, MaxBytes: fetchBytes, MaxWait: maxWait})
	if err == nil {
		err = res.Error
	}
	if err != nil {
		return m, false, fmt.Errorf("read the last message: %w", err)
	}
	records, _, err := readRecords(res.Records, offset, all)
	if err != nil || len(records) == 0 {
		return m, false, err
	}
	return records[len(records)-1].Message, true, nil
}

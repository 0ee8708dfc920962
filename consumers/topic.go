package consumers

import (
	"context"
	"errors"
	"fmt"

	"github.com/cenkalti/backoff/v4"
	"github.com/segmentio/kafka-go"

	"github.com/armslog/armslog/events"
)

// Bounds are the first offset that a topic still holds, and the one that its
// next record will have. A topic that is not there is
// kafka.UnknownTopicOrPartition; a broker that says nothing is an error after a
// while.
func Bounds(ctx context.Context, client *kafka.Client, topic string) (first, end int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	res, err := client.ListOffsets(ctx, &kafka.ListOffsetsRequest{
		Topics: map[string][]kafka.OffsetRequest{topic: {kafka.FirstOffsetOf(0), kafka.LastOffsetOf(0)}},
	})
	if err != nil {
		return 0, 0, err
	}
	ends := res.Topics[topic]
	if len(ends) == 0 {
		return 0, 0, kafka.UnknownTopicOrPartition
	}
	if err := ends[0].Error; err != nil {
		return 0, 0, err
	}
	return max(ends[0].FirstOffset, 0), max(ends[0].LastOffset, 0), nil
}

// IsNoTopic says that a topic is not there.
func IsNoTopic(err error) bool { return errors.Is(err, kafka.UnknownTopicOrPartition) }

// Messages hands the messages [from, to) of a topic to handle, byte for byte and
// in order. All of them MUST be stored; it tries again until ctx ends, and
// returns ErrLost where one is missing.
func Messages(ctx context.Context, client *kafka.Client, topic string, from, to int64, handle func([]events.Message) error) error {
	for from < to {
		var records []record
		err := backoff.Retry(func() (err error) {
			records, err = someOf(ctx, client, topic, from)
			if errors.Is(err, kafka.OffsetOutOfRange) {
				return backoff.Permanent(fmt.Errorf("%w: offset %d is not there", ErrLost, from))
			}
			return err
		}, forever(ctx))
		if err != nil {
			return fmt.Errorf("read %s: %w", topic, err)
		}
		records = records[:min(int64(len(records)), to-from)]
		messages := make([]events.Message, len(records))
		for i, r := range records {
			if r.offset != from+int64(i) {
				return fmt.Errorf("read %s: %w: offset %d follows %d", topic, ErrLost, r.offset, from+int64(i)-1)
			}
			messages[i] = r.Message
		}
		if err := handle(messages); err != nil {
			return err
		}
		from += int64(len(records))
	}
	return nil
}

func someOf(ctx context.Context, client *kafka.Client, topic string, from int64) ([]record, error) {
	ctx, cancel := context.WithTimeout(ctx, maxWait+patience)
	defer cancel()
	res, err := client.Fetch(ctx, &kafka.FetchRequest{Topic: topic, Offset: from, MinBytes: 1, MaxBytes: fetchBytes, MaxWait: maxWait})
	if err == nil {
		err = res.Error
	}
	if err != nil {
		return nil, err
	}
	records, _, err := readRecords(res.Records, from, all)
	return records, err
}

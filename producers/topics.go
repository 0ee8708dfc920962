package producers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/segmentio/kafka-go"

	"github.com/armslog/armslog/events"
)

// Topic is what a topic of armslog must be. All have one partition: the order
// of a mailbox, and the one order of the journal.
type Topic struct {
	Name      string
	Retention time.Duration // 0 = for ever
	MaxBytes  int           // of one record batch
}

// Replication is how a cluster keeps each topic.
type Replication struct {
	Factor    int // copies of the log
	MinInSync int // copies that must have a batch before it is acknowledged
}

const (
	mailboxRetention = 90 * 24 * time.Hour
	// A batch is a little more than the sum of what Size says of its messages.
	batchOverhead = 64 << 10
)

// JournalTopic is the log of record.
func JournalTopic() Topic {
	return Topic{Name: events.JournalTopic, MaxBytes: MaxJournalBatch + batchOverhead}
}

// MailboxTopic is the mailbox of an organisation.
func MailboxTopic(org events.OrgID) Topic {
	return Topic{Name: events.MailboxTopic(org), Retention: mailboxRetention, MaxBytes: MaxAppend + batchOverhead}
}

// OutboxTopic is the outbox of an organisation.
func OutboxTopic(org events.OrgID) Topic {
	return Topic{Name: events.OutboxTopic(org), Retention: mailboxRetention, MaxBytes: MaxAppend + batchOverhead}
}

// CheckpointsTopic is where the ledger's signed tree heads go.
func CheckpointsTopic() Topic {
	return Topic{Name: "armslog.checkpoints", MaxBytes: MaxAppend + batchOverhead}
}

// CreateTopics creates what is missing and returns when every topic has a
// leader that serves it. A topic that exists stays as it is; one that this user
// may not create is waited for (armslog cluster apply makes it). It goes on
// trying until ctx ends.
func CreateTopics(ctx context.Context, client *kafka.Client, r Replication, topics ...Topic) error {
	return CreateTopicsTelling(ctx, client, r, nil, topics...)
}

// CreateTopicsTelling is CreateTopics that tells why it tries again.
func CreateTopicsTelling(ctx context.Context, client *kafka.Client, r Replication, tell func(error), topics ...Topic) error {
	err := backoff.RetryNotify(func() error { return createTopics(ctx, client, r, topics) }, forever(ctx), func(err error, _ time.Duration) {
		if tell != nil {
			tell(err)
		}
	})
	if err != nil {
		return fmt.Errorf("create topics: %w", err)
	}
	return nil
}

func createTopics(ctx context.Context, client *kafka.Client, r Replication, topics []Topic) error {
	req := &kafka.CreateTopicsRequest{}
	for _, t := range topics {
		req.Topics = append(req.Topics, t.config(r))
	}
	ctx, cancel := context.WithTimeout(ctx, produceTimeout)
	defer cancel()
	// Why nobody can be reached is only told to who asks for the cluster.
	if _, err := client.Metadata(ctx, &kafka.MetadataRequest{}); err != nil {
		return err
	}
	res, err := client.CreateTopics(ctx, req)
	if err != nil {
		return err
	}
	var refused error
	for _, err := range res.Errors {
		switch {
		case err == nil, errors.Is(err, kafka.TopicAlreadyExists):
		case isAny(err, kafka.TopicAuthorizationFailed, kafka.ClusterAuthorizationFailed):
			refused = err // and perhaps it is there: a cluster's topics may be made by its operator alone
		default:
			return err
		}
	}
	if err := served(ctx, client, topics); err != nil {
		return cmp.Or(refused, err)
	}
	return nil
}

// served asks every topic for its end: Kafka acknowledges a new topic before
// its leader knows of it.
func served(ctx context.Context, client *kafka.Client, topics []Topic) error {
	req := &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{}}
	for _, t := range topics {
		req.Topics[t.Name] = []kafka.OffsetRequest{kafka.LastOffsetOf(0)}
	}
	res, err := client.ListOffsets(ctx, req)
	if err != nil {
		return err
	}
	for _, t := range topics {
		if len(res.Topics[t.Name]) == 0 {
			return kafka.UnknownTopicOrPartition
		}
		if err := res.Topics[t.Name][0].Error; err != nil {
			return err
		}
	}
	return nil
}

// Settings are the topic's, by Kafka's names.
func (t Topic) Settings(r Replication) map[string]string {
	retention := "-1"
	if t.Retention > 0 {
		retention = strconv.FormatInt(t.Retention.Milliseconds(), 10)
	}
	return map[string]string{
		"cleanup.policy":  "delete",
		"retention.ms":    retention,
		"retention.bytes": "-1",
		// A batch that its sender compressed is stored as it is read: in bulk, and
		// never larger than max.message.bytes, which else bounds compressed bytes.
		"compression.type":       "uncompressed",
		"message.timestamp.type": "LogAppendTime",
		"max.message.bytes":      strconv.Itoa(t.MaxBytes),
		"min.insync.replicas":    strconv.Itoa(max(r.MinInSync, 1)),
	}
}

func (t Topic) config(r Replication) kafka.TopicConfig {
	c := kafka.TopicConfig{Topic: t.Name, NumPartitions: 1, ReplicationFactor: max(r.Factor, 1)}
	for name, value := range t.Settings(r) {
		c.ConfigEntries = append(c.ConfigEntries, kafka.ConfigEntry{ConfigName: name, ConfigValue: value})
	}
	return c
}

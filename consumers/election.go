package consumers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/armslog/armslog/events"
)

// ElectionConfig says among whom the leader is elected.
type ElectionConfig struct {
	Brokers []string
	Dialer  *kafka.Dialer // producers.Dialer; nil = that of kafka-go
	Group   string        // of the nodes; "" = armslog.leader
	Session time.Duration // after which a dead node is replaced; 0 = 6 s
	Log     *slog.Logger
}

// Campaign takes part in the election of the leader until ctx ends: the member
// of a consumer group that holds the journal's one partition is elected. It is
// a hint that keeps nodes from competing, never a proof: who leads is decided
// by the fences in the journal.
//
// elected is called with every change. While the group has no coordinator,
// nothing changes: the leader goes on.
func Campaign(ctx context.Context, cfg ElectionConfig, elected func(bool)) error {
	group, err := kafka.NewConsumerGroup(cfg.group())
	if err != nil {
		return fmt.Errorf("join election: %w", err)
	}
	defer func() { _ = group.Close() }()
	again := forever(ctx)
	for {
		generation, err := group.Next(ctx)
		if ctx.Err() != nil || errors.Is(err, kafka.ErrGroupClosed) {
			return ctx.Err()
		}
		if err != nil {
			cfg.Log.Warn("election is tried again", slog.Any("error", err))
			if err := pause(ctx, again.NextBackOff(), nil); err != nil {
				return err
			}
			continue
		}
		again.Reset()
		elected(len(generation.Assignments[events.JournalTopic]) > 0)
	}
}

func (c ElectionConfig) group() kafka.ConsumerGroupConfig {
	if c.Group == "" {
		c.Group = "armslog.leader"
	}
	if c.Session == 0 {
		c.Session = 6 * time.Second
	}
	return kafka.ConsumerGroupConfig{
		ID: c.Group, Brokers: c.Brokers, Topics: []string{events.JournalTopic},
		Dialer:            c.Dialer,
		SessionTimeout:    c.Session,
		RebalanceTimeout:  c.Session,
		HeartbeatInterval: c.Session / 6,
		JoinGroupBackoff:  200 * time.Millisecond,
		// A group that was formed before its topic was known has elected nobody.
		WatchPartitionChanges:  true,
		PartitionWatchInterval: c.Session,
		// Nothing is ever committed.
		StartOffset: kafka.FirstOffset,
	}
}

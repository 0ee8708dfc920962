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

// electionGroup is the group of the nodes that may lead.
const electionGroup = "armslog.leader"

// ElectionConfig says among whom the leader is elected.
type ElectionConfig struct {
	Brokers  []string
	Dialer   *kafka.Dialer   // producers.Dialer; nil = that of kafka-go
	Group    string          // of the nodes; "" = armslog.leader
	Session  time.Duration   // after which a dead node is replaced; 0 = DefaultSession
	Standing func() Standing // of this node, now; nil = all are alike
	Log      *slog.Logger
}

// DefaultSession is the least that brokers allow unless they are told otherwise
// (group.min.session.timeout.ms).
const DefaultSession = 6 * time.Second

// Campaign takes part in the election of the leader until ctx ends: the member
// of a consumer group that holds the journal's one partition is elected. It is
// a hint that keeps nodes from competing, never a proof: who leads is decided
// by the fences in the journal. When ctx ends it leaves the group, so that
// another is elected at once.
//
// elected is called with every outcome. While the group has no coordinator,
// nothing changes: the leader goes on. Where the brokers allow no session as
// short as the one that is asked for, DefaultSession stands in.
func Campaign(ctx context.Context, cfg ElectionConfig, elected func(Elected)) error {
	if cfg.Session == 0 {
		cfg.Session = DefaultSession
	}
	err := campaign(ctx, cfg, elected)
	if errors.Is(err, kafka.InvalidSessionTimeout) && cfg.Session < DefaultSession {
		cfg.Log.Error("the brokers allow no election timeout as short as this: lower group.min.session.timeout.ms, or raise --takeover-after",
			slog.Duration("asked", cfg.Session), slog.Duration("instead", DefaultSession))
		cfg.Session = DefaultSession
		err = campaign(ctx, cfg, elected)
	}
	return err
}

func campaign(ctx context.Context, cfg ElectionConfig, elected func(Elected)) error {
	b := &balancer{standing: cfg.Standing}
	group, err := kafka.NewConsumerGroup(cfg.group(b))
	if err != nil {
		return fmt.Errorf("join election: %w", err)
	}
	defer leave(group)
	again := forever(ctx)
	for {
		generation, err := group.Next(ctx)
		if ctx.Err() != nil || errors.Is(err, kafka.ErrGroupClosed) {
			return ctx.Err()
		}
		if errors.Is(err, kafka.InvalidSessionTimeout) && cfg.Session < DefaultSession {
			return err
		}
		if err != nil {
			cfg.Log.Warn("election is tried again", slog.Any("error", err))
			if err := pause(ctx, again.NextBackOff(), nil); err != nil {
				return err
			}
			continue
		}
		again.Reset()
		elected(b.outcome(generation))
	}
}

// leaveWithin bounds how long an orderly stop waits for the coordinator; leaving
// goes on beside what else there is to stop, and a node has five seconds for all
// of it. Who is gone without a word is replaced when its session ends.
const leaveWithin = time.Second

func leave(group *kafka.ConsumerGroup) {
	left := make(chan struct{})
	go func() {
		defer close(left)
		_ = group.Close()
	}()
	select {
	case <-left:
	case <-time.After(leaveWithin):
	}
}

func (c ElectionConfig) group(b *balancer) kafka.ConsumerGroupConfig {
	if c.Group == "" {
		c.Group = electionGroup
	}
	return kafka.ConsumerGroupConfig{
		ID: c.Group, Brokers: c.Brokers, Topics: []string{events.JournalTopic},
		Dialer:            c.Dialer,
		GroupBalancers:    []kafka.GroupBalancer{b},
		SessionTimeout:    c.Session,
		RebalanceTimeout:  c.Session,
		HeartbeatInterval: heartbeat(c.Session),
		JoinGroupBackoff:  joinAgain,
		// Nothing is ever committed.
		StartOffset: kafka.FirstOffset,
	}
}

const (
	// slowestHeartbeat: only with its next heartbeat does a node learn that it is
	// to take over.
	slowestHeartbeat = 250 * time.Millisecond
	joinAgain        = 200 * time.Millisecond
)

func heartbeat(session time.Duration) time.Duration { return min(session/6, slowestHeartbeat) }

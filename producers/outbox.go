package producers

import (
	"context"
	"errors"
	"fmt"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"

	"github.com/armslog/armslog/events"
)

// Outboxes appends to the outboxes of organisations, armslog.out.<org>.
type Outboxes struct{ client *kafka.Client }

// NewOutboxes appends through client, which it does not close.
func NewOutboxes(client *kafka.Client) *Outboxes { return &Outboxes{client} }

// Append stores msgs in the outbox of org as one record batch, all or nothing.
// After an error either may be true.
func (o *Outboxes) Append(ctx context.Context, org events.OrgID, msgs []events.Message) error {
	ctx, cancel := context.WithTimeout(ctx, produceTimeout)
	defer cancel()
	if _, err := newDirect(o.client, events.OutboxTopic(org)).byLibrary(ctx, msgs); err != nil {
		return fmt.Errorf("append to outbox: %w", err)
	}
	return nil
}

// IsNoOutbox says that a topic is not there, or that the brokers do not let this
// process use it: nothing was stored, and nothing will be before an operator
// has run armslog cluster apply.
func IsNoOutbox(err error) bool {
	return isAny(err, kafka.UnknownTopicOrPartition, kafka.TopicAuthorizationFailed) || errors.Is(err, protocol.ErrNoTopic)
}

package producers

import (
	"context"
	"fmt"

	"github.com/segmentio/kafka-go"

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

package fleet

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"
)

// errBehind is returned when a copy of a topic is behind.
var errBehind = errors.New("a broker has not caught up")

// WaitInSync returns when every broker has every topic: from then on one of
// them may be lost.
func (f *Fleet) WaitInSync(ctx context.Context) error {
	for {
		err := f.inSyncNow(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for brokers: %w: %w", ctx.Err(), err)
		case <-time.After(readyTick):
		}
	}
}

// inSyncNow asks each broker: one that has come back may not know yet how things
// stand.
func (f *Fleet) inSyncNow(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	for _, addr := range f.Addrs() {
		transport := &kafka.Transport{}
		defer transport.CloseIdleConnections()
		res, err := (&kafka.Client{Addr: kafka.TCP(addr), Transport: transport}).Metadata(ctx, &kafka.MetadataRequest{})
		if err != nil {
			return err
		}
		for _, t := range res.Topics {
			for _, p := range t.Partitions {
				if len(p.Isr) < min(len(p.Replicas), f.cfg.Brokers) || p.Error != nil {
					return errBehind
				}
			}
		}
	}
	return nil
}

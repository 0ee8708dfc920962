package consumers_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/armslog/armslog/consumers"
	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/sim"
)

// TestElectedWhileTheJournalIsNotKnown: brokers that are being replaced may say
// for a while that there is no such topic. Whoever is elected then must not be
// nobody, for nothing would bring the group to elect again.
func TestElectedWhileTheJournalIsNotKnown(t *testing.T) {
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	unknown := c.Cluster().Fault(kfake.Fault{
		Keys: []kmsg.Key{kmsg.Metadata}, Topic: events.JournalTopic, Err: kerr.UnknownTopicOrPartition, Count: -1,
	})
	ctx, cancel := context.WithCancel(t.Context())
	elected, done := make(chan consumers.Elected, 100), make(chan error, 1)
	go func() {
		done <- consumers.Campaign(ctx, consumers.ElectionConfig{Brokers: []string{c.Addr()}, Session: time.Second, Log: sim.Quiet()},
			func(e consumers.Elected) { elected <- e })
	}()
	select {
	case e := <-elected:
		require.True(t, e.Self, "somebody is elected")
	case <-time.After(20 * time.Second):
		t.Error("no election")
	}
	unknown.Remove()
	cancel()
	require.ErrorIs(t, <-done, context.Canceled)
}

package producers_test

import (
	"context"
	"log/slog"
	"testing"

	"github.com/segmentio/kafka-go"
	"go.uber.org/goleak"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/embedded/embeddedtest"
	"github.com/armslog/armslog/producers"
)

func TestMain(m *testing.M) {
	embedded.MaybeRunChild()
	goleak.VerifyTestMain(m)
}

const org = "NCB-AA"

// connect starts a broker and a client that end with the test.
func connect(t testing.TB) (*embedded.Broker, *kafka.Client) {
	t.Helper()
	b := embeddedtest.Broker(t, embedded.BrokerConfig{})
	return b, clientOf(t, b.Addr())
}

func clientOf(t testing.TB, addr string) *kafka.Client {
	c := producers.Connect(producers.Cluster{Brokers: []string{addr}})
	t.Cleanup(func() { producers.Disconnect(c) })
	return c
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func messages(values ...string) []events.Message {
	msgs := make([]events.Message, len(values))
	for i, v := range values {
		msgs[i] = events.Message{Headers: []events.Header{{Key: events.HeaderID, Value: []byte("1")}}, Value: []byte(v)}
	}
	return msgs
}

// stored returns the values of a topic from its start to its end.
func stored(t testing.TB, c *kafka.Client, topic string) (values []string) {
	t.Helper()
	for next := int64(0); ; {
		res, err := c.Fetch(context.Background(), &kafka.FetchRequest{Topic: topic, Offset: next, MinBytes: 1, MaxBytes: 64 << 20, MaxWait: 1})
		if err != nil || res.Error != nil {
			t.Fatal(err, res)
		}
		if next == res.HighWatermark {
			return values
		}
		for r, err := res.Records.ReadRecord(); err == nil; r, err = res.Records.ReadRecord() {
			v, _ := kafka.ReadAll(r.Value)
			if r.Offset == next {
				values = append(values, string(v))
				next++
			}
		}
	}
}

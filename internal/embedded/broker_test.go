package embedded_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/embedded/embeddedtest"
)

const topic = "armslog.journal"

func client(t testing.TB, addr string) *kafka.Client {
	transport := &kafka.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &kafka.Client{Addr: kafka.TCP(addr), Timeout: 10 * time.Second, Transport: transport}
}

func createTopic(t testing.TB, c *kafka.Client, settings map[string]string) {
	t.Helper()
	config := kafka.TopicConfig{Topic: topic, NumPartitions: 1, ReplicationFactor: 1}
	for name, value := range settings {
		config.ConfigEntries = append(config.ConfigEntries, kafka.ConfigEntry{ConfigName: name, ConfigValue: value})
	}
	res, err := c.CreateTopics(t.Context(), &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{config}})
	require.NoError(t, err)
	require.NoError(t, res.Errors[topic])
}

func produce(ctx context.Context, c *kafka.Client, values ...string) (*kafka.ProduceResponse, error) {
	records := make([]kafka.Record, len(values))
	for i, v := range values {
		records[i] = kafka.Record{Value: kafka.NewBytes([]byte(v))}
	}
	res, err := c.Produce(ctx, &kafka.ProduceRequest{Topic: topic, RequiredAcks: kafka.RequireAll, Records: kafka.NewRecordReader(records...)})
	if err == nil && res.Error != nil {
		err = res.Error
	}
	return res, err
}

// readAll returns the values in the topic from its start to its end.
func readAll(t testing.TB, c *kafka.Client) []string {
	t.Helper()
	var values []string
	for {
		res, err := c.Fetch(t.Context(), &kafka.FetchRequest{Topic: topic, Offset: int64(len(values)), MinBytes: 1, MaxBytes: 1 << 20, MaxWait: 100 * time.Millisecond})
		require.NoError(t, err)
		require.NoError(t, res.Error)
		if int64(len(values)) == res.HighWatermark {
			return values
		}
		values = append(values, recordsFrom(t, res, int64(len(values)))...)
	}
}

func recordsFrom(t testing.TB, res *kafka.FetchResponse, next int64) (values []string) {
	t.Helper()
	for {
		r, err := res.Records.ReadRecord()
		if err != nil {
			return values
		}
		if r.Offset < next { // a batch is handed out whole
			continue
		}
		require.Equal(t, next, r.Offset)
		b, err := kafka.ReadAll(r.Value)
		require.NoError(t, err)
		values = append(values, string(b))
		next++
	}
}

func TestBrokerKilledKeepsWhatWasAcknowledged(t *testing.T) {
	cfg := embedded.BrokerConfig{Dir: t.TempDir(), Sync: true}
	var acknowledged []string
	for round := range 4 {
		b, err := embedded.StartBrokerProcess(cfg, os.Stderr)
		require.NoError(t, err)
		t.Cleanup(b.Close)
		c := client(t, b.Addr())
		if round == 0 {
			createTopic(t, c, nil)
		}
		require.Subset(t, readAll(t, c), acknowledged, "round %d", round)
		acknowledged = append(acknowledged, produceUntilKilled(t, b, c, round)...)
	}
	b := embeddedtest.Broker(t, cfg)
	stored := readAll(t, client(t, b.Addr()))
	require.Subset(t, stored, acknowledged)
	require.LessOrEqual(t, len(stored)-len(acknowledged), 4, "at most the batch in flight at each kill is stored unacknowledged")
}

// produceUntilKilled appends one record at a time, kills the broker while the
// appends go on, and returns what was acknowledged.
func produceUntilKilled(t *testing.T, b *embedded.BrokerProcess, c *kafka.Client, round int) (acknowledged []string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { <-b.Done(); cancel() }()
	for i := 0; ; i++ {
		value := fmt.Sprintf("%d/%d", round, i)
		if i == 50 {
			go b.Kill()
		}
		if _, err := produce(ctx, c, value); err != nil {
			require.GreaterOrEqual(t, len(acknowledged), 50)
			return acknowledged
		}
		acknowledged = append(acknowledged, value)
	}
}

func TestBrokerReturnsAfterClose(t *testing.T) {
	cfg := embedded.BrokerConfig{Dir: t.TempDir()}
	b := embeddedtest.Broker(t, cfg)
	createTopic(t, client(t, b.Addr()), nil)
	_, err := produce(t.Context(), client(t, b.Addr()), "a", "b")
	require.NoError(t, err)
	b.Close()

	cfg.Listen = b.Addr()
	again := embeddedtest.Broker(t, cfg)
	require.Equal(t, b.Addr(), again.Addr())
	require.Equal(t, []string{"a", "b"}, readAll(t, client(t, again.Addr())))
}

func TestBrokerDirectoryHasOneOwner(t *testing.T) {
	cfg := embedded.BrokerConfig{Dir: t.TempDir()}
	b := embeddedtest.Broker(t, cfg)
	_, err := embedded.StartBroker(cfg)
	require.ErrorIs(t, err, embedded.ErrInUse)
	_, err = embedded.StartBrokerProcess(cfg, nil)
	require.Error(t, err, "another process is refused too")
	b.Close()
	embeddedtest.Broker(t, cfg)
}

func TestBrokerRefusesAnAddressNobodyCanDial(t *testing.T) {
	for _, listen := range []string{":0", "0.0.0.0:0", "[::]:0", "localhost"} {
		_, err := embedded.StartBroker(embedded.BrokerConfig{Listen: listen})
		require.Error(t, err, listen)
	}
}

func TestBrokerTopicSettings(t *testing.T) {
	c := client(t, embeddedtest.Broker(t, embedded.BrokerConfig{}).Addr())
	createTopic(t, c, map[string]string{"max.message.bytes": "3000000", "message.timestamp.type": "LogAppendTime", "retention.ms": "-1", "min.insync.replicas": "1"})

	res, err := produce(t.Context(), c, string(make([]byte, 2_900_000)))
	require.NoError(t, err, "above the default of 1 MiB")
	require.Zero(t, res.BaseOffset)
	require.True(t, res.LogAppendTime.IsZero(), "the engine does not stamp records: %s", res.LogAppendTime)
	_, err = produce(t.Context(), c, string(make([]byte, 3_100_000)))
	require.ErrorIs(t, err, kafka.MessageSizeTooLarge)
}

func TestBrokerProcessEndsWithItsParent(t *testing.T) {
	b, err := embedded.StartBrokerProcess(embedded.BrokerConfig{Dir: t.TempDir(), Sync: true}, os.Stderr)
	require.NoError(t, err)
	b.Close()
	require.NoError(t, b.Err(), "an orderly stop is a clean exit")
}

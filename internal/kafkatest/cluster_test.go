package kafkatest_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/internal/kafkatest"
)

const topic = "armslog.journal"

func client(addrs ...string) *kafka.Client {
	return &kafka.Client{Addr: kafka.TCP(addrs...), Timeout: 10 * time.Second, Transport: &kafka.Transport{}}
}

// produce retries until the new or newly elected leader serves.
func produce(t *testing.T, c *kafka.Client, value string) (last *kafka.ProduceResponse) {
	t.Helper()
	require.Eventually(t, func() bool {
		res, err := c.Produce(t.Context(), &kafka.ProduceRequest{
			Topic: topic, RequiredAcks: kafka.RequireAll,
			Records: kafka.NewRecordReader(kafka.Record{Value: kafka.NewBytes([]byte(value))}),
		})
		last = res
		return err == nil && res.Error == nil
	}, time.Minute, 50*time.Millisecond)
	return last
}

func fetch(t *testing.T, c *kafka.Client, offset int64) string {
	t.Helper()
	res, err := c.Fetch(t.Context(), &kafka.FetchRequest{Topic: topic, Offset: offset, MinBytes: 1, MaxBytes: 1 << 20, MaxWait: 500 * time.Millisecond})
	require.NoError(t, err)
	require.NoError(t, res.Error)
	record, err := res.Records.ReadRecord()
	require.NoError(t, err)
	value, err := kafka.ReadAll(record.Value)
	require.NoError(t, err)
	require.Equal(t, offset, record.Offset)
	return string(value)
}

func TestOneBroker(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real broker")
	}
	cluster := kafkatest.Start(t, kafkatest.Config{Properties: map[string]string{"log.retention.check.interval.ms": "1000"}})
	c := client(cluster.Addrs()...)
	res, err := c.CreateTopics(t.Context(), &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{{
		Topic: topic, NumPartitions: 1, ReplicationFactor: 1,
		ConfigEntries: []kafka.ConfigEntry{{ConfigName: "message.timestamp.type", ConfigValue: "LogAppendTime"}},
	}}})
	require.NoError(t, err)
	require.NoError(t, res.Errors[topic])
	first := produce(t, c, "before")
	require.WithinDuration(t, time.Now(), first.LogAppendTime, time.Minute)
	require.Equal(t, "before", fetch(t, c, 0))

	cluster.KillBroker(0)
	_, err = client(cluster.Addrs()...).Metadata(t.Context(), &kafka.MetadataRequest{})
	require.Error(t, err)
	cluster.RestartBroker(0)

	c = client(cluster.Addrs()...)
	produce(t, c, "after")
	require.Equal(t, "before", fetch(t, c, 0))
	require.Equal(t, "after", fetch(t, c, 1))

	cluster.PauseBroker(0)
	require.Eventually(t, func() bool { // its threads are stopped one after another, and the last may answer yet
		silent, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := c.Fetch(silent, &kafka.FetchRequest{Topic: topic, Offset: 1, MinBytes: 1, MaxBytes: 1 << 20})
		var late net.Error
		return errors.As(err, &late) && late.Timeout()
	}, time.Minute, time.Millisecond, "a paused broker says nothing")
	cluster.ResumeBroker(0)
	require.Equal(t, "after", fetch(t, client(cluster.Addrs()...), 1))
}

func TestThreeBrokersOutliveOne(t *testing.T) {
	if testing.Short() {
		t.Skip("three brokers take half a minute")
	}
	cluster := kafkatest.Start(t, kafkatest.Config{Brokers: 3, SASL: true, TLS: true})
	c := cluster.Client(kafkatest.Admin)
	res, err := c.CreateTopics(t.Context(), &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{{Topic: topic, NumPartitions: 1, ReplicationFactor: 3}}})
	require.NoError(t, err)
	require.NoError(t, res.Errors[topic])
	produce(t, c, "before")
	meta, err := c.Metadata(t.Context(), &kafka.MetadataRequest{Topics: []string{topic}})
	require.NoError(t, err)
	leader := meta.Topics[0].Partitions[0].Leader.ID
	cluster.KillBroker(leader - 1)
	produce(t, cluster.Client(kafkatest.Admin), "after")
	cluster.RestartBroker(leader - 1)
	produce(t, cluster.Client(kafkatest.Admin), "whole again")
}

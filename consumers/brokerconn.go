package consumers

import (
	"context"
	"errors"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol/fetch"

	"github.com/armslog/armslog/internal/brokerconn"
)

// brokerConn fetches from one broker: in bulk where that can be, else through
// the library.
type brokerConn struct {
	client  *kafka.Client
	addr    string
	conn    *bulk
	never   bool // this client can only be read through the library
	passing bool // the headers of what was fetched are done with before the next fetch
}

func (c *brokerConn) fetch(ctx context.Context, topics []wanted, bytes int32, wait time.Duration) ([]fetched, error) {
	if answers, ok := c.inBulk(ctx, topics, bytes, wait); ok {
		return answers, nil
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return byLibrary(ctx, c.client, topics, bytes, wait)
}

// inBulk says false where only the library can read now.
func (c *brokerConn) inBulk(ctx context.Context, topics []wanted, bytes int32, wait time.Duration) ([]fetched, bool) {
	if c.conn != nil && c.conn.Spent() {
		c.hangUp()
	}
	if c.conn == nil && !c.never && c.addr != "" {
		conn, err := brokerconn.Dial(ctx, c.client, c.addr)
		if err == nil {
			c.conn = &bulk{Conn: conn, passing: c.passing}
		}
		c.never = errors.Is(err, brokerconn.ErrNotKafka)
	}
	if c.conn == nil {
		return nil, false
	}
	answers, err := c.conn.fetch(ctx, topics, bytes, wait)
	if err != nil && !errors.Is(err, errNoBulk) { // else the answer was read to its end
		c.hangUp()
	}
	return answers, err == nil
}

func (c *brokerConn) hangUp() {
	if c.conn != nil {
		_ = c.conn.Close()
		c.conn = nil
	}
}

// byLibrary is bulk.fetch through the client.
func byLibrary(ctx context.Context, client *kafka.Client, topics []wanted, bytes int32, wait time.Duration) (answers []fetched, err error) {
	ctx, cancel := context.WithTimeout(ctx, wait+patience)
	defer cancel()
	req := &fetch.Request{ReplicaID: -1, SessionID: -1, SessionEpoch: -1, MinBytes: 1, MaxBytes: bytes, MaxWaitTime: int32(wait.Milliseconds())}
	from := make(map[string]int64, len(topics))
	for _, t := range topics {
		from[t.topic] = t.offset
		req.Topics = append(req.Topics, fetch.RequestTopic{Topic: t.topic, Partitions: []fetch.RequestPartition{{
			CurrentLeaderEpoch: -1, FetchOffset: t.offset, LogStartOffset: -1, PartitionMaxBytes: t.bytes,
		}}})
	}
	res, err := client.Transport.RoundTrip(ctx, client.Addr, req)
	if err != nil {
		return nil, err
	}
	answer := res.(*fetch.Response)
	if answer.ErrorCode != 0 {
		return nil, kafka.Error(answer.ErrorCode)
	}
	for i := range answer.Topics {
		t := &answer.Topics[i]
		for k := range t.Partitions {
			p := &t.Partitions[k]
			f := fetched{topic: t.Topic, code: kafka.Error(p.ErrorCode), start: p.LogStartOffset, end: p.HighWatermark}
			if f.code == 0 {
				f.records, f.next, f.err = readRecords(p.RecordSet.Records, from[t.Topic], all)
			}
			answers = append(answers, f)
		}
	}
	return answers, nil
}

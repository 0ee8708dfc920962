package producers

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/brokerconn"
)

// direct appends to the only partition of one topic, on a connection of its
// own to the partition's leader. Every request of every organisation is
// appended twice, one batch in flight each time, and the client library takes
// as long to encode a batch and hand it from goroutine to goroutine as the
// registry to decide it. So this speaks the one request that matters, Produce
// version 3. After any error the next attempt is the library's, until one
// succeeds: what cannot be done here is done there.
//
// It is not safe for concurrent use.
//
// The format: https://kafka.apache.org/protocol#The_Messages_Produce
type direct struct {
	client *kafka.Client
	topic  string

	conn    *brokerconn.Conn
	library bool // the next attempt is the library's
	buf     []byte
}

func newDirect(client *kafka.Client, topic string) *direct {
	return &direct{client: client, topic: topic}
}

// produceTimeout bounds one attempt; what became of it after that is unknown.
const produceTimeout = 10 * time.Second

// produce appends msgs as one record batch, all or nothing, acknowledged by
// every in-sync replica. outcomeOf says what an error means.
func (d *direct) produce(ctx context.Context, msgs []events.Message) (Appended, error) {
	ctx, cancel := context.WithTimeout(ctx, produceTimeout)
	defer cancel()
	if d.conn != nil && d.conn.Spent() {
		d.hangUp()
	}
	if d.conn == nil && !d.library {
		d.conn, _ = d.dial(ctx) // else the library says what is wrong
	}
	if d.conn == nil {
		return d.byLibrary(ctx, msgs)
	}
	at, err := d.send(ctx, msgs)
	if err != nil {
		d.hangUp()
		d.library = true
	}
	return at, err
}

func (d *direct) byLibrary(ctx context.Context, msgs []events.Message) (Appended, error) {
	res, err := d.client.Produce(ctx, &kafka.ProduceRequest{
		Topic: d.topic, RequiredAcks: kafka.RequireAll, Records: &recordReader{msgs: msgs},
	})
	if err == nil {
		err = res.Error // the broker's refusal is in the response, not in err
	}
	if err != nil {
		return Appended{}, err
	}
	d.library = false
	return Appended{Offset: res.BaseOffset, Time: res.LogAppendTime}, nil
}

func (d *direct) hangUp() {
	if d.conn != nil {
		_ = d.conn.Close()
		d.conn = nil
	}
}

func (d *direct) dial(ctx context.Context) (*brokerconn.Conn, error) {
	addr, err := brokerconn.Leader(ctx, d.client, d.topic)
	if err != nil {
		return nil, err
	}
	return brokerconn.Dial(ctx, d.client, addr)
}

// send is one attempt. A connection that fails leaves the outcome unknown.
func (d *direct) send(ctx context.Context, msgs []events.Message) (Appended, error) {
	deadline, _ := ctx.Deadline()
	if err := d.conn.SetDeadline(deadline); err != nil {
		return Appended{}, fmt.Errorf("append: %w", err)
	}
	conn := d.conn // not d: it may have hung up when this runs
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	d.buf = appendProduce(d.buf[:0], d.topic, msgs, time.Now().UnixMilli())
	_, err := d.conn.Write(d.buf)
	if cap(d.buf) > keptBuffer {
		d.buf = nil
	}
	if err != nil {
		return Appended{}, d.failed(ctx, "send append", err)
	}
	var size [4]byte
	if _, err := io.ReadFull(d.conn, size[:]); err != nil {
		return Appended{}, d.failed(ctx, "receive append", err)
	}
	n := binary.BigEndian.Uint32(size[:])
	if n > maxAnswer {
		return Appended{}, fmt.Errorf("receive append: %d bytes are too many", n)
	}
	answer := make([]byte, n)
	if _, err := io.ReadFull(d.conn, answer); err != nil {
		return Appended{}, d.failed(ctx, "receive append", err)
	}
	return readProduced(answer)
}

const (
	keptBuffer = 4 << 20 // of encoded batches: a larger one is not kept
	maxAnswer  = 64 << 10
)

// failed prefers the reason why the caller gave up.
func (d *direct) failed(ctx context.Context, what string, err error) error {
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return fmt.Errorf("%s: %w", what, err)
}

// readProduced reads the answer for one topic with one partition.
func readProduced(b []byte) (Appended, error) {
	be := binary.BigEndian
	const fixed = 4 + 4 + 2 // correlation, topics, length of the topic's name
	if len(b) < fixed {
		return Appended{}, fmt.Errorf("read append: %w", io.ErrUnexpectedEOF)
	}
	b = b[fixed-2:]
	name := 2 + int(be.Uint16(b))
	if len(b) < name+4+4+2+8+8 || be.Uint32(b[name:]) != 1 {
		return Appended{}, fmt.Errorf("read append: %w", io.ErrUnexpectedEOF)
	}
	b = b[name+4+4:] // partitions, its number
	if code := kafka.Error(int16(be.Uint16(b))); code != 0 {
		return Appended{}, code
	}
	at := Appended{Offset: int64(be.Uint64(b[2:]))}
	if ms := int64(be.Uint64(b[10:])); ms > 0 {
		at.Time = time.UnixMilli(ms).UTC()
	}
	return at, nil
}

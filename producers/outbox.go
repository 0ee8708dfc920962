package producers

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/initproducerid"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/brokerconn"
)

// Outboxes appends to the outboxes of organisations, armslog.out.<org>. An
// append that was given up may be on its way still, and arrive after another
// one has been made in its place. So every batch bears a producer id and a
// sequence, and the broker refuses what it has gone past (KIP-98). That holds as
// long as this process lives; what one that died had sent may arrive after its
// successor has looked.
//
// It is not safe for concurrent use: there is one courier.
type Outboxes struct {
	client *kafka.Client
	id     int64 // of the producer; -1 = none yet
	boxes  map[events.OrgID]*outbox
}

// outbox is what is known of one.
type outbox struct {
	by     producer
	end    int64 // offset behind its last message, as last seen
	looked bool  // it was looked at since an append failed
}

// ErrNotLooked is returned when an append has failed, or none was made yet, and
// nobody has said since what the outbox holds: see Looked.
var ErrNotLooked = errors.New("the outbox was not looked at")

// NewOutboxes appends through client, which it does not close.
func NewOutboxes(client *kafka.Client) *Outboxes {
	return &Outboxes{client: client, id: -1, boxes: map[events.OrgID]*outbox{}}
}

// Looked says that the outbox of org was found to end at offset end, and that
// what is appended next follows that. It MUST be said before the first append
// and after one that failed.
func (o *Outboxes) Looked(org events.OrgID, end int64) {
	box := o.boxes[org]
	if box == nil {
		box = &outbox{by: nobody, end: end}
		o.boxes[org] = box
	}
	// It grew while nobody knew: an append that was given up has been stored. The
	// broker is past its sequence, and past every copy of it; a new epoch, whose
	// sequence begins at 0, needs not know by how much (KIP-360).
	if box.end != end && box.by.id >= 0 {
		o.renew(box)
	}
	box.end, box.looked = end, true
}

func (o *Outboxes) renew(box *outbox) {
	if box.by.epoch == math.MaxInt16 {
		o.id, box.by = -1, nobody
		return
	}
	box.by = producer{box.by.id, box.by.epoch + 1, 0}
}

// Append stores msgs in the outbox of org as one record batch, all or nothing.
// After an error either may be true, until Looked has been told.
func (o *Outboxes) Append(ctx context.Context, org events.OrgID, msgs []events.Message) error {
	box := o.boxes[org]
	if box == nil || !box.looked {
		return fmt.Errorf("append to outbox: %w", ErrNotLooked)
	}
	ctx, cancel := context.WithTimeout(ctx, produceTimeout)
	defer cancel()
	at, err := o.append(ctx, events.OutboxTopic(org), box, msgs)
	if err != nil {
		box.looked = false
		if isAny(err, kafka.OutOfOrderSequenceNumber, kafka.UnknownProducerId, kafka.InvalidProducerEpoch, kafka.InvalidProducerIDMapping) {
			o.renew(box) // the broker knows another past of this producer than we do
		}
		return fmt.Errorf("append to outbox: %w", err)
	}
	if at < box.end { // the broker takes it for one that it had before
		box.looked = false
		o.renew(box)
		return fmt.Errorf("append to outbox: %w", kafka.DuplicateSequenceNumber)
	}
	n := int32(len(msgs))
	box.end = at + int64(n)
	box.by.next = (box.by.next + n) & math.MaxInt32
	return nil
}

func (o *Outboxes) append(ctx context.Context, topic string, box *outbox, msgs []events.Message) (offset int64, err error) {
	if box.by.id < 0 {
		if o.id < 0 {
			if o.id, err = newProducer(ctx, o.client, topic); err != nil {
				return 0, err
			}
		}
		box.by = producer{id: o.id}
	}
	batch := appendBatch(make([]byte, 4), msgs, time.Now().UnixMilli(), box.by)
	binary.BigEndian.PutUint32(batch, uint32(len(batch)-4)) // as the library would: its size first
	res, err := o.client.RawProduce(ctx, &kafka.RawProduceRequest{
		Topic: topic, RequiredAcks: kafka.RequireAll, RawRecords: protocol.RawRecordSet{Reader: bytes.NewReader(batch)},
	})
	if err == nil {
		err = res.Error
	}
	if err != nil {
		return 0, err
	}
	return res.BaseOffset, nil
}

// newProducer asks the broker that leads topic for a producer id. The library
// would ask a transaction's coordinator, which needs another right; any broker
// gives one to whoever may write to a topic.
func newProducer(ctx context.Context, client *kafka.Client, topic string) (id int64, err error) {
	addr, err := brokerconn.Leader(ctx, client, topic)
	if err != nil {
		return 0, err
	}
	c, err := brokerconn.Dial(ctx, client, addr)
	if err != nil {
		return 0, err
	}
	defer func() { _ = c.Close() }()
	deadline, _ := ctx.Deadline()
	if err := c.SetDeadline(deadline); err != nil {
		return 0, err
	}
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	defer stop()
	conn := protocol.NewConn(c, "armslog")
	conn.SetVersions(map[protocol.ApiKey]int16{protocol.InitProducerId: 1})
	res, err := conn.RoundTrip(&initproducerid.Request{})
	if err != nil {
		return 0, fmt.Errorf("ask for a producer id: %w", err)
	}
	answer := res.(*initproducerid.Response)
	if answer.ErrorCode != 0 {
		return 0, fmt.Errorf("ask for a producer id: %w", kafka.Error(answer.ErrorCode))
	}
	return answer.ProducerID, nil
}

// IsNoOutbox says that a topic is not there, or that the brokers do not let this
// process use it: nothing was stored, and nothing will be before an operator
// has run armslog cluster apply.
func IsNoOutbox(err error) bool {
	return isAny(err, kafka.UnknownTopicOrPartition, kafka.TopicAuthorizationFailed) || errors.Is(err, protocol.ErrNoTopic)
}

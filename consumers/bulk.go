package consumers

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/brokerconn"
)

// bulk is a connection to one broker for one purpose: to fetch much. A journal
// entry has some twenty headers, and the client library allocates for each of
// them, and for each request of a mailbox; a restart folds millions of entries,
// and an import is read from its mailbox as fast as it is written. So this
// speaks the one request that matters, Fetch version 5, and leaves the records
// where they were received. On any error the library takes over.
//
// The format: https://kafka.apache.org/protocol#The_Messages_Fetch
type bulk struct {
	*brokerconn.Conn
	keys []string // of the headers of the last record: the next one's are the same
	buf  []byte   // of the last answer of which all that was kept is a copy

	passing bool            // as in brokerConn
	spare   []events.Header // of the last answer, where they are passing
}

// errNoBulk is returned when only the library can read: batches are compressed
// or of an older format.
var errNoBulk = errors.New("cannot be read in bulk")

// wanted asks for the records of a topic's one partition, from an offset on.
type wanted struct {
	topic  string
	offset int64
	bytes  int32 // at most, but for the first batch
	most   int   // records; the broker sends whole batches
}

// fetched is what a broker says of one topic.
type fetched struct {
	topic   string
	code    kafka.Error // 0 = none
	start   int64       // of the log; -1 = not said
	end     int64       // of the log: the high watermark
	records []record
	next    int64 // offset after the last record, those of transaction markers included
	err     error // the records cannot be read
}

// fetch returns what is there of each topic, in the order in which the broker
// says it, once something is there or wait is over. After an error the
// connection is of no more use.
func (c *bulk) fetch(ctx context.Context, topics []wanted, bytes int32, wait time.Duration) ([]fetched, error) {
	if err := c.SetDeadline(time.Now().Add(wait + patience)); err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if _, err := c.Write(fetchRequest(topics, bytes, wait)); err != nil {
		return nil, fmt.Errorf("send fetch: %w", err)
	}
	var size [4]byte
	if _, err := io.ReadFull(c, size[:]); err != nil {
		return nil, fmt.Errorf("receive fetch: %w", err)
	}
	n := binary.BigEndian.Uint32(size[:])
	if n > maxResponse {
		return nil, fmt.Errorf("receive fetch: %d bytes are too many", n)
	}
	answer := c.room(int(n), topics)
	if _, err := io.ReadFull(c, answer); err != nil {
		return nil, fmt.Errorf("receive fetch: %w", err)
	}
	return c.answer(answer, topics)
}

// room is where an answer goes: records stay where they were received, but of an
// answer that is asked for a few of them those are copied (batch).
func (c *bulk) room(n int, topics []wanted) []byte {
	for _, t := range topics {
		if t.most >= all {
			return make([]byte, n)
		}
	}
	c.buf = slices.Grow(c.buf[:0], n)[:n]
	return c.buf
}

// maxResponse bounds what is believed of a size: two of the largest batches.
const maxResponse = 32 << 20

func fetchRequest(topics []wanted, bytes int32, wait time.Duration) []byte {
	const fetchKey, version = 1, 5
	be := binary.BigEndian
	b := be.AppendUint32(make([]byte, 0, 64+64*len(topics)), 0) // size, below
	b = be.AppendUint16(be.AppendUint16(b, fetchKey), version)
	b = appendString(be.AppendUint32(b, 0), "armslog")  // correlation, client id
	b = be.AppendUint32(b, 0xffffffff)                  // replica -1: a consumer
	b = be.AppendUint32(b, uint32(wait.Milliseconds())) // max wait
	b = be.AppendUint32(b, 1)                           // min bytes
	b = be.AppendUint32(b, uint32(bytes))               // max bytes
	b = append(b, 0)                                    // read uncommitted
	b = be.AppendUint32(b, uint32(len(topics)))
	for _, t := range topics {
		b = appendString(b, t.topic)
		b = be.AppendUint32(be.AppendUint32(b, 1), 0) // partition 0
		b = be.AppendUint64(b, uint64(t.offset))
		b = be.AppendUint64(b, 1<<64-1) // log start -1: not a follower
		b = be.AppendUint32(b, uint32(t.bytes))
	}
	be.PutUint32(b, uint32(len(b)-4))
	return b
}

func appendString(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(s))), s...)
}

func (c *bulk) answer(b []byte, topics []wanted) (all []fetched, err error) {
	c.spare = c.spare[:0]
	r := wire{b: b}
	r.skip(4 + 4) // correlation, throttle time
	for range r.int32() {
		f := fetched{topic: string(r.take(int(r.int16())))}
		if n := r.int32(); n != 1 {
			return nil, fmt.Errorf("read fetch: %d partitions, 1 was asked for", n)
		}
		r.skip(4) // its number
		f.code = kafka.Error(r.int16())
		f.end = r.int64()
		r.skip(8) // last stable offset
		f.start = r.int64()
		if aborted := r.int32(); aborted > 0 {
			r.skip(16 * int(aborted))
		}
		set := r.take(int(r.int32()))
		if r.failed {
			return nil, fmt.Errorf("read fetch: %w", io.ErrUnexpectedEOF)
		}
		for _, t := range topics {
			if t.topic == f.topic {
				f.records, f.next, f.err = c.records(set, t.offset, t.most)
			}
		}
		if errors.Is(f.err, errNoBulk) {
			return nil, f.err
		}
		all = append(all, f)
	}
	return all, nil
}

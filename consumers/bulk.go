package consumers

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/metadata"

	"github.com/armslog/armslog/events"
)

// bulk is a connection to the journal's leader for one purpose: to replay what
// is already there. An entry has some twenty headers, and the client library
// allocates for each of them; a restart folds millions of entries. So this
// speaks the one request that matters, Fetch version 4, and leaves the records
// where they were received. On any error the library takes over.
//
// The format: https://kafka.apache.org/protocol#The_Messages_Fetch
type bulk struct {
	net.Conn
	keys []string // of the headers of the last record: the next one's are the same
}

// errNoBulk is returned when only the library can read: the connection wants
// SASL, or batches are compressed.
var errNoBulk = errors.New("cannot be read in bulk")

func (j *Journal) dialBulk(ctx context.Context) (*bulk, error) {
	transport, ok := j.client.Transport.(*kafka.Transport)
	if !ok || transport.SASL != nil {
		return nil, errNoBulk
	}
	addr, err := j.leader(ctx)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var conn net.Conn
	if transport.TLS != nil {
		conn, err = (&tls.Dialer{Config: transport.TLS}).DialContext(ctx, "tcp", addr)
	} else {
		conn, err = (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	}
	if err != nil {
		return nil, fmt.Errorf("dial the journal's leader: %w", err)
	}
	return &bulk{Conn: conn}, nil
}

// leader is the address of the broker that leads the journal.
func (j *Journal) leader(ctx context.Context) (string, error) {
	res, err := j.client.Transport.RoundTrip(ctx, j.client.Addr, &metadata.Request{TopicNames: []string{events.JournalTopic}})
	if err != nil {
		return "", fmt.Errorf("find the journal's leader: %w", err)
	}
	m := res.(*metadata.Response)
	for _, t := range m.Topics {
		for _, p := range t.Partitions {
			for _, b := range m.Brokers {
				if b.NodeID == p.LeaderID {
					return net.JoinHostPort(b.Host, strconv.Itoa(int(b.Port))), nil
				}
			}
		}
	}
	return "", fmt.Errorf("find the journal's leader: %w", kafka.LeaderNotAvailable)
}

// fetch returns the records from an offset on.
func (c *bulk) fetch(ctx context.Context, from int64, bytes int32) ([]record, error) {
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if _, err := c.Write(fetchRequest(from, bytes)); err != nil {
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
	answer := make([]byte, n)
	if _, err := io.ReadFull(c, answer); err != nil {
		return nil, fmt.Errorf("receive fetch: %w", err)
	}
	return c.answer(answer, from)
}

// maxResponse bounds what is believed of a size: two of the largest batches.
const maxResponse = 32 << 20

func fetchRequest(from int64, bytes int32) []byte {
	const fetchKey, version = 1, 4
	be := binary.BigEndian
	b := be.AppendUint32(make([]byte, 0, 128), 0) // size, below
	b = be.AppendUint16(be.AppendUint16(b, fetchKey), version)
	b = appendString(be.AppendUint32(b, 0), "armslog")     // correlation, client id
	b = be.AppendUint32(b, 0xffffffff)                     // replica -1: a consumer
	b = be.AppendUint32(b, uint32(maxWait.Milliseconds())) // max wait
	b = be.AppendUint32(b, 1)                              // min bytes
	b = be.AppendUint32(b, uint32(bytes))                  // max bytes
	b = append(b, 0)                                       // read uncommitted
	b = appendString(be.AppendUint32(b, 1), events.JournalTopic)
	b = be.AppendUint32(be.AppendUint32(b, 1), 0) // partition 0
	b = be.AppendUint64(b, uint64(from))
	b = be.AppendUint32(b, uint32(bytes))
	be.PutUint32(b, uint32(len(b)-4))
	return b
}

func appendString(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(s))), s...)
}

func (c *bulk) answer(b []byte, from int64) ([]record, error) {
	r := wire{b: b}
	r.skip(4 + 4) // correlation, throttle time
	r.skip(4)     // one topic
	r.skip(int(r.int16()))
	r.skip(4 + 4) // one partition, its number
	if code := r.int16(); code != 0 {
		return nil, kafka.Error(code)
	}
	r.skip(8 + 8) // high watermark, last stable offset
	if aborted := r.int32(); aborted > 0 {
		r.skip(16 * int(aborted))
	}
	set := r.take(int(r.int32()))
	if r.failed {
		return nil, fmt.Errorf("read fetch: %w", io.ErrUnexpectedEOF)
	}
	return c.records(set, from)
}

// records reads the batches of a record set; the last one may be cut off.
func (c *bulk) records(set []byte, from int64) (records []record, err error) {
	for len(set) > batchHeader {
		size := 12 + int64(binary.BigEndian.Uint32(set[8:]))
		if size > int64(len(set)) {
			break
		}
		records, err = c.batch(records, set[:size], from)
		if err != nil {
			return nil, err
		}
		set = set[size:]
	}
	return records, nil
}

// batchHeader is the size of a record batch without its records.
const batchHeader = 61

func (c *bulk) batch(records []record, b []byte, from int64) ([]record, error) {
	be := binary.BigEndian
	base, attributes := int64(be.Uint64(b)), be.Uint16(b[21:])
	if b[16] != 2 || attributes&7 != 0 || attributes&uint16(protocol.Control) != 0 {
		return nil, errNoBulk
	}
	if be.Uint32(b[17:]) != checksum(b[21:]) {
		return nil, errors.New("read batch: checksum differs")
	}
	n := int(be.Uint32(b[57:]))
	if base+int64(n) <= from {
		return records, nil
	}
	r := wire{b: b[batchHeader:]}
	headers := make([]events.Header, 0, 20*min(n, len(b)/8))
	for range n {
		one := wire{b: r.take(int(r.varint()))}
		one.skip(1)  // attributes
		one.varint() // time
		offset := base + one.varint()
		one.bytes() // key
		m := record{offset: offset}
		m.Value = one.bytes()
		headers = c.headers(headers[len(headers):], &one)
		m.Headers = headers[:len(headers):len(headers)]
		if r.failed || one.failed {
			return nil, fmt.Errorf("read batch: %w", io.ErrUnexpectedEOF)
		}
		if offset >= from {
			records = append(records, m)
		}
	}
	return records, nil
}

// headers appends the headers of one record. Their keys are mostly those of
// the record before, which saves a string each.
func (c *bulk) headers(headers []events.Header, r *wire) []events.Header {
	n := int(r.varint())
	for i := 0; i < n && !r.failed; i++ {
		key := r.bytes()
		if i == len(c.keys) {
			c.keys = append(c.keys, "")
		}
		if c.keys[i] != string(key) {
			c.keys[i] = string(key)
		}
		headers = append(headers, events.Header{Key: c.keys[i], Value: r.bytes()})
	}
	return headers
}

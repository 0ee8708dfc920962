package consumers

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/segmentio/kafka-go/protocol"

	"github.com/armslog/armslog/events"
)

// records reads up to so many records of a record set's batches; the last one
// may be cut off. next is the offset after the last batch that was read.
func (c *bulk) records(set []byte, from int64, most int) (records []record, next int64, err error) {
	next = from
	for len(set) > batchHeader && len(records) < most {
		size := 12 + int64(binary.BigEndian.Uint32(set[8:]))
		if size > int64(len(set)) {
			break
		}
		if size < batchHeader {
			return nil, from, fmt.Errorf("read batch: %d bytes are none", size)
		}
		if records, err = c.batch(records, set[:size], from, most); err != nil {
			return nil, from, err
		}
		next = max(next, lastOffset(set)+1)
		set = set[size:]
	}
	return records, next, nil
}

// lastOffset is the offset of a batch's last record.
func lastOffset(batch []byte) int64 {
	return int64(binary.BigEndian.Uint64(batch)) + int64(binary.BigEndian.Uint32(batch[23:]))
}

// batchHeader is the size of a record batch without its records.
const batchHeader = 61

func (c *bulk) batch(records []record, b []byte, from int64, most int) ([]record, error) {
	be := binary.BigEndian
	base, attributes := int64(be.Uint64(b)), be.Uint16(b[21:])
	if b[16] != 2 || attributes&7 != 0 {
		return nil, errNoBulk
	}
	if be.Uint32(b[17:]) != checksum(b[21:]) {
		return nil, errors.New("read batch: checksum differs")
	}
	n := int(be.Uint32(b[57:]))
	if lastOffset(b) < from || attributes&uint16(protocol.Control) != 0 {
		return records, nil // a transaction marker is an offset without a message
	}
	r := wire{b: b[batchHeader:]}
	headers := c.place(20 * min(n, len(b)/8, most))
	for range n {
		one := wire{b: r.take(int(r.varint()))}
		one.skip(1)  // attributes
		one.varint() // time
		offset := base + one.varint()
		if offset < from && !one.failed {
			continue
		}
		if most < all {
			one.b = bytes.Clone(one.b) // who wants a few records must not keep the others in memory
		}
		one.bytes() // key
		m := record{offset: offset}
		m.Value = one.bytes()
		headers = c.headers(headers[len(headers):], &one)
		m.Headers = headers[:len(headers):len(headers)]
		if r.failed || one.failed {
			return nil, fmt.Errorf("read batch: %w", io.ErrUnexpectedEOF)
		}
		if records = append(records, m); len(records) == most {
			break
		}
	}
	return records, nil
}

// place is room for so many headers.
func (c *bulk) place(n int) []events.Header {
	if !c.passing {
		return make([]events.Header, 0, n)
	}
	if cap(c.spare)-len(c.spare) < n {
		c.spare = make([]events.Header, 0, max(n, 2*cap(c.spare))) // those of batches before stay where they are
	}
	at := len(c.spare)
	c.spare = c.spare[:at+n]
	return c.spare[at : at : at+n]
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

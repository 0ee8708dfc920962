package producers

import (
	"encoding/binary"
	"hash/crc32"

	"github.com/armslog/armslog/events"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// appendProduce appends a Produce request, version 3, of one record batch to
// partition 0 of a topic; now is the records' time, Unix milliseconds.
func appendProduce(b []byte, topic string, msgs []events.Message, now int64) []byte {
	const produceKey, version = 0, 3
	be := binary.BigEndian
	b = be.AppendUint32(b, 0) // size, below
	b = be.AppendUint16(be.AppendUint16(b, produceKey), version)
	b = appendString(be.AppendUint32(b, 0), "armslog") // correlation, client id
	b = be.AppendUint16(b, 0xffff)                     // no transaction
	b = be.AppendUint16(b, 0xffff)                     // acks=all
	b = be.AppendUint32(b, uint32(produceTimeout.Milliseconds()))
	b = appendString(be.AppendUint32(b, 1), topic)
	b = be.AppendUint32(be.AppendUint32(b, 1), 0) // one partition: 0
	set := len(b)
	b = appendBatch(be.AppendUint32(b, 0), msgs, now, nobody)
	be.PutUint32(b[set:], uint32(len(b)-set-4))
	be.PutUint32(b, uint32(len(b)-4))
	return b
}

func appendString(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(s))), s...)
}

// producer is who writes a batch, and which of its records to this partition is
// the first: a broker stores each sequence once, and in order (KIP-98).
type producer struct {
	id    int64
	epoch int16
	next  int32
}

// nobody writes batches that a broker stores as often as they arrive.
var nobody = producer{-1, -1, -1}

// appendBatch appends a record batch of format 2, not compressed.
//
// The format: https://kafka.apache.org/documentation/#recordbatch
func appendBatch(b []byte, msgs []events.Message, now int64, by producer) []byte {
	be := binary.BigEndian
	start := len(b)
	b = be.AppendUint64(b, 0)          // base offset: the broker's to give
	b = be.AppendUint32(b, 0)          // length, below
	b = be.AppendUint32(b, 0xffffffff) // leader epoch: not known
	b = append(b, 2)                   // format
	b = be.AppendUint32(b, 0)          // checksum, below
	checked := len(b)
	b = be.AppendUint16(b, 0) // attributes
	b = be.AppendUint32(b, uint32(len(msgs)-1))
	b = be.AppendUint64(be.AppendUint64(b, uint64(now)), uint64(now)) // first and last time
	b = be.AppendUint32(be.AppendUint16(be.AppendUint64(b, uint64(by.id)), uint16(by.epoch)), uint32(by.next))
	b = be.AppendUint32(b, uint32(len(msgs)))
	for i, m := range msgs {
		b = appendRecord(b, i, m)
	}
	be.PutUint32(b[start+8:], uint32(len(b)-start-12))
	be.PutUint32(b[checked-4:], crc32.Checksum(b[checked:], castagnoli))
	return b
}

func appendRecord(b []byte, i int, m events.Message) []byte {
	b = binary.AppendVarint(b, int64(recordSize(i, m)))
	b = append(b, 0, 0) // attributes, time since the first
	b = binary.AppendVarint(b, int64(i))
	b = binary.AppendVarint(b, -1) // no key
	b = appendBytes(b, m.Value)
	b = binary.AppendVarint(b, int64(len(m.Headers)))
	for _, h := range m.Headers {
		b = append(binary.AppendVarint(b, int64(len(h.Key))), h.Key...)
		b = appendBytes(b, h.Value)
	}
	return b
}

func appendBytes(b, v []byte) []byte {
	if v == nil {
		return binary.AppendVarint(b, -1)
	}
	return append(binary.AppendVarint(b, int64(len(v))), v...)
}

func recordSize(i int, m events.Message) int {
	n := 2 + varintSize(i) + varintSize(-1) + bytesSize(m.Value) + varintSize(len(m.Headers))
	for _, h := range m.Headers {
		n += varintSize(len(h.Key)) + len(h.Key) + bytesSize(h.Value)
	}
	return n
}

func bytesSize(v []byte) int {
	if v == nil {
		return varintSize(-1)
	}
	return varintSize(len(v)) + len(v)
}

// varintSize is how many bytes binary.AppendVarint appends.
func varintSize(v int) (n int) {
	for n = 1; v > 63 || v < -64; n++ {
		v >>= 7
	}
	return n
}

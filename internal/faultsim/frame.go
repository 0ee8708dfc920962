package faultsim

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Place is what a request is about, as far as faults tell requests apart.
type Place string

// Places.
const (
	Anywhere Place = ""
	Journal  Place = "journal"
	Mailbox  Place = "mailbox"
	Outbox   Place = "outbox"
	Group    Place = "group"
)

// Call is one request on its way to a broker.
type Call struct {
	From    string // node or organisation
	Key     kmsg.Key
	Version int16
	Place   Place
}

// headBytes is how much of a request is looked at for the topic it names.
const headBytes = 256

// callOf reads a request's head: api key, version; the topic that it names
// stands near its beginning.
// https://kafka.apache.org/protocol#protocol_messages
func callOf(from string, frame []byte) Call {
	if len(frame) < 4 {
		return Call{From: from, Key: -1}
	}
	c := Call{From: from, Key: kmsg.Key(binary.BigEndian.Uint16(frame)), Version: int16(binary.BigEndian.Uint16(frame[2:]))}
	head := frame[:min(len(frame), headBytes)]
	switch {
	case c.Key == kmsg.FindCoordinator, c.Key == kmsg.JoinGroup, c.Key == kmsg.SyncGroup, c.Key == kmsg.Heartbeat,
		c.Key == kmsg.LeaveGroup, c.Key == kmsg.OffsetFetch:
		c.Place = Group
	case c.Key != kmsg.Produce && c.Key != kmsg.Fetch && c.Key != kmsg.ListOffsets:
	case bytes.Contains(head, []byte("armslog.in.")):
		c.Place = Mailbox
	case bytes.Contains(head, []byte("armslog.out.")):
		c.Place = Outbox
	case bytes.Contains(head, []byte("armslog.journal")):
		c.Place = Journal
	}
	return c
}

// maxFrame bounds what is believed of a size.
const maxFrame = 64 << 20

// readFrame reads one message without its size.
func readFrame(c net.Conn) ([]byte, error) {
	var size [4]byte
	if _, err := io.ReadFull(c, size[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(size[:])
	if n > maxFrame {
		return nil, io.ErrUnexpectedEOF
	}
	frame := make([]byte, n)
	_, err := io.ReadFull(c, frame)
	return frame, err
}

func writeFrame(c net.Conn, frame []byte) error {
	out := make([]byte, 4, 4+len(frame))
	binary.BigEndian.PutUint32(out, uint32(len(frame)))
	_, err := c.Write(append(out, frame...))
	return err
}

// stampProduced writes the append time into the answer to an append to one
// partition, as brokers do on a LogAppendTime topic; kfake stamps nothing.
func stampProduced(answer []byte, version int16, ms int64) {
	const fixed = 4 + 4 // correlation, topics
	if version < 2 || version > 8 || len(answer) < fixed+2 {
		return
	}
	at := fixed + 2 + int(binary.BigEndian.Uint16(answer[fixed:])) + 4 + 4 // topic's name, partitions, its number
	if len(answer) < at+2+8+8 || binary.BigEndian.Uint16(answer[at:]) != 0 {
		return
	}
	binary.BigEndian.PutUint64(answer[at+2+8:], uint64(ms))
}

// rebalance is how long kfake waits for members that do not join again. It waits
// anew with each member that joins, where Kafka waits once; nodes that give up
// and come again in turn, each within the time of the one before, would keep it
// waiting for ever.
const rebalance = time.Second

// shortenRebalance writes it into a request to join a group, of versions 1 to 4.
func shortenRebalance(request []byte, version int16) {
	be := binary.BigEndian
	at := 8
	for range 2 { // client id, group
		if len(request) < at+2 {
			return
		}
		at += 2 + int(be.Uint16(request[at:]))
	}
	at += 4 // session timeout
	if version >= 1 && version <= 4 && len(request) >= at+4 {
		be.PutUint32(request[at:], uint32(rebalance.Milliseconds()))
	}
}

// forgeProduced is the answer to an append of versions 3 to 8 to one partition,
// as if it had been stored at the end of its topic.
func forgeProduced(request []byte, version int16, end func(topic string) int64) []byte {
	be := binary.BigEndian
	client := int(be.Uint16(request[8:]))                   // behind key, version, correlation
	at := 10 + client + 2 + 2 + 4 + 4                       // transactional id (null), acks, timeout, topics
	name := request[at : at+2+int(be.Uint16(request[at:]))] // with its length
	b := append([]byte(nil), request[4:8]...)
	b = append(be.AppendUint32(b, 1), name...)
	b = be.AppendUint32(be.AppendUint32(b, 1), 0) // partitions, its number
	b = be.AppendUint16(b, 0)                     // no error
	b = be.AppendUint64(b, uint64(end(string(name[2:]))))
	b = be.AppendUint64(b, 0) // append time, stamped later
	if version >= 5 {
		b = be.AppendUint64(b, 0) // log start
	}
	if version >= 8 {
		b = be.AppendUint16(be.AppendUint32(b, 0), 0xffff) // no record errors, no message
	}
	return be.AppendUint32(b, 0) // throttle
}

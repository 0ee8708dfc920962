package producers

import (
	"context"
	"errors"
	"io"
	"net"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"

	"github.com/armslog/armslog/events"
)

// recordReader shows messages to the client as records, one at a time.
type recordReader struct {
	msgs    []events.Message
	record  kafka.Record
	headers []kafka.Header
}

// ReadRecord is what kafka.RecordReader asks for.
func (r *recordReader) ReadRecord() (*kafka.Record, error) {
	if len(r.msgs) == 0 {
		return nil, io.EOF
	}
	m := r.msgs[0]
	r.msgs = r.msgs[1:]
	r.headers = r.headers[:0]
	for _, h := range m.Headers {
		r.headers = append(r.headers, kafka.Header(h))
	}
	r.record = kafka.Record{Value: kafka.NewBytes(m.Value), Headers: r.headers}
	return &r.record, nil
}

// Size is what a message takes in a record batch, at most, in bytes.
func Size(m events.Message) int {
	n := 32 + len(m.Value)
	for _, h := range m.Headers {
		n += 8 + len(h.Key) + len(h.Value)
	}
	return n
}

// outcome says what an error means for the batch it was returned for.
type outcome int

const (
	unknown   outcome = iota // stored or not
	notStored                // the same again may succeed
	refused                  // the same again will never succeed
)

func outcomeOf(err error) outcome {
	switch {
	case errors.Is(err, kafka.MessageSizeTooLarge), errors.Is(err, kafka.RecordListTooLarge), errors.Is(err, kafka.InvalidRecord):
		return refused
	case neverSent(err):
		return notStored
	}
	// Not among these: NotLeaderForPartition. A leader that is replaced while
	// the batch waits for the other replicas says it too.
	for _, code := range []kafka.Error{
		kafka.UnknownTopicOrPartition, kafka.LeaderNotAvailable, kafka.NotEnoughReplicas, kafka.BrokerNotAvailable,
		kafka.TopicAuthorizationFailed, kafka.ClusterAuthorizationFailed, kafka.SASLAuthenticationFailed, kafka.InvalidTopic,
	} {
		if errors.Is(err, code) {
			return notStored
		}
	}
	return unknown
}

// neverSent says that no byte of the request has left: there was no
// connection, or nobody to send it to.
func neverSent(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial" ||
		errors.Is(err, protocol.ErrNoTopic) || errors.Is(err, protocol.ErrNoPartition) || errors.Is(err, protocol.ErrNoLeader)
}

// codeOf is an error as it may be logged: texts of the client name topics, and
// a mailbox's topic names an organisation.
func codeOf(err error) string {
	var code kafka.Error
	switch {
	case errors.As(err, &code):
		return code.Title()
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	case neverSent(err):
		return "no connection"
	default:
		return "connection lost"
	}
}

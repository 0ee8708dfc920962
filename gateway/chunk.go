package gateway

import (
	"strconv"

	"github.com/armslog/armslog/events"
)

const (
	chunkLines = 1000      // of one append: as many as a leader decides at once
	chunkBytes = 512 << 10 // of one append
)

// chunk is a group of consecutive lines and the one append that holds those of
// them that were not answered at the edge.
type chunk struct {
	first    uint64 // number of the first line
	rows     []row
	messages []events.Message
	values   []byte  // what the messages point to
	pending  Pending // nil if there are no messages
	answered int     // rows before this one have their verdict
}

// row is one line: appended, or answered at the edge.
type row struct {
	record events.UUID // of a record's request; zero where it could not be read
	seq    uint64      // of the revision, where the row is unchanged
	code   string      // of a line refused at the edge
	fate   fate
}

type fate uint8

const (
	appended fate = iota
	unchangedAtEdge
	refusedAtEdge
)

func (b *batch) newChunk() *chunk {
	return &chunk{first: b.line}
}

func (ch *chunk) full() bool {
	return len(ch.rows) == chunkLines || len(ch.values) >= chunkBytes
}

// add takes one line in. Values are copied: the line is the reader's. What is
// buffered behind it is what the chunk can still come to hold.
func (ch *chunk) add(line []byte, tooLong bool, buffered int) {
	switch {
	case tooLong:
		ch.rows = append(ch.rows, row{fate: refusedAtEdge, code: "too_long"})
		return
	case len(trimSpace(line)) == 0:
		ch.rows = append(ch.rows, row{fate: refusedAtEdge, code: "not_json"})
		return
	}
	ch.rows = append(ch.rows, row{})
	if ch.values == nil {
		ch.values = make([]byte, 0, len(line)+buffered)
	}
	from := len(ch.values)
	ch.values = append(ch.values, line...)
	ch.messages = append(ch.messages, events.Message{Value: ch.values[from:]})
}

// address gives each message its envelope. The slices of a chunk are made
// once, for all its lines.
func (b *batch) address(ch *chunk) {
	headers := make([]events.Header, 0, len(b.common)*len(ch.messages))
	ids := make([]byte, 0, 36*len(ch.messages))
	m := 0
	for i := range ch.rows {
		if ch.rows[i].fate != appended {
			continue
		}
		from := len(ids)
		ids = b.rowID(ch.first + uint64(i)).Append(ids)
		h := len(headers)
		headers = append(headers, b.common...)
		headers[h+b.idAt].Value = ids[from:]
		ch.messages[m].Headers = headers[h:]
		m++
	}
}

// rowID is the ce_id of a line: a batch that is sent again under the same key,
// from whatever line, asks nothing twice.
func (b *batch) rowID(line uint64) events.UUID {
	if b.key == "" {
		return events.NewRequestID()
	}
	return events.RequestIDFrom(b.org(), b.key+":"+strconv.FormatUint(line, 10))
}

// abandon waits for what was appended when nobody reads the verdicts any more,
// so that its records do not stay in flight.
func (b *batch) abandon(ch *chunk) {
	for i := ch.answered; i < len(ch.rows); i++ {
		if ch.rows[i].fate == appended {
			b.settle(ch.pending, ch.rows[i].record)
		}
	}
}

// land ends the flight of rows that were not appended after all.
func (b *batch) land(ch *chunk) {
	for i := range ch.rows {
		if ch.rows[i].fate == appended {
			b.flight.end(ch.rows[i].record)
		}
	}
}

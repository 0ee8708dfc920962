package gateway

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/armslog/armslog/events"
)

// A batch reads rows and answers verdicts at the same time, on one connection.
// The reader (this file) groups the lines that have arrived into appends; the
// writer (batchwriter.go) waits for their decisions, in order, and writes one
// verdict a line. Between them stands a bounded queue of appends under way: it
// is what a sender that is faster than the registry feels.

// batch is one call of an NDJSON endpoint.
type batch struct {
	*call
	kind   events.Type
	common []events.Header // the envelope but for the id
	idAt   int             // where that goes
	key    string
	line   uint64 // number of the next line
	handed uint64 // number of the first line that is not on its way to the writer
	begun  bool   // something has been appended
	chunks chan *chunk
	ctx    context.Context // ends with the call, or when the writer gave up
	cancel context.CancelFunc
}

// breakOff is why a batch ended before its body did: From is the first line
// that was not answered, where the sender may go on.
type breakOff struct {
	*Problem
	From uint64
}

// serveBatch serves POST …:batch.
func serveBatch(kind func(*call) events.Type) func(*call) error {
	return func(c *call) error {
		if err := c.mediaType(mediaNDJSON); err != nil {
			return err
		}
		b := &batch{call: c, kind: kind(c), key: c.text(headerKey), line: c.number("from")}
		b.handed = b.line
		b.common, b.idAt = c.commonHeaders(b.kind)
		b.chunks = make(chan *chunk, c.cfg.Bounds.BatchChunks)
		return b.run()
	}
}

// run reads in a goroutine of its own and writes in this one: the handler must
// outlive both, since the connection is its.
func (b *batch) run() error {
	rc := http.NewResponseController(b.w)
	if err := rc.EnableFullDuplex(); err != nil && b.r.ProtoMajor < 2 {
		return err
	}
	b.ctx, b.cancel = context.WithCancel(b.r.Context())
	defer b.cancel()
	wake := func() { _ = rc.SetReadDeadline(time.Unix(1, 0)) } // a reader that waits for the sender
	defer context.AfterFunc(b.life, func() { b.cancel(); wake() })()
	ended := make(chan *breakOff, 1)
	w := b.newWriter()
	go func() {
		defer close(b.chunks)
		ended <- b.guard(func() *breakOff { return b.read(rc) })
	}()
	for ch := range b.chunks {
		if w.failed == nil {
			w.chunk(ch)
		}
		if w.failed != nil {
			b.cancel()
			wake()
			go b.abandon(ch)
		}
	}
	return w.finish(<-ended)
}

// guard keeps a fault of ours in reading one batch from ending the process: a
// goroutine of our own has nobody above it who would.
func (b *batch) guard(read func() *breakOff) (ended *breakOff) {
	defer func() {
		if v := recover(); v != nil {
			b.logPanic()
			ended = &breakOff{newProblem("internal", ""), b.handed}
		}
	}()
	return read()
}

// read takes the body in until it ends.
func (b *batch) read(rc *http.ResponseController) *breakOff {
	lines := newLineReader(deadlineReader{b.ctx, b.r.Body, rc, b.cfg.Bounds.ReadTimeout}, events.MaxBody)
	ch := b.newChunk()
	for {
		line, tooLong, end := lines.next()
		if end == nil {
			ch.add(line, tooLong, lines.buffered())
			b.line++
			if lines.ready() && !ch.full() {
				continue
			}
		}
		if len(ch.rows) > 0 {
			if err := b.hand(ch); err != nil {
				return &breakOff{problemOf(err), b.handed}
			}
			b.handed = b.line
			ch = b.newChunk()
		}
		if end != nil {
			return b.ended(end)
		}
	}
}

// ended says what is told of the end of the body: nothing, if it was whole.
func (b *batch) ended(err error) *breakOff {
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case b.life.Err() != nil:
		err = b.life.Err() // rather than that the reader was woken
	}
	return &breakOff{problemOf(b.bodyError(err)), b.handed}
}

// hand finishes a chunk and queues it for the writer.
func (b *batch) hand(ch *chunk) error {
	b.address(ch)
	if b.kind == events.TypeRecordSubmitted || b.kind == events.TypeRecordWithdrawn {
		b.answerUnchanged(ch)
	}
	if len(ch.messages) > 0 {
		pending, err := b.append(ch.messages)
		if err != nil {
			b.land(ch)
			return err
		}
		ch.pending = pending
		b.begun = true
	}
	select {
	case b.chunks <- ch:
		return nil
	case <-b.ctx.Done():
		go b.abandon(ch)
		return b.ctx.Err()
	}
}

// append queues the messages. A queue that is full at the start is told; once
// rows have been taken it is waited for, and the sender feels it as a slow
// connection.
func (b *batch) append(messages []events.Message) (Pending, error) {
	for {
		p, err := b.submitSoon(messages)
		var busy *BusyError
		if !errors.As(err, &busy) || !b.begun {
			return p, err
		}
		select {
		case <-time.After(min(busy.RetryAfter, 50*time.Millisecond)):
		case <-b.ctx.Done():
			return nil, b.ctx.Err()
		}
	}
}

// batchAhead bounds what a batch lets wait in its mailbox, as a caller's wait: a
// bureau that streams its table leaves room for its own officers' searches.
const batchAhead = 2 * time.Second

func (b *batch) submitSoon(messages []events.Message) (Pending, error) {
	ctx, cancel := context.WithTimeout(b.ctx, batchAhead)
	defer cancel()
	return b.cfg.Mailboxes.Submit(ctx, b.org(), messages)
}

// deadlineReader gives a sender that goes on sending as long again. It looks at
// ctx after it has set the deadline: who ends ctx and then sets one in the past
// wakes it, whichever of the two came first.
type deadlineReader struct {
	ctx     context.Context
	r       io.Reader
	rc      *http.ResponseController
	timeout time.Duration
}

func (d deadlineReader) Read(p []byte) (int, error) {
	_ = d.rc.SetReadDeadline(time.Now().Add(d.timeout))
	if err := d.ctx.Err(); err != nil {
		return 0, err
	}
	return d.r.Read(p)
}

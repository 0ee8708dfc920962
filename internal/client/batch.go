package client

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/armslog/armslog/events"
)

// Counts is what became of the lines of a batch.
type Counts struct {
	Lines      int64  `json:"lines"`
	Registered int64  `json:"registered"`
	Amended    int64  `json:"amended"`
	Unchanged  int64  `json:"unchanged"`
	Rejected   int64  `json:"rejected"`
	Answered   int64  `json:"answered,omitempty"`
	Withdrawn  int64  `json:"withdrawn,omitempty"`
	Matches    int64  `json:"matches,omitempty"`
	LastSeq    uint64 `json:"last_seq,omitempty"`
}

// Add counts what another stretch of the same file came to.
func (c Counts) Add(o Counts) Counts {
	c.Lines += o.Lines
	c.Registered += o.Registered
	c.Amended += o.Amended
	c.Unchanged += o.Unchanged
	c.Rejected += o.Rejected
	c.Answered += o.Answered
	c.Withdrawn += o.Withdrawn
	c.Matches += o.Matches
	c.LastSeq = max(c.LastSeq, o.LastSeq)
	return c
}

// Verdict is one line of a batch's answer: a line's own verdict, progress, or
// (the last one) the end.
type Verdict struct {
	Line        int64               `json:"line"`
	Seq         uint64              `json:"seq"`
	Status      string              `json:"status"`
	ID          string              `json:"id"`
	Revision    uint32              `json:"revision"`
	StandsUntil string              `json:"stands_until"`
	Code        string              `json:"code"`
	Errors      []events.FieldError `json:"errors"`
	Warnings    []events.FieldError `json:"warnings"`
	Matches     []events.MatchView  `json:"matches"`
	Candidates  []events.MatchView  `json:"candidates"`
	Replayed    bool                `json:"replayed"` // decided before, under the same id
	Progress    *Counts             `json:"progress"`
	Done        *Counts             `json:"done"`
	Problem     *Problem            `json:"error"` // the stream ends here, and why
	From        int64               `json:"from"`  // with Problem: the line to go on from
	Raw         []byte              `json:"-"`
}

// BatchOptions says what a batch is.
type BatchOptions struct {
	Path       string // /v1/records:batch or /v1/searches:batch
	Key        string // idempotency key; line i has an id derived from it and i
	From       int64  // number of the first line that is sent, 1 for a whole file
	ErrorsOnly bool   // tell only rejections and warnings, and progress every 1,000 lines
}

// Batch is one stream of lines to the registry, and their verdicts back while
// lines are still being sent. One goroutine may write and one other may read.
type Batch struct {
	out     *io.PipeWriter
	in      *bufio.Writer
	ready   chan struct{} // closed when the answer has begun, or failed
	resp    *http.Response
	refused error // set before ready is closed
	lines   *bufio.Reader
	done    bool // the reader's own
	context context.Context
}

// Batch opens a stream. The request ends when ctx does.
func (c *Client) Batch(ctx context.Context, o BatchOptions) (*Batch, error) {
	body, out := io.Pipe()
	query := url.Values{"from": {strconv.FormatInt(max(o.From, 1), 10)}}
	if o.ErrorsOnly {
		query.Set("only", "errors")
	}
	r, err := c.request(ctx, http.MethodPost, o.Path, query, body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/x-ndjson")
	// A server that refuses does so before it waits for lines, which may be long
	// in coming.
	r.Header.Set("Expect", "100-continue")
	r.Header.Set("Idempotency-Key", o.Key)
	b := &Batch{out: out, in: bufio.NewWriterSize(out, 64<<10), ready: make(chan struct{}), context: ctx}
	go b.open(c, r)
	return b, nil
}

// open waits for the head of the answer. A refused request ends the writer.
func (b *Batch) open(c *Client, r *http.Request) {
	defer close(b.ready)
	resp, err := c.http.Do(r)
	switch {
	case err != nil:
		b.refused = transportError(b.context, err)
	case resp.StatusCode/100 != 2:
		b.refused = refusal(resp)
		resp.Body.Close()
	default:
		b.resp, b.lines = resp, bufio.NewReaderSize(resp.Body, 64<<10)
		return
	}
	if passes(b.refused) {
		c.nodes.next(r.URL) // who opens the stream again asks another
	}
	b.out.CloseWithError(b.refused)
}

// Write sends one line, without its end. It blocks while the registry is
// behind. It returns the registry's refusal if the stream has ended.
func (b *Batch) Write(line []byte) error {
	_, err := b.in.Write(line)
	if err == nil {
		err = b.in.WriteByte('\n')
	}
	return err
}

// Flush sends what Write has kept back; due whenever input pauses.
func (b *Batch) Flush() error { return b.in.Flush() }

// CloseSend says that no more lines come.
func (b *Batch) CloseSend() error {
	if err := b.Flush(); err != nil {
		return err
	}
	return b.out.Close()
}

// Next returns the next verdict, and io.EOF behind the last. A stream that
// ends before its last line returns ErrOutcomeUnknown: what came behind the
// last verdict may have been decided.
func (b *Batch) Next() (Verdict, error) {
	select {
	case <-b.ready:
	case <-b.context.Done():
		return Verdict{}, b.context.Err()
	}
	switch {
	case b.refused != nil:
		return Verdict{}, b.refused
	case b.done:
		return Verdict{}, io.EOF
	}
	line, err := b.lines.ReadBytes('\n')
	if err != nil {
		return Verdict{}, b.ended(err)
	}
	v := Verdict{Raw: line[:len(line)-1]}
	if err := json.Unmarshal(v.Raw, &v); err != nil {
		return Verdict{}, fmt.Errorf("read verdict: %w", err)
	}
	switch {
	case v.Problem != nil:
		return v, v.Problem
	case v.Done != nil:
		b.done = true
	}
	return v, nil
}

func (b *Batch) ended(err error) error {
	if b.context.Err() != nil {
		return b.context.Err()
	}
	return fmt.Errorf("read verdicts: %w: %w", ErrOutcomeUnknown, err)
}

// Close gives the stream up. Calling it after the last verdict is needed, too.
func (b *Batch) Close() {
	b.out.CloseWithError(io.ErrClosedPipe)
	<-b.ready
	if b.resp != nil {
		b.resp.Body.Close()
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/client"
	"github.com/armslog/armslog/producers/imports"
)

// item is one row of a file on its way through the registry.
type item struct {
	row      imports.Row
	index    int64               // among the rows that are not left out, from 1; 0 = behind the last
	body     []byte              // the request; nil where the row was judged here
	number   int64               // among those that are sent, from 1; 0 = judged here
	errors   []events.FieldError // of a row that was rejected here
	warnings []events.FieldError // of the mapping
	filtered int64               // rows between this one and the one before that the mapping leaves out
}

// stream sends rows as a batch and tells what became of each, in order. A
// connection that breaks is opened again, and goes on with the first row whose
// fate is not known, under the same ids: nothing is decided twice.
type stream struct {
	client     *client.Client
	options    client.BatchOptions
	feed       func() (item, error)                // the next row, io.EOF behind the last; called in one goroutine
	told       func(item, *client.Verdict) error   // in the order of the rows; nil: it went well, and nothing is to be said
	checkpoint func(client.Counts, int64) error    // all rows up to a number are told: counts since the stream began
	patience   time.Duration                       // how long the registry may be away, once it was there
	retrying   func(err error, wait time.Duration) // tells that it is away

	items    chan item
	feedErr  error  // set before items is closed
	waiting  []item // sent, or judged here, and not told yet
	verdicts map[int64]*client.Verdict
	counts   client.Counts // of the connections before this one
	lastSent int64         // number of the last row that was told
	met      bool          // the registry was there, in this run or in one that it goes on with
}

// maxWaiting is how many rows may be under way: more than the registry keeps
// back between two lines of progress, or nothing would move.
const maxWaiting = 32 << 10

// maxStill is how long the queue may be full before the connection is closed
// to learn what became of it: thousands of rows in a row that are judged here
// bring no verdict from there.
const maxStill = time.Second

// run ends with the feed, or with the error that stops the stream.
func (s *stream) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.items = make(chan item, 256)
	s.lastSent = s.options.From - 1
	s.met = s.lastSent > 0
	go s.pump(ctx)
	pause := backoff.NewExponentialBackOff(backoff.WithInitialInterval(200*time.Millisecond), backoff.WithMaxElapsedTime(0))
	failing := time.Time{} // since when nothing moves
	for {
		before := s.lastSent
		finished, err := s.connection(ctx)
		s.met = s.met || !errors.Is(err, client.ErrUnreachable)
		switch {
		case finished && err == nil:
			return s.end()
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil, s.still(err):
			failing = time.Time{}
			continue
		case s.lastSent > before || failing.IsZero():
			failing = time.Now()
			pause.Reset()
		}
		left := s.mayBeAway() - time.Since(failing)
		if !passing(err) || left <= 0 {
			return err
		}
		wait := min(pause.NextBackOff(), left)
		s.retrying(err, wait)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

// pump reads ahead while rows are being sent.
func (s *stream) pump(ctx context.Context) {
	defer close(s.items)
	for {
		it, err := s.feed()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				s.feedErr = err
			}
			return
		}
		select {
		case s.items <- it:
		case <-ctx.Done():
			return
		}
	}
}

// connection sends over one connection until the feed ends (finished), the
// queue is full, or it breaks. It is opened only when there is something to
// send: a file that grows may be still for long.
func (s *stream) connection(ctx context.Context) (finished bool, err error) {
	if !s.await(ctx) {
		return true, errors.Join(ctx.Err(), s.feedErr)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	options := s.options
	options.From = s.lastSent + 1
	batch, err := s.client.Batch(ctx, options)
	if err != nil {
		return false, err
	}
	w := &sender{batch: batch, again: slices.Clone(s.waiting), items: s.items, queue: make(chan item, maxWaiting), ended: make(chan struct{})}
	go w.run(ctx)
	err = s.read(w)
	cancel()
	batch.Close()
	<-w.ended
	for it := range w.queue {
		s.waiting = append(s.waiting, it)
	}
	if w.carry != nil {
		s.waiting = append(s.waiting, *w.carry)
	}
	if err == nil && w.finished {
		err = s.feedErr
	}
	return w.finished, err
}

// await waits for a row to send. It says false when there will be none.
func (s *stream) await(ctx context.Context) bool {
	for _, it := range s.waiting {
		if it.number > 0 {
			return true
		}
	}
	for {
		select {
		case <-ctx.Done():
			return false
		case it, ok := <-s.items:
			if !ok {
				return false
			}
			s.waiting = append(s.waiting, it)
			if it.number > 0 {
				return true
			}
			if len(s.waiting) >= maxWaiting {
				return true
			}
		}
	}
}

// read takes verdicts until the last.
func (s *stream) read(w *sender) error {
	s.verdicts = map[int64]*client.Verdict{}
	from, before := s.lastSent, s.counts
	for {
		v, err := w.batch.Next()
		if err != nil {
			return err
		}
		switch {
		case v.Done != nil:
			return s.confirm(w, from+v.Done.Lines, before.Add(*v.Done))
		case v.Progress != nil:
			err = s.confirm(w, from+v.Progress.Lines, before.Add(*v.Progress))
		default:
			s.verdicts[v.Line] = &v
			if !s.options.ErrorsOnly {
				err = s.confirm(w, v.Line, s.counts.Add(countOf(&v)))
			}
		}
		if err != nil {
			return err
		}
	}
}

// confirm tells all rows up to a number: their fate is known now.
func (s *stream) confirm(w *sender, upTo int64, counts client.Counts) error {
	for s.lastSent < upTo {
		if len(s.waiting) == 0 {
			it, ok := <-w.queue
			if !ok {
				return fmt.Errorf("read verdicts: line %d was not sent", upTo)
			}
			s.waiting = append(s.waiting, it)
		}
		if err := s.tellFirst(); err != nil {
			return err
		}
	}
	s.counts = counts
	return s.checkpoint(counts, upTo)
}

func (s *stream) tellFirst() error {
	it := s.waiting[0]
	s.waiting[0] = item{}
	s.waiting = s.waiting[1:]
	if it.number > 0 {
		s.lastSent = it.number
	}
	v := s.verdicts[it.number]
	delete(s.verdicts, it.number)
	return s.told(it, v)
}

// end tells the rows behind the last one that was sent: they were judged here.
func (s *stream) end() error {
	for len(s.waiting) > 0 {
		if err := s.tellFirst(); err != nil {
			return err
		}
	}
	return s.checkpoint(s.counts, s.lastSent)
}

// countOf counts one verdict.
func countOf(v *client.Verdict) client.Counts {
	c := client.Counts{Lines: 1, Matches: int64(len(v.Matches)), LastSeq: v.Seq}
	switch v.Status {
	case "registered":
		c.Registered = 1
	case "amended":
		c.Amended = 1
	case "unchanged":
		c.Unchanged = 1
	case "answered":
		c.Answered = 1
	case "withdrawn":
		c.Withdrawn = 1
	default:
		c.Rejected = 1
	}
	return c
}

package projections

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"time"
)

// pipeline is read → encode → write, each stage at the next batch while the
// following one is busy with the last. Two loads go round, so memory is bounded.
type pipeline struct {
	cfg     ProjectorConfig
	mark    *watermark
	inbound chan Batch
	ready   chan *load
	free    chan *load
}

// load is what is written at once: encoded rows in parts, one per core, and
// the position that covers them.
type load struct {
	parts   []*Rows
	entries int
	last    Batch // the position, the last entry and the end; earlier entries are dropped
}

// waitingBatches bounds what waits between source and encoder.
const waitingBatches = 4

func newPipeline(cfg ProjectorConfig, mark *watermark) *pipeline {
	p := &pipeline{
		cfg:     cfg,
		mark:    mark,
		inbound: make(chan Batch, waitingBatches),
		ready:   make(chan *load),
		free:    make(chan *load, 2),
	}
	for range cap(p.free) {
		p.free <- newLoad(cfg.Database.cfg.MarkKey)
	}
	return p
}

func newLoad(key [16]byte) *load {
	l := &load{}
	for range runtime.GOMAXPROCS(0) {
		l.parts = append(l.parts, NewRows(key))
	}
	return l
}

// read ends when the source does; the other stages then finish what is there.
func (p *pipeline) read(ctx context.Context, src Source, from Position) error {
	defer close(p.inbound)
	return src.Follow(ctx, from, func(b Batch) error {
		select {
		case p.inbound <- b:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}

// encode fills loads. One is handed over as soon as the writer is ready for it,
// so an entry never waits for more to come; until then it grows, so that a
// writer that is behind writes large batches.
func (p *pipeline) encode(ctx context.Context) error {
	defer close(p.ready)
	for more := true; more; {
		var l *load
		select {
		case l = <-p.free:
		case <-ctx.Done():
			return ctx.Err()
		}
		var err error
		if more, err = p.fill(ctx, l); err != nil {
			return err
		}
	}
	return nil
}

// fill fills one load and hands it over; more is false when the source ended.
func (p *pipeline) fill(ctx context.Context, l *load) (more bool, err error) {
	inbound := p.inbound
	for more = true; ; {
		ready := p.ready
		if l.entries == 0 || len(inbound) > 0 && l.entries < p.cfg.MaxEntries {
			ready = nil // what waits goes along; fences alone are no reason to write
		}
		from := inbound
		if l.entries >= p.cfg.MaxEntries {
			from = nil
		}
		if !more && l.entries == 0 {
			return false, nil
		}
		select {
		case b, ok := <-from:
			if !ok {
				more, inbound = false, nil
				continue
			}
			if l.add(b); l.entries >= restless {
				p.mark.hurried()
			}
		case ready <- l:
			return more, nil
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}

// A writer that keeps up rests between loads for a multiple of what the last one
// took, so that the tables use a part of the machine and not all of it, and
// ClickHouse gets a few large parts instead of many small ones to merge. It
// goes on at once when somebody in this process waits for a seq, or much waits
// to be written. longestRest bounds how much later a wait in another process
// may end. One that is behind does not rest.
const (
	restPerWork = 49
	longestRest = 500 * time.Millisecond
	restless    = 75_000 // entries that wait to be written
	behind      = 50_000 // items that wait to be read
)

func (p *pipeline) write(ctx context.Context, store func(*load) error) error {
	for {
		var l *load
		var ok bool
		select {
		case l, ok = <-p.ready:
		case <-ctx.Done():
			return ctx.Err()
		}
		if !ok {
			return ctx.Err()
		}
		start := time.Now()
		if err := store(l); err != nil {
			return err
		}
		late := l.last.End-l.last.Offset > behind
		l.reset()
		p.free <- l
		if late {
			continue
		}
		if err := rest(ctx, time.Since(start), p.cfg.LongestRest, p.mark.hurry); err != nil {
			return err
		}
	}
}

// rest waits for a multiple of what work took, or until hurry.
func rest(ctx context.Context, work, longest time.Duration, hurry <-chan struct{}) error {
	select {
	case <-hurry:
		return nil
	case <-time.After(min(restPerWork*work, longest)):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// smallBatch is what one core encodes sooner than two could share.
const smallBatch = 64

func (l *load) add(b Batch) {
	l.last.Position, l.last.End = b.Position, b.End
	if len(b.Entries) == 0 {
		return
	}
	l.entries += len(b.Entries)
	l.last.Entries = b.Entries[len(b.Entries)-1:]
	share := max(smallBatch, (len(b.Entries)+len(l.parts)-1)/len(l.parts))
	var group sync.WaitGroup
	i := 0
	for mine := range slices.Chunk(b.Entries, share) {
		part := l.parts[i]
		i++
		group.Go(func() { part.AddAll(mine) })
	}
	group.Wait()
}

func (l *load) reset() {
	for _, r := range l.parts {
		r.Reset()
	}
	l.entries, l.last = 0, Batch{}
}

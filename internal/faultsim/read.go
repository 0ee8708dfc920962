package faultsim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
)

// stored is one record of a topic, as an observer reads it.
type stored struct {
	events.Message
	offset int64
	at     time.Time // the sender's clock, which is the bubble's
}

// topic reads all that a topic holds, and where it begins.
func (w *world) topic(ctx context.Context, name string) (all []stored, start int64, err error) {
	info := w.kafka.PartitionInfo(name, 0)
	if info == nil {
		return nil, 0, nil
	}
	start = info.LogStartOffset
	for next := start; next < info.HighWatermark; {
		res, err := w.client.Fetch(ctx, &kafka.FetchRequest{Topic: name, Offset: next, MinBytes: 1, MaxBytes: 32 << 20, MaxWait: time.Second})
		if err == nil {
			err = res.Error
		}
		if err != nil {
			return nil, 0, fmt.Errorf("observe %s: %w", name, err)
		}
		for {
			r, err := res.Records.ReadRecord()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return nil, 0, fmt.Errorf("observe %s: %w", name, err)
			}
			if r.Offset < next {
				continue
			}
			next = r.Offset + 1
			m := events.Message{}
			for _, h := range r.Headers {
				m.Headers = append(m.Headers, events.Header(h))
			}
			if r.Value != nil {
				if m.Value, err = kafka.ReadAll(r.Value); err != nil {
					return nil, 0, fmt.Errorf("observe %s: %w", name, err)
				}
			}
			all = append(all, stored{m, r.Offset, r.Time})
		}
	}
	return all, start, nil
}

// history is the journal as anybody reads it who was not there.
type history struct {
	entries []*events.Entry
	written []time.Time // when each was sent for the last time
	ignored int         // entries that do not count
	fences  int
	state   *registry.State
	raw     []stored
}

func (w *world) history(ctx context.Context) (*history, error) {
	raw, _, err := w.topic(ctx, events.JournalTopic)
	if err != nil {
		return nil, err
	}
	h := &history{state: registry.New(), raw: raw}
	var reader events.Reader
	for _, r := range raw {
		it, err := events.ParseItem(r.Headers, r.Value, r.offset)
		if err != nil {
			return nil, fmt.Errorf("read the journal: offset %d: %w", r.offset, err)
		}
		accepted, err := reader.Read(it)
		switch {
		case err != nil:
			return nil, err
		case it.Fence != nil:
			h.fences++
		case !accepted:
			h.ignored++
		default:
			h.entries = append(h.entries, it.Entry)
			h.written = append(h.written, r.at)
			var p *registry.Prepared
			if it.Entry.Value != nil {
				p = registry.PrepareEntry(it.Entry)
			}
			h.state.Evolve(it.Entry, p)
		}
	}
	return h, nil
}

package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/armslog/armslog/consumers"
	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/sim"
	"github.com/armslog/armslog/registry"
)

// journal is all of it, folded.
type journal struct {
	state   *registry.State
	entries map[uint64]*events.Entry
}

// Entry is what registry.View asks for.
func (j *journal) Entry(_ context.Context, seq uint64) (*events.Entry, error) {
	e := j.entries[seq]
	if e == nil {
		return nil, fmt.Errorf("find entry %d: the journal does not hold it", seq)
	}
	return e, nil
}

func (j *journal) view() registry.View {
	return registry.View{Entries: j, Read: func(_ context.Context, f func(*registry.State)) error {
		f(j.state)
		return nil
	}}
}

// readJournal reads the journal by the reader rule, on and on until all mail is
// decided.
func (w *world) readJournal(ctx context.Context, o *observed) (*journal, error) {
	source := consumers.NewJournal(w.kafka, consumers.JournalConfig{Prepare: true, Log: sim.Quiet()})
	j := &journal{state: registry.New(), entries: map[uint64]*events.Entry{}}
	for b := (&consumers.Batch{}); ; {
		end, err := source.End(ctx)
		if ctx.Err() != nil {
			return nil, errors.New("mail is not decided long after all was mended")
		}
		if err != nil {
			continue
		}
		if err := source.Read(ctx, b.Position.Offset, end, func(items []consumers.Item) error { return j.take(b, items, o) }); err != nil {
			return nil, err
		}
		if w.decided(ctx, b.Position.Reader.Frontier) {
			break
		}
	}
	o.Fold = position{"the fold", j.state.Next(), hashOf(j.state)}
	for seq := range j.state.Next() {
		d, err := j.decision(ctx, seq)
		if err != nil {
			return nil, err
		}
		o.Decisions = append(o.Decisions, d)
	}
	return j, nil
}

// take folds items one by one, to see which of them count.
func (j *journal) take(b *consumers.Batch, items []consumers.Item, o *observed) error {
	for i := range items {
		owner := b.Position.Reader.Owner
		if err := b.Take(items[i : i+1]); err != nil {
			return err
		}
		switch {
		case b.Position.Reader.Owner != owner:
			o.Fences++
		case len(b.Entries) == 0:
			o.Stale++
		default:
			e := b.Entries[0]
			j.state.Evolve(e, b.Prepared[0])
			j.entries[e.Seq] = e
		}
	}
	return nil
}

// decision is an entry, and what its sender is to be told.
func (j *journal) decision(ctx context.Context, seq uint64) (decision, error) {
	e, err := j.Entry(ctx, seq)
	if err != nil {
		return decision{}, err
	}
	d := decision{Seq: e.Seq, Src: e.Src, Off: e.Off, Span: e.Span, At: time.UnixMilli(e.At), ID: e.Envelope.ID, Verdict: e.Verdict, Of: e.Of}
	if e.Verdict != events.Accepted && e.Verdict != events.Unchanged {
		d.Told = told{Seq: e.Seq, Refused: string(e.Verdict)}
		return d, nil
	}
	reply, err := j.view().Reply(ctx, e)
	if err != nil {
		return d, fmt.Errorf("reply to %d: %w", e.Seq, err)
	}
	d.Told = toldOf(&reply)
	return d, nil
}

// decided says whether the journal covers all that the mailboxes hold.
func (w *world) decided(ctx context.Context, frontier map[string]int64) bool {
	for _, org := range parties {
		_, end, err := consumers.Bounds(ctx, w.kafka, events.MailboxTopic(org))
		if err != nil || end > frontier[string(org)] {
			return false
		}
	}
	return true
}

func hashOf(s *registry.State) string {
	h := s.Hash()
	return hex.EncodeToString(h[:])
}

// inbox is what the fold says that an organisation was told.
func (j *journal) inbox(ctx context.Context, org events.OrgID) ([]note, error) {
	var notes []note
	for n := uint64(1); n <= j.state.InboxLen(org); n++ {
		seq, _ := j.state.InboxSeq(org, n)
		told, err := j.view().Notification(ctx, j.entries[seq], org, n)
		if err != nil {
			return nil, err
		}
		notes = append(notes, noteOf(&told))
	}
	return notes, nil
}

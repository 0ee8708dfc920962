package faultsim

import (
	"bytes"
	"context"
	"maps"
	"time"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
)

// check holds the whole against what was promised: requests, mailboxes,
// notifications, outboxes, states and read models.
func (w *world) check(ctx context.Context) *history {
	h, err := w.history(ctx)
	if err != nil {
		w.fail("the journal: %v", err)
		return nil
	}
	w.checkMailboxes(ctx, h)
	w.checkRequests(h)
	w.checkClock(h)
	w.checkNotified(h)
	w.checkMeetings(h)
	w.checkOutboxes(ctx, h)
	w.checkStates(ctx, h)
	w.checkRows(h)
	return h
}

// checkMailboxes: every message of every mailbox is decided, in its order, by
// the entry that says so; one request is decided once, its repeats are
// duplicates of that decision.
func (w *world) checkMailboxes(ctx context.Context, h *history) {
	bySource := map[string][]*events.Entry{}
	for _, e := range h.entries {
		bySource[e.Src] = append(bySource[e.Src], e)
	}
	for _, org := range append([]string{secretariat}, bureaus...) {
		box, start, err := w.topic(ctx, events.MailboxTopic(org))
		if err != nil {
			w.fail("%v", err)
			return
		}
		if org == w.lostOrg {
			w.checkLoss(org, bySource[org], start)
			continue
		}
		decided, entries := map[events.UUID]*events.Entry{}, bySource[org]
		if org == w.gap.org {
			if entries, decided = w.checkGap(org, entries); entries == nil {
				continue
			}
		}
		at := 0
		for _, e := range entries {
			if e.Off != start+int64(at) || at+int(e.Span) > len(box) {
				w.fail("%s: seq %d decides offset %d, the mailbox was decided up to %d of %d", org, e.Seq, e.Off, at, len(box))
				return
			}
			for range e.Span {
				w.checkDecision(e, box[at], decided)
				at++
			}
		}
		if at != len(box) {
			w.fail("%s: %d of %d messages are decided", org, at, len(box))
		}
	}
}

func (w *world) checkDecision(e *events.Entry, m stored, decided map[events.UUID]*events.Entry) {
	envelope, _ := events.ParseEnvelope(m.Headers)
	if e.Span == 1 && e.Envelope.ID != envelope.ID {
		w.fail("%s: seq %d is not the decision of what is at offset %d", e.Src, e.Seq, m.offset)
	}
	if e.Value != nil && !bytes.Equal(e.Value, m.Value) {
		w.fail("%s: seq %d does not hold what is at offset %d", e.Src, e.Seq, m.offset)
	}
	first := decided[envelope.ID]
	switch {
	case first == nil && e.Verdict == events.Duplicate:
		w.fail("%s: seq %d is a duplicate of seq %d, and is the first", e.Src, e.Seq, e.Of)
	case first == nil:
		decided[envelope.ID] = e
	case e.Verdict == events.Duplicate && e.Of != first.Seq:
		w.fail("%s: seq %d is a duplicate of seq %d instead of %d", e.Src, e.Seq, e.Of, first.Seq)
	case e.Verdict == events.Undecodable && first.Verdict == events.Undecodable: // nothing was asked, twice
	case e.Verdict != events.Duplicate && e.Verdict != events.Unchanged:
		w.fail("%s: the request of seq %d is decided again by seq %d: %s", e.Src, first.Seq, e.Seq, e.Verdict)
	}
}

// checkRequests: what somebody was told is what the journal says, and what was
// acknowledged is there; the answers of one caller are in the order in which it
// asked.
func (w *world) checkRequests(h *history) {
	covered := map[string]map[int64]*events.Entry{}
	for _, e := range h.entries {
		if covered[e.Src] == nil {
			covered[e.Src] = map[int64]*events.Entry{}
		}
		for i := range e.Span {
			if e.Decides(e.Off + i) {
				covered[e.Src][e.Off+i] = e
			}
		}
	}
	for _, r := range w.asked {
		switch {
		case r.answered && r.seq >= uint64(len(h.entries)):
			w.fail("%s was told seq %d, which is not in the journal", r.org, r.seq)
		case r.answered:
			e := h.entries[r.seq]
			if e.Src != r.org || e.Verdict != events.Unchanged && e.Envelope.ID != r.id {
				w.fail("%s was told seq %d, which decides something else", r.org, r.seq)
			}
			if r.after != nil && r.after.seq > r.seq && remembered(e) && remembered(h.entries[r.after.seq]) {
				w.fail("%s was answered out of order: seq %d after %d", r.org, r.seq, r.after.seq)
			}
		case w.gap.has(r.org, r.stored):
			w.fail("%s: what was lost at %d was not asked again", r.org, r.stored)
		case r.stored >= 0 && r.org != w.lostOrg:
			e := covered[r.org][r.stored]
			if e == nil || e.Span == 1 && e.Envelope.ID != r.id {
				w.fail("%s: what the mailbox acknowledged at %d is lost", r.org, r.stored)
			}
		case r.stored < 0 && r.org != w.lostOrg:
			w.fail("%s: a request was never answered", r.org)
		}
	}
}

// remembered says whether a repeat is told of this very decision: what changes
// nothing, and what nobody can read, is decided anew each time.
func remembered(e *events.Entry) bool {
	return e.Verdict != events.Unchanged && e.Verdict != events.Undecodable
}

// skew is what a leader's clock may be off when it begins, as far as it can be
// told within as much again, and may then be set by.
const skew = 5 * time.Second

// checkClock: no decision bears a time that had not come when it was written,
// and log time never falls.
func (w *world) checkClock(h *history) {
	for i, e := range h.entries {
		if i > 0 && e.At < h.entries[i-1].At {
			w.fail("log time falls at seq %d", e.Seq)
		}
		if ahead := time.UnixMilli(e.At).Sub(h.written[i]); ahead > 3*skew {
			w.fail("seq %d was decided %v before its time came", e.Seq, ahead)
			return
		}
	}
}

// checkStates: every node knows what the journal says, no more and no less.
func (w *world) checkStates(ctx context.Context, h *history) {
	want := h.state.Hash()
	for _, m := range w.nodes {
		n := m.now()
		if n == nil {
			w.fail("%s does not run", m.name)
			continue
		}
		err := n.CatchUp(ctx)
		for tries := 0; err != nil && tries < 60; tries++ { // what it knows of the brokers may be some seconds old
			time.Sleep(time.Second)
			err = n.CatchUp(ctx)
		}
		if err != nil {
			w.fail("%s does not catch up: %v", m.name, err)
			continue
		}
		var hash [32]byte
		var next uint64
		if err := n.Read(ctx, func(s *registry.State) { hash, next = s.Hash(), s.Next() }); err != nil {
			w.fail("%s cannot be read: %v", m.name, err)
		} else if hash != want {
			w.fail("%s knows something else (seq %d) than the journal (seq %d)", m.name, next, h.state.Next())
		}
	}
}

// checkRows: what the nodes handed to their read models, through all crashes,
// makes the same rows as the journal read once.
func (w *world) checkRows(h *history) {
	want := table{}
	want.add(newRows(), h.entries)
	for _, m := range w.nodes {
		m.rows.mu.Lock()
		if m.rows.wrong {
			w.fail("%s handed entries over twice, or left some out", m.name)
		}
		if !maps.Equal(m.rows.table, want) {
			w.fail("%s: %d rows differ from the %d that follow from the journal", m.name, len(m.rows.table), len(want))
		}
		m.rows.mu.Unlock()
	}
	rows := newRows()
	rows.AddAll(h.entries)
	inbox := map[string]uint64{}
	rows.Each(func(table string, key []byte, _ uint64, _ []byte) {
		if table == "inbox" {
			inbox[string(key[1:1+key[0]])]++ // the organisation, behind its length
		}
	})
	for _, org := range append([]string{secretariat}, bureaus...) {
		if n := h.state.InboxLen(org); n != inbox[org] {
			w.fail("%s: %d rows of its inbox, and %d notifications in the state", org, inbox[org], n)
		}
	}
}

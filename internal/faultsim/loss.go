package faultsim

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/armslog/armslog/consumers"
	"github.com/armslog/armslog/events"
)

// gap is what a mailbox has lost and what was passed over: its offsets
// [from, to).
type gap struct {
	org      events.OrgID
	from, to int64
}

func (g gap) has(org events.OrgID, offset int64) bool {
	return org == g.org && offset >= g.from && offset < g.to
}

// loseHead lets retention delete requests before they are decided: that bureau
// alone stops, and the node says so, until the General Secretariat skips them.
func (w *world) loseHead(ctx context.Context) {
	org := bureaus[2]
	w.stopAll()
	c := w.newCaller(org, 300)
	defer c.close()
	c.ids = 2 << 20
	w.lostOrg = org
	var group []*request
	for range 3 {
		group = append(group, c.next())
	}
	c.send(ctx, group)
	left := 1
	if w.plan.skipping.empty {
		left = 0
	}
	start := group[2-left].stored + 1
	if err := w.kafka.DeleteRecords(events.MailboxTopic(org), 0, start); err != nil {
		w.fail("delete records: %v", err)
		return
	}
	w.startAll()
	patient, cancel := context.WithTimeout(ctx, settle)
	defer cancel()
	other := w.newCaller(bureaus[0], 301)
	other.ids = 1 << 20
	defer other.close()
	other.ask(patient, []*request{other.next()})
	if patient.Err() != nil {
		w.fail("the loss of %s stops %s", org, bureaus[0])
		return
	}
	loss := consumers.Loss{Org: org, From: group[0].stored, To: start}
	if !w.untilSaid(patient, loss) {
		return
	}
	if w.settled(ctx) {
		w.check(ctx)
	}
	if w.plan.skipping.skips {
		w.skip(ctx, c, loss, group)
	}
}

func (w *world) startAll() {
	for _, m := range w.nodes {
		m.start()
	}
}

// untilSaid waits until some node says what is lost.
func (w *world) untilSaid(ctx context.Context, want consumers.Loss) bool {
	for !w.lossSaid(want) {
		if ctx.Err() != nil {
			w.fail("no node says what %s has lost", want.Org)
			return false
		}
		time.Sleep(time.Second)
	}
	return true
}

func (w *world) lossSaid(want consumers.Loss) bool {
	for _, m := range w.nodes {
		if slices.Contains(m.now().Losses(), want) {
			return true
		}
	}
	return false
}

// skip lets the mailbox go on. What is left of it is decided, in its order, by
// an entry that covers exactly what is lost; what has no answer is asked again.
func (w *world) skip(ctx context.Context, c *caller, loss consumers.Loss, group []*request) {
	ctx, cancel := context.WithTimeout(ctx, 2*settle)
	defer cancel()
	if w.plan.skipping.wrongly && loss.To > loss.From+1 {
		w.permit(ctx, loss.Org, loss.To-1)
		if !w.settled(ctx) || !w.untilSaid(ctx, loss) {
			return
		}
		w.check(ctx) // nothing was passed over
	}
	w.permit(ctx, loss.Org, loss.To+w.plan.skipping.more)
	if w.plan.skipping.restart {
		w.stopAll()
		w.startAll()
	}
	w.gap, w.lostOrg = gap{loss.Org, loss.From, loss.To}, ""
	n := 0
	for n < len(group) && w.gap.has(group[n].org, group[n].stored) {
		n++
	}
	c.ask(ctx, group[:n]) // under the same ce_id, and now after what is left
	c.last = nil
	c.ask(ctx, group[n:])
	if ctx.Err() != nil {
		w.fail("%s does not go on behind what it has lost", loss.Org)
		return
	}
	if w.settled(ctx) {
		w.check(ctx)
	}
}

// permit sends mailbox.skipped, until it is answered.
func (w *world) permit(ctx context.Context, org events.OrgID, to int64) {
	c := w.newCaller(secretariat, 302)
	defer c.close()
	c.ids = 1<<20 + int(to)
	r := c.request(events.TypeMailboxSkipped, 0, fmt.Sprintf(`{"organisation":%q,"to":%d}`, org, to))
	c.ask(ctx, []*request{r})
	h, err := w.history(ctx)
	if err != nil || r.seq >= uint64(len(h.entries)) || h.entries[r.seq].Verdict != events.Accepted {
		w.fail("mailbox.skipped up to %d is not accepted: seq %d, %v", to, r.seq, err)
	}
}

// checkLoss: of a mailbox whose head is gone, nothing is decided after the loss.
func (w *world) checkLoss(org events.OrgID, entries []*events.Entry, start int64) {
	for _, e := range entries {
		if e.Off+e.Span > start {
			w.fail("%s: seq %d passes over what was lost", org, e.Seq)
		}
	}
}

// checkGap: an entry covers the gap and the one request behind it, which it
// decides; what came before can no longer be compared. It returns what is to be
// held against the messages that are left, and what was decided before.
func (w *world) checkGap(org events.OrgID, entries []*events.Entry) (behind []*events.Entry, decided map[events.UUID]*events.Entry) {
	decided = map[events.UUID]*events.Entry{}
	for i, e := range entries {
		switch {
		case e.Off+e.Span <= w.gap.from:
			if id := e.Envelope.ID; decided[id] == nil && e.Verdict != events.Duplicate && !id.IsZero() {
				decided[id] = e
			}
		case e.Off != w.gap.from || e.Off+e.Span != w.gap.to+1 || !e.Decides(w.gap.to) || e.Decides(w.gap.from):
			w.fail("%s: seq %d covers %d+%d where [%d, %d) is lost", org, e.Seq, e.Off, e.Span, w.gap.from, w.gap.to)
			return nil, nil
		default:
			first := *e
			first.Off, first.Span = w.gap.to, 1
			return append([]*events.Entry{&first}, entries[i+1:]...), decided
		}
	}
	w.fail("%s: nothing is decided behind what it has lost", org)
	return nil, nil
}

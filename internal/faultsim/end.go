package faultsim

import (
	"context"
	"errors"
	"time"

	"github.com/armslog/armslog/consumers"
	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/node"
	"github.com/armslog/armslog/producers"
)

// end is what happens last: something that no node may go on from.
func (w *world) end(ctx context.Context, h *history) {
	w.weather.incident(w.plan.ending)
	switch w.plan.ending {
	case endLoss:
		w.loseHead(ctx)
	case endCut:
		w.rewrite(h.raw[:len(h.raw)-1-w.cutting(h)])
		w.refuse(ctx)
	case endEmpty:
		w.rewrite(nil)
		w.refuse(ctx)
	}
}

// cutting is how many records more than the last accepted entry are cut.
func (w *world) cutting(h *history) int {
	after := 0 // records behind the last accepted entry
	for i := len(h.raw) - 1; i >= 0; i-- {
		it, err := events.ParseItem(h.raw[i].Headers, h.raw[i].Value, h.raw[i].offset)
		if err == nil && it.Entry != nil && it.Entry.Seq == uint64(len(h.entries)-1) {
			after = len(h.raw) - 1 - i
		}
	}
	return after + int(w.plan.Seed%5)
}

func (w *world) stopAll() {
	for _, m := range w.nodes {
		m.stop()
	}
}

// loseHead lets retention delete requests before they are decided: that bureau
// alone stops, and the node says so.
func (w *world) loseHead(ctx context.Context) {
	org := bureaus[2]
	w.stopAll()
	c := w.newCaller(org, 300)
	defer c.close()
	w.lostOrg = org
	var group []*request
	for range 3 {
		group = append(group, c.next())
	}
	c.send(ctx, group)
	start := group[1].stored + 1
	if err := w.kafka.DeleteRecords(events.MailboxTopic(org), 0, start); err != nil {
		w.fail("delete records: %v", err)
		return
	}
	for _, m := range w.nodes {
		m.start()
	}
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
	want := consumers.Loss{Org: org, From: group[0].stored, To: start}
	for !w.lossSaid(want) {
		if patient.Err() != nil {
			w.fail("no node says what %s has lost", org)
			return
		}
		time.Sleep(time.Second)
	}
	if w.settled(ctx) {
		w.check(ctx)
	}
}

func (w *world) lossSaid(want consumers.Loss) bool {
	for _, m := range w.nodes {
		for _, l := range m.now().Losses() {
			if l == want {
				return true
			}
		}
	}
	return false
}

// checkLoss: of a mailbox whose head is gone, nothing is decided after the loss.
func (w *world) checkLoss(org events.OrgID, entries []*events.Entry, start int64) {
	for _, e := range entries {
		if e.Off+e.Span > start {
			w.fail("%s: seq %d passes over what was lost", org, e.Seq)
		}
	}
}

// rewrite stops all nodes and leaves a journal that holds these records alone.
func (w *world) rewrite(records []stored) {
	w.stopAll()
	err := errors.Join(w.kafka.DeleteTopic(events.JournalTopic), w.kafka.CreateTopic(events.JournalTopic, 1, nil))
	client := producers.Connect(w.cluster(observer))
	defer producers.Disconnect(client)
	journal := producers.NewJournal(client, w.log)
	defer journal.Close()
	for _, r := range records {
		if err == nil {
			_, err = journal.Append(context.Background(), []events.Message{r.Message})
		}
	}
	if err != nil {
		w.fail("rewrite the journal: %v", err)
	}
}

// refuse holds that a node that knows more than the journal does not run.
func (w *world) refuse(ctx context.Context) {
	for _, m := range w.nodes {
		ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
		err := node.New(m.config()).Run(ctx)
		cancel()
		if !errors.Is(err, node.ErrHistoryWentBack) && !errors.Is(err, node.ErrOtherJournal) && !errors.Is(err, consumers.ErrLost) {
			w.fail("%s goes on with a journal that went backwards: %v", m.name, err)
		}
	}
}

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

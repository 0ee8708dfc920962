package faultsim

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/producers"
)

// Result is what came of a run.
type Result struct {
	Problems []string
	Faults   map[string]uint64 // that happened, by kind and way
	Faked    time.Duration     // that passed in the bubble
	Entries  int               // accepted
	Ignored  int               // entries of leaders that had been replaced, and repeats
	Fences   int
}

// Options change a run.
type Options struct {
	// Sabotage breaks a promise that the code counts on, to see that the checks
	// see it: nil = none.
	Sabotage func(Call, Fate) Fate
	Log      *slog.Logger
}

// settle is how long after the storm everything must be answered and delivered.
const settle = 10 * time.Minute

// Run makes one run in a bubble of its own.
func Run(t *testing.T, p *Plan, o Options) (result Result) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	dir := t.TempDir()
	synctest.Test(t, func(*testing.T) {
		// The bubble's clock begins in 2000; the journal's should not.
		time.Sleep(time.Until(time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)))
		began := time.Now()
		w, err := newWorld(p, dir, o.Sabotage, o.Log)
		if err != nil {
			result.Problems = append(result.Problems, err.Error())
			return
		}
		h := w.run()
		faked := time.Since(began)
		w.close()
		time.Sleep(2 * time.Hour) // what is still on its way arrives, or the bubble does not end
		result.Faked = faked
		result.Problems, result.Faults = w.problems, w.weather.seen
		if h != nil {
			result.Entries, result.Ignored, result.Fences = len(h.entries), h.ignored, h.fences
		}
	})
	return result
}

// run is the life of a world.
func (w *world) run() *history {
	ctx := context.Background()
	for _, m := range w.nodes {
		m.start()
	}
	if !w.enrol(ctx) {
		return nil
	}
	var callers []*caller
	var asking sync.WaitGroup
	// What is still asked when the storm is over must be answered soon.
	patient, giveUp := context.WithTimeout(ctx, w.plan.Storm+settle)
	defer giveUp()
	for i, org := range bureaus {
		c := w.newCaller(org, uint64(i))
		callers = append(callers, c)
		asking.Go(func() { c.run(patient) })
	}
	w.storm(ctx)
	asking.Wait()
	for _, c := range callers {
		c.close()
	}
	if !w.settled(ctx) || w.failed() {
		return nil
	}
	h := w.check(ctx)
	if h == nil || w.failed() {
		return h
	}
	w.end(ctx, h)
	return h
}

func (c *caller) close() {
	c.own.Close()
	producers.Disconnect(c.client)
}

// enrol makes the bureaus known, before anything happens.
func (w *world) enrol(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for _, m := range w.nodes {
		select {
		case <-m.now().Ready():
		case <-ctx.Done():
			w.fail("%s does not get ready", m.name)
			return false
		}
	}
	c := w.newCaller(secretariat, 99)
	defer c.close()
	var group []*request
	for _, org := range bureaus {
		body := fmt.Sprintf(`{"organisation_id":%q,"kind":"ncb","country":%q,"name":"Bureau","inbox":true}`, org, map[string]string{"NCB-AA": "CL", "NCB-BB": "PY", "NCB-CC": "BR"}[org])
		r := c.request(events.TypeOrganisationSubmitted, 0, body)
		group = append(group, r)
	}
	c.ask(ctx, group)
	if ctx.Err() != nil {
		w.fail("the bureaus were not enrolled")
	}
	return ctx.Err() == nil
}

// settled waits until every mailbox is decided and every outbox is written.
func (w *world) settled(ctx context.Context) bool {
	for range int(settle / time.Second) {
		time.Sleep(time.Second)
		if w.quiet(ctx) {
			return true
		}
	}
	w.fail("nothing comes to rest: %s", w.unrest(ctx))
	return false
}

func (w *world) quiet(ctx context.Context) bool { return w.unrest(ctx) == "" }

// unrest says what is still under way.
func (w *world) unrest(ctx context.Context) string {
	h, err := w.history(ctx)
	if err != nil {
		return err.Error()
	}
	decided := map[string]int64{}
	told := map[string]uint64{}
	for _, e := range h.entries {
		decided[e.Src] = max(decided[e.Src], e.Off+e.Span)
		tells, _ := tellings(e)
		for _, t := range tells {
			told[t.org] = e.Seq
		}
		if w.replied(h, e) {
			told[e.Src] = e.Seq
		}
	}
	for _, org := range append([]string{secretariat}, bureaus...) {
		if org == w.lostOrg {
			continue
		}
		if p := w.kafka.PartitionInfo(events.MailboxTopic(org), 0); p != nil && p.HighWatermark > decided[org] {
			return fmt.Sprintf("the mailbox of %s is decided up to %d of %d", org, decided[org], p.HighWatermark)
		}
		box, _, err := w.topic(ctx, events.OutboxTopic(org))
		if err != nil {
			return err.Error()
		}
		last := ""
		if len(box) > 0 {
			last, _, _ = strings.Cut(nameOf(box[len(box)-1]), " ")
		}
		if seq, any := told[org]; any && last != fmt.Sprint(seq) {
			return fmt.Sprintf("the outbox of %s is written up to %s of %d", org, last, seq)
		}
	}
	for _, m := range w.nodes {
		m.rows.mu.Lock()
		next := m.rows.next
		m.rows.mu.Unlock()
		if next != uint64(len(h.entries)) {
			return fmt.Sprintf("the read models of %s are at %d of %d", m.name, next, len(h.entries))
		}
	}
	return ""
}

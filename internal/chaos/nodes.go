package main

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"syscall"
	"time"

	"github.com/armslog/armslog/events"
)

// inbox is what a node says that an organisation was told.
func (w *world) inbox(ctx context.Context, node int, org events.OrgID) ([]note, error) {
	var notes []note
	for after := uint64(0); ; {
		var page struct {
			Items []events.Notification `json:"items"`
		}
		err := w.get(ctx, node, org, fmt.Sprintf("/v1/inbox?limit=500&after=%d", after), &page)
		if ctx.Err() != nil {
			return nil, fmt.Errorf("read the inbox of %s: %w", org, err)
		}
		if err != nil {
			continue // busy
		}
		if len(page.Items) == 0 {
			return notes, nil
		}
		for i := range page.Items {
			notes = append(notes, noteOf(&page.Items[i]))
		}
		after = page.Items[len(page.Items)-1].N
	}
}

var stateLine = regexp.MustCompile(`(?m)^state at seq (\d+): ([0-9a-f]{64})$`)

// awaitNodes asks every node for its hash until it has folded what the fold has.
func (w *world) awaitNodes(ctx context.Context, o *observed) error {
	for _, n := range w.fleet.Nodes {
		var at position
		for {
			if err := n.Signal(syscall.SIGUSR1); err != nil {
				return err
			}
			if !pause(ctx, 200*time.Millisecond) {
				return fmt.Errorf("%s is at seq %d long after all was mended, the journal at %d", n.Name(), at.Seq, o.Fold.Seq)
			}
			text, err := os.ReadFile(n.Log)
			if err != nil {
				return err
			}
			said := stateLine.FindAllSubmatch(text, -1)
			if len(said) == 0 {
				continue
			}
			last := said[len(said)-1]
			seq, _ := strconv.ParseUint(string(last[1]), 10, 64)
			at = position{n.Name(), seq, string(last[2])}
			if seq >= o.Fold.Seq {
				break
			}
		}
		o.Nodes = append(o.Nodes, at)
	}
	return nil
}

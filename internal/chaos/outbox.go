package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/armslog/armslog/consumers"
	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/projections"
)

// awaitOutbox waits until the courier has delivered as many notifications as
// were told, and the reply to the last mail, and reads everything.
func (w *world) awaitOutbox(ctx context.Context, org events.OrgID, notes int, o *observed) ([]message, error) {
	replies := 0
	for _, d := range o.Decisions {
		if d.Src == string(org) && o.Mailed[d.ID] {
			replies++
		}
	}
	var box []message
	for {
		if err := w.readOutbox(ctx, org, &box); err != nil {
			return nil, err
		}
		have := 0
		for _, m := range box {
			if m.Note != nil {
				have++
			}
		}
		if have >= notes && len(box)-have >= replies {
			return box, nil
		}
		if !pause(ctx, 200*time.Millisecond) {
			return box, nil // the checker says what is missing
		}
	}
}

// readOutbox reads on from where box ends. Nothing was ever deleted, so an
// offset is a place in the box.
func (w *world) readOutbox(ctx context.Context, org events.OrgID, box *[]message) error {
	topic := events.OutboxTopic(org)
	_, end, err := consumers.Bounds(ctx, w.kafka, topic)
	if err != nil {
		return nil // asked again
	}
	err = consumers.Messages(ctx, w.kafka, topic, int64(len(*box)), end, func(page []events.Message) error {
		for _, raw := range page {
			m, err := readMessage(raw)
			if err != nil {
				return err
			}
			*box = append(*box, m)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the outbox of %s: %w", org, err)
	}
	return nil
}

func readMessage(raw events.Message) (m message, err error) {
	head := map[string]string{}
	for _, h := range raw.Headers {
		head[h.Key] = string(h.Value)
	}
	if m.Seq, err = strconv.ParseUint(head[projections.HeaderSeq], 10, 64); err != nil {
		return m, err
	}
	if head[projections.HeaderKind] == "reply" {
		var reply events.Reply
		err = json.Unmarshal(raw.Value, &reply)
		t := toldOf(&reply)
		if len(reply.Errors) > 0 {
			t = told{Seq: reply.Seq, Refused: reply.Status}
		}
		m.Reply, m.ID = &t, reply.Request
		return m, err
	}
	var n events.Notification
	err = json.Unmarshal(raw.Value, &n)
	told := noteOf(&n)
	m.Note = &told
	return m, err
}

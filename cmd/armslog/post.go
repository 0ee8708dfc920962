package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/client"
)

// outcome tells one line and the seq.
func (a *app) outcome(line string) func(*events.Reply) error {
	return func(r *events.Reply) error {
		fmt.Fprintf(a.out, "%s  ·  seq %s\n", line, count(r.Seq))
		return nil
	}
}

// readBody reads a request's data from a file or, as "-", from standard input.
func (a *app) readBody(name string) ([]byte, error) {
	in := a.in
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	body, err := io.ReadAll(io.LimitReader(in, events.MaxBody+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return body, nil
}

// post looks at a body here, with the registry's own eyes, sends it and writes
// the reply.
func (a *app) post(ctx context.Context, t events.Type, path string, body []byte, table func(*events.Reply) error) error {
	return a.postRaw(ctx, t, path, body, func(raw json.RawMessage) error { return a.writeReply(raw, table) })
}

// postRaw hands the reply over as it came.
func (a *app) postRaw(ctx context.Context, t events.Type, path string, body []byte, write func(json.RawMessage) error) error {
	if _, errs := events.Decode(t, body); len(errs) > 0 {
		return refused(events.Explain(t, body, errs))
	}
	if a.global.dryRun {
		a.note("valid; nothing was sent (--dry-run)")
		return nil
	}
	c, err := a.client()
	if err != nil {
		return err
	}
	var raw json.RawMessage
	if _, err := c.Post(ctx, path, json.RawMessage(body), &raw); err != nil {
		return err
	}
	return write(raw)
}

// send posts what only the registry can judge, and writes the reply.
func (a *app) send(ctx context.Context, c *client.Client, path string, body any, table func(*events.Reply) error) error {
	if a.global.dryRun {
		a.note("nothing was sent (--dry-run)")
		return nil
	}
	var raw json.RawMessage
	if _, err := c.Post(ctx, path, body, &raw); err != nil {
		return err
	}
	return a.writeReply(raw, table)
}

func (a *app) writeReply(raw json.RawMessage, table func(*events.Reply) error) error {
	return a.object(raw, func() error {
		var reply events.Reply
		if err := json.Unmarshal(raw, &reply); err != nil {
			return fmt.Errorf("read reply: %w", err)
		}
		return table(&reply)
	})
}

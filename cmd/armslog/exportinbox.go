package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/armslog/armslog/events"
)

func (a *app) inboxExport() *cobra.Command {
	var f exportFlags
	var in inboxFlags
	c := &cobra.Command{
		Use:   "export [FILE]",
		Short: "Write what your organisation was told: NDJSON, CSV or XLSX",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			e, err := a.newExport(f, args, inboxTable())
			if err != nil {
				return err
			}
			in.limit = f.limit
			err = a.exportInbox(cmd.Context(), e, in)
			if err = e.close(err); err == nil {
				a.said(e, "notification", "notifications")
			}
			return err
		},
	}
	f.add(c)
	c.Flags().Uint64Var(&in.after, "after", 0, "only what comes after this n")
	c.Flags().StringVar(&in.kind, "kind", "", "only this reason (match, match_ended …) or class (alert, custody …)")
	return c
}

// inboxTable is what a desk sorts by; NDJSON has everything.
func inboxTable() exportTable {
	columns := []string{"n", "at", "seq", "reason", "role", "class", "grade", "strength", "owner", "about_kind", "about_id", "what"}
	return exportTable{columns, func(item json.RawMessage) ([]string, error) {
		var n events.Notification
		if err := json.Unmarshal(item, &n); err != nil {
			return nil, fmt.Errorf("read notification: %w", err)
		}
		var class, grade, strength, owner string
		if m := n.Body.Match; m != nil {
			class, grade, strength, owner = m.Class, m.Grade, m.Strength, string(m.Summary.Owner)
		}
		return []string{
			strconv.FormatUint(n.N, 10), n.At, strconv.FormatUint(n.Seq, 10), n.Reason, n.Role, class, grade, strength, owner,
			n.About.Kind, n.About.ID, notificationWords(n),
		}, nil
	}}
}

func (a *app) exportInbox(ctx context.Context, e *export, in inboxFlags) error {
	c, err := a.client()
	if err != nil {
		return err
	}
	for after := in.after; ; {
		page, err := c.Inbox(ctx, after, inboxPage, 0)
		if err != nil || len(page.Items) == 0 {
			return err
		}
		for _, n := range page.Items {
			after = n.N
			if in.limit > 0 && e.rows >= in.limit {
				return nil
			}
			if in.kind != "" && in.kind != n.Reason && in.kind != kindOf(n) {
				continue
			}
			raw, err := marshal(n)
			if err != nil {
				return err
			}
			if err := e.put(raw); err != nil {
				return err
			}
		}
	}
}

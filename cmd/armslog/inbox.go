package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/client"
)

func (a *app) inboxCommand() *cobra.Command {
	var f inboxFlags
	c := &cobra.Command{
		Use:   "inbox",
		Short: "What your organisation was told",
		Args:  cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return a.needsVerb(cmd, args)
			}
			return a.inbox(cmd.Context(), f)
		},
	}
	c.Flags().BoolVar(&f.follow, "follow", false, "wait for more")
	c.Flags().Uint64Var(&f.after, "after", 0, "only what comes after this n")
	c.Flags().IntVar(&f.limit, "limit", 0, "how many; 0 = all")
	c.Flags().StringVar(&f.kind, "kind", "", "only this reason (match, match_ended …) or class (alert, custody …)")
	c.AddCommand(a.inboxAck(), a.inboxExport())
	return c
}

type inboxFlags struct {
	follow bool
	after  uint64
	limit  int
	kind   string
}

func (a *app) inboxAck() *cobra.Command {
	return &cobra.Command{
		Use:   "ack N",
		Short: "Say that all up to N has been read",
		Args:  exactArgs("N"),
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := strconv.ParseUint(args[0], 10, 64)
			if err != nil || n == 0 {
				return &usageError{fmt.Sprintf("%q is no number of the inbox", args[0]), "armslog inbox lists them"}
			}
			c, err := a.client()
			if err != nil {
				return err
			}
			return a.send(cmd.Context(), c, "/v1/inbox/"+args[0]+"/ack", nil, a.outcome("read up to "+args[0]))
		},
	}
}

const (
	inboxPage = 200
	pollWait  = 30 * time.Second
)

// inbox lists, and with --follow goes on for ever.
func (a *app) inbox(ctx context.Context, f inboxFlags) error {
	c, err := a.client()
	if err != nil {
		return err
	}
	out, err := a.newInbox(f)
	if err != nil {
		return err
	}
	after, wait := f.after, time.Duration(0)
	for !out.full() {
		page, err := c.Inbox(ctx, after, inboxPage, wait)
		if f.follow && errors.Is(err, client.ErrOutcomeUnknown) {
			continue // the connection broke while nothing came: ask again
		}
		if f.follow && errors.Is(err, context.Canceled) {
			return errors.Join(silent(exitInterrupted), out.close())
		}
		if err != nil {
			return errors.Join(err, out.close())
		}
		for _, n := range page.Items {
			if n.N != after+1 {
				return &codedError{"inbox_gap", fmt.Sprintf("entry %d follows entry %d", n.N, after), "n is dense: something was lost", exitIntegrity}
			}
			after = n.N
			if err := out.add(n); err != nil {
				return err
			}
		}
		if len(page.Items) > 0 {
			if err := out.flush(f.follow); err != nil {
				return err
			}
			continue
		}
		if !f.follow {
			break
		}
		wait = pollWait
	}
	return out.close()
}

// inboxOut writes notifications in the format that is asked for.
type inboxOut struct {
	app   *app
	flags inboxFlags
	list  *list
	rows  [][]string
	n     int
	head  bool
}

func (a *app) newInbox(f inboxFlags) (*inboxOut, error) {
	l, err := a.newList([]column{{"N", "n", false}, {"AT", "at", false}, {"REASON", "reason", false}, {"ROLE", "role", false}, {"CLASS", "body.match.class", false},
		{"GRADE", "body.match.grade", false}, {"OWNER", "body.match.summary.owner", false}, {"ID", "about.id", false}, {"SEQ", "seq", false}})
	return &inboxOut{app: a, flags: f, list: l}, err
}

func (o *inboxOut) full() bool { return o.flags.limit > 0 && o.n >= o.flags.limit }

func (o *inboxOut) add(n events.Notification) error {
	if o.full() || !o.wanted(n) {
		return nil
	}
	o.n++
	if o.list.format == "table" {
		o.rows = append(o.rows, []string{strconv.FormatUint(n.N, 10), clock(n.At), kindOf(n), notificationWords(n)})
		return nil
	}
	raw, err := json.Marshal(n)
	if err != nil {
		return fmt.Errorf("write notification: %w", err)
	}
	return o.list.add(raw)
}

func (o *inboxOut) wanted(n events.Notification) bool {
	return o.flags.kind == "" || o.flags.kind == n.Reason || o.flags.kind == kindOf(n)
}

// flush shows at once what came, when there is no end to wait for.
func (o *inboxOut) flush(follow bool) error {
	if o.list.csv != nil {
		o.list.csv.Flush()
	}
	if !follow || o.list.format != "table" {
		return nil
	}
	return o.writeRows()
}

func (o *inboxOut) writeRows() error {
	if len(o.rows) == 0 {
		return nil
	}
	rows := o.rows
	o.rows = nil
	if o.head {
		for _, r := range rows {
			fmt.Fprintln(o.app.out, strings.Join(r, "  "))
		}
		return nil
	}
	o.head = true
	return o.app.table([]string{"N", "AT", "KIND", "WHAT"}, rows)
}

func (o *inboxOut) close() error {
	if o.list.format != "table" {
		return o.list.close()
	}
	if o.n == 0 {
		o.app.note("the inbox is empty")
	}
	return o.writeRows()
}

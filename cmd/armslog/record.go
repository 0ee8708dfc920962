package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/client"
)

func (a *app) recordCommand() *cobra.Command {
	return a.group("record", "Your own records: show, list, history, put, withdraw, export",
		a.recordShow(), a.recordList(), a.recordHistory(), a.recordPut(), a.recordWithdraw(), a.recordExport())
}

func (a *app) recordShow() *cobra.Command {
	var asOf string
	c := &cobra.Command{
		Use:   "show RECORD",
		Short: "Show a record: an id, the beginning of one, a source id or a mark",
		Args:  exactArgs("RECORD"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			id, err := resolveRecord(cmd.Context(), c, args[0])
			if err != nil {
				return err
			}
			var raw json.RawMessage
			if _, err := c.Get(cmd.Context(), "/v1/records/"+id, asOfQuery(asOf), &raw); err != nil {
				return err
			}
			return a.object(raw, func() error { return a.fields(raw) })
		},
	}
	c.Flags().StringVar(&asOf, "as-of", "", "as it was at a seq or an RFC 3339 time")
	return c
}

func asOfQuery(asOf string) url.Values {
	if asOf == "" {
		return nil
	}
	return url.Values{"as_of": {asOf}}
}

// fields writes an object as lines of path and value.
func (a *app) fields(raw json.RawMessage) error {
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	var object map[string]any
	if err := d.Decode(&object); err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	var b strings.Builder
	writeFields(&b, "", object)
	_, err := io.WriteString(a.out, b.String())
	return err
}

func writeFields(b *strings.Builder, prefix string, object map[string]any) {
	for _, name := range sortedKeys(object) {
		switch v := object[name].(type) {
		case map[string]any:
			writeFields(b, prefix+name+".", v)
		case []any:
			writeListField(b, prefix+name, v)
		default:
			b.WriteString(pad(prefix+name, 34) + plain(v) + "\n")
		}
	}
}

func writeListField(b *strings.Builder, name string, list []any) {
	for i, v := range list {
		object, ok := v.(map[string]any)
		if !ok {
			b.WriteString(pad(name, 34) + plain(list) + "\n")
			return
		}
		writeFields(b, name+"."+strconv.Itoa(i)+".", object)
	}
}

func recordColumns() []column {
	return []column{
		{"ID", "id", true}, {"STATUS", "status", false}, {"CATEGORY", "category", false}, {"MARKS", "marks", false},
		{"TYPE", "type", false}, {"MAKE", "make", false}, {"MODEL", "model", false}, {"CALIBRE", "calibre", false},
		{"DATE", "incident_date", false}, {"SOURCE", "source.id", false}, {"REV", "revision", false}, {"SEQ", "seq", false},
	}
}

func (a *app) recordList() *cobra.Command {
	var limit int
	filters := map[string]*string{}
	c := &cobra.Command{
		Use:   "list",
		Short: "List your own records, the newest first",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.writeItems(cmd.Context(), "/v1/records", filterQuery(filters), limit, recordColumns())
		},
	}
	for name, doc := range map[string]string{
		"status": "active, located, withdrawn or expired", "category": "lost, stolen, trafficked, smuggled, seized, found or surrendered",
		"case-number": "of the incident", "source-id": "your own id of it", "mark": "as written; compared in normal form",
	} {
		filters[name] = c.Flags().String(name, "", doc)
	}
	c.Flags().IntVar(&limit, "limit", 100, "how many; 0 = all")
	return c
}

func filterQuery(filters map[string]*string) url.Values {
	q := url.Values{}
	for name, v := range filters {
		if *v != "" {
			q.Set(strings.ReplaceAll(name, "-", "_"), *v)
		}
	}
	return q
}

func (a *app) recordHistory() *cobra.Command {
	return &cobra.Command{
		Use:   "history RECORD",
		Short: "List the revisions of a record",
		Args:  exactArgs("RECORD"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			id, err := resolveRecord(cmd.Context(), c, args[0])
			if err != nil {
				return err
			}
			return a.writeItems(cmd.Context(), "/v1/records/"+id+"/history", url.Values{}, 0, []column{
				{"REV", "revision", false}, {"SEQ", "seq", false}, {"AT", "changed_at", false}, {"STATUS", "status", false},
				{"CATEGORY", "category", false}, {"MARKS", "marks", false}, {"MAKE", "make", false}, {"CALIBRE", "calibre", false},
			})
		},
	}
}

func (a *app) recordExport() *cobra.Command {
	var limit int
	c := &cobra.Command{
		Use:   "export",
		Short: "Write your own records in full, one JSON object a line",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			for item, err := range items(cmd.Context(), c, "/v1/records", url.Values{}, limit) {
				if err != nil {
					return err
				}
				id, err := idOf(item)
				if err != nil {
					return err
				}
				var raw json.RawMessage
				if _, err := c.Get(cmd.Context(), "/v1/records/"+id, nil, &raw); err != nil {
					return err
				}
				if err := writeLine(a.out, raw); err != nil {
					return err
				}
			}
			return nil
		},
	}
	c.Flags().IntVar(&limit, "limit", 0, "how many; 0 = all")
	return c
}

func (a *app) recordPut() *cobra.Command {
	return &cobra.Command{
		Use:   "put FILE|-",
		Short: "Register or amend one record: its full state as JSON",
		Args:  exactArgs("FILE|-"),
		RunE: func(cmd *cobra.Command, args []string) error {
			body, err := a.readBody(args[0])
			if err != nil {
				return err
			}
			return a.post(cmd.Context(), events.TypeRecordSubmitted, "/v1/records", body, a.recordOutcome)
		},
	}
}

// recordOutcome tells what became of a record, in one line.
func (a *app) recordOutcome(r *events.Reply) error {
	line := r.Status + " " + shortID(r.ID)
	if r.Revision > 0 {
		line += fmt.Sprintf(" (revision %d)", r.Revision)
	}
	line += "  ·  "
	if len(r.Matches) == 0 {
		line += "no match"
	} else {
		line += plural(len(r.Matches), "match", "matches") + ": " + strings.Join(matchWords(r.Matches), "; ") + "; all parties notified"
	}
	fmt.Fprintln(a.out, line)
	for _, w := range r.Warnings {
		a.note("warning: %s %s: %s", w.Pointer, w.Code, w.Message)
	}
	return nil
}

func matchWords(views []events.MatchView) []string {
	words := make([]string, len(views))
	for i, m := range views {
		words[i] = fmt.Sprintf("%s %s with %s's %s of %s", m.Class, m.Grade, m.Summary.Owner, noun(m.Summary.Category), year(m.Summary.IncidentDate))
	}
	return words
}

// noun is what a category is called as a thing that happened.
func noun(category string) string {
	switch category {
	case "seized":
		return "seizure"
	case "found":
		return "find"
	case "surrendered":
		return "surrender"
	case "lost":
		return "loss"
	case "stolen":
		return "theft"
	case "trafficked", "smuggled":
		return category + " weapon"
	}
	return "record"
}

func year(date string) string {
	if len(date) < 4 {
		return "an unknown year"
	}
	return date[:4]
}

func (a *app) recordWithdraw() *cobra.Command {
	var reason, replacedBy string
	c := &cobra.Command{
		Use:   "withdraw RECORD --reason R",
		Short: "Withdraw a record; all who were told of it are told",
		Args:  exactArgs("RECORD"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !events.WithdrawReasons.Has(reason) {
				return &usageError{fmt.Sprintf("--reason %q is none", reason), "one of recovered, returned, destroyed, entered_in_error, duplicate, owner_request"}
			}
			c, err := a.client()
			if err != nil {
				return err
			}
			id, err := resolveRecord(cmd.Context(), c, args[0])
			if err != nil {
				return err
			}
			if err := a.confirm("withdraw record " + id); err != nil {
				return err
			}
			body := map[string]string{"reason": reason}
			if replacedBy != "" {
				body["replaced_by"] = replacedBy
			}
			return a.send(cmd.Context(), c, "/v1/records/"+id+"/withdrawal", body, a.outcome("withdrawn "+shortID(id)))
		},
	}
	c.Flags().StringVar(&reason, "reason", "", "recovered, returned, destroyed, entered_in_error, duplicate or owner_request")
	c.Flags().StringVar(&replacedBy, "replaced-by", "", "id of the record that stands in its place")
	return c
}

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

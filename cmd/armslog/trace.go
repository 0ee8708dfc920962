package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/gateway"
	"github.com/armslog/armslog/internal/client"
	"github.com/armslog/armslog/registry"
)

func (a *app) traceCommand() *cobra.Command {
	c := a.group("trace", "International trace requests: submit, list, show, respond, comment, forward, close, export",
		a.traceSubmit(), a.traceList(), a.traceShow(), a.traceRespond(), a.traceComment(), a.traceForward(), a.traceClose(), a.traceExport())
	c.Long = "Ask others where a firearm was last held by right, and answer when they ask.\n" +
		"Submit asks; its addressees acknowledge and respond, refer or refuse; the requester decides whom\n" +
		"to ask next and closes the trace with a finding. A trace is a question too, and stands meanwhile."
	return c
}

func (a *app) traceList() *cobra.Command {
	var limit int
	filters := map[string]*string{}
	c := &cobra.Command{
		Use:   "list",
		Short: "List the traces that you requested or were asked, the newest first",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.writeTraces(cmd.Context(), filterQuery(filters), limit)
		},
	}
	filters["direction"] = c.Flags().String("direction", "", "incoming (you were asked) or outgoing (you ask)")
	filters["status"] = c.Flags().String("status", "", "open, "+strings.Join(events.TraceOutcomes.Codes(), ", "))
	c.Flags().IntVar(&limit, "limit", 100, "how many; 0 = all")
	return c
}

func (a *app) writeTraces(ctx context.Context, query url.Values, limit int) error {
	c, err := a.client()
	if err != nil {
		return err
	}
	l, err := a.newList([]column{
		{"ID", "id", true}, {"AT", "at", false}, {"ROLE", "role", false}, {"STATUS", "status", false}, {"REQUESTER", "requester", false},
		{"FOR", "acting_for", false}, {"URGENCY", "urgency", false}, {"ASKED", "asked", false}, {"ANSWER BY", "answer_by", false},
		{"MARKS", "marks", false}, {"MAKE", "make", false}, {"CALIBRE", "calibre", false}, {"CASE", "case_number", false}, {"SEQ", "seq", false},
	})
	if err != nil {
		return err
	}
	if err := upToNow(ctx, c, query); err != nil {
		return err
	}
	for item, err := range items(ctx, c, "/v1/traces", query, limit) {
		if err == nil && (l.format == "table" || l.format == "csv") {
			item, err = withAsked(item)
		}
		if err != nil {
			return err
		}
		if err := l.add(item); err != nil {
			return err
		}
	}
	return l.close()
}

// upToNow is the query of a list that knows all that is decided by now: whoever
// has just been told of a trace must find it there.
func upToNow(ctx context.Context, c *client.Client, query url.Values) error {
	var ready struct {
		Next uint64 `json:"next_seq"`
	}
	if _, err := c.Get(ctx, "/readyz", nil, &ready); err != nil {
		return err
	}
	query.Set("min_seq", strconv.FormatUint(max(ready.Next, 1)-1, 10))
	return nil
}

// resolveTrace finds the trace that a UUID or the beginning of one means.
func resolveTrace(ctx context.Context, c *client.Client, word string) (string, error) {
	if _, ok := events.ParseUUID(word); ok {
		return word, nil
	}
	query := url.Values{}
	if err := upToNow(ctx, c, query); err != nil {
		return "", err
	}
	return resolveAmong(ctx, c, "/v1/traces", query, word)
}

// withAsked adds to a trace of the list who is asked as one text, since rows
// hold no lists of objects: "NCB-CL completed, NCB-PY sent".
func withAsked(item json.RawMessage) (json.RawMessage, error) {
	var row map[string]any
	var asked struct {
		Addressees []gateway.TraceAddressee `json:"addressees"`
	}
	if err := errors.Join(json.Unmarshal(item, &row), json.Unmarshal(item, &asked)); err != nil {
		return nil, fmt.Errorf("read trace: %w", err)
	}
	var words []string
	for _, p := range asked.Addressees {
		words = append(words, p.Organisation+" "+p.Status)
	}
	row["asked"] = strings.Join(words, ", ")
	return marshal(row)
}

func (a *app) traceShow() *cobra.Command {
	return &cobra.Command{
		Use:   "show TRACE",
		Short: "Show a trace: who was asked, what they answered, and the weapon's way",
		Args:  exactArgs("TRACE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, id, err := a.find(cmd.Context(), args[0], resolveTrace)
			if err != nil {
				return err
			}
			var raw json.RawMessage
			if _, err := c.Get(cmd.Context(), "/v1/traces/"+id, url.Values{}, &raw); err != nil {
				return err
			}
			return a.object(raw, func() error {
				var t registry.TraceView
				if err := json.Unmarshal(raw, &t); err != nil {
					return fmt.Errorf("read trace: %w", err)
				}
				return a.showTrace(&t)
			})
		},
	}
}

func (a *app) traceComment() *cobra.Command {
	var until string
	c := &cobra.Command{
		Use:   "comment TRACE CODE",
		Short: "Say something between request and answer: " + strings.Join(events.TraceComments.Codes(), ", "),
		Args:  exactArgs("TRACE", "CODE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			body := map[string]string{"code": args[1]}
			if until != "" {
				body["until"] = until
			}
			return a.ofTrace(cmd, args[0], "comments", body)
		},
	}
	c.Flags().StringVar(&until, "until", "", "of more_time: the new last day for your answer; it is moved once")
	return c
}

func (a *app) traceForward() *cobra.Command {
	var because string
	c := &cobra.Command{
		Use:   "forward TRACE ORG… --because CODE",
		Short: "Ask others too: the requester, or an addressee where the request lets it",
		Args:  cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.ofTrace(cmd, args[0], "forwardings", map[string]any{"addressees": upper(args[1:]), "because": because})
		},
	}
	c.Flags().StringVar(&because, "because", "", strings.Join(events.TraceReasons.Codes(), ", "))
	return c
}

func (a *app) traceClose() *cobra.Command {
	flags := map[string]*string{}
	c := &cobra.Command{
		Use:     "close TRACE OUTCOME",
		Short:   "End a trace of yours with your finding: " + strings.Join(events.TraceOutcomes.Codes(), ", "),
		Example: "  armslog trace close c41a90e2 established --diversion-country BR --diversion-date 2014 --diversion-kind state_theft",
		Args:    exactArgs("TRACE", "OUTCOME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			body := map[string]any{"outcome": args[1]}
			for member, part := range map[string]string{"diversion": "diversion", "first_retail_sale": "sale"} {
				said := map[string]string{}
				for _, name := range []string{"country", "date", "kind"} {
					if v := flags[part+"-"+name]; v != nil && *v != "" {
						said[name] = *v
					}
				}
				if len(said) > 0 {
					body[member] = said
				}
			}
			return a.ofTrace(cmd, args[0], "closure", body)
		},
	}
	for name, doc := range map[string]string{
		"diversion-country": "where the weapon left the licit chain", "diversion-date": "when: 2014, 2014-05 …", "diversion-kind": strings.Join(events.DiversionKinds.Codes(), ", "),
		"sale-country": "where it was first sold by retail", "sale-date": "when",
	} {
		flags[name] = c.Flags().String(name, "", doc)
	}
	return c
}

// ofTrace sends what somebody says about a trace.
func (a *app) ofTrace(cmd *cobra.Command, word, noun string, body any) error {
	c, id, err := a.find(cmd.Context(), word, resolveTrace)
	if err != nil {
		return err
	}
	return a.send(cmd.Context(), c, "/v1/traces/"+id+"/"+noun, body, func(r *events.Reply) error {
		return a.outcome("trace " + shortID(id) + "  " + r.Status)(r)
	})
}

func upper(words []string) (out []string) {
	for _, w := range words {
		out = append(out, strings.ToUpper(w))
	}
	return out
}

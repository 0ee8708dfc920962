package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/armslog/armslog/events"
)

// searchFlags are what a question may say.
type searchFlags struct {
	make, model, calibre, kind, place    string
	operation, country, caseNumber, date string
	standUntil                           string
	noStanding, exitCode                 bool
	limit                                uint32
	file, sheet                          string
}

func (a *app) searchCommand() *cobra.Command {
	var f searchFlags
	c := &cobra.Command{
		Use:   "search MARK…",
		Short: "Ask whether a firearm is known; the question stands afterwards",
		Long: "Ask whether a firearm is known. Several marks are marks of one firearm. In a mark, ? is one\n" +
			"unknown sign and * any number of them. The question stands: you are told of a record that\n" +
			"arrives later and meets it.",
		Example: "  armslog search KTO44170 --make FAMAE --calibre .40 --context recovered --country FJ\n" +
			"  armslog search 'NXPA3?718'\n  armslog search --file list.xlsx -o csv",
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.file != "" {
				return a.searchFile(cmd.Context(), f, args)
			}
			if len(args) == 0 {
				return &usageError{"missing MARK", "armslog search MARK…, or --file list.csv"}
			}
			return a.search(cmd.Context(), f, args)
		},
	}
	a.searchFlags(c, &f)
	c.AddCommand(a.searchWithdraw(), a.searchList())
	return c
}

func (a *app) searchFlags(c *cobra.Command, f *searchFlags) {
	flags := c.Flags()
	flags.StringVar(&f.make, "make", "", "as stated or as marked")
	flags.StringVar(&f.model, "model", "", "as stated or as marked")
	flags.StringVar(&f.calibre, "calibre", "", "such as .40 or 9x19")
	flags.StringVar(&f.kind, "type", "", "pistol, revolver, rifle …")
	flags.StringVar(&f.place, "place", "", "where the mark stands: frame, receiver, slide, barrel …")
	flags.String("purpose", "", "border_control, security_check, criminal_investigation …")
	flags.String("context", "", "recovered, in_sight, documents or routine_control")
	flags.StringVar(&f.operation, "operation", "", "name of the operation")
	flags.StringVar(&f.country, "country", "", "where the firearm is (two letters)")
	flags.StringVar(&f.date, "date", "", "when it was met: 2019, 2019-05 or 2019-05-14")
	flags.StringVar(&f.caseNumber, "case-number", "", "your own, the way back to you")
	flags.StringVar(&f.standUntil, "stand-until", "", "the last day on which the question stands")
	flags.BoolVar(&f.noStanding, "no-standing", false, "answer now and forget the question")
	flags.Uint32Var(&f.limit, "limit", 0, "candidates shown, at most 200 (50)")
	flags.BoolVar(&f.exitCode, "exit-code", false, "exit 6 where there is a match")
	flags.StringVar(&f.file, "file", "", "a CSV or XLSX of questions: one row in, one row out, in the same order")
	flags.StringVar(&f.sheet, "sheet", "", "XLSX: the sheet of --file, where there are several")
}

// body is the question that flags and marks make.
func (a *app) searchBody(f searchFlags, marks []string) (*events.SearchMade, error) {
	s := &events.SearchMade{
		Purpose: a.settings.get("purpose"), Context: a.settings.get("context"),
		Firearm:    events.Firearm{Type: f.kind, Make: f.make, Model: f.model, Calibre: f.calibre},
		Incident:   events.Incident{Country: f.country, CaseNumber: f.caseNumber, Operation: f.operation},
		NoStanding: f.noStanding, Limit: f.limit,
	}
	for _, text := range marks {
		s.Firearm.Marks = append(s.Firearm.Marks, events.Mark{Kind: "serial", Place: f.place, Status: statusOf(text), Text: text})
	}
	for _, d := range []struct {
		text string
		at   *events.Date
	}{{f.standUntil, &s.StandUntil}, {f.date, &s.Incident.Date}} {
		if err := d.at.UnmarshalText([]byte(d.text)); err != nil {
			return nil, &usageError{fmt.Sprintf("%q is no date", d.text), "2026, 2026-05 or 2026-05-14"}
		}
	}
	switch {
	case s.Purpose == "":
		return nil, &usageError{"a search needs a purpose", "--purpose " + strings.Join(events.Purposes.Codes(), "|") + ", or a profile that has one"}
	case s.Context == "":
		return nil, &usageError{"a search needs a context", "--context " + strings.Join(events.Contexts.Codes(), "|") + ", or a profile that has one"}
	}
	return s, nil
}

// statusOf is partial where signs of a mark are unknown.
func statusOf(text string) string {
	if strings.ContainsAny(text, "?*") {
		return "partial"
	}
	return "readable"
}

func (a *app) search(ctx context.Context, f searchFlags, marks []string) error {
	question, err := a.searchBody(f, marks)
	if err != nil {
		return err
	}
	body, err := json.Marshal(question)
	if err != nil {
		return fmt.Errorf("write question: %w", err)
	}
	a.sayDefaults()
	began := time.Now()
	var met int
	err = a.postRaw(ctx, events.TypeSearchMade, "/v1/searches", body, func(raw json.RawMessage) error {
		var reply events.Reply
		if err := json.Unmarshal(raw, &reply); err != nil {
			return fmt.Errorf("read answer: %w", err)
		}
		met = len(reply.Matches)
		return a.object(raw, func() error { return a.answer(ctx, question, &reply, time.Since(began)) })
	})
	if err == nil && f.exitCode && met > 0 {
		return silent(exitMatches)
	}
	return err
}

// sayDefaults says which purpose and context were taken from elsewhere than a
// flag: they are part of what is asked.
func (a *app) sayDefaults() {
	for _, name := range []string{"purpose", "context"} {
		if v := a.settings.values[name]; !strings.HasPrefix(v.from, "flag") {
			a.note("%s %s (%s)", name, v.text, v.from)
		}
	}
}

func (a *app) searchWithdraw() *cobra.Command {
	var reason string
	c := &cobra.Command{
		Use:   "withdraw ID --reason R",
		Short: "End one of your own questions",
		Args:  exactArgs("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !events.SearchWithdrawReasons.Has(reason) {
				return &usageError{fmt.Sprintf("--reason %q is none", reason), "one of " + strings.Join(events.SearchWithdrawReasons.Codes(), ", ")}
			}
			c, id, err := a.find(cmd.Context(), args[0], among("/v1/searches"))
			if err != nil {
				return err
			}
			return a.send(cmd.Context(), c, "/v1/searches/"+id+"/withdrawal", map[string]string{"reason": reason},
				a.outcome("withdrawn "+shortID(id)))
		},
	}
	c.Flags().StringVar(&reason, "reason", "", strings.Join(events.SearchWithdrawReasons.Codes(), ", "))
	return c
}

func (a *app) searchList() *cobra.Command {
	var limit int
	filters := map[string]*string{}
	c := &cobra.Command{
		Use:   "list",
		Short: "List your own questions, the newest first",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.writeItems(cmd.Context(), "/v1/searches", filterQuery(filters), limit, []column{
				{"ID", "id", true}, {"AT", "at", false}, {"STATUS", "status", false}, {"MARKS", "marks", false}, {"FOR", "on_behalf_of", false},
				{"CONTEXT", "context", false}, {"CASE", "case_number", false}, {"STANDS UNTIL", "stands_until", false},
				{"MATCHES", "matches", false}, {"CANDIDATES", "candidates", false}, {"SEQ", "seq", false},
			})
		},
	}
	filters["status"] = c.Flags().String("status", "", "standing, ended or answered")
	c.Flags().IntVar(&limit, "limit", 100, "how many; 0 = all")
	return c
}

// strongest is the mark with the most bits: it is what an answer is about.
func strongest(marks []events.Mark) events.Mark {
	return slices.MaxFunc(marks, func(a, b events.Mark) int { return int(measure(a).MilliBits - measure(b).MilliBits) })
}

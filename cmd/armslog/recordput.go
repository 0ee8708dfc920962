package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/armslog/armslog/events"
)

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
		words[i] = fmt.Sprintf("%s %s with %s's %s", m.Class, m.Grade, m.Summary.Owner, otherSide(m.Summary))
	}
	return words
}

// otherSide is a question, which has no category, or what happened to a record.
func otherSide(s events.Summary) string {
	if s.Category == "" {
		return "question"
	}
	return noun(s.Category) + " of " + year(s.IncidentDate)
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
			c, id, err := a.find(cmd.Context(), args[0], resolveRecord)
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

package main

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/client"
)

func (a *app) matchAsk() *cobra.Command {
	var body struct {
		Urgency    string   `json:"urgency"`
		Compared   []string `json:"compared,omitempty"`
		CaseNumber string   `json:"case_number,omitempty"`
	}
	c := &cobra.Command{
		Use:   "ask MATCH --urgency U",
		Short: "Ask the other party whether the two are one weapon; a candidate is told to it by that",
		Args:  exactArgs("MATCH"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := codeOf("--urgency", events.Urgencies, body.Urgency); err != nil {
				return err
			}
			for _, field := range body.Compared {
				if err := codeOf("--compared", events.ComparedFields, field); err != nil {
					return err
				}
			}
			c, id, err := a.find(cmd.Context(), args[0], resolveMatch)
			if err != nil {
				return err
			}
			return a.send(cmd.Context(), c, "/v1/matches/"+id+"/confirmation-requests", body, func(r *events.Reply) error {
				fmt.Fprintln(a.out, askedWords(r.Confirmation))
				return nil
			})
		},
	}
	c.Flags().StringVar(&body.Urgency, "urgency", "routine", listed(events.Urgencies)+": the owner's own clock for it runs")
	c.Flags().StringSliceVar(&body.Compared, "compared", nil, "what you have held side by side: "+listed(events.ComparedFields))
	c.Flags().StringVar(&body.CaseNumber, "case-number", "", "your own")
	return c
}

func (a *app) matchAnswer() *cobra.Command {
	var action, caseNumber string
	c := &cobra.Command{
		Use:   "answer MATCH ANSWER",
		Short: "Answer as the owner of the record: " + listed(events.ConfirmationAnswers),
		Args:  exactArgs("MATCH", "ANSWER"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := codeOf("ANSWER", events.ConfirmationAnswers, args[1]); err != nil {
				return err
			}
			body := map[string]string{"answer": args[1]}
			if action != "" {
				if err := codeOf("--action", events.ConfirmationActions, action); err != nil {
					return err
				}
				body["action"] = action
			}
			if caseNumber != "" {
				body["case_number"] = caseNumber
			}
			c, id, err := a.find(cmd.Context(), args[0], resolveMatch)
			if err != nil {
				return err
			}
			return a.send(cmd.Context(), c, "/v1/matches/"+id+"/confirmations", body, func(r *events.Reply) error {
				fmt.Fprintln(a.out, answeredWords(r.Confirmation))
				return nil
			})
		},
	}
	c.Flags().StringVar(&action, "action", "", "what the one who asked is to do: "+listed(events.ConfirmationActions))
	c.Flags().StringVar(&caseNumber, "case-number", "", "your own")
	return c
}

// resolveMatch finds the match that a UUID or the beginning of one means, the
// one that a search has just shown too.
func resolveMatch(ctx context.Context, c *client.Client, word string) (string, error) {
	if _, ok := events.ParseUUID(word); ok {
		return word, nil
	}
	query := url.Values{}
	if err := upToNow(ctx, c, query); err != nil {
		return "", err
	}
	return resolveAmong(ctx, c, "/v1/matches", query, word)
}

func codeOf(what string, list *events.List, code string) error {
	if list.Has(code) {
		return nil
	}
	return &usageError{fmt.Sprintf("%s %q is none", what, code), "one of " + strings.Join(list.Codes(), ", ")}
}

func listed(list *events.List) string {
	codes := list.Codes()
	return strings.Join(codes[:len(codes)-1], ", ") + " or " + codes[len(codes)-1]
}

// askedWords is "→ NCB-PY, due 12:16:40Z (10 min)".
func askedWords(v *events.ConfirmationView) string {
	if v == nil {
		return ""
	}
	return "→ " + v.Asked + ", " + dueWords(v)
}

func dueWords(v *events.ConfirmationView) string {
	if v.DueAt == "" {
		return "no answer is due"
	}
	from := v.AskedAt
	if v.AnsweredAt != "" {
		from = v.AnsweredAt // more time was taken then
	}
	return "due " + moment(v.DueAt, from) + " (" + lasting(between(from, v.DueAt)) + ")"
}

// answeredWords is "→ answered in 1 m 12 s; record 5b0e2c5e now shows: located by
// NCB-BR".
func answeredWords(v *events.ConfirmationView) string {
	if v == nil {
		return ""
	}
	text := "→ answered in " + responseWords(v)
	switch v.Status {
	case events.AnswerConfirmed:
		if l := v.Located; l != nil {
			text += "; record " + shortID(l.RecordID.String()) + " now shows: located by " + locatedBy(l)
		}
	case events.AnswerNotSameWeapon:
		text += "; this pair is not told again"
	case events.AnswerRecordOutdated:
		text += "; the match has ended: amend or withdraw your record"
	case events.AnswerNeedMoreTime:
		text = "→ " + v.AskedBy + " waits, " + dueWords(v)
	case events.AnswerCannotConfirm:
		text += "; " + v.AskedBy + " may ask again"
	}
	return text
}

func locatedBy(l *events.Location) string {
	if l.ActingFor != "" {
		return l.By + " for " + l.ActingFor
	}
	return l.By
}

func responseWords(v *events.ConfirmationView) string {
	if v.ResponseSeconds == nil {
		return "no time"
	}
	return lasting(time.Duration(*v.ResponseSeconds) * time.Second)
}

func between(from, to string) time.Duration {
	a, err := time.Parse(time.RFC3339, from)
	b, err2 := time.Parse(time.RFC3339, to)
	if err != nil || err2 != nil {
		return 0
	}
	return b.Sub(a).Round(time.Second)
}

// lasting is a time in the words of a clock: 12 s, 1 m 12 s, 10 min, 12 h.
func lasting(d time.Duration) string {
	h, m, s := int(d/time.Hour), int(d/time.Minute)%60, int(d/time.Second)%60
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", s)
	case d < time.Hour && s == 0:
		return fmt.Sprintf("%d min", m)
	case d < time.Hour:
		return fmt.Sprintf("%d m %d s", m, s)
	case m == 0:
		return fmt.Sprintf("%d h", h)
	}
	return fmt.Sprintf("%d h %d min", h, m)
}

// moment is the time of day, with the day where that is another than from's.
func moment(at, from string) string {
	t, err := time.Parse(time.RFC3339, at)
	if err != nil {
		return at
	}
	if len(from) >= len(time.DateOnly) && t.UTC().Format(time.DateOnly) == from[:len(time.DateOnly)] {
		return t.UTC().Format(time.TimeOnly) + "Z"
	}
	return t.UTC().Format(time.RFC3339)
}

// confirmationWords are the inbox's line for a party of a confirmation.
func confirmationWords(n events.Notification) string {
	v := n.Body.Confirmation
	head := "match " + shortID(v.MatchID.String()) + "  "
	about := confirmedSubject(n)
	switch n.Reason {
	case "confirmation_requested":
		text := head + v.AskedBy + " asks " + v.Asked + about + ", " + v.Urgency + ", " + dueWords(v)
		if v.CaseNumber != "" {
			text += ", case " + v.CaseNumber
		}
		return text
	case "confirmation_overdue":
		text := head + "no answer of " + v.Asked + " to " + v.AskedBy + about + ", " + v.Urgency
		if v.Status == "escalated" {
			text += "; it was reminded"
		}
		return text
	}
	return head + v.Asked + " to " + v.AskedBy + ": " + resultWords(v)
}

// confirmedSubject names the owner's own record, the General Secretariat's mark.
func confirmedSubject(n events.Notification) string {
	switch b := n.Body; {
	case b.YourRecord != nil:
		return " about your " + b.YourRecord.ID
	case b.Match != nil:
		return " about " + joined(markOf(*b.Match, false), b.Match.Summary.Make)
	}
	return ""
}

func resultWords(v *events.ConfirmationView) string {
	if v.Status == events.AnswerNeedMoreTime {
		return "need_more_time, " + dueWords(v)
	}
	parts := []string{v.Status, "in " + responseWords(v)}
	if v.Action != "" {
		parts = append(parts, v.Action)
	}
	if v.Located != nil {
		parts = append(parts, "located by "+locatedBy(v.Located))
	}
	if v.AnswerCase != "" {
		parts = append(parts, "case "+v.AnswerCase)
	}
	return strings.Join(parts, ", ")
}

// confirmationLine is how match show says it.
func confirmationLine(v *events.ConfirmationView) string {
	asked := v.AskedBy + " asked " + v.Asked + " " + moment(v.AskedAt, v.AskedAt) + ", " + v.Urgency
	switch v.Status {
	case "asked":
		return asked + ", " + dueWords(v)
	case "overdue", "escalated":
		return asked + ", was " + dueWords(v) + ": " + v.Status
	}
	return asked + ": " + resultWords(v)
}

package main

import (
	"encoding/json"
	"fmt"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/armslog/armslog/events"
)

func (a *app) matchCommand() *cobra.Command {
	return a.group("match", "Matches and candidates you may see: list, show, ask, answer",
		a.matchList(), a.matchShow(), a.matchAsk(), a.matchAnswer())
}

func (a *app) matchList() *cobra.Command {
	var limit int
	filters := map[string]*string{}
	c := &cobra.Command{
		Use:   "list",
		Short: "List matches and candidates, on either side, the newest first",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.writeItems(cmd.Context(), "/v1/matches", filterQuery(filters), limit, []column{
				{"ID", "id", true}, {"AT", "at", false}, {"STATUS", "status", false}, {"CLASS", "class", false}, {"GRADE", "grade", false},
				{"STRENGTH", "strength", false}, {"ROLE", "role", false}, {"OTHER SIDE", "other.owner", false}, {"FOR", "other.acting_for", false},
				{"MAKE", "other.make", false}, {"CALIBRE", "other.calibre", false}, {"WHERE", "other.incident_country", false}, {"WHEN", "other.incident_date", false},
			})
		},
	}
	filters["status"] = c.Flags().String("status", "", "candidate, notified, asked, confirmed or ended")
	c.Flags().IntVar(&limit, "limit", 100, "how many; 0 = all")
	return c
}

// matchDetail is a match with its explanation, as GET /v1/matches/{id} tells.
type matchDetail struct {
	ID         string            `json:"id"`
	Seq        uint64            `json:"seq"`
	At         string            `json:"at"`
	Class      string            `json:"class"`
	Status     string            `json:"status"`
	Because    string            `json:"because"`
	Asker      string            `json:"asker"`
	Owner      string            `json:"owner"`
	Policy     string            `json:"policy"`
	Bits       uint32            `json:"bits"`
	Shared     bool              `json:"shared"`
	Match      *events.MatchView `json:"match"`
	Question   *events.Summary   `json:"question"`
	YourRecord string            `json:"your_record"`
	YourSearch string            `json:"your_search"`
	Other      string            `json:"other_record"`

	Confirmation *events.ConfirmationView `json:"confirmation"`
}

func (a *app) matchShow() *cobra.Command {
	return purposeFlag(&cobra.Command{
		Use:   "show MATCH",
		Short: "Show a match: what was compared, and why it was told",
		Args:  exactArgs("MATCH"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, id, err := a.find(cmd.Context(), args[0], resolveMatch)
			if err != nil {
				return err
			}
			var raw json.RawMessage
			if _, err := c.Get(cmd.Context(), "/v1/matches/"+id, url.Values{}, &raw); err != nil {
				return err
			}
			return a.object(raw, func() error {
				var m matchDetail
				if err := json.Unmarshal(raw, &m); err != nil {
					return fmt.Errorf("read match: %w", err)
				}
				return a.showMatch(&m)
			})
		},
	})
}

func (a *app) showMatch(m *matchDetail) error {
	fmt.Fprintf(a.out, "%s %s  %s  seq %s, %s\n", m.Class, shortID(m.ID), joined(m.Status, m.Because), count(m.Seq), m.At)
	if m.Question != nil {
		fmt.Fprintf(a.out, "asked    %s\n", askedBy(*m.Question))
	}
	if m.Match != nil {
		fmt.Fprintf(a.out, "record   %s\n", joined(m.Match.Summary.Type, m.Match.Summary.Make, m.Match.Summary.Model, m.Match.Summary.Calibre)+"  "+whatHappened(m.Match.Summary))
		var rows [][]string
		for _, c := range m.Match.Compared {
			rows = append(rows, []string{c.Field, c.Question, c.Record, c.Result})
		}
		if err := a.table([]string{"FIELD", "QUESTION", "RECORD", "RESULT"}, rows); err != nil {
			return err
		}
		fmt.Fprintf(a.out, "grade    %s, %s%s\n", gradeWords(m.Match.Grade), m.Match.Strength, bitWords(m.Bits, m.Shared))
	}
	if m.Other != "" {
		fmt.Fprintf(a.out, "in full  armslog record show %s\n", m.Other)
	}
	if m.Confirmation != nil {
		fmt.Fprintf(a.out, "confirm  %s\n", confirmationLine(m.Confirmation))
	}
	if m.Policy != "" {
		fmt.Fprintf(a.out, "policy   %s\n", m.Policy)
	}
	return nil
}

func bitWords(milliBits uint32, shared bool) string {
	words := ""
	if milliBits > 0 {
		words = fmt.Sprintf(" (%d bits)", milliBits/1000)
	}
	if shared {
		words += "; the number stands on several weapons"
	}
	return words
}

// askedBy is "WCO for FJ-CUSTOMS, weapon in FJ, case FJ-881".
func askedBy(q events.Summary) string {
	text := q.Owner
	if q.ActingFor != "" {
		text += " for " + q.ActingFor
	}
	if q.Category != "" {
		return whatHappened(q)
	}
	if q.IncidentCountry != "" {
		text += ", weapon in " + q.IncidentCountry
	}
	if q.CaseNumber != "" {
		text += ", case " + q.CaseNumber
	}
	return text
}

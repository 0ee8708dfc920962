package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/client"
	"github.com/armslog/armslog/registry"
)

func (a *app) referenceCommand() *cobra.Command {
	return a.group("reference", "Makes, models, calibres and types: find, show, check, import, coverage",
		a.referenceFind(), a.referenceShow(), a.referenceCheck(), a.referenceImport(), a.referenceCoverage(),
		a.putCommand("put FILE|-", "Add or amend an entry: its full state as JSON", "/v1/reference", events.TypeReferenceSubmitted, "reference"))
}

func (a *app) referenceFind() *cobra.Command {
	var kind string
	var limit int
	c := &cobra.Command{
		Use:   "find [NAME]",
		Short: "Find what a name means, however it is spelt; without a name, list the table",
		Long: "Find what a name means, however it is spelt, the best first. WHY says it in a word: name,\n" +
			"alias and code are exact; words are the same in another order; beginning was cut off; spelling\n" +
			"has a few other signs; part stands with more around it. Records and questions are compared by\n" +
			"names and aliases alone.",
		Example: "  armslog reference find 'TAURUS BRASIL'\n  armslog reference find --kind calibre --limit 0 -o csv",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			query := url.Values{}
			if kind != "" {
				query.Set("kind", kind)
			}
			if len(args) > 0 {
				query.Set("find", args[0])
			}
			return a.writeItems(cmd.Context(), "/v1/reference", query, limit, []column{
				{"ID", "id", false}, {"KIND", "kind", false}, {"NAME", "name", false}, {"COUNTRY", "country", false},
				{"MAKE", "make", false}, {"TYPE", "type", false}, {"WHY", "reason", false}, {"SPELLING", "spelling", false},
			})
		},
	}
	c.Flags().StringVar(&kind, "kind", "", strings.Join(events.ReferenceKinds.Codes(), ", "))
	c.Flags().IntVar(&limit, "limit", 10, "how many; 0 = all")
	return c
}

func (a *app) referenceShow() *cobra.Command {
	return &cobra.Command{
		Use:     "show ID|NAME",
		Short:   "Show an entry: its spellings, codes, relations and serial forms",
		Example: "  armslog reference show make:TAS\n  armslog reference show taurus",
		Args:    exactArgs("ID|NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, id, err := a.find(cmd.Context(), args[0], resolveReference)
			if err != nil {
				return err
			}
			var raw json.RawMessage
			if _, err := c.Get(cmd.Context(), "/v1/reference/"+url.PathEscape(id), nil, &raw); err != nil {
				return err
			}
			return a.object(raw, func() error {
				var r registry.FoundReference
				if err := json.Unmarshal(raw, &r); err != nil {
					return fmt.Errorf("read entry: %w", err)
				}
				a.showReference(&r)
				return nil
			})
		},
	}
}

// resolveReference finds the entry that an id or a name means.
func resolveReference(ctx context.Context, c *client.Client, word string) (string, error) {
	kind, _, hasKind := strings.Cut(word, ":")
	if hasKind && events.ReferenceKinds.Has(kind) {
		return word, nil
	}
	var ids []string
	for item, err := range items(ctx, c, "/v1/reference", url.Values{"find": {word}}, 10) {
		if err != nil {
			return "", err
		}
		var r registry.FoundReference
		if err := json.Unmarshal(item, &r); err != nil {
			return "", fmt.Errorf("read entry: %w", err)
		}
		ids = append(ids, r.ID)
	}
	if len(ids) == 0 {
		return "", &codedError{"not_found", fmt.Sprintf("the reference table has nothing like %q", word), "armslog reference find lists it", exitError}
	}
	return one(word, ids)
}

func (a *app) showReference(r *registry.FoundReference) {
	text := r.ID + "  " + r.Name
	if r.Country != "" {
		text += ", " + countryName(r.Country)
	}
	fmt.Fprintf(a.out, "%s  ·  holds from seq %s\n", text, count(r.Seq))
	row := func(name, says string) {
		if says != "" {
			fmt.Fprintf(a.out, "%-8s %s\n", name, says)
		}
	}
	row("make", r.Make)
	row("type", r.FirearmType)
	row("calibre", strings.Join(r.Calibres, ", "))
	row("spelt", strings.Join(r.Aliases, ", "))
	var codes, related []string
	for _, list := range slices.Sorted(maps.Keys(r.Codes)) {
		codes = append(codes, list+" "+r.Codes[list])
	}
	for _, other := range r.RelatedTo {
		related = append(related, other.Name+" ("+other.ID+")")
	}
	row("codes", strings.Join(codes, ", "))
	row("related", strings.Join(related, ", "))
	for _, f := range r.SerialForms {
		row("serials", formWords(f))
	}
}

// formWords are "1981-2006  [A-Z][A-L][0-9]{5,6}  says the year and the month".
func formWords(f events.SerialForm) string {
	span := f.From + "-" + f.Until
	if span == "-" {
		span = "any year"
	}
	text := pad(span, 10) + f.Pattern
	switch {
	case f.Year != nil && f.Month != nil:
		text += "  says the year and the month"
	case f.Year != nil:
		text += "  says the year"
	}
	return text
}

func (a *app) referenceCheck() *cobra.Command {
	var model string
	var year int
	c := &cobra.Command{
		Use:   "check MAKE SERIAL [--year Y]",
		Short: "Does a serial number fit a make and a year; what year does it imply",
		Long: "Does a serial number fit a make and a year, and what year does it imply, where the maker's\n" +
			"scheme is known. What does not fit is a lead, since makers made exceptions.",
		Example: "  armslog reference check taurus ZK434432\n  armslog reference check taurus RV204187 --year 2006",
		Args:    exactArgs("MAKE", "SERIAL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			query := url.Values{"make": {args[0]}, "serial": {args[1]}}
			if model != "" {
				query.Set("model", model)
			}
			if year != 0 {
				query.Set("year", strconv.Itoa(year))
			}
			var raw json.RawMessage
			if _, err := c.Get(cmd.Context(), "/v1/reference:check", query, &raw); err != nil {
				return err
			}
			return a.object(raw, func() error {
				var check registry.SerialCheck
				if err := json.Unmarshal(raw, &check); err != nil {
					return fmt.Errorf("read answer: %w", err)
				}
				of := check.Make.Name
				if check.Model != nil {
					of += " " + check.Model.Name
				}
				fmt.Fprintf(a.out, "%s  %s %s: %s\n", checkWords[check.Result], of, args[1], check.Reason)
				return nil
			})
		},
	}
	c.Flags().StringVar(&model, "model", "", "its own forms stand before those of its make")
	c.Flags().IntVar(&year, "year", 0, "of manufacture, where it is known")
	return c
}

var checkWords = map[string]string{"fits": "fits", "does_not_fit": "does not fit", "no_scheme": "no scheme known"}

package main

import (
	"net/url"
	"strings"

	"github.com/spf13/cobra"
)

func (a *app) auditCommand() *cobra.Command {
	return a.group("audit", "What happened to your data: who-saw", a.auditWhoSaw())
}

// auditWhoSaw: an id that is looked for in vain may be a number that looks like
// one.
func (a *app) auditWhoSaw() *cobra.Command {
	var limit int
	var organisation string
	c := &cobra.Command{
		Use:   "who-saw [ID|SERIAL]",
		Short: "List who was shown a record, a match or a trace in full, the last look first",
		Long: "List who was shown a record, a match or a trace in full, the last look first: an id, its beginning, or a record's serial.\n" +
			"Without one: all looks that you may see. An owner sees who looked at what is its own; an auditor also what its own\n" +
			"organisation looked at; the General Secretariat's auditor sees all. Actors are opaque ids, never names.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			query := filterQuery(map[string]*string{"organisation": &organisation})
			by, err := a.lookedAt(cmd, args, query)
			if err != nil {
				return err
			}
			for name, word := range by {
				query.Set(name, word)
			}
			return a.writeItems(cmd.Context(), "/v1/audit/accesses", query, limit, accessColumns())
		},
	}
	c.Flags().StringVar(&organisation, "organisation", "", "that looked")
	c.Flags().IntVar(&limit, "limit", 100, "how many; 0 = all")
	return c
}

func accessColumns() []column {
	return []column{
		{"AT", "at", false}, {"ORGANISATION", "organisation", false}, {"ACTOR", "actor", false}, {"FOR", "acting_for", false},
		{"WHAT", "what", false}, {"ID", "id", true}, {"PURPOSE", "purpose", false}, {"SHOWN", "shown", false}, {"SEQ", "seq", false},
	}
}

// lookedAt says by which filter a word finds something.
func (a *app) lookedAt(cmd *cobra.Command, args []string, query url.Values) (map[string]string, error) {
	if len(args) == 0 {
		return nil, nil
	}
	word := args[0]
	if !isHex(word) {
		return map[string]string{"mark": word}, nil
	}
	c, err := a.client()
	if err != nil {
		return nil, err
	}
	probe := url.Values{"id": {strings.ToLower(word)}}
	for name, values := range query {
		probe[name] = values
	}
	for _, err := range items(cmd.Context(), c, "/v1/audit/accesses", probe, 1) {
		return map[string]string{"id": word}, err
	}
	return map[string]string{"mark": word}, nil
}

// purposeFlag overrides the profile's purpose: whoever looks at what is not its
// own says why.
func purposeFlag(c *cobra.Command) *cobra.Command {
	c.Flags().String("purpose", "", "why you look: as in your agreement (default: that of the profile)")
	return c
}

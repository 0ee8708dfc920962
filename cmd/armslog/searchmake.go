package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/armslog/armslog/registry"
	"github.com/armslog/armslog/schemas"
)

// makePatience is how long the reference table is waited for.
const makePatience = 300 * time.Millisecond

// lookUpMake says what the reference table makes of a make, and nothing where
// the table does not know it or does not come soon: the search is answered
// without. It is asked once, behind the answer, which it so cannot disturb.
func (a *app) lookUpMake(ctx context.Context, asked string) string {
	if asked == "" {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, makePatience)
	defer cancel()
	c, err := a.clientWaiting(time.Nanosecond)
	if err != nil {
		return ""
	}
	var table struct {
		Items []registry.ReferenceInfo `json:"items"`
	}
	if _, err := c.Get(ctx, "/v1/reference", nil, &table); err != nil {
		return ""
	}
	return makeWords(asked, table.Items)
}

// makeWords are "FAMAE → famae, Chile   related: taurus (joint production)".
func makeWords(asked string, table []registry.ReferenceInfo) string {
	i := slices.IndexFunc(table, func(r registry.ReferenceInfo) bool {
		return strings.HasPrefix(r.ID, "make:") && r.Names(asked)
	})
	if i < 0 {
		return ""
	}
	id := table[i].ID
	text := asked + " → " + strings.ToLower(table[i].Name)
	if table[i].Country != "" {
		text += ", " + countryName(table[i].Country)
	}
	var related []string
	for _, r := range table {
		if slices.Contains(r.Related, id) || slices.Contains(table[i].Related, r.ID) { // either says so
			related = append(related, strings.ToLower(r.Name))
		}
	}
	if len(related) > 0 {
		text = pad(text, 37) + "related: " + strings.Join(related, ", ") + " (joint production)"
	}
	return text
}

// countryName is the country of a code, or the code.
func countryName(code string) string {
	list, err := schemas.Codes("country")
	if err != nil {
		return code
	}
	for _, c := range list {
		if c.Code == code {
			return c.Description
		}
	}
	return code
}

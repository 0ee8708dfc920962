package main

import (
	"context"
	"net/url"
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
	var found struct {
		Items []registry.FoundReference `json:"items"`
	}
	query := url.Values{"find": {asked}, "kind": {"make"}, "limit": {"1"}}
	if _, err := c.Get(ctx, "/v1/reference", query, &found); err != nil || len(found.Items) == 0 {
		return ""
	}
	return makeWords(asked, &found.Items[0])
}

// makeWords are "FAMAE → famae, Chile   related: taurus (joint production)". A
// make that is merely like what was written is a question, since the search has
// compared what was written.
func makeWords(asked string, r *registry.FoundReference) string {
	text := asked + " → " + strings.ToLower(r.Name)
	if r.Country != "" {
		text += ", " + countryName(r.Country)
	}
	if !slices.Contains([]string{"name", "alias"}, r.Reason) {
		return asked + " is not in the reference table; did you mean " + strings.TrimPrefix(text, asked+" → ") + "?"
	}
	var related []string
	for _, other := range r.RelatedTo {
		related = append(related, strings.ToLower(other.Name))
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

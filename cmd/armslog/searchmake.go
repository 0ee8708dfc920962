package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/armslog/armslog/registry"
	"github.com/armslog/armslog/schemas"
)

// makeLookUp is what the reference table makes of a make, looked up while the
// search is under way. It is for people to read: whatever fails, or comes late,
// is left out, and the search is what it is without.
type makeLookUp struct {
	asked  string
	table  chan []registry.ReferenceInfo // nil: not looked up; at most one
	giveUp context.CancelFunc
}

// makePatience is how much longer than for the answer is waited for the table.
const makePatience = 300 * time.Millisecond

// lookUpMake begins to look a make up, if it will be read by people.
func (a *app) lookUpMake(ctx context.Context, asked string) *makeLookUp {
	ctx, cancel := context.WithCancel(ctx)
	l := &makeLookUp{asked: asked, giveUp: cancel}
	format, err := a.format()
	if asked == "" || format != "table" || err != nil || a.global.dryRun {
		return l
	}
	c, err := a.clientWaiting(time.Nanosecond) // asked once
	if err != nil {
		return l
	}
	l.table = make(chan []registry.ReferenceInfo, 1)
	go func() {
		defer close(l.table)
		var found struct {
			Items []registry.ReferenceInfo `json:"items"`
		}
		if _, err := c.Get(ctx, "/v1/reference", nil, &found); err == nil {
			l.table <- found.Items
		}
	}()
	return l
}

// words are "FAMAE → famae, Chile   related: taurus (joint production)", and
// nothing for a make that the table does not know.
func (l *makeLookUp) words() string {
	if l.table == nil {
		return ""
	}
	select {
	case table := <-l.table:
		return makeWords(l.asked, table)
	case <-time.After(makePatience):
		return ""
	}
}

func makeWords(asked string, table []registry.ReferenceInfo) string {
	id := registry.MakeID(asked)
	i := slices.IndexFunc(table, func(r registry.ReferenceInfo) bool { return r.ID == id })
	if i < 0 {
		return ""
	}
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

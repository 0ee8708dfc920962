package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry/matching"
)

func measure(m events.Mark) matching.Strength {
	return matching.Measure(matching.Mark{Text: m.Text, Series: m.Series, Partial: m.Status == "partial"})
}

// answer writes the reply to a search for people.
func (a *app) answer(ctx context.Context, q *events.SearchMade, r *events.Reply, took time.Duration) error {
	partial := strongest(q.Firearm.Marks).Status == "partial"
	a.headline(q, r, took)
	for _, m := range r.Matches {
		fmt.Fprintln(a.out, matchLine(m))
	}
	for _, m := range r.Candidates {
		fmt.Fprintln(a.out, matchLine(m))
	}
	for _, m := range q.Firearm.Marks {
		fmt.Fprintf(a.out, "mark     %s\n", markWords(m))
	}
	if words := a.lookUpMake(ctx, q.Firearm.Make); words != "" {
		fmt.Fprintf(a.out, "make     %s\n", words)
	}
	if r.OnBehalfOf != "" {
		fmt.Fprintf(a.out, "for      %s\n", r.OnBehalfOf)
	}
	fmt.Fprintln(a.out, standsWords(r, partial))
	for _, w := range r.Warnings {
		a.note("warning: %s %s", w.Code, w.Message)
	}
	switch {
	case len(r.Matches) > 0:
		a.note("to look closer: armslog match show %s", shortID(r.Matches[0].MatchID.String()))
	case len(r.Candidates) > 0:
		a.note("to ask an owner: armslog match ask %s --urgency routine", shortID(r.Candidates[0].MatchID.String()))
	}
	return nil
}

func (a *app) headline(q *events.SearchMade, r *events.Reply, took time.Duration) {
	var parts []string
	if n := len(r.Matches); n > 0 {
		parts = append(parts, plural(n, "match", "matches"))
	}
	if n := len(r.Candidates); n > 0 {
		text := plural(n, "candidate", "candidates")
		if r.Truncated != nil && *r.Truncated {
			text += fmt.Sprintf(" (of at most %d; there are more)", cmp.Or(q.Limit, 50))
		}
		parts = append(parts, text)
	}
	if len(parts) == 0 {
		parts = []string{"no match"}
	}
	said := fmt.Sprintf("decided at seq %s in %s", count(r.Seq), milliseconds(took))
	if len(r.Candidates) > 0 && len(r.Matches) == 0 {
		said += "; nobody was notified"
	}
	fmt.Fprintln(a.out, pad(strings.Join(parts, ", "), 46)+said)
}

func milliseconds(d time.Duration) string { return count(max(d.Milliseconds(), 1)) + " ms" }

// matchLine is one meeting, as the asker may see it.
func matchLine(m events.MatchView) string {
	s := m.Summary
	words := []string{pad(m.Class, 8), pad(joined(markOf(m, false), s.Make, s.Calibre), 20), pad(gradeWords(m.Grade), 16), pad(m.Strength, 6),
		whatHappened(s), "  match " + shortID(m.MatchID.String())}
	return strings.TrimRight(strings.Join(words, " "), " ")
}

// markOf is the mark of a match on one side.
func markOf(m events.MatchView, question bool) string {
	for _, c := range m.Compared {
		switch {
		case c.Field == "mark" && question:
			return c.Question
		case c.Field == "mark":
			return c.Record
		}
	}
	return ""
}

// whatHappened is "seized by NCB-BR in 2020, SAO PAULO".
func whatHappened(s events.Summary) string {
	text, says := s.Category, ""
	switch text {
	case "lost", "stolen", "trafficked", "smuggled":
		says = ", says " + s.Owner
	case "":
		text = "known to " + s.Owner
	default:
		text += " by " + s.Owner
	}
	if s.IncidentDate != "" {
		text += " in " + year(s.IncidentDate)
	}
	if place := cmp.Or(s.Place, s.IncidentCountry); place != "" {
		text += ", " + place
	}
	return text + says
}

func gradeWords(grade string) string {
	switch grade {
	case "confusable":
		return "confusable 0/O"
	case "series_missing":
		return "series missing"
	}
	return grade
}

// markWords say what a mark can find, and how well.
func markWords(m events.Mark) string {
	strength := measure(m)
	bits := strength.MilliBits / 1000
	text := pad(m.Text, 11)
	if other := swapZeros(m.Text); other != m.Text && m.Status != "partial" {
		text += pad("meets "+other+" too (0/O)", 30)
	}
	switch {
	case m.Status == "partial":
		return text + fmt.Sprintf("partial (%d bits known): finds candidates, notifies nobody", bits)
	case strength.MilliBits >= 26000 && strength.HasDigit():
		return text + fmt.Sprintf("strong (%d bits): an exact meeting is told at once", bits)
	case strength.MilliBits >= 14000 && strength.HasDigit():
		return text + fmt.Sprintf("fair (%d bits): told at once where make and type agree", bits)
	}
	return text + fmt.Sprintf("weak (%d bits): finds candidates, notifies nobody", bits)
}

// swapZeros is the same mark to an eye that takes 0 for O.
func swapZeros(text string) string {
	if strings.ContainsAny(text, "Oo") {
		return strings.NewReplacer("O", "0", "o", "0").Replace(text)
	}
	return strings.ReplaceAll(text, "0", "O")
}

func standsWords(r *events.Reply, partial bool) string {
	if r.StandsUntil == "" {
		return "stands   not: it was answered once      search " + shortID(r.ID)
	}
	told := "you will be told if a record arrives that meets it"
	if partial {
		told = "later candidates come in the daily digest"
	}
	return "stands   until " + r.StandsUntil + "; " + told + "      search " + shortID(r.ID)
}

func joined(parts ...string) string { return joinedWith(" ", parts...) }

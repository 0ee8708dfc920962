package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
	"github.com/armslog/armslog/registry/custody"
)

// showTrace writes a trace for people, as far as its reader may see it.
func (a *app) showTrace(t *registry.TraceView) error {
	fmt.Fprintf(a.out, "trace    %s  %s  requested by %s, %s, %s\n", shortID(t.ID.String()), t.Status,
		joinedWith(" for ", t.Requester, t.ActingFor), t.Urgency, t.RequestedAt)
	if r := t.Request; r != nil {
		fmt.Fprintf(a.out, "weapon   %s\n", joined(marksWords(r.Firearm.Marks), r.Firearm.Type, r.Firearm.Make, r.Firearm.Model, r.Firearm.Calibre))
		fmt.Fprintf(a.out, "held     %s\n", joinedWith(", ", joined(r.Incident.Country, r.Incident.Date.String()), r.Incident.Place, caseWords(r.Incident.CaseNumber)))
		fmt.Fprintf(a.out, "because  %s; for %s; own records: %s\n", strings.Join(r.IllicitBasis, " "), r.IntendedUse, r.DomesticCheck)
	}
	var rows [][]string
	for _, p := range t.Addressees {
		rows = append(rows, partyRow(t, p))
	}
	if err := a.table([]string{"ADDRESSEE", "STATUS", "LATE", "ANSWER BY", "SAYS", "USE", "CASE"}, rows); err != nil {
		return err
	}
	for _, c := range t.Comments {
		fmt.Fprintf(a.out, "comment  %s: %s\n", c.Organisation, joined(c.Code, dayWords(c.Until)))
	}
	for _, f := range t.Forwardings {
		fmt.Fprintf(a.out, "forward  %s: %s (%s)\n", f.Organisation, strings.Join(f.Addressees, " "), f.Because)
	}
	if t.Custody != nil {
		a.showChain(t.Custody, t.Finding != nil)
	}
	return nil
}

// partyRow is where a trace stands with one addressee: what it said last, and
// what may be done with anything that it said.
func partyRow(t *registry.TraceView, p registry.TraceParty) []string {
	var says, number string
	var use []string
	for _, x := range t.Answers {
		if x.Organisation != p.Organisation {
			continue
		}
		says, number = answerWords(&x.Answer), cmp.Or(x.Answer.CaseNumber, number)
		if x.Late {
			says += " (after it was closed)"
		}
		use = append(use, x.Answer.Use...)
	}
	slices.Sort(use)
	return []string{p.Organisation, p.Status, p.Overdue, dayWords(p.AnswerBy), says, strings.Join(slices.Compact(use), " "), number}
}

// answerWords is an answer in short: why not, how much, whom else.
func answerWords(b *events.TraceResponded) string {
	parts := []string{b.Failure, b.Refusal}
	if n := len(b.Steps); n > 0 {
		parts = append(parts, plural(n, "step", "steps"))
	}
	for _, n := range b.Next {
		parts = append(parts, "ask "+n.Organisation+" ("+n.Because+")")
	}
	return joinedWith(", ", parts...)
}

// showChain draws the weapon's way, what is missing in it and what cannot be.
// Nothing is proposed where there is a finding.
func (a *app) showChain(c *custody.Chain, found bool) {
	words := make([]string, len(c.Links))
	for i, l := range c.Links {
		words[i] = linkWords(l)
	}
	fmt.Fprintf(a.out, "chain    %s\n", strings.Join(words, " ─ "))
	for _, g := range c.Gaps {
		if g.Kind == "arrival" {
			fmt.Fprintf(a.out, "gap      after %s: nobody in %s reported that it arrived\n", words[g.After], g.Country)
		} else {
			fmt.Fprintf(a.out, "gap      after %s: nobody is said to have had it until %s\n", words[g.After], g.Until)
		}
	}
	for _, x := range c.Contradictions {
		fmt.Fprintf(a.out, "conflict %s: %s, and %s\n", strings.ReplaceAll(x.Code, "_", " "), words[x.First], words[x.Second])
	}
	if p := c.Proposed; p != nil && !found {
		fmt.Fprintf(a.out, "proposed diverted between %s and %s, in %s, %s: the finding is yours\n", words[p.After], words[p.Before],
			strings.Join(p.Countries, " or "), strings.ReplaceAll(p.Kind, "_", " "))
	}
	if d := c.TimeToCrime; d != nil {
		fmt.Fprintf(a.out, "time     %s to %s days from first retail sale to recovery\n", count(d.Min), count(d.Max))
	}
}

// linkWords is "exported CL→BR 2008-09 (police)".
func linkWords(l custody.Link) string {
	where := l.Country
	if l.ToCountry != "" {
		where += "→" + l.ToCountry
	}
	text := joined(l.Kind, where, l.Date.String(), l.Place)
	if why := joined(l.Diversion, holderOf(l)); why != "" {
		text += " (" + why + ")"
	}
	return text
}

// holderOf is whoever had the weapon, but where the kind of step says so.
func holderOf(l custody.Link) string {
	if l.Kind == "manufactured" && l.Holder == "manufacturer" {
		return ""
	}
	return l.Holder
}

// traceNews are one line about a trace, as its recipient may read it.
func traceNews(n events.Notification) string {
	b := n.Body.Trace
	who := joinedWith(" for ", b.Requester, b.ActingFor)
	switch {
	case b.Request != nil:
		w := b.Request.Firearm
		who += " asks about " + joined(marksWords(w.Marks), w.Make, w.Calibre) + ", " + b.Request.Urgency + ", answer by " + b.AnswerBy.String()
	case b.Answer != nil:
		who = joined(b.Organisation, b.Status, late(b.Late)) + optional(": ", answerWords(b.Answer))
	case b.Comment != nil:
		who = b.Organisation + ": " + joined(b.Comment.Code, dayWords(b.Comment.Until))
	case b.Forwarded != nil:
		who = b.Organisation + " would ask " + strings.Join(b.Forwarded.Addressees, " ") + " (" + b.Forwarded.Because + ")"
	case b.Organisation != "":
		who += " → " + joined(b.Organisation, b.Status, late(b.Late))
	default:
		who += "'s trace is " + b.Status
	}
	return who + "  trace " + shortID(n.About.ID)
}

func late(is bool) string {
	if is {
		return "late"
	}
	return ""
}

func marksWords(marks []events.Mark) string {
	var texts []string
	for _, m := range marks {
		switch {
		case m.Kind != "serial" && m.Kind != "owner_applied":
		case m.Text == "":
			texts = append(texts, "("+strings.ReplaceAll(m.Status, "_", " ")+")")
		default:
			texts = append(texts, joined(m.Series, m.Text))
		}
	}
	return strings.Join(texts, " ")
}

func dayWords(d events.Day) string {
	if d == 0 {
		return ""
	}
	return d.String()
}

func caseWords(number string) string { return optional("case ", number) }

// optional puts a text behind another, if there is one.
func optional(before, text string) string {
	if text == "" {
		return ""
	}
	return before + text
}

// joinedWith is joined with another separator.
func joinedWith(separator string, parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, separator)
}

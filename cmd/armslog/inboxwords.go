package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/armslog/armslog/events"
)

// clock is the time of day, UTC.
func clock(at string) string {
	t, err := time.Parse(time.RFC3339, at)
	if err != nil {
		return at
	}
	return t.UTC().Format(time.TimeOnly)
}

func kindOf(n events.Notification) string {
	if n.Reason == "match" && n.Body.Match != nil {
		return n.Body.Match.Class
	}
	return n.Reason
}

// notificationWords are one line that says why this was told.
func notificationWords(n events.Notification) string {
	b := n.Body
	var text string
	switch {
	case b.Confirmation != nil:
		return confirmationWords(n)
	case b.Match == nil:
		text = otherWords(n)
	case n.Role == "general_secretariat" || n.Role == "recipient":
		text = partiesWords(n)
	case strings.Contains(n.Role, "owner") && b.YourRecord != nil && b.Question != nil:
		text = "your " + b.YourRecord.ID + "  searched by " + askedBy(*b.Question)
		if b.Question.Category != "" {
			text = "your " + b.YourRecord.ID + "  meets a weapon " + whatHappened(*b.Question)
		}
		if !b.YourSearch.IsZero() {
			text += "  your search " + shortID(b.YourSearch.String())
		}
	default:
		s := b.Match.Summary
		text = joined(markOf(*b.Match, false), s.Make, s.Calibre) + "  " + gradeWords(b.Match.Grade) + "  " + whatHappened(s) + "  " + yours(b)
	}
	if b.Late {
		text += " (before the record)"
	}
	return text
}

// yours is what of the asker's own was met.
func yours(b events.NotificationBody) string {
	text := "your record"
	switch {
	case !b.YourTrace.IsZero():
		text = "your trace " + shortID(b.YourTrace.String())
	case !b.YourSearch.IsZero():
		text = "your search " + shortID(b.YourSearch.String())
	case b.YourRecord != nil:
		text = "your " + b.YourRecord.ID
	}
	if b.Question != nil && b.Question.ActingFor != "" {
		text += " for " + b.Question.ActingFor
	}
	return text
}

// partiesWords name both sides: WCO (FJ-CUSTOMS) × NCB-BR.
func partiesWords(n events.Notification) string {
	asker := "?"
	if q := n.Body.Question; q != nil {
		asker = q.Owner
		if q.ActingFor != "" {
			asker += " (" + q.ActingFor + ")"
		}
	}
	return asker + " × " + n.Body.Match.Summary.Owner + "  " + gradeWords(n.Body.Match.Grade)
}

func otherWords(n events.Notification) string {
	switch {
	case n.Body.Trace != nil:
		return traceNews(n)
	case n.Body.Agreement != "":
		return joined("agreement", n.Body.Agreement, n.Body.Because)
	case n.About.Kind == "operation":
		return "operation " + n.About.ID + ": armslog operation show " + n.About.ID
	case n.Body.Mailbox != nil:
		return mailboxWords(n)
	case n.Body.Records > 0:
		return reviewWords(n)
	case n.Body.Candidates > 0:
		return plural(int(n.Body.Candidates), "candidate", "candidates") + " since yesterday: armslog match list --status candidate"
	}
	return joined(n.About.Kind, shortID(n.About.ID), n.Body.Because)
}

// mailboxWords say what may be lost of a mailbox, and what helps.
func mailboxWords(n events.Notification) string {
	m := n.Body.Mailbox
	whose := "your mailbox"
	if m.Organisation != n.To {
		whose = "the mailbox of " + m.Organisation
	}
	return fmt.Sprintf("%s may have lost requests at offsets %d to %d before they were decided: send again whatever has no answer, under the same id", whose, m.From, m.To-1)
}

// reviewWords remind of records that expire, and say how to see which.
func reviewWords(n events.Notification) string {
	text := plural(int(n.Body.Records), "record is", "records are") + " kept until " + n.About.ID + " and then expire"
	if n.Body.Records == 1 {
		text += "s"
	}
	if n.Body.Owner != n.To {
		text = n.Body.Owner + ": " + text
	}
	return text + ": armslog record list --expiring " + n.About.ID
}

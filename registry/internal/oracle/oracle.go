package oracle

import (
	"fmt"
	"slices"
	"strings"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry/matching"
)

// Oracle has read the order so far.
type Oracle struct {
	at         int64
	seq        uint64
	secretary  events.OrgID
	orgs       map[events.OrgID]events.OrganisationSubmitted
	agreements map[string]*agreement
	table      *matching.Table
	makes      names
	models     names
	calibres   names
	firearms   []*firearm // records and questions in the order of their arrival
	pairs      []*pair    // that ever met
	digests    map[events.OrgID]uint32
	sweep      sweep
	expected   []string
}

// New has read nothing.
func New() *Oracle {
	return &Oracle{
		orgs: map[events.OrgID]events.OrganisationSubmitted{}, agreements: map[string]*agreement{}, digests: map[events.OrgID]uint32{},
	}
}

// Expect reads the next accepted entry and gives the lines that its effects,
// and those of the entries that continue it, must come to, in any order; see
// Lines.
func (o *Oracle) Expect(e *events.Entry) []string {
	o.at, o.seq, o.expected = e.At, e.Seq, nil
	if e.Verdict != events.Accepted {
		return nil
	}
	body, errs := events.Decode(e.Envelope.Type, e.Value)
	if len(errs) > 0 {
		panic(fmt.Sprint("oracle: an accepted body does not decode: ", errs))
	}
	switch b := body.(type) {
	case *events.RecordSubmitted:
		o.recordSubmitted(e, b)
	case *events.RecordWithdrawn:
		o.withdrawn(events.RecordID(e.Src, b.Source), "record_withdrawn")
	case *events.SearchMade:
		o.searchMade(e, b)
	case *events.SearchWithdrawn:
		o.withdrawn(b.SearchID, "question_withdrawn")
	case *events.TraceRequested:
		o.traceRequested(e, b)
	case *events.TraceClosed:
		o.traceClosed(b)
	case *events.RecordReviewDue:
		o.reviewDue(b)
	case *events.RecordExpired:
		o.recordExpired(e, b)
	case *events.DigestDue:
		o.digestDue(b)
	case *events.QuestionsReexamined:
		o.reexamined(e, b)
	case *events.PolicySet:
		o.setPolicy(b.Raw)
		o.mayAskAgain(e, true)
	case *events.ReferenceSubmitted:
		o.mayAskAgain(e, o.compareAnew(func() { o.reference(b) }))
	case *events.ConfirmationRequested:
		o.confirmationRequested(e, b)
	case *events.ConfirmationAnswered:
		o.confirmationAnswered(e, b)
	case *events.ConfirmationOverdue:
		o.confirmationOverdue(b)
	default:
		o.directory(body)
	}
	slices.Sort(o.expected)
	return o.expected
}

func (o *Oracle) expect(format string, args ...any) {
	o.expected = append(o.expected, fmt.Sprintf(format, args...))
}

// Lines are the effects of entries in the words of Expect, sorted. What the
// oracle has no opinion of is left out; questions that end are checked by
// EndedRightly.
func Lines(entries ...*events.Entry) (lines []string) {
	for _, e := range entries {
		if e.Verdict != events.Accepted {
			continue // the effect of what changed nothing names the record, and says no more
		}
		for _, x := range e.Effects {
			if line := lineOf(x); line != "" {
				lines = append(lines, line)
			}
		}
	}
	slices.Sort(lines)
	return lines
}

func lineOf(x events.Effect) string {
	switch x := x.(type) {
	case events.RecordEffect:
		return fmt.Sprintf("record %s %d %s", x.ID, x.Revision, x.Outcome)
	case events.QuestionEffect:
		return fmt.Sprintf("question %s stands until %d, truncated %t", x.ID, x.StandsUntil, x.Truncated)
	case *events.MatchEffect:
		return meetingLine("match", &x.Meeting) + " tell " + tellLine(x.Tell)
	case *events.MatchRenewedEffect:
		return meetingLine("match_renewed", &x.Meeting) + " tell " + tellLine(x.Tell)
	case *events.CandidateEffect:
		return meetingLine("candidate", &x.Meeting) + " seen by " + x.Seen
	case events.MatchEndedEffect:
		return fmt.Sprintf("match_ended %s %s tell %s", x.ID, x.Because, tellLine(x.Tell))
	case events.MatchToldEffect:
		return fmt.Sprintf("match_told %s tell %s", x.ID, tellLine(x.Tell))
	case *events.ConfirmationEffect:
		return confirmationLine(x)
	case events.NotifyEffect:
		return fmt.Sprintf("notify %s %s %s %s %d", x.Org, x.Reason, x.About.Kind, x.About.ID, x.About.Count)
	}
	return ""
}

func meetingLine(kind string, m *events.Meeting) string {
	r := m.Results
	return fmt.Sprintf("%s %s %s: %s by %s for %q meets %s of %s, %s %s %d shared=%t %s/%s/%s/%s", kind, m.ID, m.Class,
		m.Question, m.Asker, m.ActingFor, m.Record, m.Owner, m.Grade, m.Strength, m.Bits, m.Shared, r.Make, r.Model, r.Calibre, r.Type)
}

func tellLine(tells []events.Tell) string {
	var parts []string
	for _, t := range tells {
		part := t.Org + " as " + t.Role
		if t.N == 0 {
			part += ", which has no inbox"
		}
		parts = append(parts, part)
	}
	slices.Sort(parts)
	return "[" + strings.Join(parts, ", ") + "]"
}

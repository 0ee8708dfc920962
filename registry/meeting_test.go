package registry_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry/internal/oracle"
)

// For random orders of requests, whoever is told of what equals a naive join of
// everything with everything; each party of a pair is told once; each inbox is
// numbered without a gap; and deciding changes nothing.
func TestMeetingAgainstOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		a := newAuditor(w)
		w.pure = rapid.IntRange(1, 10).Draw(t, "pure") == 1
		w.lateLooks = rapid.Bool().Draw(t, "late looks")
		a.audit(t)
		for range rapid.IntRange(20, 150).Draw(t, "steps") {
			w.step(t)
			a.audit(t)
			_, under := w.s.Reexamination()
			require.False(t, a.oracle.Due() && !under, "the questions have not been asked again")
			if !under && rapid.IntRange(1, 20).Draw(t, "look") == 1 {
				w.lookAgain(t)
				a.audit(t)
				require.Empty(t, a.oracle.Untold(w.at), "who meets now has not been told")
			}
			if n := len(w.journal); w.journal[n-1].Verdict == events.Accepted {
				require.Empty(t, w.unheard(a.oracle), "questions stand that nobody may hear the answer of")
			}
		}
		for org, n := range a.inbox {
			require.Equal(t, n, w.s.InboxLen(org))
		}
	})
}

// auditor holds what is decided in a world against the oracle.
type auditor struct {
	world   *world
	oracle  *oracle.Oracle
	inbox   map[events.OrgID]uint64
	told    map[string]bool
	audited int
}

func newAuditor(w *world) *auditor {
	return &auditor{world: w, oracle: oracle.New(), inbox: map[events.OrgID]uint64{}, told: map[string]bool{}}
}

func (a *auditor) audit(t *rapid.T) {
	w := a.world
	for ; a.audited < len(w.journal); a.audited++ {
		e := w.journal[a.audited]
		checkInboxes(t, a.inbox, a.told, e)
		if e.Envelope.Type == events.TypeEffectsContinued {
			continue // read with the entry it continues
		}
		if code, known := a.oracle.Refusal(e); known && e.Verdict != events.Duplicate {
			require.Equal(t, code, strings.Join(codesOf(e), " "), "seq %d: %s by %s", e.Seq, e.Value, e.Src)
		}
		want := a.oracle.Expect(e)
		require.Empty(t, a.oracle.Ended(e))
		require.Equal(t, want, oracle.Lines(w.decision(e)...), "seq %d: %s", e.Seq, e.Value)
		for _, more := range w.decision(e)[1:] {
			require.Empty(t, a.oracle.Ended(more))
		}
	}
	require.Empty(t, a.oracle.Late(w.at), "deadlines that passed unnoticed")
}

// The universe shows all that can happen to a pair, in random orders that are
// the same each time: else the test above would prove little.
func TestUniverseShowsEverything(t *testing.T) {
	seen := map[string]int{}
	for seed := range 25 {
		for _, e := range drawnFrom(seed).journal {
			tally(seen, e)
		}
	}
	for _, kind := range []string{
		"match alert", "match custody", "match duplicate", "candidate alert", "candidate custody", "candidate prior_sighting",
		"renewed", "ended mark_removed", "ended denied", "ended record_withdrawn", "ended record_expired", "ended question_withdrawn",
		"lapsed", "agreement_ended", "daily_digest", "record_review_due", "expired", "merged", "shared", "truncated", "to parent", "looked at again",
		"trace_addressed", "trace_overdue", "trace_closed",
		"asked about a candidate", "requested", "answered confirmed", "answered need_more_time", "answered cannot_confirm", "overdue", "escalated",
		"ended not_same_weapon", "ended record_outdated",
	} {
		require.Greater(t, seen[kind], 2, "the universe never shows: %s; it shows %v", kind, seen)
	}
}

// unheard are the questions that stand unheard although the directory's last
// change is behind us. A right that begins or ends by its date alone is noticed
// when somebody asks, so only a journal that ends with such a change says much.
func (w *world) unheard(o *oracle.Oracle) []events.UUID {
	for i := len(w.journal) - 1; i >= 0; i-- {
		switch w.journal[i].Envelope.Type {
		case events.TypeEffectsContinued:
		case events.TypeAgreementGranted, events.TypeAgreementRevoked, events.TypeAgreementEnded, events.TypeOrganisationSubmitted:
			return o.Unheard()
		default:
			return nil
		}
	}
	return nil
}

// checkInboxes holds each recipient's numbers dense, and that nobody is told
// twice of a match in the same role until it has ended.
func checkInboxes(t *rapid.T, inbox map[events.OrgID]uint64, told map[string]bool, e *events.Entry) {
	number := func(org events.OrgID, n uint64) {
		inbox[org]++
		require.Equal(t, inbox[org], n, "inbox of %s at seq %d", org, e.Seq)
	}
	match := func(id events.UUID, tells []events.Tell) {
		for _, x := range tells {
			key := fmt.Sprint(id, x.Org, x.Role)
			require.False(t, told[key], "%s told twice at seq %d", key, e.Seq)
			if told[key] = true; x.N > 0 {
				number(x.Org, x.N)
			}
		}
	}
	for _, x := range e.Effects {
		switch x := x.(type) {
		case *events.MatchEffect:
			match(x.ID, x.Tell)
		case *events.MatchRenewedEffect:
			match(x.ID, x.Tell)
		case events.MatchToldEffect:
			match(x.ID, x.Tell)
		case *events.ConfirmationEffect:
			for _, tell := range x.Tell {
				if tell.N > 0 {
					number(tell.Org, tell.N)
				}
			}
		case events.NotifyEffect:
			number(x.Org, x.N)
		case events.TraceEffect, events.TraceAddresseeEffect, events.TraceNoteEffect:
			for _, tell := range traceTells(x) {
				number(tell.Org, tell.N)
			}
		case events.MatchEndedEffect:
			for key := range told {
				if key[:36] == x.ID.String() {
					delete(told, key)
				}
			}
			for _, tell := range x.Tell {
				if tell.N > 0 {
					number(tell.Org, tell.N)
				}
			}
		}
	}
}

// tally counts what happened, so that a universe in which nothing happens fails.
func tally(seen map[string]int, e *events.Entry) {
	meeting := func(kind string, m *events.Meeting, tells []events.Tell) {
		seen[kind+" "+m.Class]++
		if m.Shared {
			seen["shared"]++
		}
		for _, t := range tells {
			if t.Role == "asker+owner" || t.Role == "general_secretariat+asker" {
				seen["merged"]++
			}
			if t.Role == "asker" && t.Org != m.Asker || t.Role == "owner" && t.Org != m.Owner {
				seen["to parent"]++
			}
		}
	}
	for _, x := range e.Effects {
		switch x := x.(type) {
		case *events.MatchEffect:
			meeting("match", &x.Meeting, x.Tell)
			if e.Envelope.Type == events.TypeQuestionsReexamined {
				seen["looked at again"]++
			}
		case *events.CandidateEffect:
			meeting("candidate", &x.Meeting, nil)
		case *events.MatchRenewedEffect:
			seen["renewed"]++
		case events.MatchToldEffect:
			seen["asked about a candidate"]++
		case *events.ConfirmationEffect:
			seen[strings.TrimSpace(x.Status+" "+x.Answer)]++
		case events.MatchEndedEffect:
			seen["ended "+x.Because]++
		case events.RecordEffect:
			seen[x.Outcome]++
		case events.QuestionEndedEffect:
			seen[x.Because]++
		case events.NotifyEffect:
			seen[x.Reason]++
		case events.TraceEffect:
			seen[x.Reason()]++
		case events.TraceAddresseeEffect:
			seen[x.Reason()]++
		case events.TraceNoteEffect:
			seen[x.Reason()]++
		case events.QuestionEffect:
			if x.Truncated {
				seen["truncated"]++
			}
		}
	}
}

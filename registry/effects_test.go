package registry_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry/internal/oracle"
	"github.com/armslog/armslog/registry/matching"
)

// crowd is a town in which everything is as long as it may be: ids, the
// policy's name, inbox numbers that have grown large.
type crowd struct {
	*leader
	oracle  *oracle.Oracle
	audited int
	asker   events.OrgID // a national entity of its own NCB
	owner   events.OrgID
	body    events.OrgID // that the asker acts for
}

func long(id string) string { return id + strings.Repeat("X", 32-len(id)) }

func newCrowd(t *testing.T) *crowd {
	c := &crowd{leader: newLeader(t), oracle: oracle.New(), asker: long("ASKER"), owner: long("OWNER"), body: long("BODY")}
	p := matching.DefaultPolicy()
	p.Name = strings.Repeat("p", 64)
	raw, err := p.Encode()
	require.NoError(t, err)
	acts := agreement("AGR-1", c.asker, "search", "register")
	acts.ActsFor = &events.ActsFor{Kinds: []string{"customs_administration"}}
	for _, b := range []events.Body{international(c.asker), ncb(c.owner, "BR"), customs(c.body, "FJ"), acts, &events.PolicySet{Raw: raw}} {
		c.accept(secretary, b)
	}
	c.audit()
	return c
}

// audit holds all that was decided against the naive join, and every entry
// against the bound of its effects.
func (c *crowd) audit() {
	for ; c.audited < len(c.journal); c.audited++ {
		e := c.journal[c.audited]
		require.LessOrEqual(c.t, len(events.AppendEffects(nil, e.Effects)), events.MaxEffects, "effects of seq %d", e.Seq)
		if e.Envelope.Type != events.TypeEffectsContinued {
			require.Equal(c.t, c.oracle.Expect(e), oracle.Lines(c.decision(e)...), "seq %d", e.Seq)
		}
		require.Empty(c.t, c.oracle.Ended(e))
	}
}

const many = 205 // more than two entries hold

func (c *crowd) asks(n int, mark events.Mark) {
	for range n {
		c.accept(c.asker, search(mark), onBehalfOf(c.body))
	}
}

// records registers n records that bear one number each, in one case.
func (c *crowd) records(n int, mark events.Mark) {
	for i := range n {
		b := record("seized", fmt.Sprint(i), mark)
		b.Incident.CaseNumber = "one case"
		c.accept(c.owner, b)
	}
}

func TestManyMeetingsAreToldInSeveralEntries(t *testing.T) {
	c := newCrowd(t)
	c.asks(many, serial("KTO44170"))
	e := c.accept(c.owner, record("stolen", "1", serial("KTO44170")))
	parts := c.decision(e)
	require.Greater(t, len(parts), 2)
	require.Len(t, effectsOf[*events.MatchEffect](parts...), many)
	require.False(t, c.s.Continued(e.Seq), "the decision is complete")

	other := record("stolen", "1", serial("ZZ999111"))
	gone := c.decision(c.accept(c.owner, other))
	require.Len(t, effectsOf[events.MatchEndedEffect](gone...), many)

	back := c.decision(c.accept(c.owner, record("stolen", "1", serial("KTO44170"))))
	require.Len(t, effectsOf[*events.MatchRenewedEffect](back...), many)

	denied := record("stolen", "1", serial("KTO44170"))
	denied.Deny = []events.OrgID{c.body}
	require.Len(t, effectsOf[events.MatchEndedEffect](c.decision(c.accept(c.owner, denied))...), many)
	lifted := c.decision(c.accept(c.owner, record("stolen", "1", serial("KTO44170"))))
	require.Len(t, effectsOf[*events.MatchRenewedEffect](lifted...), many)

	over := c.decision(c.accept(c.owner, withdrawal("1")))
	require.Len(t, effectsOf[events.MatchEndedEffect](over...), many)
	c.audit()
}

// While the rest of a decision waits, other requests are decided.
func TestManyMeetingsWithOthersBetween(t *testing.T) {
	c := newCrowd(t)
	c.asks(many, serial("KTO44170"))
	c.lazy = true
	first := c.send(c.owner, record("stolen", "1", serial("KTO44170")))
	require.True(t, c.s.Continued(first.Seq))
	second := c.send(c.owner, record("stolen", "2", serial("KTO44170")))
	over := c.send(c.owner, withdrawal("1"))
	c.lazy = false
	c.drain()
	matches := map[events.UUID]int{}
	for _, x := range effectsOf[*events.MatchEffect](c.journal...) {
		matches[x.ID]++
	}
	for _, x := range effectsOf[events.MatchEndedEffect](c.journal...) {
		require.Equal(t, 1, matches[x.ID], "what was told ends")
		delete(matches, x.ID)
	}
	require.Len(t, effectsOf[*events.MatchEffect](c.decision(second)...), many)
	require.Len(t, matches, many, "those of the record that is still there")
	require.NotEmpty(t, effectsOf[events.MatchEndedEffect](c.decision(over)...))
	require.False(t, c.s.Continued(first.Seq) || c.s.Continued(over.Seq))
}

// A search's matches are never cut by its limit; its candidates are, and it is
// told so; nothing is told twice or lost where the answer takes several entries.
func TestManyAnswersToOneSearch(t *testing.T) {
	for _, c := range []struct {
		name                string
		mark                events.Mark
		limit               uint32
		noStanding          bool
		matches, candidates int
		truncated           bool
	}{
		{"matches are not cut", serial("KTO44170"), 1, false, many, 0, false},
		{"nor where it does not stand", serial("KTO44170"), 1, true, many, 0, false},
		{"candidates up to the limit", serial("KTO4417D"), 120, false, 0, 120, true},
		{"the same where it does not stand", serial("KTO4417D"), 120, true, 0, 120, true},
		{"within one entry", serial("KTO4417D"), 0, false, 0, 50, true},
		{"as many as an entry holds", serial("KTO4417D"), 64, false, 0, 64, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newCrowd(t)
			w.records(many, serial("KTO44170"))
			b := search(c.mark)
			b.Limit, b.NoStanding = c.limit, c.noStanding
			e := w.accept(w.asker, b, onBehalfOf(w.body))
			parts := w.decision(e)
			require.Len(t, effectsOf[*events.MatchEffect](parts...), c.matches)
			require.Len(t, effectsOf[*events.CandidateEffect](parts...), c.candidates)
			require.Empty(t, effectsOf[events.MatchEndedEffect](parts...))
			require.Equal(t, c.truncated, effectsOf[events.QuestionEffect](e)[0].Truncated)
			w.audit()

			marks := w.s.Counts().Marks
			if c.noStanding {
				require.Equal(t, many, marks, "a question that does not stand leaves no mark")
			}
			q := &events.SearchWithdrawn{SearchID: searchID(e), Reason: "mistyped"}
			if !c.noStanding {
				ended := w.decision(w.accept(w.asker, q))
				require.Len(t, effectsOf[events.MatchEndedEffect](ended...), c.matches+c.candidates)
			}
			w.audit()
		})
	}
}

// Matches come before candidates, prior sightings count against nobody's limit
// and show in nobody's truncated but the owner's, who has none.
func TestPriorSightingsDoNotCountForTheAsker(t *testing.T) {
	c := newCrowd(t)
	for i := range 3 {
		b := record("stolen", fmt.Sprint("late", i), serial("KTO44170"))
		b.Incident.Date, b.Incident.CaseNumber = events.MustDate("2026-06"), "one case"
		c.accept(c.owner, b)
	}
	b := record("stolen", "early", serial("KTO44170"))
	b.Incident.Date, b.Incident.CaseNumber = events.MustDate("2019"), "one case"
	c.accept(c.owner, b)
	q := search(serial("KTO44170"))
	q.Limit, q.Incident.Date = 1, events.MustDate("2020")
	e := c.accept(c.asker, q)
	require.False(t, effectsOf[events.QuestionEffect](e)[0].Truncated)
	require.Len(t, effectsOf[*events.MatchEffect](e), 1)
	shown := effectsOf[*events.CandidateEffect](e)
	require.Len(t, shown, 3)
	for _, x := range shown {
		require.Equal(t, c.owner, x.Seen)
		require.Equal(t, "prior_sighting", x.Class)
	}
	c.audit()
}

// An asker that loses its right while its answer is being continued hears no
// more of it, and loses nothing that it was told.
func TestAnswerEndsWithTheRight(t *testing.T) {
	c := newCrowd(t)
	c.records(many, serial("KTO44170"))
	c.lazy = true
	e := c.send(c.asker, search(serial("KTO44170")))
	c.send(secretary, revocation("AGR-1", "end"))
	c.lazy = false
	c.drain()
	parts := c.decision(e)
	require.Len(t, effectsOf[*events.MatchEffect](parts...), 64)
	require.Empty(t, effectsOf[events.MatchEndedEffect](c.journal...))
	require.Len(t, effectsOf[events.QuestionEndedEffect](c.journal...), 1)
}

// A question that lapses or is ended by the directory keeps its matches: they
// end with the withdrawal of one side only. More of them than an entry holds
// end in several.
func TestManyQuestionsEnd(t *testing.T) {
	c := newCrowd(t)
	c.asks(1100, serial("KTO44170"))
	c.accept(c.owner, record("stolen", "1", serial("KTO44170")))
	revoked := c.accept(secretary, revocation("AGR-1", "end"))
	parts := c.decision(revoked)
	require.Len(t, parts, 4, "500 an entry, after the one that revokes")
	require.Len(t, effectsOf[events.QuestionEndedEffect](parts...), 1100)
	require.Empty(t, effectsOf[events.MatchEndedEffect](c.journal...))

	c.accept(secretary, agreement("AGR-1", c.asker, "search"))
	before := len(c.journal)
	for range 700 {
		q := search(serial("ZZ999111"))
		q.Context = "routine_control"
		c.accept(c.asker, q)
	}
	c.pass(5)
	c.drain()
	require.Empty(t, effectsOf[events.QuestionEndedEffect](c.journal[before:]...), "it stands on its last day")
	c.pass(1)
	c.drain()
	require.Len(t, effectsOf[events.QuestionEndedEffect](c.journal[before:]...), 700)
	for _, e := range c.journal {
		require.LessOrEqual(t, len(events.AppendEffects(nil, e.Effects)), events.MaxEffects)
	}
}

// The entry with the longest possible meetings, in the largest numbers, fits.
func TestLongestEffectsFit(t *testing.T) {
	c := newCrowd(t)
	c.asks(many, serial("KTO44170"))
	e := c.accept(c.owner, record("stolen", "1", serial("KTO44170")))
	worst := *effectsOf[*events.MatchEffect](e)[0]
	worst.QuestionSeq, worst.RecordSeq, worst.Bits, worst.Marks, worst.Rule = 1<<63, 1<<63, 1<<31, [2]int{15, 15}, 63
	worst.Grade, worst.Strength, worst.Class, worst.Shared = "series_missing", "strong", "prior_sighting", true
	worst.Results = events.Results{Make: "conflict", Model: "conflict", Calibre: "conflict", Type: "conflict"}
	worst.Tell = []events.Tell{
		{Org: long("A"), Role: "general_secretariat", N: 1 << 63}, {Org: long("B"), Role: "asker", N: 1 << 63}, {Org: long("C"), Role: "owner", N: 1 << 63},
	}
	renewed := events.MatchRenewedEffect(worst)
	effects := []events.Effect{effectsOf[events.RecordEffect](e)[0]}
	for range len(effectsOf[*events.MatchEffect](e)) {
		effects = append(effects, &renewed)
	}
	effects = append(effects, events.MoreEffect{Cursor: 1 << 63})
	require.LessOrEqual(t, len(events.AppendEffects(nil, effects)), events.MaxEffects)
}

func TestTooBroad(t *testing.T) {
	l := newTown(t)
	l.lazy = true // 50,000 requests without anything due
	for i := range 50_001 {
		l.send("NCB-AA", record("stolen", fmt.Sprint(i), serial(fmt.Sprintf("77%06dA", i))))
		if i == 49_999 {
			e := l.send("NCB-BB", search(partial("770*")))
			require.Equal(t, events.Accepted, e.Verdict, "50,000 are not too broad")
		}
	}
	e := l.send("NCB-BB", search(partial("770*")))
	require.Equal(t, []string{"too_broad"}, codesOf(e))
	require.Equal(t, "/firearm/marks", e.Errors[0].Pointer)
	require.Empty(t, e.Effects)
}

// Whether a search is too broad tells nobody what is withheld from it, nor that
// others ask: what its asker may not know of does not count.
func TestTooBroadCountsNothingWithheld(t *testing.T) {
	l := newTown(t)
	l.lazy = true
	for i := range 50_001 {
		text := fmt.Sprintf("77%06dA", i)
		if i%2 == 0 {
			l.send("NCB-AA", denying(record("stolen", fmt.Sprint(i), serial(text)), "NCB-BB"))
		} else {
			l.send("NCB-AA", search(serial(text)))
		}
	}
	e := l.send("NCB-BB", search(partial("770*")))
	require.Equal(t, events.Accepted, e.Verdict)
	require.Empty(t, effectsOf[*events.CandidateEffect](e))
}

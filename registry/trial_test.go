package registry_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
	"github.com/armslog/armslog/registry/matching"
)

// toldIn counts the notifications of matches in a journal, by match and
// organisation, and the candidates that were shown.
func toldIn(journal []*events.Entry) (told, shown map[string]int) {
	told, shown = map[string]int{}, map[string]int{}
	tell := func(id events.UUID, tells []events.Tell) {
		for _, x := range tells {
			if x.N > 0 {
				told[id.String()+" "+x.Org]++
			}
		}
	}
	for _, e := range journal {
		for _, x := range e.Effects {
			switch x := x.(type) {
			case *events.MatchEffect:
				tell(x.ID, x.Tell)
			case *events.MatchRenewedEffect:
				tell(x.ID, x.Tell)
			case *events.CandidateEffect:
				shown[x.ID.String()+" "+x.Seen]++
			}
		}
	}
	return told, shown
}

// lived is a world in which the same was asked at the same times, under one
// policy from the beginning, by a leader who is never late.
func lived(t require.TestingT, w *leader, policy []byte) *leader {
	g := genesis(t)
	g.Policy = policy
	l := &leader{t: t, s: registry.New(), offs: map[string]int64{}, lazy: true}
	l.at = start
	l.decide(registry.GenesisInput(g, start))
	until := func(at int64) {
		for due, ok := l.s.NextDue(); ok && due <= at; due, ok = l.s.NextDue() {
			l.at = max(due, l.s.LastAt())
			l.due()
		}
		l.at = at
	}
	for _, in := range w.inputs {
		until(in.At)
		if in.Envelope.Type != events.TypePolicySet {
			l.decide(&registry.Input{Src: in.Src, Span: 1, At: in.At, Value: in.Value, Prepared: in.Prepared})
		}
	}
	until(w.s.LastAt())
	return l
}

// try folds a journal as its bytes are stored.
func try(t require.TestingT, journal []*events.Entry, policy []byte) registry.TrialResult {
	x, err := registry.NewTrial(policy)
	require.NoError(t, err)
	for _, e := range journal {
		require.NoError(t, x.Fold(stored(t, e), nil))
	}
	r, err := x.Result()
	require.NoError(t, err)
	require.EqualValues(t, len(journal), r.Entries)
	return r
}

// A trial says exactly what a world would have told more, and less, that had
// lived under the policy from its first day.
func TestTrialIsALifeUnderThePolicy(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		w.unasked = true // what was asked about a match cannot be asked where there is none
		for range rapid.IntRange(10, 120).Draw(t, "steps") {
			w.step(t)
		}
		policy := w.policy(t).Raw
		again := lived(t, w.leader, policy)
		want, wantShown := toldIn(again.journal)
		had, hadShown := toldIn(w.journal)
		r := try(t, w.journal, policy)
		require.Zero(t, r.Undecided)
		require.EqualValues(t, sum(had), r.History)
		require.EqualValues(t, sum(want), r.Trial)
		for _, side := range []struct {
			got                    registry.TrialSide
			more, less, moreS, lsS map[string]int
		}{{r.Added, want, had, wantShown, hadShown}, {r.Gone, had, want, hadShown, wantShown}} {
			differ, matches := minus(side.more, side.less)
			require.EqualValues(t, sum(differ), side.got.Notifications)
			require.EqualValues(t, matches, side.got.Matches)
			candidates, _ := minus(side.moreS, side.lsS)
			require.EqualValues(t, sum(candidates), side.got.Candidates)
			require.Len(t, side.got.Examples, min(len(differ), 20))
			for _, x := range side.got.Examples {
				require.Contains(t, differ, x.MatchID.String()+" "+x.Organisation)
			}
		}
		for _, by := range []string{"grade", "strength", "make", "organisation"} {
			var added, gone uint64
			for _, c := range r.Counts {
				if c.By == by {
					added, gone = added+c.Added, gone+c.Gone
				}
			}
			require.Equal(t, []uint64{r.Added.Notifications, r.Gone.Notifications}, []uint64{added, gone}, by)
		}
	})
}

func sum(m map[string]int) (n int) {
	for _, v := range m {
		n += v
	}
	return n
}

// minus is what a has more often than b, and how many matches that is about.
func minus(a, b map[string]int) (more map[string]int, matches int) {
	more = map[string]int{}
	ids := map[string]bool{}
	for key, n := range a {
		if n > b[key] {
			more[key] = n - b[key]
			ids[key[:36]] = true
		}
	}
	return more, len(ids)
}

// The policy that was in force all the time differs in nothing.
func TestTrialOfThePolicyInForce(t *testing.T) {
	l := newTown(t)
	for i := range 100 {
		l.accept("NCB-BB", record("stolen", fmt.Sprint(i), serial(fmt.Sprint("KTO4417", i))))
		l.accept("WCO", search(serial(fmt.Sprint("KTO4417", i))))
	}
	l.accept(secretary, &events.ReferenceSubmitted{Name: "FAMAE", Kind: "make"})
	l.looks()
	l.accept("WCO", &events.NotificationAcknowledged{N: 3})
	r := try(t, l.journal, genesis(t).Policy)
	require.Positive(t, r.History)
	require.Equal(t, r.History, r.Trial)
	require.Equal(t, registry.TrialSide{Examples: []registry.TrialExample{}}, r.Added)
	require.Equal(t, registry.TrialSide{Examples: []registry.TrialExample{}}, r.Gone)
	require.Empty(t, r.Counts)
}

// Entries that were erased are passed over; what refers to them is counted.
func TestTrialOfErasedEntries(t *testing.T) {
	l := newTown(t)
	e := l.accept("NCB-BB", record("stolen", "1", serial("387")))
	l.accept("NCB-BB", withdrawal("1"))
	read := stored(t, e)
	read.Erase()
	l.journal[e.Seq] = read
	r := try(t, l.journal, loud("loud").Raw)
	require.EqualValues(t, 1, r.Undecided)
}

func TestTrialOfNoPolicy(t *testing.T) {
	p := matching.DefaultPolicy()
	p.Rules[0].Then = "shout"
	raw, err := p.Encode()
	require.NoError(t, err)
	_, err = registry.NewTrial(raw)
	require.Error(t, err)
	problems := registry.PolicyProblems(raw)
	require.Len(t, problems, 1)
	require.Equal(t, "/rules/0/then", problems[0].Pointer)
	require.Contains(t, problems[0].Message, "shout")
}

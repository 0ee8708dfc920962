package registry_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
	"github.com/armslog/armslog/registry/matching"
)

// loud is a policy that alerts on every number that is met.
func loud(name string) *events.PolicySet {
	p := matching.DefaultPolicy()
	p.Name, p.SharedCases, p.Else = name, 1_000_000, "notify"
	p.Rules = nil
	raw, err := p.Encode()
	if err != nil {
		panic(err)
	}
	return &events.PolicySet{Raw: raw}
}

// looks decides what is due once it has been quiet for a while, and gives the
// steps of looking at the questions again.
func (l *leader) looks() (steps []*events.Entry) {
	l.at += 1000
	l.drain()
	return l.steps()
}

// steps are all there were so far.
func (l *leader) steps() (steps []*events.Entry) {
	for _, e := range l.journal {
		if e.Envelope.Type == events.TypeQuestionsReexamined {
			steps = append(steps, e)
		}
	}
	return steps
}

func stepOf(e *events.Entry) events.ReexaminedEffect {
	return e.Effects[len(e.Effects)-1].(events.ReexaminedEffect)
}

// A policy holds from its seq on, and questions that stand are told of whom
// they meet under it: searches, and recovered records. Nobody is told twice.
func TestPolicyIsHeldAgainstStandingQuestions(t *testing.T) {
	l := newTown(t)
	l.accept("NCB-BB", record("stolen", "1", serial("387")))
	l.accept("NCB-BB", record("seized", "2", serial("388")))
	l.accept("NCB-AA", record("seized", "3", serial("387"))) // asks
	asked := searchID(l.accept("WCO", search(serial("388"))))
	routine := search(serial("387"))
	routine.Context = "routine_control"
	l.accept("WCO", routine)
	gone := search(serial("387"))
	gone.NoStanding = true
	l.accept("WCO", gone)
	require.Empty(t, toldBy(l.journal...), "a weak number tells nobody")

	l.accept(secretary, loud("loud"))
	require.Empty(t, l.steps(), "not before it has been quiet")
	under, ok := l.s.Reexamination()
	require.True(t, ok)
	require.Equal(t, under.All, under.Left)
	steps := l.looks()
	require.Len(t, steps, 1)
	require.Equal(t, []string{
		"alert IPSG general_secretariat", "alert NCB-AA asker", "alert NCB-BB owner",
		"custody IPSG general_secretariat", "custody NCB-BB owner", "custody WCO asker",
	}, toldBy(steps[0]))
	require.EqualValues(t, events.ReexaminedEffect{Questions: 3}, stepOf(steps[0]))
	require.Equal(t, asked, effectsOf[*events.MatchEffect](steps[0])[1].Question)
	require.Equal(t, "loud", effectsOf[*events.MatchEffect](steps[0])[0].Policy)
	_, ok = l.s.Reexamination()
	require.False(t, ok)

	l.accept(secretary, loud("louder"))
	require.Empty(t, toldBy(l.looks()[1:]...), "who has been told is not told again")
	l.accept(secretary, &events.PolicySet{Raw: genesis(t).Policy})
	l.looks()
	for _, info := range l.s.MatchesOfSubject("WCO", asked) {
		require.Equal(t, "notified", info.Status, "what has been told is never taken back")
	}
}

// A name that the reference table comes to know can make two firearms agree.
func TestReferenceIsHeldAgainstStandingQuestions(t *testing.T) {
	l := newTown(t)
	held, asked := record("stolen", "1", serial("12345")), search(serial("12345"))
	held.Firearm.Make, asked.Firearm.Make, asked.Firearm.Type = "FAMAE", "Fab. y Maestranzas", "pistol"
	l.accept("NCB-BB", held)
	l.accept("WCO", asked)
	entry := &events.ReferenceSubmitted{Name: "FAMAE", Kind: "make", Aliases: []string{"Fab. y Maestranzas"}}
	l.accept(secretary, entry)
	require.Equal(t, []string{"alert IPSG general_secretariat", "alert NCB-BB owner", "alert WCO asker"}, toldBy(l.looks()...))
	for i, same := range []events.ReferenceSubmitted{*entry, {Name: "famae", Kind: "make", Aliases: entry.Aliases, Country: "CL"}} {
		l.accept(secretary, &same)
		require.Len(t, l.looks(), 1, "%d: no name compares otherwise", i)
	}
	for i, other := range []events.ReferenceSubmitted{
		{Name: "FAMAE", Kind: "make"}, *entry, {Name: "Rossi", Kind: "make", Aliases: entry.Aliases}, *entry,
		{Name: "FAMAE", Kind: "make", Aliases: entry.Aliases, Related: []string{"make:ROSSI"}},
	} {
		l.accept(secretary, &other)
		require.Len(t, l.looks(), 2+i, "%d", i)
	}
}

// An import of a reference table costs one look at the questions; one without
// end does not put it off for ever.
func TestManyChangesCostOneLook(t *testing.T) {
	l := newTown(t)
	for i := range 100 {
		l.accept("WCO", search(serial(fmt.Sprint("KTO", 1000+i))))
	}
	put := func(n int) {
		l.accept(secretary, &events.ReferenceSubmitted{Name: fmt.Sprint("Maker ", n), Kind: "make"})
	}
	for i := range 300 {
		l.at += 100
		put(i)
	}
	require.Empty(t, l.steps())
	require.Len(t, l.looks(), 2, "100 questions are two steps")
	began := l.at
	for i := 300; len(l.steps()) == 2; i++ {
		require.Less(t, l.at-began, int64(120_000))
		l.at += 900
		put(i)
	}
	require.Greater(t, l.at-began, int64(59_000))
}

// A change in the middle of a look makes it once around from there: all
// questions are asked under the last policy, and nobody is told twice. Others
// are answered between two steps.
func TestChangeWhileQuestionsAreLookedAt(t *testing.T) {
	l := newTown(t)
	for i := range 150 {
		l.accept("WCO", search(serial(fmt.Sprint(100+i))))
		l.accept("NCB-BB", record("stolen", fmt.Sprint(i), serial(fmt.Sprint(100+i))))
	}
	l.lazy = true
	l.accept(secretary, loud("one"))
	l.at += 1000
	require.NotNil(t, l.due())
	require.Len(t, toldBy(l.steps()...), 3*64)
	l.accept("NCB-AA", search(serial("KTO44170")))
	l.accept(secretary, loud("two"))
	require.Nil(t, l.due(), "not before it has been quiet again")
	l.at += 1000
	for l.due() != nil {
		info, under := l.s.Reexamination()
		require.Equal(t, under, info.Left > 0)
	}
	questions, told := uint32(0), map[events.UUID]int{}
	for _, e := range l.steps() {
		require.LessOrEqual(t, len(e.Effects), 65)
		questions += stepOf(e).Questions
		for _, m := range effectsOf[*events.MatchEffect](e) {
			told[m.ID]++
		}
	}
	require.EqualValues(t, 64+151, questions)
	require.Len(t, told, 150)
	for id, n := range told {
		require.Equal(t, 1, n, id)
	}
}

// A question that meets more than an entry holds goes on in the next one.
func TestLookAtAQuestionThatMeetsMany(t *testing.T) {
	l := newTown(t)
	for i := range many {
		l.accept("NCB-BB", record("stolen", fmt.Sprint(i), serial("387")))
	}
	l.accept("WCO", search(serial("387")))
	l.accept(secretary, loud("loud"))
	steps := l.looks()
	require.Len(t, steps, 4)
	require.Len(t, toldBy(steps...), 3*many)
	for _, e := range steps {
		require.LessOrEqual(t, len(events.AppendEffects(nil, e.Effects)), events.MaxEffects)
	}
}

// A name means one table for ever.
func TestPolicyNames(t *testing.T) {
	l := newTown(t)
	l.accept(secretary, loud("loud"))
	other := matching.DefaultPolicy()
	other.Name = "loud"
	raw, err := other.Encode()
	require.NoError(t, err)
	rejects(t, l.send(secretary, &events.PolicySet{Raw: raw}), "/policy", "policy_name_taken")
	other.Name = matching.DefaultPolicy().Name
	other.SharedCases++
	raw, err = other.Encode()
	require.NoError(t, err)
	rejects(t, l.send(secretary, &events.PolicySet{Raw: raw}), "/policy", "policy_name_taken")
	rejects(t, l.send("NCB-AA", loud("mine")), "", "no_right")

	set := func(e *events.Entry) string { return effectsOf[events.DirectoryEffect](e)[0].Outcome }
	require.Equal(t, "unchanged", set(l.accept(secretary, loud("loud"))))
	back := l.accept(secretary, &events.PolicySet{Raw: genesis(t).Policy})
	require.Equal(t, "set", set(back), "what was in force may be so again")
	var names []string
	for _, p := range l.s.Policies() {
		names = append(names, p.Name)
	}
	require.Equal(t, []string{"2026-11-23.1", "loud", "2026-11-23.1"}, names)
	require.Equal(t, registry.PolicyInfo{Name: "2026-11-23.1", Seq: back.Seq, At: l.at}, l.s.Policies()[2])
}

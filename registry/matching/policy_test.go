package matching

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func defaultTable(t testing.TB) *Table {
	table, err := Compile(DefaultPolicy())
	require.NoError(t, err)
	return table
}

// proseOutcome is design.md's table as a person reads it, cell by cell.
func proseOutcome(f Facts, class Class) Outcome {
	makeConflicts, calibreConflicts, typeConflicts := f.Make == Conflict, f.Calibre == Conflict, f.Type == Conflict
	makeAgrees, typeAgrees := f.Make == Agree, f.Type == Agree
	if class == Weak {
		switch f.Grade {
		case Exact, Normalised, Confusable:
			if makeConflicts && calibreConflicts && typeConflicts {
				return Nothing
			}
			return Candidate
		}
		return Nothing
	}
	switch f.Grade {
	case Exact, Normalised, Confusable:
		if class == Strong && makeConflicts {
			if typeAgrees && !calibreConflicts {
				return Notify
			}
			return Candidate
		}
		if class == Strong {
			if calibreConflicts && typeConflicts {
				return Candidate
			}
			return Notify
		}
		if makeAgrees && typeAgrees && !calibreConflicts {
			return Notify
		}
		if makeConflicts && calibreConflicts && typeConflicts {
			return Nothing
		}
		return Candidate
	case Lookalike:
		if class == Strong {
			if makeAgrees && typeAgrees && !calibreConflicts {
				return Notify
			}
			return Candidate
		}
		if makeConflicts || calibreConflicts && typeConflicts {
			return Nothing
		}
		return Candidate
	case SeriesMissing:
		if makeAgrees && typeAgrees {
			return Candidate
		}
	case Partial:
		if f.KnownDigits >= 3 && (makeAgrees || typeAgrees) {
			return Candidate
		}
	}
	return Nothing
}

func everyFact(yield func(Facts, Class)) {
	milliBits := map[Class][]int32{Weak: {0, 13999}, Fair: {14000, 25999}, Strong: {26000, 90000}}
	for g := NoMeeting; g <= Exact; g++ {
		for c := Weak; c <= Strong; c++ {
			for n := range combinations {
				r := spread(n)
				for _, bits := range milliBits[c] {
					for _, digits := range []int32{0, 2, 3, 9} {
						yield(Facts{Grade: g, MilliBits: bits, KnownDigits: digits, HasDigit: true, Make: r[0], Model: r[1], Calibre: r[2], Type: r[3]}, c)
					}
				}
			}
		}
	}
}

func TestDefaultPolicyIsTheTableOfTheDesign(t *testing.T) {
	table := defaultTable(t)
	everyFact(func(f Facts, class Class) {
		want := proseOutcome(f, class)
		got := table.Decide(f)
		if want != got.Outcome || class != got.Class || got.Lowered {
			t.Fatalf("%+v: want %s, got %+v", f, want, got)
		}
		for _, f := range []Facts{shared(f), wordOnly(f)} {
			got := table.Decide(f)
			if got.Outcome != min(want, Candidate) || got.Lowered != (want == Notify) {
				t.Fatalf("%+v: want at most candidate, got %+v", f, got)
			}
		}
	})
}

func shared(f Facts) Facts   { f.Shared = true; return f }
func wordOnly(f Facts) Facts { f.HasDigit = false; return f }

// The rule that decided must hold, and no rule before it may.
func TestDecisionNamesTheFirstRuleThatHolds(t *testing.T) {
	table, policy := defaultTable(t), DefaultPolicy()
	everyFact(func(f Facts, class Class) {
		if f.Grade == NoMeeting {
			return
		}
		want := -1
		for i, r := range policy.Rules {
			if ruleHolds(r, f, class) {
				want = i
				break
			}
		}
		if got := table.Decide(f).Rule; got != want {
			t.Fatalf("%+v: want rule %d, got %d", f, want, got)
		}
	})
}

func ruleHolds(r Rule, f Facts, class Class) bool {
	contains := func(list []string, s string) bool {
		return strings.Contains(" "+strings.Join(list, " ")+" ", " "+s+" ")
	}
	results := map[string]Result{"make": f.Make, "model": f.Model, "calibre": f.Calibre, "type": f.Type}
	holding := func(terms []string) (n int) {
		for _, term := range terms {
			field := strings.TrimRight(term, "=!")
			if want := map[string]Result{"=": Agree, "!": Conflict, "": Unknown}[strings.TrimPrefix(term, field)]; results[field] == want {
				n++
			}
		}
		return n
	}
	return contains(r.Grade, f.Grade.String()) && contains(r.Strength, class.String()) && int(f.KnownDigits) >= r.MinKnownDigits &&
		holding(r.All) == len(r.All) && holding(r.None) == 0 &&
		(r.Any == nil || holding(r.Any) > 0) && (r.NotAll == nil || holding(r.NotAll) < len(r.NotAll))
}

const contractPolicy = `{"policy":"2026-11-23.1","bits":{"fair":14,"strong":26},"shared_cases":3,"rules":[
 {"grade":["exact","normalised","confusable"],"strength":["strong"],"all":["make!","type="],"none":["calibre!"],"then":"notify"},
 {"grade":["exact","normalised","confusable"],"strength":["strong"],"none":["make!"],"not_all":["calibre!","type!"],"then":"notify"},
 {"grade":["exact","normalised","confusable"],"strength":["strong"],"then":"candidate"},
 {"grade":["exact","normalised","confusable"],"strength":["fair"],"all":["make=","type="],"none":["calibre!"],"then":"notify"},
 {"grade":["exact","normalised","confusable"],"strength":["fair","weak"],"not_all":["make!","calibre!","type!"],"then":"candidate"},
 {"grade":["lookalike"],"strength":["strong"],"all":["make=","type="],"none":["calibre!"],"then":"notify"},
 {"grade":["lookalike"],"strength":["strong"],"then":"candidate"},
 {"grade":["lookalike"],"strength":["fair"],"none":["make!"],"not_all":["calibre!","type!"],"then":"candidate"},
 {"grade":["series_missing"],"strength":["strong","fair"],"all":["make=","type="],"then":"candidate"},
 {"grade":["partial"],"strength":["strong","fair"],"min_known_digits":3,"any":["make=","type="],"then":"candidate"}],"else":"nothing"}`

func TestDefaultPolicyIsTheContracts(t *testing.T) {
	p, problems := DecodePolicy([]byte(contractPolicy))
	require.Empty(t, problems)
	require.Equal(t, DefaultPolicy(), p)
	data, err := p.Encode()
	require.NoError(t, err)
	require.Equal(t, strings.ReplaceAll(contractPolicy, "\n ", ""), string(data), "encoded in the contract's own order")
	require.Empty(t, p.Validate())
}

func TestDecodePolicyRefuses(t *testing.T) {
	const rule0 = `{"grade":["exact","normalised","confusable"],"strength":["strong"],"all":["make!","type="],"none":["calibre!"],"then":"notify"}`
	for _, c := range []struct{ old, new, pointer, code string }{
		{`{"policy"`, `{{"policy"`, "", CodeMalformed},
		{`"else":"nothing"}`, `"else":"nothing"} x`, "", CodeMalformed},
		{contractPolicy, `[]`, "", CodeType},
		{contractPolicy, ` null`, "", CodeType},
		{`"policy":"2026-11-23.1",`, ``, "/policy", CodeMissing},
		{`"2026-11-23.1"`, `""`, "/policy", CodeRange},
		{`"2026-11-23.1"`, `"a b"`, "/policy", CodeRange},
		{`"2026-11-23.1"`, `"a b."`, "/policy", CodeRange},
		{`"2026-11-23.1"`, `7`, "/policy", CodeType},
		{`"2026-11-23.1"`, `null`, "/policy", CodeType},
		{`"policy":`, `"policy":"x","policy":`, "/policy", CodeDuplicate},
		{`"policy":`, `"Policy":"x","policy":`, "/Policy", CodeUnknown},
		{`"policy":`, `"a/~b":1,"policy":`, "/a~1~0b", CodeUnknown},
		{`{"fair":14,"strong":26}`, `14`, "/bits", CodeType},
		{`"fair":14,`, ``, "/bits/fair", CodeMissing},
		{`"fair":14`, `"fair":14.5`, "/bits/fair", CodeType},
		{`"fair":14`, `"fair":1e1`, "/bits/fair", CodeType},
		{`"fair":14`, `"fair":"14"`, "/bits/fair", CodeType},
		{`"fair":14`, `"fair":0`, "/bits/fair", CodeRange},
		{`"fair":14`, `"fair":26`, "/bits/strong", CodeRange},
		{`"strong":26}`, `"strong":99999999999999999999}`, "/bits/strong", CodeRange},
		{`"shared_cases":3`, `"shared_cases":1`, "/shared_cases", CodeRange},
		{`"grade":["exact","normalised","confusable"],"strength":["strong"],"all"`, `"strength":["strong"],"all"`, "/rules/0/grade", CodeMissing},
		{`"grade":["lookalike"],"strength":["fair"]`, `"grade":["none"],"strength":["fair"]`, "/rules/7/grade/0", CodeNotListed},
		{`"grade":["partial"]`, `"grade":[]`, "/rules/9/grade", CodeRange},
		{`"grade":["partial"]`, `"grade":["partial","partial"]`, "/rules/9/grade/1", CodeDuplicate},
		{`"grade":["partial"]`, `"grade":"partial"`, "/rules/9/grade", CodeType},
		{`"grade":["partial"]`, `"grade":[1]`, "/rules/9/grade/0", CodeType},
		{`"min_known_digits":3`, `"min_known_digits":-3`, "/rules/9/min_known_digits", CodeRange},
		{`"min_known_digits":3`, `"min_known_digits":null`, "/rules/9/min_known_digits", CodeType},
		{`"min_known_digits":3`, `"min_digits":3`, "/rules/9/min_digits", CodeUnknown},
		{`"any":["make=","type="]`, `"any":["make==","type="]`, "/rules/9/any/0", CodeNotListed},
		{`"any":["make=","type="]`, `"any":null`, "/rules/9/any", CodeType},
		{rule0, `7`, "/rules/0", CodeType},
		{rule0, strings.Repeat(rule0+",", MaxRules-9) + rule0, "/rules", CodeRange},
		{`"then":"candidate"}],`, `"then":"tell"}],`, "/rules/9/then", CodeNotListed},
		{`"else":"nothing"`, `"else":"none"`, "/else", CodeNotListed},
	} {
		data := strings.Replace(contractPolicy, c.old, c.new, 1)
		require.NotEqual(t, contractPolicy, data, c.old)
		p, problems := DecodePolicy([]byte(data))
		require.Zero(t, p)
		require.Len(t, problems, 1, "%s -> %s", c.old, c.new)
		require.Equal(t, [2]string{c.pointer, c.code}, [2]string{problems[0].Pointer, problems[0].Code}, "%s -> %s", c.old, c.new)
		require.NotEmpty(t, problems[0].Message)
	}
}

func TestCompileRefusesAnInvalidPolicy(t *testing.T) {
	p := DefaultPolicy()
	p.Rules[3].Then = "shout"
	_, err := Compile(p)
	require.ErrorContains(t, err, "/rules/3/then")
}

func TestPolicyWithoutRules(t *testing.T) {
	p := DefaultPolicy()
	p.Rules, p.Else = nil, "candidate"
	table, err := Compile(p)
	require.NoError(t, err)
	require.Equal(t, Candidate, table.Decide(Facts{Grade: Exact}).Outcome)
	require.Equal(t, Nothing, table.Decide(Facts{}).Outcome, "no meeting is nothing, whatever the policy")
}

func TestBareTermAndBandsOfDigits(t *testing.T) {
	p := DefaultPolicy()
	p.Rules = []Rule{
		{Grade: []string{"partial"}, Strength: []string{"weak"}, MinKnownDigits: 5, Then: "notify"},
		{Grade: []string{"partial"}, Strength: []string{"weak"}, MinKnownDigits: 3, All: []string{"model"}, Then: "candidate"},
	}
	table, err := Compile(p)
	require.NoError(t, err)
	for digits, want := range map[int32]int{2: -1, 3: 1, 4: 1, 5: 0, 32: 0} {
		require.Equal(t, want, table.Decide(Facts{Grade: Partial, KnownDigits: digits}).Rule, digits)
	}
	require.Equal(t, -1, table.Decide(Facts{Grade: Partial, KnownDigits: 4, Model: Agree}).Rule, "a bare term holds when it is unknown")
	require.Equal(t, 3, table.SharedCases())
}

func TestRuleReads(t *testing.T) {
	require.Equal(t, "partial, strong/fair, any of make= type=, at least 3 known digits: candidate", DefaultPolicy().Rules[9].String())
	require.Equal(t, "exact/normalised/confusable, strong, none of make!, not all of calibre! type!: notify", DefaultPolicy().Rules[1].String())
}

func FuzzDecodePolicy(f *testing.F) {
	f.Add([]byte(contractPolicy))
	f.Add([]byte(`{"rules":[{}],"a":{"b":[]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, problems := DecodePolicy(data)
		if len(problems) > 0 {
			return
		}
		require.True(t, json.Valid(data))
		again, err := p.Encode()
		require.NoError(t, err)
		q, problems := DecodePolicy(again)
		require.Empty(t, problems)
		require.Equal(t, p, q)
	})
}

func BenchmarkDecide(b *testing.B) {
	table := defaultTable(b)
	f := Facts{Grade: Exact, MilliBits: 30710, KnownDigits: 5, HasDigit: true, Make: Agree}
	for b.Loop() {
		table.Decide(f)
	}
}

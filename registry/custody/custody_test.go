package custody

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/armslog/armslog/events"
)

func step(kind, date, country string, more ...string) Report {
	r := Report{TraceStep: events.TraceStep{Kind: kind, Country: country}, By: "NCB-" + country}
	if date != "" {
		r.Date = events.MustDate(date)
	}
	if len(more) > 0 {
		r.ToCountry = more[0]
	}
	if len(more) > 1 {
		r.Holder = more[1]
	}
	return r
}

func seizure(date string) Recovery {
	return Recovery{Category: "seized", Date: events.MustDate(date), Country: "BR", Place: "SAO PAULO"}
}

func kinds(links []Link) (all []string) {
	for _, l := range links {
		all = append(all, l.Kind)
	}
	return all
}

func TestChainInTheOrderOfDates(t *testing.T) {
	c := Of(Case{
		Reports: []Report{
			step("exported", "2008-09", "CL", "BR", "police"), step("reported_stolen", "2014-03", "BR", "", "police"),
			step("imported", "", "BR", "", "police"), step("manufactured", "2008-07", "CL", "", "manufacturer"),
		},
		Finding: &events.Diversion{Country: "BR", Date: events.MustDate("2014"), Kind: "state_theft"}, Recovery: seizure("2020"),
	})
	require.Equal(t, []string{"manufactured", "exported", "imported", "diverted", "reported_stolen", "seized"}, kinds(c.Links))
	require.Empty(t, c.Gaps)
	require.Empty(t, c.Contradictions)
	require.Nil(t, c.TimeToCrime, "there was no retail sale")
	require.Equal(t, &Proposal{
		After: 2, Before: 4, Countries: []string{"BR"}, Latest: events.MustDate("2014-03").Max(), Kind: "state_theft",
	}, c.Proposed, "the finding takes no part in the proposal")
}

func TestGaps(t *testing.T) {
	c := Of(Case{Reports: []Report{step("manufactured", "2000", "CL"), step("exported", "2008-09", "CL", "PY")}, Recovery: seizure("2020")})
	require.Equal(t, []Gap{
		{Kind: "holder", After: 0, From: events.MustDate("2000").Max(), Until: events.MustDate("2008-09").Min()},
		{Kind: "arrival", After: 1, Country: "PY"},
		{Kind: "holder", After: 1, From: events.MustDate("2008-09").Max(), Until: events.MustDate("2020").Min()},
	}, c.Gaps)
	require.Equal(t, []string{"PY", "BR"}, c.Proposed.Countries)
	before := Of(Case{Reports: []Report{step("imported", "2007", "PY", "", "dealer"), step("exported", "2008", "CL", "PY", "dealer")}, Recovery: seizure("2020")})
	require.Equal(t, []Gap{{Kind: "arrival", After: 1, Country: "PY"}}, before.Gaps, "what came before did not arrive by this leg")
}

func TestContradictions(t *testing.T) {
	for code, reports := range map[string][]Report{
		"after_destruction":  {step("destroyed", "2010", "CL"), step("exported", "2012", "CL", "BR", "dealer"), step("imported", "2012", "BR", "", "dealer")},
		"two_makers":         {step("manufactured", "2008", "CL", "", "manufacturer"), step("manufactured", "2008", "BR", "", "manufacturer")},
		"before_manufacture": {step("manufactured", "2010", "CL", "", "manufacturer"), step("imported", "2008", "BR", "", "dealer")},
		"seized_before_sale": {step("seized", "2009", "PY"), step("sold_retail", "2012", "BR", "", "private_person")},
		"stolen_before_sale": {step("reported_stolen", "2009", "PY", "", "private_person"), step("sold_retail", "2012", "BR", "", "private_person")},
		"after_recovery":     {step("sold_retail", "2021-05", "BR", "", "private_person")},
	} {
		c := Of(Case{Reports: reports, Recovery: seizure("2020")})
		var codes []string
		for _, x := range c.Contradictions {
			codes = append(codes, x.Code)
		}
		require.Contains(t, codes, code)
	}
	fine := Of(Case{Reports: []Report{
		step("manufactured", "2008", "CL", "", "manufacturer"), step("manufactured", "2008-07", "CL", "", "manufacturer"),
		step("exported", "2008", "CL", "BR", "dealer"), step("imported", "2008", "BR", "", "dealer"), step("destroyed", "2020", "BR"),
	}, Recovery: seizure("2020")})
	require.Empty(t, fine.Contradictions, "what may have been is no contradiction")
}

func genReport(t *rapid.T) Report {
	r := Report{Seq: rapid.Uint64Range(1, 3).Draw(t, "seq"), By: rapid.SampledFrom([]string{"NCB-CL", "NCB-PY"}).Draw(t, "by")}
	r.Kind = rapid.SampledFrom(events.StepKinds.Codes()).Draw(t, "kind")
	r.Country = rapid.SampledFrom([]string{"CL", "BR", "PY"}).Draw(t, "country")
	if r.Kind == "exported" || r.Kind == "transferred" {
		r.ToCountry = rapid.SampledFrom([]string{"", "CL", "BR", "PY"}).Draw(t, "to")
	}
	r.Holder = rapid.SampledFrom([]string{"", "police", "dealer", "private_person"}).Draw(t, "holder")
	r.Date = genDate(t)
	return r
}

func genDate(t *rapid.T) events.Date {
	d, _ := events.ParseDate(rapid.SampledFrom([]string{"", "2008", "2008-07", "2009-01-05", "2010/2014", "2014", "2020"}).Draw(t, "date"))
	return d
}

func genCase(t *rapid.T) Case {
	c := Case{Reports: rapid.SliceOfN(rapid.Custom(genReport), 0, 8).Draw(t, "reports"), Recovery: Recovery{Date: genDate(t), Country: "BR"}}
	if rapid.Bool().Draw(t, "finding") {
		c.Finding = &events.Diversion{Country: "BR", Date: genDate(t), Kind: "unknown"}
	}
	return c
}

// Whatever is reported, in whatever order: the chain is the same, holds all of it
// once, its dates never fall, and what it points to is there.
func TestChainOfAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := genCase(t)
		chain := Of(c)
		shuffled := c
		shuffled.Reports = rapid.Permutation(c.Reports).Draw(t, "order")
		require.Equal(t, chain, Of(shuffled))

		n := len(c.Reports) + 1
		if c.Finding != nil {
			n++
		}
		require.Len(t, chain.Links, n)
		for _, r := range c.Reports {
			require.True(t, slices.ContainsFunc(chain.Links, func(l Link) bool {
				return l.Kind == r.Kind && l.Date == r.Date && l.Country == r.Country && l.By == r.By && l.Seq == r.Seq && l.Holder == r.Holder
			}))
		}
		last := events.Day(-1 << 30)
		for _, l := range chain.Links {
			if !l.Date.IsZero() {
				require.GreaterOrEqual(t, l.Date.Min(), last)
				last = l.Date.Min()
			}
		}
		checkPointers(t, chain)
	})
}

func checkPointers(t *rapid.T, chain Chain) {
	in := func(i int) { require.True(t, i >= 0 && i < len(chain.Links), "%d", i) }
	for _, g := range chain.Gaps {
		in(g.After)
		require.True(t, g.Kind == "arrival" && g.Country != "" || g.Kind == "holder" && g.Until-g.From > aYear)
	}
	for _, x := range chain.Contradictions {
		in(x.First)
		in(x.Second)
		require.NotEqual(t, x.First, x.Second)
	}
	p := chain.Proposed
	if p == nil {
		return
	}
	in(p.After)
	in(p.Before)
	require.Less(t, p.After, p.Before)
	require.True(t, licit(chain.Links[p.After]) && illicit(chain.Links[p.Before]))
	for _, l := range chain.Links[:p.Before] {
		require.False(t, illicit(l), "the first illicit link")
	}
	for _, l := range chain.Links[p.After+1 : p.Before] {
		require.False(t, licit(l), "the last licit link before it")
	}
	require.True(t, events.DiversionKinds.Has(p.Kind))
	require.NotEmpty(t, p.Countries)
}

// Time to crime is the range over every choice of days that the dates allow.
func TestTimeToCrimeAgainstEveryDay(t *testing.T) {
	date := func(t *rapid.T) events.Date {
		from := events.MustDate("2019-01-01").Min() + events.Day(rapid.IntRange(0, 12).Draw(t, "from"))
		return events.DateOfDays(from, from+events.Day(rapid.IntRange(0, 5).Draw(t, "days")))
	}
	rapid.Check(t, func(t *rapid.T) {
		first, second, recovery := date(t), date(t), date(t)
		least, most := 1<<30, -1
		for a := first.Min(); a <= first.Max(); a++ {
			for b := second.Min(); b <= second.Max(); b++ {
				for r := recovery.Min(); r <= recovery.Max(); r++ {
					if days := int(r - min(a, b)); days >= 0 {
						least, most = min(least, days), max(most, days)
					}
				}
			}
		}
		got := TimeToCrime([]events.Date{first, {}, second}, recovery)
		if most < 0 {
			require.Nil(t, got)
			return
		}
		require.Equal(t, &Days{least, most}, got)
	})
	require.Nil(t, TimeToCrime(nil, events.MustDate("2020")))
	require.Nil(t, TimeToCrime([]events.Date{events.MustDate("2009")}, events.Date{}))
	require.Equal(t, &Days{Min: 3653, Max: 4748}, Of(Case{FirstSale: &events.Sale{Date: events.MustDate("2007/2009")}, Recovery: seizure("2020-01-01"),
		Reports: []Report{step("sold_retail", "2001", "BR")}}).TimeToCrime, "the requester's finding stands above the reports")
}

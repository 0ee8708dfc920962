package custody

import (
	"cmp"
	"slices"

	"github.com/armslog/armslog/events"
)

// Report is a step and who reported it.
type Report struct {
	events.TraceStep
	By  events.OrgID
	Seq uint64 // entry of the answer
}

// Case is what is known of one weapon.
type Case struct {
	Reports   []Report
	Recovery  Recovery
	Finding   *events.Diversion // the requester's, once there is one
	FirstSale *events.Sale      // the requester's
}

// Recovery is where the requester came by the weapon.
type Recovery struct {
	Category string // of the record; "" = not known: recovered
	Date     events.Date
	Country  string
	Place    string
}

// Link is one link of the chain.
type Link struct {
	Kind        string       `json:"kind" doc:"A step's kind; diverted (the requester's finding); seized, found, surrendered or recovered (the end)."`
	Date        events.Date  `json:"date,omitzero"`
	Country     string       `json:"country,omitempty"`
	ToCountry   string       `json:"to_country,omitempty"`
	Place       string       `json:"place,omitempty"`
	Holder      string       `json:"holder,omitempty"`
	LicenceHeld bool         `json:"licence_held,omitempty"`
	Diversion   string       `json:"diversion,omitempty" doc:"Of diverted: how."`
	By          events.OrgID `json:"by,omitempty" doc:"Who reported it; absent = the requester."`
	Seq         uint64       `json:"seq,omitempty" doc:"Entry of the answer."`
}

// Chain is the weapon's way in the order of its dates.
type Chain struct {
	Links          []Link          `json:"links"`
	Gaps           []Gap           `json:"gaps,omitempty"`
	Contradictions []Contradiction `json:"contradictions,omitempty"`
	Proposed       *Proposal       `json:"proposed_diversion,omitempty" doc:"Between the last licit and the first illicit link. A proposal: the finding is the requester's."`
	TimeToCrime    *Days           `json:"time_to_crime,omitempty" doc:"From first retail sale to recovery; absent without a retail sale."`
}

// Of is the chain of a case. The order of the reports makes no difference.
func Of(c Case) Chain {
	links := make([]Link, 0, len(c.Reports)+2)
	for _, r := range c.Reports {
		links = append(links, Link{
			Kind: r.Kind, Date: r.Date, Country: r.Country, ToCountry: r.ToCountry, Holder: r.Holder, LicenceHeld: r.LicenceHeld, By: r.By, Seq: r.Seq,
		})
	}
	if f := c.Finding; f != nil {
		links = append(links, Link{Kind: diverted, Date: f.Date, Country: f.Country, Diversion: f.Kind})
	}
	end := Link{Kind: cmp.Or(c.Recovery.Category, recovered), Date: c.Recovery.Date, Country: c.Recovery.Country, Place: c.Recovery.Place}
	chain := Chain{Links: order(append(links, end))}
	chain.Gaps = gaps(chain.Links)
	chain.Contradictions = contradictions(chain.Links)
	chain.Proposed = propose(chain.Links)
	chain.TimeToCrime = TimeToCrime(sales(c), c.Recovery.Date)
	return chain
}

// Kinds of links that no step has.
const (
	diverted  = "diverted"
	recovered = "recovered"
)

// ranks put links of the same day into the order in which such things happen;
// a link without a date goes behind the last one of its rank or a lower one.
var ranks = map[string]int{
	"manufactured": 1, "exported": 2, "imported": 3, "transferred": 4, "state_issue": 5, "sold_retail": 5, "deactivated": 5,
	"reported_lost": 6, "reported_stolen": 6, diverted: 7, "seized": 8, "found": 8, "surrendered": 8, recovered: 8, "destroyed": 9,
}

func order(links []Link) []Link {
	slices.SortFunc(links, compare)
	undated := slices.IndexFunc(links, func(l Link) bool { return !l.Date.IsZero() })
	if undated < 0 {
		return links
	}
	out := slices.Clone(links[undated:])
	for _, l := range links[:undated] {
		at := len(out)
		for at > 0 && ranks[out[at-1].Kind] > ranks[l.Kind] {
			at--
		}
		out = slices.Insert(out, at, l)
	}
	return out
}

// compare puts links without a date first; it knows no two as equal unless they
// are.
func compare(a, b Link) int {
	return cmp.Or(
		cmp.Compare(a.Date.Min(), b.Date.Min())*dated(a)*dated(b), dated(a)-dated(b),
		cmp.Compare(a.Date.Max(), b.Date.Max())*dated(a)*dated(b),
		cmp.Compare(ranks[a.Kind], ranks[b.Kind]), cmp.Compare(a.Kind, b.Kind),
		cmp.Compare(a.Country, b.Country), cmp.Compare(a.ToCountry, b.ToCountry), cmp.Compare(a.Holder, b.Holder),
		cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.By, b.By), cmp.Compare(a.Date.String(), b.Date.String()), cmp.Compare(held(a), held(b)),
	)
}

func dated(l Link) int {
	if l.Date.IsZero() {
		return 0
	}
	return 1
}

func held(l Link) int {
	if l.LicenceHeld {
		return 1
	}
	return 0
}

// before says that a was over for certain when b began.
func before(a, b Link) bool {
	return !a.Date.IsZero() && !b.Date.IsZero() && a.Date.Max() < b.Date.Min()
}

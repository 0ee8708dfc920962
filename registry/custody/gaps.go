package custody

import (
	"slices"

	"github.com/armslog/armslog/events"
)

// Gap is a stretch of the way that nobody reported.
type Gap struct {
	Kind    string     `json:"kind" doc:"arrival: nobody in country reported that it arrived; holder: more than a year in which nobody is said to have had it."`
	After   int        `json:"after" doc:"Index of the link that it follows."`
	Country string     `json:"country,omitempty"`
	From    events.Day `json:"from,omitempty"`
	Until   events.Day `json:"until,omitempty"`
}

// aYear is how long a weapon may be with nobody before that is a gap.
const aYear = 366

func gaps(links []Link) (found []Gap) {
	for i := range links {
		if g, ok := noArrival(links, i); ok {
			found = append(found, g)
		}
		if g, ok := noHolder(links, i); ok {
			found = append(found, g)
		}
	}
	return found
}

// arrives are the kinds by which somebody in a country shows that the weapon was
// there by right.
var arrives = []string{"imported", "transferred", "sold_retail", "state_issue", "reported_lost", "reported_stolen", "deactivated"}

func noArrival(links []Link, i int) (Gap, bool) {
	leg := links[i]
	if leg.ToCountry == "" || leg.ToCountry == leg.Country {
		return Gap{}, false
	}
	arrived := slices.ContainsFunc(links, func(l Link) bool {
		return l.Country == leg.ToCountry && slices.Contains(arrives, l.Kind) && !before(l, leg)
	})
	return Gap{Kind: "arrival", After: i, Country: leg.ToCountry}, !arrived
}

// noHolder: nobody is named as having the weapon after a licit link, until the
// next dated one.
func noHolder(links []Link, i int) (Gap, bool) {
	l := links[i]
	if l.Holder != "" || l.Date.IsZero() || !licit(l) {
		return Gap{}, false
	}
	for _, next := range links[i+1:] {
		if next.Date.IsZero() {
			continue
		}
		g := Gap{Kind: "holder", After: i, From: l.Date.Max(), Until: next.Date.Min()}
		return g, g.Until-g.From > aYear
	}
	return Gap{}, false
}

func licit(l Link) bool {
	switch l.Kind {
	case "manufactured", "exported", "imported", "transferred", "sold_retail", "state_issue":
		return true
	}
	return false
}

func illicit(l Link) bool {
	switch l.Kind {
	case "reported_lost", "reported_stolen", "seized", "found", "surrendered", recovered:
		return true
	}
	return false
}

// Contradiction is two links that cannot both be true, or not of one weapon.
type Contradiction struct {
	Code   string `json:"code" doc:"after_destruction, two_makers, before_manufacture, seized_before_sale, stolen_before_sale, after_recovery"`
	First  int    `json:"first" doc:"Index of a link."`
	Second int    `json:"second" doc:"Index of the other."`
}

// rules are what no two links of one weapon can be.
var rules = []struct {
	code  string
	holds func(a, b Link) bool // for links in this order, or the other
}{
	{"after_destruction", func(a, b Link) bool { return a.Kind == "destroyed" && b.Kind != "destroyed" && before(a, b) }},
	{"two_makers", func(a, b Link) bool {
		return a.Kind == "manufactured" && b.Kind == "manufactured" && a.Country < b.Country
	}},
	{"before_manufacture", func(a, b Link) bool { return b.Kind == "manufactured" && a.Kind != "manufactured" && before(a, b) }},
	{"seized_before_sale", func(a, b Link) bool {
		return a.Kind == "seized" && a.By != "" && b.Kind == "sold_retail" && before(a, b)
	}},
	{"stolen_before_sale", func(a, b Link) bool {
		return (a.Kind == "reported_stolen" || a.Kind == "reported_lost") && a.Holder == "private_person" && b.Kind == "sold_retail" && before(a, b)
	}},
	{"after_recovery", func(a, b Link) bool { return a.By == "" && a.Kind != diverted && licit(b) && before(a, b) }},
}

func contradictions(links []Link) (found []Contradiction) {
	for _, r := range rules {
		for i, a := range links {
			for j, b := range links {
				if i != j && r.holds(a, b) {
					found = append(found, Contradiction{r.code, i, j})
				}
			}
		}
	}
	return found
}

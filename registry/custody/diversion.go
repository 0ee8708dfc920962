package custody

import (
	"slices"

	"github.com/armslog/armslog/events"
)

// Proposal is where the weapon may have left the licit chain.
type Proposal struct {
	After     int        `json:"after" doc:"Index of the last licit link."`
	Before    int        `json:"before" doc:"Index of the first illicit one."`
	Countries []string   `json:"countries" doc:"Where it last was by right, then where it was first illicit."`
	Earliest  events.Day `json:"earliest,omitempty" doc:"Day; absent = not known."`
	Latest    events.Day `json:"latest,omitempty" doc:"Day; absent = not known."`
	Kind      string     `json:"kind" doc:"How, as far as the reports say; unknown where they do not."`
}

// propose finds the last licit link before the first illicit one. The
// requester's own finding takes no part in it.
func propose(links []Link) *Proposal {
	first := slices.IndexFunc(links, illicit)
	if first < 0 {
		return nil
	}
	last := first - 1
	for last >= 0 && !licit(links[last]) {
		last--
	}
	if last < 0 {
		return nil
	}
	a, b := links[last], links[first]
	p := &Proposal{After: last, Before: first, Kind: diversionKind(b), Countries: []string{a.Country}}
	if a.ToCountry != "" {
		p.Countries[0] = a.ToCountry
	}
	if b.Country != "" && b.Country != p.Countries[0] {
		p.Countries = append(p.Countries, b.Country)
	}
	if !a.Date.IsZero() {
		p.Earliest = a.Date.Min()
	}
	if !b.Date.IsZero() {
		p.Latest = b.Date.Max()
	}
	return p
}

// diversionKind is how a weapon got out of licit hands, as the first illicit
// link says it.
func diversionKind(l Link) string {
	state := l.Holder == "police" || l.Holder == "military" || l.Holder == "state_agency"
	switch {
	case l.Kind == "reported_stolen" && state:
		return "state_theft"
	case l.Kind == "reported_lost" && state:
		return "state_loss"
	case l.Kind == "reported_stolen" && (l.Holder == "dealer" || l.Holder == "wholesaler"):
		return "theft_dealer"
	case l.Kind == "reported_stolen" && l.Holder == "private_person":
		return "theft_private"
	case l.Kind == "reported_lost" && l.Holder == "private_person":
		return "loss_private"
	}
	return "unknown"
}

// Days is a span of days, as exact as the dates are.
type Days struct {
	Min int `json:"min_days"`
	Max int `json:"max_days"`
}

// TimeToCrime is the time from the first of some retail sales to the recovery:
// the shortest and the longest that the dates allow. It is nil where no sale has
// a date, or the recovery has none, or came before every sale for certain.
func TimeToCrime(sales []events.Date, recovery events.Date) *Days {
	sales = slices.DeleteFunc(slices.Clone(sales), events.Date.IsZero)
	if len(sales) == 0 || recovery.IsZero() {
		return nil
	}
	earliest, latest := sales[0].Min(), sales[0].Max() // of the first sale
	for _, d := range sales[1:] {
		earliest, latest = min(earliest, d.Min()), min(latest, d.Max())
	}
	if recovery.Max() < earliest {
		return nil
	}
	return &Days{Min: int(max(recovery.Min()-latest, 0)), Max: int(recovery.Max() - earliest)}
}

// sales are the dates of retail sales: the requester's finding where it has
// one, else all that were reported.
func sales(c Case) (dates []events.Date) {
	if s := c.FirstSale; s != nil && !s.Date.IsZero() {
		return []events.Date{s.Date}
	}
	for _, r := range c.Reports {
		if r.Kind == "sold_retail" {
			dates = append(dates, r.Date)
		}
	}
	return dates
}

package registry

import (
	"cmp"
	"slices"

	"github.com/armslog/armslog/events"
)

// Suggestion is whom a trace request might ask, and why.
type Suggestion struct {
	Organisation events.OrgID `json:"organisation,omitempty" doc:"Absent: no bureau of that country takes part."`
	Country      string       `json:"country"`
	Because      string       `json:"because" doc:"import_mark, country_of_manufacture, make or proof_mark"`
	Mark         *int         `json:"mark,omitempty" doc:"Index of the mark that says so."`
	Year         string       `json:"year,omitempty" doc:"Of that mark."`
	Make         string       `json:"make,omitempty" doc:"Of the reference table, that says so."`
}

// SuggestAddressees says whom to ask about a firearm: the country of the newest
// import mark first, since its importer had it last; then the country of
// manufacture, as stated, or as the reference table has it for the make; then
// those of proof marks. The requester's own country is left out: its own records
// come before any request.
func (s *State) SuggestAddressees(requester events.OrgID, f *events.Firearm) []Suggestion {
	found := marked(f, "import", "import_mark")
	if f.CountryOfManufacture != "" {
		found = append(found, Suggestion{Country: f.CountryOfManufacture, Because: "country_of_manufacture"})
	}
	if maker := s.makes.entryOf(f.Make); maker != nil && maker.Country != "" {
		found = append(found, Suggestion{Country: maker.Country, Because: "make", Make: maker.Name})
	}
	found = append(found, marked(f, "proof", "proof_mark")...)
	own, _ := s.Organisation(requester)
	list := []Suggestion{}
	for _, x := range found {
		known := func(y Suggestion) bool { return y.Country == x.Country }
		if x.Country != own.Country && !slices.ContainsFunc(list, known) {
			x.Organisation = s.bureauOf(x.Country)
			list = append(list, x)
		}
	}
	return list
}

// MayTrace says whether an organisation may request traces at all.
func (s *State) MayTrace(org events.OrgID) bool {
	_, ref := s.lookup(org)
	return ref != 0 && s.has(ref, rightTrace, s.at)
}

// marked are the countries of the marks of a kind, the newest first; a mark
// without a year comes last.
func marked(f *events.Firearm, kind, because string) (found []Suggestion) {
	for i, m := range f.Marks {
		if m.Kind == kind && m.Country != "" {
			found = append(found, Suggestion{Country: m.Country, Because: because, Mark: &i, Year: m.Year})
		}
	}
	slices.SortStableFunc(found, func(a, b Suggestion) int { return cmp.Compare(b.Year, a.Year) })
	return found
}

// bureauOf is the NCB of a country, "" if none takes part.
func (s *State) bureauOf(country string) events.OrgID {
	for i := range s.orgs {
		if o := &s.orgs[i]; o.Kind == kindNCB && o.Country == country {
			return o.OrganisationID
		}
	}
	return ""
}

// entryOf is the reference entry that a name means, nil if the table has none.
func (l *lexicon) entryOf(name string) *entry {
	if p := l.probe(name); p.entry != 0 {
		return l.known[p.entry-1]
	}
	return nil
}

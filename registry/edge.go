package registry

import (
	"context"
	"slices"

	"github.com/armslog/armslog/events"
)

// Requested says where a request of org was decided, if its id is remembered at
// the state's log time.
func (s *State) Requested(org events.OrgID, id events.UUID) (seq uint64, ok bool) {
	was, ok := s.requests.find(s.directory.byID[org], id, s.at)
	return was.seq, ok
}

// Sees says whether viewer may read what is owner's: its own, and what its
// national entities own.
func (s *State) Sees(viewer, owner events.OrgID) bool {
	from, of := s.directory.byID[viewer], s.directory.byID[owner]
	return from != 0 && of != 0 && s.sees(from, of)
}

// ReferenceInfo is an entry of the firearms reference table.
type ReferenceInfo struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Country string   `json:"country,omitempty"`
	Aliases []string `json:"aliases,omitempty"`
	Related []string `json:"related,omitempty"` // ids; joint production
}

// Names says whether a name, however it is spelt, is the entry's or one of its
// aliases.
func (r ReferenceInfo) Names(name string) bool {
	fold := foldName(name)
	return fold == foldName(r.Name) || slices.ContainsFunc(r.Aliases, func(a string) bool { return fold == foldName(a) })
}

// References are the makes, models and calibres of the reference table, in the
// order in which each kind came in.
func (s *State) References() (list []ReferenceInfo) {
	for _, l := range []*lexicon{&s.makes, &s.models, &s.calibres} {
		for _, r := range l.known {
			list = append(list, ReferenceInfo{ID: r.id, Name: r.name, Country: r.country, Aliases: r.spellings, Related: r.related})
		}
	}
	return list
}

// Meeting is what was compared when a pair met, with the record's summary.
func (v View) Meeting(ctx context.Context, m *events.Meeting) (events.MatchView, error) {
	return v.match(ctx, m)
}

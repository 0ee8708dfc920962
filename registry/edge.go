package registry

import (
	"context"

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

// Meeting is what was compared when a pair met, with the record's summary.
func (v View) Meeting(ctx context.Context, m *events.Meeting) (events.MatchView, error) {
	return v.match(ctx, m)
}

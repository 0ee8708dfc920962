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

// Meeting is what was compared when a pair met, with the record's summary.
func (v View) Meeting(ctx context.Context, m *events.Meeting) (events.MatchView, error) {
	return v.match(ctx, m)
}

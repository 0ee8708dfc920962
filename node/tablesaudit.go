package node

import (
	"context"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/gateway"
	"github.com/armslog/armslog/projections"
)

// accessScopes are the edge's scopes as the tables know them.
var accessScopes = map[gateway.AccessScope]projections.AccessScope{
	gateway.AccessesOfOwn:  projections.AccessesOfOwn,
	gateway.AccessesByOwn:  projections.AccessesByOwn,
	gateway.AccessesOfEach: projections.AccessesOfEach,
}

func (t tables) Accesses(ctx context.Context, org events.OrgID, q gateway.AccessQuery) (page gateway.Page[gateway.AccessRow], err error) {
	if err := t.known(ctx, q.MinSeq); err != nil {
		return page, err
	}
	list, next, err := t.q.Accesses(ctx, org, accessScopes[q.Scope], projections.AccessFilter{
		ID: q.ID, Mark: q.Mark, Organisation: q.Organisation, After: cursor(q.After), Limit: q.Limit,
	})
	for _, a := range list {
		row := gateway.AccessRow{
			Seq: a.Seq, At: stamp(a.At), Organisation: a.Organisation, Actor: a.Actor, ActingFor: a.ActingFor,
			What: a.What, ID: a.ID, Shown: a.Shown, Purpose: a.Purpose,
		}
		if q.Scope == gateway.AccessesOfEach {
			row.Parties = a.Parties
		}
		page.Items = append(page.Items, row)
	}
	page.Next = cursorText(next)
	return page, tablesError(err)
}

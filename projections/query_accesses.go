package projections

import (
	"context"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/uuid"

	"github.com/armslog/armslog/events"
)

// Access is one look at something in full.
type Access struct {
	Seq          uint64         `json:"seq"`
	At           time.Time      `json:"at"`
	Organisation events.OrgID   `json:"organisation"`
	Actor        string         `json:"actor,omitempty"`
	ActingFor    events.OrgID   `json:"acting_for,omitempty"`
	What         string         `json:"what"` // record, match, trace
	ID           events.UUID    `json:"id"`
	Parties      []events.OrgID `json:"parties,omitempty"` // whose it was
	Purpose      string         `json:"purpose,omitempty"`
	Shown        uint64         `json:"shown"` // entry that holds what was shown
}

// AccessScope says how far a reader of looks may see.
type AccessScope int

const (
	AccessesOfOwn  AccessScope = iota // looks at what is the organisation's own
	AccessesByOwn                     // these, and the looks of its own people
	AccessesOfEach                    // all of them: the General Secretariat's auditor
)

// AccessFilter narrows a list of looks; zero fields do not.
type AccessFilter struct {
	ID           string // of what was looked at, or its beginning in lower case
	Mark         string // a number of a record; finds what its index key finds
	Organisation events.OrgID
	After        uint64 // seq of the last look of the page before
	Limit        int    // at most MaxPage; 0 = 50
}

// Accesses lists looks, the last one first. A match that is withheld by now from
// the organisation is as little there as in Matches, and so are the looks at it.
// next continues as After; 0 = that was all.
func (q *Queries) Accesses(ctx context.Context, org events.OrgID, scope AccessScope, f AccessFilter) (found []Access, next uint64, err error) {
	limit := page(f.Limit)
	where := conditions{args: []any{asker(org), named("limit", limit+1)}}
	where.add(q.lookable(scope), "", nil)
	where.text("startsWith(toString(a.id), {id:String})", "id", f.ID)
	where.text("a.organisation = {by:String}", "by", f.Organisation)
	if f.Mark != "" {
		ids := markIDs{key: q.db.cfg.MarkKey}
		where.add("a.id IN (SELECT record_id FROM "+q.db.cfg.Database+".records AS r WHERE has(r.marks.id, {mark:UInt64}))",
			"mark", ids.id(&events.Mark{Text: f.Mark}))
	}
	if f.After != 0 {
		where.add("a.seq < {after:UInt64}", "after", f.After)
	}
	err = q.each(ctx, "read accesses", "SELECT a.seq, a.at, a.organisation, a.actor, a.acting_for, a.what, a.id, a.parties, a.purpose, a.shown"+
		" FROM "+q.db.cfg.Database+".accesses AS a"+where.String()+" ORDER BY a.seq DESC LIMIT {limit:UInt32}",
		func(rows driver.Rows) error {
			var a Access
			var id uuid.UUID
			err := rows.Scan(&a.Seq, &a.At, &a.Organisation, &a.Actor, &a.ActingFor, &a.What, &id, &a.Parties, &a.Purpose, &a.Shown)
			a.ID, a.At = events.UUID(id), a.At.UTC()
			found = append(found, a)
			return err
		}, where.args...)
	if len(found) > limit {
		found = found[:limit]
		next = found[limit-1].Seq
	}
	return found, next, err
}

// lookable says that a look (a) may be shown to the organisation.
func (q *Queries) lookable(scope AccessScope) string {
	if scope == AccessesOfEach {
		return "1"
	}
	ours := "(SELECT groupArray(id) FROM (SELECT {org:String} AS id UNION ALL SELECT organisation_id AS id FROM " + q.db.cfg.Database +
		".organisations WHERE parent = {org:String} AND kind = 'national_entity'))"
	own := "hasAny(a.parties, " + ours + ") AND (a.what != 'match'" +
		" OR a.id IN (SELECT met FROM (" + q.matchQuery() + " WHERE " + q.visible() + ")))"
	if scope == AccessesByOwn {
		return "(" + own + " OR has(" + ours + ", a.organisation))"
	}
	return "(" + own + ")"
}

package projections

import (
	"context"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/uuid"

	"github.com/armslog/armslog/events"
)

// Search is one question of an organisation.
type Search struct {
	ID           events.UUID   `json:"id"`
	Seq          uint64        `json:"seq"`
	At           time.Time     `json:"at"`
	Organisation events.OrgID  `json:"organisation"`
	OnBehalfOf   events.OrgID  `json:"on_behalf_of,omitempty"`
	Status       string        `json:"status"` // standing, withdrawn, ended, lapsed, answered
	Purpose      string        `json:"purpose"`
	Context      string        `json:"context"`
	Type         string        `json:"type,omitempty"`
	Make         string        `json:"make,omitempty"`
	Model        string        `json:"model,omitempty"`
	Calibre      string        `json:"calibre,omitempty"`
	Marks        []events.Mark `json:"marks"`
	Country      string        `json:"country,omitempty"`
	CaseNumber   string        `json:"case_number,omitempty"`
	Operation    string        `json:"operation,omitempty"`
	StandsUntil  string        `json:"stands_until,omitempty"` // day; "" = it does not stand
	Truncated    bool          `json:"truncated,omitempty"`
	Policy       string        `json:"policy"`
	Matches      uint32        `json:"matches"`    // that stand, and that the asker may see now
	Candidates   uint32        `json:"candidates"` // the same
}

// SearchFilter narrows a list of questions; zero fields do not.
type SearchFilter struct {
	Status string // standing, withdrawn, ended, lapsed, answered
	After  uint64 // seq of the last question of the page before
	Limit  int    // at most MaxPage; 0 = 50
}

// Searches lists an organisation's own questions, the last one first. next
// continues as After; 0 = that was all.
func (q *Queries) Searches(ctx context.Context, org events.OrgID, f SearchFilter) (found []Search, next uint64, err error) {
	limit := page(f.Limit)
	where := conditions{args: []any{asker(org), named("limit", limit+1)}}
	where.add("q.organisation IN "+q.ours(), "", nil)
	where.text("status = {status:String}", "status", f.Status)
	if f.After != 0 {
		where.add("q.seq < {after:UInt64}", "after", f.After)
	}
	err = q.each(ctx, "read searches", "SELECT q.search_id, q.seq, q.at, q.organisation, q.on_behalf_of,"+
		" multiIf(e.status IN ('withdrawn', 'lapsed'), e.status, e.status != '', 'ended',"+
		" q.stands_until IS NULL, 'answered', q.stands_until < toDate32(now()), 'lapsed', 'standing') AS status,"+
		" q.purpose, q.context, q.type, q.make, q.model, q.calibre, q.marks, q.incident_country, q.case_number, q.operation,"+
		" if(q.stands_until IS NULL, '', toString(q.stands_until)), q.truncated, q.policy,"+
		" toUInt32(c.matches), toUInt32(c.candidates)"+
		" FROM "+q.db.cfg.Database+".searches AS q"+
		" LEFT JOIN "+q.db.cfg.Database+".search_status AS e ON e.search_id = q.search_id"+
		" LEFT JOIN (SELECT asked, countIf(status = 'notified') AS matches, countIf(status = 'candidate') AS candidates"+
		" FROM ("+q.matchQuery()+" WHERE "+q.visible()+") GROUP BY asked) AS c ON c.asked = q.search_id"+
		where.String()+" ORDER BY q.seq DESC LIMIT {limit:UInt32}",
		func(rows driver.Rows) error {
			var s Search
			var id uuid.UUID
			var marks []markRow
			err := rows.Scan(&id, &s.Seq, &s.At, &s.Organisation, &s.OnBehalfOf, &s.Status, &s.Purpose, &s.Context,
				&s.Type, &s.Make, &s.Model, &s.Calibre, &marks, &s.Country, &s.CaseNumber, &s.Operation,
				&s.StandsUntil, &s.Truncated, &s.Policy, &s.Matches, &s.Candidates)
			s.ID, s.At, s.Marks = events.UUID(id), s.At.UTC(), marksOf(marks)
			found = append(found, s)
			return err
		}, where.args...)
	if len(found) > limit {
		found = found[:limit]
		next = found[limit-1].Seq
	}
	return found, next, err
}

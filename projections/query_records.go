package projections

import (
	"context"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/armslog/armslog/events"
)

// Record is one record, or one revision of it.
type Record struct {
	ID              events.UUID            `json:"id"`
	Owner           events.OrgID           `json:"owner"`
	Revision        uint32                 `json:"revision"`
	Seq             uint64                 `json:"seq"` // of the revision
	Status          string                 `json:"status"`
	FirstRecordedAt time.Time              `json:"first_recorded_at"`
	ChangedAt       time.Time              `json:"changed_at"`
	Record          events.RecordSubmitted `json:"record"`
}

// RecordFilter narrows a list of records; zero fields do not.
type RecordFilter struct {
	Status     string // active, located, withdrawn, expired
	Category   string
	CaseNumber string
	SourceID   string
	Mark       string // a number; finds what its index key finds (0 and O alike)
	Expiring   string // a day: those kept still, and no longer than to the day before it
	After      uint64 // seq of the last record of the page before
	Limit      int    // at most MaxPage; 0 = 50
}

// Records lists an organisation's own records, last changed first. next
// continues as After; 0 = that was all.
func (q *Queries) Records(ctx context.Context, org events.OrgID, f RecordFilter) (list []Record, next uint64, err error) {
	limit := page(f.Limit)
	where := conditions{args: []any{asker(org), named("limit", limit+1)}}
	where.add("r.owner IN "+q.ours(), "", nil)
	where.text("status = {status:String}", "status", f.Status)
	where.text("r.category = {category:String}", "category", f.Category)
	where.text("r.case_number = {case:String}", "case", f.CaseNumber)
	where.text("r.source_id = {source:String}", "source", f.SourceID)
	if f.Expiring != "" {
		where.add("r.retain_until < {expiring:Date32}", "expiring", f.Expiring)
		if f.Status == "" {
			where.add("status NOT IN ('withdrawn', 'expired')", "", nil)
		}
	}
	if f.Mark != "" {
		ids := markIDs{key: q.db.cfg.MarkKey}
		id := ids.id(&events.Mark{Text: f.Mark})
		where.add("has(r.marks.id, {mark:UInt64})", "mark", id)
	}
	if f.After != 0 {
		where.add("r.seq < {after:UInt64}", "after", f.After)
	}
	list, err = q.records(ctx, q.recordQuery("records", "now()", "1", "1")+where.String()+
		" ORDER BY r.seq DESC LIMIT {limit:UInt32}", where.args...)
	if len(list) > limit {
		list = list[:limit]
		next = list[limit-1].Seq
	}
	return list, next, err
}

// History lists the revisions of one of the organisation's own records, the
// first one first; none = it has no such record.
func (q *Queries) History(ctx context.Context, org events.OrgID, id events.UUID) ([]Record, error) {
	return q.records(ctx, q.recordQuery("record_history", "now()", thisOne, "1")+
		" WHERE r.owner IN "+q.ours()+" AND r.record_id = {id:UUID} ORDER BY r.revision", asker(org), named("id", id))
}

// RecordAsOf is one of the organisation's own records as it stood at a log
// time; ok is false where it has none, or had none then.
func (q *Queries) RecordAsOf(ctx context.Context, org events.OrgID, id events.UUID, at time.Time) (Record, bool, error) {
	return q.lastBefore(ctx, "r.at <= {at:DateTime64(3, 'UTC')}", org, id, named("at", at.UTC().Format("2006-01-02 15:04:05.000")))
}

// RecordAtSeq is RecordAsOf the entry seq.
func (q *Queries) RecordAtSeq(ctx context.Context, org events.OrgID, id events.UUID, seq uint64) (Record, bool, error) {
	return q.lastBefore(ctx, "r.seq <= {at:UInt64}", org, id, named("at", seq))
}

func (q *Queries) lastBefore(ctx context.Context, limit string, org events.OrgID, id events.UUID, at any) (Record, bool, error) {
	known := thisOne + " AND " + strings.ReplaceAll(limit, "r.", "x.")
	list, err := q.records(ctx, q.recordQuery("record_history", "r.at", known, strings.ReplaceAll(limit, "r.", "ended."))+
		" WHERE r.owner IN "+q.ours()+" AND r.record_id = {id:UUID} AND "+limit+" ORDER BY r.revision DESC LIMIT 1",
		asker(org), named("id", id), at)
	if err != nil || len(list) == 0 {
		return Record{}, false, err
	}
	return list[0], true, nil
}

// thisOne keeps what is joined to one record.
const thisOne = "x.record_id = {id:UUID}"

// recordQuery reads records with what became of them and when they began, as
// far as the condition on those rows (x) lets it be known. A wanted record is
// located while a confirmed match of it has not ended, as far as the condition
// on ends (ended) lets that be known.
func (q *Queries) recordQuery(table, now, condition, end string) string {
	db := q.db.cfg.Database
	return "SELECT " + recordColumnsOf("r") + "," +
		" multiIf(s.seq > r.seq, s.status, r.retain_until < toDate32(" + now + "), 'expired'," +
		" l.record_id = r.record_id, 'located', 'active') AS status," +
		" if(r.revision = 1, r.at, f.at) AS first_recorded_at, greatest(r.at, s.at) AS changed_at" +
		" FROM " + db + "." + table + " AS r" +
		" LEFT JOIN (SELECT x.record_id AS record_id, argMax(x.status, x.seq) AS status, max(x.seq) AS seq, max(x.at) AS at FROM " + db + ".record_status AS x" +
		" WHERE " + condition + " GROUP BY x.record_id) AS s ON s.record_id = r.record_id" +
		" LEFT JOIN (SELECT x.record_id AS record_id, x.at AS at FROM " + db + ".record_history AS x WHERE x.revision = 1" +
		" AND x.record_id IN (SELECT record_id FROM " + db + ".records WHERE revision > 1) AND " + condition +
		") AS f ON f.record_id = r.record_id" +
		" LEFT JOIN (SELECT DISTINCT x.record_id AS record_id FROM (SELECT located AS record_id, match_id, seq, at FROM " + db + ".confirmations" +
		" WHERE located != toUUID('00000000-0000-0000-0000-000000000000')) AS x" +
		" LEFT JOIN " + db + ".match_status AS ended ON ended.match_id = x.match_id AND " + end +
		" WHERE ended.seq < x.seq AND " + condition + ") AS l ON l.record_id = r.record_id"
}

// recordColumnsOf are the columns of an aliased table by their own names.
func recordColumnsOf(alias string) string {
	var all []string
	for name := range strings.SplitSeq(recordColumns, ", ") {
		all = append(all, alias+"."+name+" AS "+name)
	}
	return strings.Join(all, ", ")
}

func (q *Queries) records(ctx context.Context, query string, args ...any) (list []Record, err error) {
	err = q.each(ctx, "read records", query, func(rows driver.Rows) error {
		var r recordRow
		if err := rows.ScanStruct(&r); err != nil {
			return err
		}
		list = append(list, r.record())
		return nil
	}, args...)
	return list, err
}

// conditions is a WHERE clause and its arguments, which never stand in the text.
type conditions struct {
	all  []string
	args []any
}

func (c *conditions) add(condition, name string, value any) {
	c.all = append(c.all, condition)
	if name != "" {
		c.args = append(c.args, named(name, value))
	}
}

// text adds a condition unless value is empty.
func (c *conditions) text(condition, name, value string) {
	if value != "" {
		c.add(condition, name, value)
	}
}

func (c *conditions) String() string { return " WHERE " + strings.Join(c.all, " AND ") }

package projections

import (
	"context"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/uuid"

	"github.com/armslog/armslog/events"
)

// Trace is one trace in a list, as the organisation that asks may see it.
type Trace struct {
	ID         events.UUID
	Seq        uint64
	At         time.Time
	Role       string // requester, addressee, general_secretariat
	Status     string // open, established, not_established, cancelled
	Requester  events.OrgID
	ActingFor  events.OrgID
	Urgency    string
	Type       string // of the weapon; the General Secretariat is told none of it
	Make       string
	Model      string
	Calibre    string
	Marks      []events.Mark
	Country    string
	Date       string
	CaseNumber string
	Addressees []TraceParty // an addressee sees itself alone
	AnswerBy   string       // the first day that a final answer is still due by; "" = none is
}

// TraceParty is where a trace stands with one addressee.
type TraceParty struct {
	Organisation events.OrgID
	Status       string
}

// TraceFilter narrows a list of traces; zero fields do not.
type TraceFilter struct {
	Direction string // incoming, outgoing
	Status    string // open, established, not_established, cancelled
	After     uint64 // seq of the last trace of the page before
	Limit     int    // at most MaxPage; 0 = 50
}

// Traces lists the traces that an organisation or one of its national entities
// requested or was asked, the last one first; the General Secretariat sees all,
// and of each how it stands. next continues as After; 0 = that was all.
func (q *Queries) Traces(ctx context.Context, org events.OrgID, f TraceFilter) (found []Trace, next uint64, err error) {
	limit := page(f.Limit)
	where := conditions{args: []any{asker(org), named("limit", limit+1)}}
	switch f.Direction {
	case "incoming":
		where.add("role = 'addressee'", "", nil)
	case "outgoing":
		where.add("role = 'requester'", "", nil)
	}
	where.add("role != ''", "", nil)
	where.text("status = {status:String}", "status", f.Status)
	if f.After != 0 {
		where.add("t.seq < {after:UInt64}", "after", f.After)
	}
	err = q.each(ctx, "read traces", q.traceQuery()+where.String()+" ORDER BY t.seq DESC LIMIT {limit:UInt32}",
		func(rows driver.Rows) error {
			t, err := scanTrace(rows)
			found = append(found, t)
			return err
		}, where.args...)
	if len(found) > limit {
		found = found[:limit]
		next = found[limit-1].Seq
	}
	return found, next, err
}

// traceQuery takes of a trace what its reader may know: who is no requester sees
// of the addressees itself alone, who is no party the addressees' statuses and
// nothing of the weapon.
func (q *Queries) traceQuery() string {
	db := q.db.cfg.Database
	parties := "SELECT trace_id, organisation, min(seq) AS named, organisation IN " + q.ours() + " AS mine," +
		" replaceOne(argMaxIf(status, seq, status NOT IN ('extended', 'overdue', 'escalated') AND NOT late), 'interim', 'acknowledged') AS stage," +
		" argMaxOrNullIf(answer_by, seq, answer_by IS NOT NULL) AS due" +
		" FROM " + db + ".trace_addressees GROUP BY trace_id, organisation ORDER BY named, organisation"
	return "WITH (SELECT any(kind) FROM " + db + ".organisations WHERE organisation_id = {org:String}) AS kind" +
		" SELECT t.trace_id, t.seq, t.at," +
		" multiIf(t.organisation IN " + q.ours() + ", 'requester', a.asked, 'addressee', kind = 'general_secretariat', 'general_secretariat', '') AS role," +
		" if(e.status = '', 'open', e.status) AS status, t.organisation, t.on_behalf_of, t.urgency," +
		" t.type, t.make, t.model, t.calibre, t.marks, t.incident_country, t.incident_date, t.case_number," +
		" arrayFilter(p -> role = 'requester' OR p.3 AND p.2 != 'proposed' OR role = 'general_secretariat' AND p.2 != 'proposed', a.parties) AS seen," +
		" seen.1, seen.2," +
		" arrayMin(arrayMap(p -> assumeNotNull(p.4), arrayFilter(p -> p.2 IN ('sent', 'acknowledged') AND p.4 IS NOT NULL, seen))) AS first_day," +
		" if(status = 'open' AND notEmpty(arrayFilter(p -> p.2 IN ('sent', 'acknowledged'), seen)), toString(first_day), '')" +
		" FROM " + db + ".traces AS t" +
		" LEFT JOIN " + db + ".trace_status AS e ON e.trace_id = t.trace_id" +
		" LEFT JOIN (SELECT trace_id, groupArray((organisation, stage, mine, due)) AS parties, countIf(mine AND stage != 'proposed') > 0 AS asked" +
		" FROM (" + parties + ") GROUP BY trace_id) AS a ON a.trace_id = t.trace_id"
}

func scanTrace(rows driver.Rows) (t Trace, err error) {
	var id uuid.UUID
	var marks []markRow
	var seen any
	var orgs, statuses []string
	var firstDay time.Time
	err = rows.Scan(&id, &t.Seq, &t.At, &t.Role, &t.Status, &t.Requester, &t.ActingFor, &t.Urgency, &t.Type, &t.Make, &t.Model, &t.Calibre,
		&marks, &t.Country, &t.Date, &t.CaseNumber, &seen, &orgs, &statuses, &firstDay, &t.AnswerBy)
	t.ID, t.At, t.Marks = events.UUID(id), t.At.UTC(), marksOf(marks)
	for i := range orgs {
		t.Addressees = append(t.Addressees, TraceParty{orgs[i], statuses[i]})
	}
	if t.Role == "general_secretariat" {
		t.Type, t.Make, t.Model, t.Calibre, t.Marks, t.Country, t.Date, t.CaseNumber = "", "", "", "", nil, "", "", ""
	}
	return t, err
}

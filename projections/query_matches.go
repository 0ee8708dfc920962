package projections

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/uuid"

	"github.com/armslog/armslog/events"
)

// Match is one pair, as a list shows it to one of its parties. What it says of
// the two sides in full is rendered by the registry's view.
type Match struct {
	ID           events.UUID    `json:"match_id"`
	Seq          uint64         `json:"seq"`
	At           time.Time      `json:"at"`
	Status       string         `json:"status"` // candidate, notified, asked, confirmed, ended
	EndedBecause string         `json:"ended_because,omitempty"`
	Roles        []string       `json:"roles"` // of the organisation that asks
	Class        string         `json:"class"`
	Grade        string         `json:"grade"`
	Strength     string         `json:"strength"`
	Question     events.UUID    `json:"question"`
	Asker        events.OrgID   `json:"asker"`
	ActingFor    events.OrgID   `json:"acting_for,omitempty"`
	Record       events.UUID    `json:"record"`
	Owner        events.OrgID   `json:"owner"`
	Results      events.Results `json:"results"`
	Policy       string         `json:"policy"`
}

// MatchFilter narrows a list of matches; zero fields do not.
type MatchFilter struct {
	Status string // candidate, notified, asked, confirmed, ended
	After  string // cursor of the page before
	Limit  int    // at most MaxPage; 0 = 50
}

// Matches lists the pairs that an organisation, or one of its national
// entities, was told of or shown, the last one first. next continues as
// After; "" = that was all. A record withheld since from the organisation, its
// parent or the body it acted for is not in the list; the General Secretariat
// sees all that it was told.
func (q *Queries) Matches(ctx context.Context, org events.OrgID, f MatchFilter) (found []Match, next string, err error) {
	limit := page(f.Limit)
	where := conditions{args: []any{asker(org), named("limit", limit+1)}}
	where.add(q.visible(), "", nil)
	where.text("status = {status:String}", "status", f.Status)
	if f.After != "" {
		seq, id, err := parseCursor(f.After)
		if err != nil {
			return nil, "", err
		}
		where.add("(m.seq, m.match_id) < ({after:UInt64}, {id:UUID})", "after", seq)
		where.args = append(where.args, named("id", id))
	}
	err = q.each(ctx, "read matches", q.matchQuery()+where.String()+
		" ORDER BY m.seq DESC, m.match_id DESC LIMIT {limit:UInt32}",
		func(rows driver.Rows) error {
			m, err := scanMatch(rows)
			found = append(found, m)
			return err
		}, where.args...)
	if len(found) > limit {
		found = found[:limit]
		next = fmt.Sprintf("%d.%s", found[limit-1].Seq, found[limit-1].ID)
	}
	return found, next, err
}

func (q *Queries) matchQuery() string {
	db := q.db.cfg.Database
	denying := "(SELECT record_id, owner, deny FROM " + db + ".records WHERE notEmpty(deny))"
	return "WITH (SELECT any(parent) FROM " + db + ".organisations WHERE organisation_id = {org:String}) AS parent" +
		" SELECT m.match_id AS met, m.seq, m.at, " + matchStatus + " AS status," +
		" if(e.seq > m.seq, e.because, ''), t.roles, m.class, m.grade, m.strength, m.question AS asked, m.asker, m.acting_for," +
		" m.record, m.owner, m.result_make, m.result_model, m.result_calibre, m.result_type, m.policy" +
		" FROM (SELECT match_id, arraySort(groupUniqArrayArray(splitByChar('+', role))) AS roles," +
		" has(roles, 'general_secretariat') AS secretariat" +
		" FROM " + db + ".match_tells WHERE organisation IN " + q.ours() + " GROUP BY match_id) AS t" +
		" INNER JOIN " + db + ".matches AS m ON m.match_id = t.match_id" +
		" LEFT JOIN " + db + ".match_status AS e ON e.match_id = m.match_id" +
		" LEFT JOIN (SELECT x.match_id AS match_id, max(x.seq) AS seq, argMax(if(x.status = 'answered', x.answer, x.status), x.seq) AS last" +
		" FROM " + db + ".confirmations AS x GROUP BY x.match_id) AS c ON c.match_id = m.match_id" +
		" LEFT JOIN " + denying + " AS record ON record.record_id = m.record" +
		" LEFT JOIN " + denying + " AS question ON question.record_id = m.question"
}

// matchStatus says how a match (m) stands, of which e is the last end and c the
// last move of its confirmation. What was asked before the last end says
// nothing any more.
const matchStatus = "multiIf(e.seq > m.seq, 'ended'," +
	" c.seq > e.seq AND c.last = 'confirmed', 'confirmed'," +
	" c.seq > e.seq AND c.last IN ('requested', 'overdue', 'escalated', 'need_more_time'), 'asked'," +
	" m.kind = 'match' OR c.seq > e.seq, 'notified', m.kind)"

// visible says that a match of matchQuery may be shown.
func (q *Queries) visible() string {
	return "(t.secretariat OR NOT " + q.withheld("record") + " AND NOT " + q.withheld("question") + ")"
}

// withheld says that a record of another, with a deny list, is withheld now
// from the organisation that asks: from itself, its parent, or the body it
// acted for.
func (q *Queries) withheld(alias string) string {
	return "(" + alias + ".owner NOT IN " + q.ours() + " AND hasAny(" + alias + ".deny," +
		" [{org:String}, parent, if(m.asker = {org:String}, m.acting_for, '')]))"
}

func scanMatch(rows driver.Rows) (Match, error) {
	var m Match
	var id, question, record uuid.UUID
	err := rows.Scan(&id, &m.Seq, &m.At, &m.Status, &m.EndedBecause, &m.Roles, &m.Class, &m.Grade, &m.Strength,
		&question, &m.Asker, &m.ActingFor, &record, &m.Owner,
		&m.Results.Make, &m.Results.Model, &m.Results.Calibre, &m.Results.Type, &m.Policy)
	m.ID, m.Question, m.Record, m.At = events.UUID(id), events.UUID(question), events.UUID(record), m.At.UTC()
	return m, err
}

// parseCursor reads "seq.id".
func parseCursor(s string) (seq uint64, id events.UUID, err error) {
	number, text, _ := strings.Cut(s, ".")
	if _, err := fmt.Sscan(number, &seq); err != nil {
		return 0, id, fmt.Errorf("%w: no cursor", ErrRefused)
	}
	id, ok := events.ParseUUID(text)
	if !ok {
		return 0, id, fmt.Errorf("%w: no cursor", ErrRefused)
	}
	return seq, id, nil
}

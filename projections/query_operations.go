package projections

import (
	"context"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/armslog/armslog/events"
	ddl "github.com/armslog/armslog/schemas/clickhouse"
)

// OperationCount is what counts for an operation in one country and for one
// type of weapon; "" = not stated.
type OperationCount struct {
	Country   string
	Type      string
	Questions uint64
	Records   uint64
	Seizures  uint64 // of the records
	Traces    uint64
	Matches   uint64 // that parties were told of
	Confirmed uint64 // of the matches
}

// OperationReport counts what counts for an operation, by country and type.
// That org may see the operation is the caller's to know. Records that deny
// org, or its parent, and are not its own are in no count; the General
// Secretariat sees all.
func (q *Queries) OperationReport(ctx context.Context, org events.OrgID, operation string) (counts []OperationCount, err error) {
	db := q.db.cfg.Database
	secretariat := "(SELECT count() FROM " + db + ".organisations WHERE organisation_id = {org:String} AND kind = 'general_secretariat')"
	viewers := "if(" + secretariat + " > 0, emptyArrayString(), (SELECT groupArray(organisation_id) || groupArray(parent) FROM " + db +
		".organisations WHERE organisation_id = {org:String}))"
	ours := "(SELECT groupArray(*) FROM " + q.ours() + ")"
	query, err := ddl.OperationCounts(db, viewers, ours)
	if err != nil {
		return nil, fmt.Errorf("read operation: %w", err)
	}
	err = q.each(ctx, "read operation", "SELECT country, type, questions, records, seizures, traces, matches, confirmed FROM ("+query+
		") WHERE operation_id = {operation:String} ORDER BY country, type",
		func(rows driver.Rows) error {
			var c OperationCount
			err := rows.Scan(&c.Country, &c.Type, &c.Questions, &c.Records, &c.Seizures, &c.Traces, &c.Matches, &c.Confirmed)
			counts = append(counts, c)
			return err
		}, asker(org), named("operation", operation))
	return counts, err
}

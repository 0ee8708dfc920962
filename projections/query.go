package projections

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/armslog/armslog/events"
)

// ErrUnavailable is returned when ClickHouse does not answer: try again later.
var ErrUnavailable = errors.New("tables are not available")

// ErrRefused is returned when ClickHouse understood a query and refused it: the
// query is wrong, or its user may not.
var ErrRefused = errors.New("query refused")

// QueriesConfig is what Queries need.
type QueriesConfig struct {
	Database  *Database
	Projector *Projector // of this process; nil = none, and waits poll
}

// Queries read the live tables. Each takes the organisation that asks and
// returns what is its own or its national entities', or what it was told or
// shown: what is withheld from it is not there.
type Queries struct {
	cfg QueriesConfig
	db  *Database
}

// NewQueries reads through cfg.Database.
func NewQueries(cfg QueriesConfig) *Queries { return &Queries{cfg: cfg, db: cfg.Database} }

// MaxPage bounds the rows of one answer.
const MaxPage = 1000

func page(limit int) int {
	if limit <= 0 {
		return 50
	}
	return min(limit, MaxPage)
}

// Formats of SQL answers, as ClickHouse names them.
const (
	FormatTable  = "PrettyCompactMonoBlock"
	FormatJSON   = "JSON"
	FormatNDJSON = "JSONEachRow"
	FormatCSV    = "CSVWithNames"
)

// SQL runs a query as the analyst, who can read the views of the database
// analytics and nothing else, and returns the answer as ClickHouse writes it in
// that format. The caller closes it.
func (q *Queries) SQL(ctx context.Context, query, format string) (io.ReadCloser, error) {
	if q.db.analyst == nil {
		return nil, fmt.Errorf("%w: no analyst is configured", ErrUnavailable)
	}
	r, err := q.db.analyst.QueryFormat(ctx, format, query)
	var refused *clickhouse.Exception
	if errors.As(err, &refused) {
		return nil, fmt.Errorf("run query: %w: %w", ErrRefused, err)
	}
	if err != nil {
		return nil, failure("run query", err)
	}
	return r, nil
}

// failure tells an answer that says no from no answer.
func failure(what string, err error) error {
	var e *clickhouse.Exception
	if errors.As(err, &e) && !isMissing(err) {
		return fmt.Errorf("%s: %w: %w", what, ErrRefused, err)
	}
	return fmt.Errorf("%s: %w: %w", what, ErrUnavailable, err)
}

func named(name string, value any) any { return clickhouse.Named(name, fmt.Sprint(value)) }

// each calls scan for every row of a query.
func (q *Queries) each(ctx context.Context, what, query string, scan func(driver.Rows) error, args ...any) error {
	rows, err := q.db.native.Query(ctx, query, args...)
	if err != nil {
		return failure(what, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
	if err := rows.Err(); err != nil {
		return failure(what, err)
	}
	return nil
}

// ours is a subquery: the organisation and its national entities.
func (q *Queries) ours() string {
	return "(SELECT {org:String} UNION ALL SELECT organisation_id FROM " + q.db.cfg.Database +
		".organisations WHERE parent = {org:String} AND kind = 'national_entity')"
}

func asker(org events.OrgID) any { return named("org", org) }

package projections

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/armslog/armslog/events"
)

// Inboxes is what every recipient was told, by the fold of the journal:
// *registry.State.
type Inboxes interface {
	InboxLen(org events.OrgID) uint64
	InboxSeq(org events.OrgID, n uint64) (seq uint64, ok bool)
}

// FsckConfig is what a check needs.
type FsckConfig struct {
	Source Source
	// Fold is called with every accepted entry, in order, so that one reading
	// of the journal gives the state whose inboxes are compared; nil = none.
	Fold    func(*events.Entry)
	Inboxes Inboxes // read after Fold; nil = inboxes are compared as tables only
	Limit   int     // differences listed; 0 = 1,000
}

// Difference is one thing that does not equal the fold of the journal.
type Difference struct {
	Table string `json:"table"`
	Key   string `json:"key"` // of the row
	Seq   uint64 `json:"seq"` // entry that the row follows from, or claims to
	What  string `json:"what"`
}

// What can be wrong with a row.
const (
	Missing  = "missing"
	Changed  = "changed"
	Extra    = "extra"
	NotDense = "not what the state was told" // an inbox entry
)

// Report is the outcome of a check.
type Report struct {
	Entries     uint64            `json:"entries"` // of the journal
	Rows        map[string]uint64 `json:"rows"`    // compared, by table
	Total       uint64            `json:"total"`   // differences, listed or not
	Differences []Difference      `json:"differences"`

	limit int
}

// OK says that the tables equal the fold.
func (r *Report) OK() bool { return r.Total == 0 }

func (r *Report) add(d Difference) {
	r.Total++
	if len(r.Differences) < r.limit {
		r.Differences = append(r.Differences, d)
	}
}

// firstTables is how long tables are waited for that a new worker is making.
const firstTables = 10 * time.Second

// liveSoon is live, but for a server on which the first tables are being made.
func (d *Database) liveSoon(ctx context.Context) (g generation, err error) {
	for began := time.Now(); time.Since(began) < firstTables; {
		if g, err = d.live(ctx); g != 0 || err != nil {
			return g, err
		}
		select {
		case <-time.After(pollEvery):
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	return 0, nil
}

// Fsck folds the journal from its first entry to the end it has now, and
// compares every row of every live table and every inbox with what follows.
// What is expected comes from the journal alone. It waits while the tables are
// behind and move, and returns a LaggingError when they do not.
func (d *Database) Fsck(ctx context.Context, cfg FsckConfig) (*Report, error) {
	g, err := d.liveSoon(ctx)
	if err != nil {
		return nil, err
	}
	if g == 0 {
		return nil, fmt.Errorf("%w: there are none yet", ErrUnavailable)
	}
	want, err := d.expect(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if err := d.caughtUp(ctx, g, want.next); err != nil {
		return nil, err
	}
	return d.check(ctx, g, want, cfg)
}

// check compares a generation with what is expected of it.
func (d *Database) check(ctx context.Context, g generation, want *expected, cfg FsckConfig) (*Report, error) {
	c := checker{db: d, g: g, want: want, cfg: cfg,
		report: &Report{Entries: want.next, Rows: map[string]uint64{}, limit: cmp.Or(cfg.Limit, 1000)}}
	for i, t := range tables {
		if err := c.compare(ctx, t, want.rows[i]); err != nil {
			return nil, fmt.Errorf("compare %s: %w", t.Name, err)
		}
	}
	if err := c.nameMissing(ctx); err != nil {
		return nil, err
	}
	if cfg.Inboxes != nil {
		if err := c.compareInboxes(ctx); err != nil {
			return nil, fmt.Errorf("compare inboxes: %w", err)
		}
	}
	slices.SortStableFunc(c.report.Differences, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(a.Table, b.Table), cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.Key, b.Key))
	})
	return c.report, nil
}

// checker is one check under way.
type checker struct {
	db     *Database
	g      generation
	want   *expected
	cfg    FsckConfig
	report *Report
}

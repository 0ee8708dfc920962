package projections

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/armslog/armslog/events"
)

// ErrNotEqual is returned when tables do not equal the fold of the journal; the
// report that comes with it says where.
var ErrNotEqual = errors.New("tables do not equal the fold of the journal")

// RebuildConfig is what a rebuild needs.
type RebuildConfig struct {
	Database *Database
	Source   Source
	Keep     bool                // keep the old tables
	Fold     func(*events.Entry) // as in FsckConfig
	Inboxes  Inboxes             // as in FsckConfig
	Metrics  *Metrics
	Log      *slog.Logger
	Progress func(next uint64) // after every batch; nil = none
}

// RebuildReport is the outcome of a rebuild.
type RebuildReport struct {
	*Report
	Database  string        `json:"database"` // the live tables now
	Projected time.Duration `json:"projected_ns"`
	Checked   time.Duration `json:"checked_ns"`
}

// Rebuild makes all tables anew, beside the live ones: the ordinary projection
// from the journal's first entry into a new database, checked, and then shown
// by the views. Workers that go on meanwhile follow to the new tables by
// themselves. It returns ErrNotEqual, and leaves the views as they are, when the
// new tables do not hold what they should.
func Rebuild(ctx context.Context, cfg RebuildConfig) (*RebuildReport, error) {
	p, err := NewProjector(ProjectorConfig{Database: cfg.Database, Source: cfg.Source, Metrics: cfg.Metrics, Log: cfg.Log})
	if err != nil {
		return nil, err
	}
	r := rebuild{cfg: cfg, db: cfg.Database, projector: p, want: newExpected()}
	return r.run(ctx)
}

type rebuild struct {
	cfg       RebuildConfig
	db        *Database
	projector *Projector
	want      *expected
	old, new  generation
}

func (r *rebuild) run(ctx context.Context) (*RebuildReport, error) {
	if err := r.begin(ctx); err != nil {
		return nil, err
	}
	start := time.Now()
	if err := r.unmerged(ctx, func() error { return r.catchUp(ctx, r.cfg.Fold, r.observe) }); err != nil {
		return nil, err
	}
	out := &RebuildReport{Database: r.db.database(r.new), Projected: time.Since(start)}
	start = time.Now()
	var err error
	out.Report, err = r.db.check(ctx, r.new, r.want, FsckConfig{Source: r.cfg.Source, Inboxes: r.cfg.Inboxes})
	out.Checked = time.Since(start)
	if err != nil {
		return out, err
	}
	if !out.OK() {
		return out, ErrNotEqual
	}
	return out, r.switchOver(ctx)
}

// begin makes the empty tables. A database of that number is what an earlier
// rebuild left behind when it ended half way.
func (r *rebuild) begin(ctx context.Context) (err error) {
	if r.old, err = r.db.setup(ctx); err != nil {
		return err
	}
	r.new = r.old + 1
	if err := r.db.drop(ctx, r.new); err != nil {
		return err
	}
	return r.db.create(ctx, r.new)
}

// unmerged fills the new tables while their parts are left as they are: merging
// them meanwhile would do much of the work several times over. A crash in
// between leaves tables that nobody looks at and the next rebuild drops.
func (r *rebuild) unmerged(ctx context.Context, fill func() error) error {
	if err := r.merges(ctx, "STOP"); err != nil {
		return err
	}
	return errors.Join(fill(), r.merges(context.WithoutCancel(ctx), "START"))
}

func (r *rebuild) merges(ctx context.Context, verb string) error {
	for _, t := range tables {
		if err := r.db.exec(ctx, "SYSTEM "+verb+" MERGES "+r.db.database(r.new)+"."+t.Name); err != nil {
			return err
		}
	}
	return nil
}

// observe takes what is expected from the encoded rows, so that the journal is
// read and decoded once.
func (r *rebuild) observe(l *load) {
	r.want.take(l)
	if r.cfg.Progress != nil {
		r.cfg.Progress(r.want.next)
	}
}

// catchUp projects to the journal's end as it is now.
func (r *rebuild) catchUp(ctx context.Context, fold func(*events.Entry), observe func(*load)) error {
	journal, err := asItIs(ctx, r.cfg.Source)
	if err != nil {
		return err
	}
	return r.projector.into(ctx, r.new, folded{journal, fold}, func(l *load) error {
		observe(l)
		return nil
	})
}

// switchOver shows the new tables. They must not know less than the old ones
// did when somebody last looked, so the projection goes on until after.
func (r *rebuild) switchOver(ctx context.Context) error {
	if err := r.catchUp(ctx, nil, func(*load) {}); err != nil {
		return err
	}
	if err := r.db.point(ctx, r.new); err != nil {
		return err
	}
	if err := r.catchUp(ctx, nil, func(*load) {}); err != nil {
		return err
	}
	if r.cfg.Keep {
		return nil
	}
	return r.db.drop(ctx, r.old)
}

func (d *Database) drop(ctx context.Context, g generation) error {
	return d.exec(ctx, "DROP DATABASE IF EXISTS "+d.database(g)+" SYNC")
}

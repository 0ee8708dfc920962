package projections

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/armslog/armslog/events"
)

// ProjectorConfig is what a projector needs.
type ProjectorConfig struct {
	Database *Database
	Source   Source
	Tables   []string // which tables this worker fills; none = all
	// MaxEntries bounds the entries of one batch; 0 = 100,000. Two batches are
	// in memory at most, with what waits of the source.
	MaxEntries int
	// LongestRest bounds how long after a load the next one is written while the
	// worker keeps up and nobody here waits for it; 0 = half a second.
	LongestRest time.Duration
	Metrics     *Metrics // nil = none
	Log         *slog.Logger
}

// Projector writes the rows that follow from the journal. Effect first,
// position second: a crash repeats rows and loses none. While ClickHouse is
// away it waits, and nothing but the tables waits with it.
type Projector struct {
	cfg  ProjectorConfig
	mark watermark
	wait *patience
}

// NewProjector fails when a table is named that is none of Tables.
func NewProjector(cfg ProjectorConfig) (*Projector, error) {
	for _, name := range cfg.Tables {
		if !slices.Contains(TableNames(), name) {
			return nil, fmt.Errorf("no table is named %q", name)
		}
	}
	if len(cfg.Tables) == 0 {
		cfg.Tables = TableNames()
	}
	cfg.Tables = slices.Sorted(slices.Values(cfg.Tables))
	cfg.MaxEntries = cmp.Or(cfg.MaxEntries, 100_000)
	cfg.LongestRest = cmp.Or(cfg.LongestRest, longestRest)
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Metrics == nil {
		cfg.Metrics = NewMetrics(nil)
	}
	return &Projector{cfg: cfg, mark: newWatermark(), wait: newPatience(cfg.Log, cfg.Metrics.retries.WithLabelValues("projector"))}, nil
}

// Next is the seq after the last entry that the tables of this worker hold, as
// far as it has seen them.
func (p *Projector) Next() uint64 {
	p.mark.mu.Lock()
	defer p.mark.mu.Unlock()
	return p.mark.next
}

// Worker names the tables that this worker fills, "all" for all of them.
func (p *Projector) Worker() string { return workerName(p.cfg.Tables) }

// Run projects until ctx ends, and then returns nil. It returns an error only
// when going on would be wrong: ErrOtherJournal, ErrHistoryWentBack, a damaged
// journal. Everything else is tried again for ever.
func (p *Projector) Run(ctx context.Context) error {
	for {
		err := p.wait.retry(ctx, func() error { return p.session(ctx) })
		if ctx.Err() != nil {
			return nil
		}
		if !errors.Is(err, errMoved) {
			return err
		}
	}
}

// errMoved: the views show another generation now, which is to be filled.
var errMoved = errors.New("another generation is live")

// session projects into the generation that is live, from where its tables are.
func (p *Projector) session(ctx context.Context) error {
	g, err := p.cfg.Database.setup(ctx)
	if err != nil {
		return err
	}
	err = p.into(ctx, g, p.cfg.Source, func(*load) error { return p.stillLive(ctx, g) })
	if err == nil {
		err = errors.New("journal ended") // a source waits for more
	}
	return err
}

// stillLive ends a session whose generation a rebuild has replaced.
func (p *Projector) stillLive(ctx context.Context, g generation) error {
	live, err := p.cfg.Database.live(ctx)
	if err == nil && live != g {
		return errMoved
	}
	return err
}

// into projects src into a generation until src or ctx ends or after, called
// when a load and its position are stored, fails.
func (p *Projector) into(ctx context.Context, g generation, src Source, after func(*load) error) error {
	journal, err := src.JournalID(ctx)
	if err != nil {
		return fmt.Errorf("read journal id: %w", err)
	}
	from, err := p.cfg.Database.position(ctx, g, p.cfg.Tables, journal, src)
	if err != nil {
		return err
	}
	p.wait.over()
	p.mark.set(from.Reader.Next)
	group, ctx := errgroup.WithContext(ctx)
	pipe := newPipeline(p.cfg, &p.mark)
	group.Go(func() error { return pipe.read(ctx, src, from) })
	group.Go(func() error { return pipe.encode(ctx) })
	group.Go(func() error {
		return pipe.write(ctx, func(l *load) error {
			// A crash before the position: the rows are written again, and are
			// the same. A crash after it: the next batch follows.
			if err := p.wait.retry(ctx, func() error { return p.store(ctx, g, journal, l) }); err != nil {
				return err
			}
			p.mark.set(l.last.Reader.Next)
			return after(l)
		})
	})
	return group.Wait()
}

// store writes a load, and then its position.
func (p *Projector) store(ctx context.Context, g generation, journal events.UUID, l *load) error {
	start := time.Now()
	err := p.cfg.Database.store(ctx, g, p.cfg.Tables, l.parts)
	if err == nil {
		err = p.cfg.Database.advance(ctx, g, p.cfg.Tables, journal, l.last)
	}
	if isMissing(err) {
		return errors.Join(errMoved, err) // a rebuild dropped this generation
	}
	if err == nil {
		p.wait.over()
		p.cfg.Metrics.stored(l, p.cfg.Tables, time.Since(start))
	}
	return err
}

package bench

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/single"
	"github.com/armslog/armslog/projections"
)

// RebuildResult is what Rebuild measured, in seconds.
type RebuildResult struct {
	Entries   uint64  `json:"entries"`
	Projected float64 `json:"projected_seconds"`
	Checked   float64 `json:"checked_seconds"`
}

// Rebuild measures how long all read models take from the journal, beside a
// system that runs: projected, then checked row by row.
func (s *System) Rebuild(ctx context.Context, engine embedded.Engine) (RebuildResult, error) {
	if native, _ := s.Tables(); native == "" {
		return RebuildResult{}, embedded.ErrNoClickHouse
	}
	e, err := single.Attach(ctx, single.Config{Dir: s.Dir, Engine: engine, Kafka: "127.0.0.1:0"})
	if err != nil {
		return RebuildResult{}, err
	}
	defer e.Close()
	log := slog.New(slog.DiscardHandler)
	e.Tables.Log = log
	db, err := projections.Open(*e.Tables)
	if err != nil {
		return RebuildResult{}, err
	}
	defer db.Close()
	report, err := projections.Rebuild(ctx, projections.RebuildConfig{
		Database: db, Source: s.Node.Source(), Log: log,
	})
	if err != nil {
		return RebuildResult{}, err
	}
	r := RebuildResult{Entries: report.Entries, Projected: report.Projected.Seconds(), Checked: report.Checked.Seconds()}
	fmt.Fprintf(s.out, "rebuild   %d entries projected in %.1f s, every row checked in %.1f s\n", r.Entries, r.Projected, r.Checked)
	return r, nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/single"
	"github.com/armslog/armslog/node"
	"github.com/armslog/armslog/projections"
	"github.com/armslog/armslog/registry"
)

// enginesFlags say where journal and tables are: in a data directory, or, on a
// cluster, at addresses.
type enginesFlags struct {
	data string
	at   connection
}

func (f *enginesFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.data, "data", "", "data directory of armslog up (default armslog-data)")
	f.at.addFlags(c.Flags())
}

// engines are a journal and its tables, opened for one command.
type engines struct {
	node  *node.Node
	db    *projections.Database
	close func()
}

func (a *app) openEngines(ctx context.Context, f *enginesFlags) (*engines, error) {
	log := a.textLog(slog.LevelError)
	cluster, err := a.cluster(&f.at.kafka)
	if err != nil {
		return nil, err
	}
	var tables *projections.Config
	done := func() {}
	if len(cluster.Brokers) > 0 {
		if tables, err = a.tables(&f.at); err != nil {
			return nil, err
		}
	} else {
		if f.data == "" {
			f.data = a.settings.get("data")
		}
		engine, err := embedded.FindClickHouse(ctx, nil)
		if err != nil && !errors.Is(err, embedded.ErrNoClickHouse) {
			return nil, err
		}
		found, err := single.Attach(ctx, single.Config{Dir: f.data, Kafka: "127.0.0.1:0", Engine: engine, Log: log})
		if err != nil {
			return nil, err
		}
		cluster.Brokers, tables, done = found.Brokers, found.Tables, found.Close
	}
	if tables == nil {
		done()
		return nil, &codedError{code: "no_tables", message: "there is no ClickHouse to look at",
			hint: "install npm, or set ARMSLOG_CLICKHOUSE=/path/to/clickhouse", exit: exitError}
	}
	tables.Log = log
	db, err := projections.Open(*tables)
	if err != nil {
		done()
		return nil, err
	}
	n := node.New(node.Config{Cluster: cluster, Log: log})
	return &engines{node: n, db: db, close: func() {
		_ = db.Close() // nothing is buffered
		n.Close()
		done()
	}}, nil
}

func (a *app) fsckCommand() *cobra.Command {
	var f enginesFlags
	c := &cobra.Command{
		Use:   "fsck",
		Short: "Fold the journal and compare every row and every inbox with it",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			e, err := a.openEngines(cmd.Context(), &f)
			if err != nil {
				return err
			}
			defer e.close()
			s := registry.New()
			report, err := e.db.Fsck(cmd.Context(), projections.FsckConfig{
				Source: e.node.Source(), Inboxes: s, Fold: func(x *events.Entry) { s.Evolve(x, nil) },
			})
			if err != nil {
				return lagging(err)
			}
			return a.tellReport(report)
		},
	}
	f.add(c)
	return c
}

func (a *app) rebuildCommand() *cobra.Command {
	var f enginesFlags
	var keep bool
	c := &cobra.Command{
		Use:   "rebuild",
		Short: "Make all tables anew beside the live ones, check them, and show them instead",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			e, err := a.openEngines(cmd.Context(), &f)
			if err != nil {
				return err
			}
			defer e.close()
			report, err := projections.Rebuild(cmd.Context(), projections.RebuildConfig{
				Database: e.db, Source: e.node.Source(), Keep: keep, Log: slog.New(slog.DiscardHandler),
			})
			if errors.Is(err, projections.ErrNotEqual) {
				a.note("the new tables do not hold what they should: the old ones stay")
				return a.tellReport(report.Report)
			}
			if err != nil {
				return err
			}
			a.note("projected in %s, checked in %s; %s is live", report.Projected.Round(time.Millisecond), report.Checked.Round(time.Millisecond), report.Database)
			return a.tellReport(report.Report)
		},
	}
	f.add(c)
	c.Flags().BoolVar(&keep, "keep", false, "keep the old tables")
	return c
}

// tellReport prints the differences, a row each; with none it says what was
// compared. It exits 5 where there are any.
func (a *app) tellReport(r *projections.Report) error {
	var rows [][]string
	for _, d := range r.Differences {
		rows = append(rows, []string{d.Table, d.Key, strconv.FormatUint(d.Seq, 10), d.What})
	}
	if len(rows) > 0 {
		if err := a.writeRows([]string{"TABLE", "KEY", "SEQ", "WHAT"}, rows); err != nil {
			return err
		}
	}
	var total uint64
	for _, n := range r.Rows {
		total += n
	}
	if r.OK() {
		a.note("%s entries folded, %s rows compared: no difference", thousands(r.Entries), thousands(total))
		return nil
	}
	a.note("%s differences in %s rows", thousands(r.Total), thousands(total))
	return silent(exitIntegrity)
}

func lagging(err error) error {
	var late *projections.LaggingError
	if errors.As(err, &late) {
		return &codedError{code: "lagging", message: fmt.Sprintf("the tables hold entries up to %d and do not move", late.Next),
			hint: "is a projector running? then try again", exit: exitError}
	}
	return err
}

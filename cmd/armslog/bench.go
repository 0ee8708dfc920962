package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/armslog/armslog/internal/bench"
	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/workload"
)

type benchFlags struct {
	records, searches int
	seed              uint64
	rate              int
	max               bool
	seconds           int
	noSync            bool
	decideRate        int
	length            time.Duration
}

// benchmarks are what can be measured, in the order in which all of them run;
// besides are those that run only when they are named.
var (
	benchmarks = []string{"decide", "fold", "import", "search", "rebuild", "reexamine", "due"}
	besides    = []string{"pressure", "fairness"}
)

func (a *app) benchCommand() *cobra.Command {
	var f benchFlags
	c := &cobra.Command{
		Use:   "bench [" + strings.Join(slices.Concat(benchmarks, besides), "|") + "]…",
		Short: "Measure this machine on the standard load",
		Long: "bench measures on an invented, deterministic load and prints each figure beside the floor it is held against.\nWithout a name it measures all of " + strings.Join(benchmarks, ", ") + ".\n" +
			"pressure offers five times what the leader may decide, and holds every answer against the journal;\n" +
			"fairness lets one organisation flood in four ways while another searches.",
		ValidArgs: slices.Concat(benchmarks, besides),
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, name := range args {
				if !slices.Contains(slices.Concat(benchmarks, besides), name) {
					return &usageError{fmt.Sprintf("there is no benchmark %q", name), "one of: " + strings.Join(slices.Concat(benchmarks, besides), ", ")}
				}
			}
			if len(args) == 0 {
				args = benchmarks
			}
			return a.bench(cmd.Context(), args, f)
		},
	}
	c.AddCommand(a.benchFailoverCommand(), a.benchIdleCommand())
	flags := c.Flags()
	flags.IntVar(&f.records, "records", workload.Standard.Records, "records of the load")
	flags.IntVar(&f.searches, "searches", workload.Standard.Searches, "searches of the load")
	flags.Uint64Var(&f.seed, "seed", workload.Standard.Seed, "another seed is another load of the same shape")
	flags.IntVar(&f.rate, "rate", 1000, "search: questions a second, one by one")
	flags.IntVar(&f.seconds, "seconds", 20, "search: how long each part is measured")
	flags.BoolVar(&f.max, "max", true, "search: also measure the most searches that are answered")
	flags.BoolVar(&f.noSync, "no-fsync", false, "do not fsync: what a crash of the machine would lose is acknowledged")
	flags.IntVar(&f.decideRate, "decide-rate", 0, "pressure, fairness: requests a second that the leader may decide (0 = 200)")
	flags.DurationVar(&f.length, "for", 5*time.Minute, "pressure, fairness: how long is measured")
	return c
}

func (a *app) bench(ctx context.Context, names []string, f benchFlags) error {
	defer spareCollector()()
	if f.records < 2 || f.searches < 1 {
		return &usageError{"a load needs at least two records and one search", "--records 1400000 --searches 100000 is the standard"}
	}
	b := &benching{flags: f, load: workload.New(workload.Config{Records: f.records, Searches: f.searches, Seed: f.seed}), out: a.err, results: map[string]any{}}
	engine, err := embedded.FindClickHouse(ctx, a.fetching())
	if err != nil && !errors.Is(err, embedded.ErrNoClickHouse) {
		return err
	}
	b.engine = engine
	b.describe()
	if b.results["yardstick"], err = bench.Measure(b.out); err != nil {
		return err
	}
	fmt.Fprintln(b.out)
	if err := b.run(ctx, names); err != nil {
		return err
	}
	return json.NewEncoder(a.out).Encode(b.results)
}

// benching is one run of benchmarks.
type benching struct {
	flags   benchFlags
	load    workload.Load
	engine  embedded.Engine
	out     io.Writer
	results map[string]any
}

// describe says what the figures were measured on.
func (b *benching) describe() {
	sync := "fsync on every append"
	if b.flags.noSync {
		sync = "no fsync"
	}
	tables := "no ClickHouse"
	if b.engine.Path != "" {
		tables = "ClickHouse embedded"
	}
	fmt.Fprintf(b.out, "machine   %s, %d cores, %s/%s, %s\n", processor(), runtime.GOMAXPROCS(0), runtime.GOOS, runtime.GOARCH, runtime.Version())
	fmt.Fprintf(b.out, "engines   Kafka protocol in process (kfake), %s; %s; all on the same cores\n", sync, tables)
	fmt.Fprintf(b.out, "load      %d records, %d searches, seed %d\n", b.flags.records, b.flags.searches, b.flags.seed)
}

// processor is the model of the processor, where the system tells it.
func processor() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "processor unknown"
	}
	for line := range strings.SplitSeq(string(text), "\n") {
		if name, ok := strings.CutPrefix(line, "model name"); ok {
			return strings.TrimSpace(strings.TrimLeft(name, " \t:"))
		}
	}
	return "processor unknown"
}

func (b *benching) run(ctx context.Context, names []string) error {
	has := func(name string) bool { return slices.Contains(names, name) }
	if has("decide") {
		b.results["decide"] = bench.Decide(b.load, b.out)
	}
	if has("fold") {
		if err := b.fold(ctx); err != nil {
			return err
		}
	}
	if has("pressure") || has("fairness") {
		if err := b.pressed(ctx, has); err != nil {
			return err
		}
	}
	if has("import") || has("search") || has("rebuild") || has("reexamine") || has("due") {
		return b.system(ctx, has)
	}
	return nil
}

func (b *benching) fold(ctx context.Context) error {
	j, err := bench.WriteJournal(ctx, b.load)
	if err != nil {
		return err
	}
	r, err := bench.Fold(ctx, j, b.out)
	b.results["fold"] = r
	return errors.Join(err, j.Close())
}

// system measures what needs everything running; the records are imported
// first in any case.
func (b *benching) system(ctx context.Context, has func(string) bool) (err error) {
	s, err := bench.StartSystem(ctx, bench.SystemConfig{Load: b.load, Sync: !b.flags.noSync, Engine: b.engine, Out: b.out})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if b.results["import"], err = s.Import(ctx); err != nil {
		return err
	}
	span := time.Duration(b.flags.seconds) * time.Second
	if has("search") {
		if b.results["search_rate"], err = s.SearchAtRate(ctx, b.flags.rate, span); err != nil {
			return err
		}
		if b.flags.max {
			if b.results["search_max"], err = s.SearchMax(ctx, span); err != nil {
				return err
			}
		}
	}
	if has("rebuild") {
		if b.results["rebuild"], err = s.Rebuild(ctx, b.engine); err != nil {
			return err
		}
	}
	if has("reexamine") {
		if b.results["reexamine"], err = s.Reexamine(ctx, b.flags.rate); err != nil {
			return err
		}
	}
	if has("due") {
		b.results["due"], err = s.Due(ctx, max(1, b.flags.rate/10))
	}
	return err
}

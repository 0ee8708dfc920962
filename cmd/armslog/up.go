package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/armslog/armslog/gateway"
	"github.com/armslog/armslog/internal/demo"
	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/failpoint"
	"github.com/armslog/armslog/internal/single"
	"github.com/armslog/armslog/registry"
)

type upFlags struct {
	demo     bool
	listen   string
	kafka    string
	tcp, web int
	rate     int
	older    bool
	log      logFlags
}

func (a *app) upCommand() *cobra.Command {
	var f upFlags
	c := &cobra.Command{
		Use:   "up",
		Short: "Run everything in this one process, on embedded engines",
		Long: "up starts a Kafka broker, ClickHouse, the registry and its API in one process,\n" +
			"for evaluation, tests and single-host pilots. All data lie in one directory.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if data := cmd.Flag("data").Value.String(); data != "" {
				a.settings.values["data"] = value{data, "flag"}
			}
			return a.up(cmd.Context(), f)
		},
	}
	c.Flags().BoolVar(&f.demo, "demo", false, "begin with invented sample data, keys and profiles")
	c.Flags().StringVar(&f.listen, "listen", "127.0.0.1:8080", "address of the HTTP API")
	c.Flags().StringVar(&f.kafka, "kafka", "127.0.0.1:9092", "address of the embedded broker")
	c.Flags().IntVar(&f.tcp, "tables-port", 9000, "port of ClickHouse, native protocol; 0 = a free one")
	c.Flags().IntVar(&f.web, "tables-http-port", 8123, "port of ClickHouse, HTTP; 0 = a free one")
	c.Flags().IntVar(&f.rate, "decide-rate", 0, decideRateDoc)
	c.Flags().BoolVar(&f.older, "accept-older-journal", false, "start on a journal that was restored from an older copy: what was told since is contradicted; once")
	f.log.addFlags(c.Flags())
	c.Flags().String("data", "", "data directory (default armslog-data)")
	return c
}

func (a *app) up(ctx context.Context, f upFlags) error {
	defer spareCollector()()
	began := time.Now()
	log, err := a.serverLog(f.log)
	if err != nil {
		return err
	}
	a.tell("armslog "+version+"   one process: evaluation, tests and single-host pilots, not for more than one host", "starts", slog.String("version", version))
	engine, err := a.engine(ctx)
	if err != nil {
		return err
	}
	points, err := failpoint.FromEnv()
	if err != nil {
		return err
	}
	s, err := single.Start(ctx, single.Config{
		Dir: a.settings.get("data"), Listen: f.listen, Kafka: f.kafka, TCPPort: f.tcp, WebPort: f.web,
		Engine: engine, Name: "General Secretariat", Version: version, Log: log,
		Failpoints: points, DecideRate: f.rate, AcceptOlderJournal: f.older,
	})
	if err != nil {
		return inUse(err)
	}
	if f.demo {
		if err := a.makeDemo(ctx, s); err != nil {
			return errors.Join(err, s.Stop())
		}
	}
	a.screen(ctx, s, began)
	<-s.Done()
	if err := s.Stop(); err != nil {
		return err
	}
	a.tell("stopped; `armslog up` continues from "+s.Dir, "stopped", slog.String("data", s.Dir))
	return nil
}

// engine finds ClickHouse, or says what works without it.
func (a *app) engine(ctx context.Context) (embedded.Engine, error) {
	began := time.Now()
	e, err := embedded.FindClickHouse(ctx, a.fetching())
	switch {
	case errors.Is(err, embedded.ErrNoClickHouse):
		a.line("engine", "no ClickHouse: registration, search and notification work, the analysts' tables do not")
		a.note("hint: install npm, or set ARMSLOG_CLICKHOUSE=/path/to/clickhouse")
		return embedded.Engine{}, nil
	case err != nil:
		return e, err
	case e.Source == "fetched":
		a.line("engine", fmt.Sprintf("ClickHouse fetched in %.0f s, hash verified (once; kept in the cache directory)", time.Since(began).Seconds()))
	default:
		a.line("engine", "ClickHouse, from the "+e.Source)
	}
	return e, nil
}

// fetching tells what takes so long, the first time.
func (a *app) fetching() func(embedded.Progress) {
	stage := ""
	return func(p embedded.Progress) {
		if p.Stage != stage && p.Stage != "done" {
			stage = p.Stage
			a.note("engine    %s %d MB", p.Stage, p.Total>>20)
		}
	}
}

// screen is what a newcomer sees when everything runs.
func (a *app) screen(ctx context.Context, s *single.Single, began time.Time) {
	var seq uint64
	if s.Node.Read(ctx, func(st *registry.State) { seq = st.Next() }) != nil {
		return // stopped meanwhile
	}
	native, web := s.Tables()
	if a.lines != nil {
		a.logLine(slog.LevelInfo, "ready", slog.Uint64("seq", seq), slog.String("api", s.URL), slog.String("kafka", s.KafkaAddr),
			slog.String("tables", native), slog.String("tables_http", web), slog.Duration("took", time.Since(began)))
		return
	}
	a.line("log", fmt.Sprintf("%-21s journal at seq %s", s.KafkaAddr, thousands(seq)))
	if native != "" {
		a.line("tables", fmt.Sprintf("%-21s native, %s http   user analyst, read only", native, web[strings.LastIndex(web, ":"):]))
	}
	a.line("api", fmt.Sprintf("%-32s docs /docs", s.URL))
	if names, _, err := a.settings.profiles(); err == nil && len(names) > 0 {
		a.line("profiles", strings.Join(sortedKeys(names), " ")+"   use as: armslog -p wco …")
	}
	a.note("ready in %.1f s. Ctrl-C stops; `armslog up` continues from %s. Tour: docs/tour.md", time.Since(began).Seconds(), s.Dir)
}

func (a *app) line(name, says string) { a.note("%-9s %s", name, says) }

// makeDemo makes the sample world, once for each data directory; what a crash
// left half done is done again, and registers nothing twice.
func (a *app) makeDemo(ctx context.Context, s *single.Single) error {
	done := filepath.Join(s.Dir, "demo.done")
	if _, err := os.Stat(done); err == nil {
		return a.pointProfiles(s)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("look for the sample world: %w", err)
	}
	if err := demo.Load(ctx, s.Node); err != nil {
		return err
	}
	profiles := map[string]map[string]string{}
	for i, p := range demo.Profiles() {
		roles := make([]gateway.Role, len(p.Roles))
		for j, r := range p.Roles {
			roles[j] = gateway.Role(r)
		}
		key, token := gateway.NewKey(fmt.Sprintf("demo%d", i+1), p.Organisation, roles...)
		if err := s.AddKeys(key); err != nil {
			return err
		}
		profiles[p.Name] = map[string]string{"key": token, "purpose": p.Purpose, "context": p.Context}
	}
	if err := writeProfiles(s.Dir, profiles); err != nil {
		return err
	}
	if err := a.pointProfiles(s); err != nil {
		return err
	}
	return os.WriteFile(done, []byte("the sample world of armslog "+version+"\n"), 0o600)
}

// pointProfiles writes where this start listens into the profiles.
func (a *app) pointProfiles(s *single.Single) error {
	profiles, _, err := a.settings.profiles()
	if err != nil {
		return err
	}
	for _, p := range profiles {
		p["url"] = s.URL
		if native, _ := s.Tables(); native != "" {
			p["sql"] = s.Analyst()
		}
	}
	return writeProfiles(s.Dir, profiles)
}

// inUse says which flag helps where an address is taken.
func inUse(err error) error {
	if strings.Contains(err.Error(), "address already in use") {
		return &usageError{err.Error(), "another armslog may be running; choose other addresses with --listen, --kafka, --tables-port, --tables-http-port"}
	}
	return err
}

// thousands writes a number with commas.
func thousands(n uint64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/armslog/armslog/internal/bench"
	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/embedded/process"
	"github.com/armslog/armslog/internal/realkafka"
)

type idleFlags struct {
	mailboxes int
	seconds   int
	kafka     bool
}

func (a *app) benchIdleCommand() *cobra.Command {
	var f idleFlags
	c := &cobra.Command{
		Use:   "idle",
		Short: "Measure a node in which nothing happens",
		Long: "idle starts a node with every role, as a process of its own, makes organisations known, each with a mailbox, lets all come to rest,\n" +
			"and measures what the node alone uses: of a core, of memory, and of its broker, which is the embedded one in this process, or Apache Kafka\n" +
			"(--apache-kafka: needs Java, and Maven the first time; nobody counts its requests). It works on Linux.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.mailboxes < 1 || f.seconds < 1 {
				return &usageError{"there is nothing to measure", "--mailboxes and --seconds are at least 1"}
			}
			return a.benchIdle(cmd.Context(), f)
		},
	}
	c.Flags().IntVar(&f.mailboxes, "mailboxes", 200, "organisations, each with a mailbox")
	c.Flags().IntVar(&f.seconds, "seconds", 60, "how long the node is measured")
	c.Flags().BoolVar(&f.kafka, "apache-kafka", false, "on Apache Kafka instead of the embedded broker")
	return c
}

// idleSettle is how long a node rests before it is measured: what it has made of
// the enrolment is collected meanwhile.
const idleSettle = 15 * time.Second

func (a *app) benchIdle(ctx context.Context, f idleFlags) (err error) {
	dir, err := os.MkdirTemp("", "armslog-idle-")
	if err != nil {
		return fmt.Errorf("make directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	cfg := bench.IdleConfig{
		Roles: []string{"registry", "gateway", "courier"}, Mailboxes: f.mailboxes, Settle: idleSettle, For: time.Duration(f.seconds) * time.Second,
	}
	if cfg.Program, err = process.Self(); err != nil {
		return err
	}
	stop, err := a.idleBroker(ctx, dir, f.kafka, &cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	stopTables, err := a.idleTables(ctx, dir, &cfg)
	if err != nil {
		return err
	}
	defer stopTables()
	fmt.Fprintf(a.err, "machine   %s, %d cores, %s/%s, %s\n", processor(), runtime.GOMAXPROCS(0), runtime.GOOS, runtime.GOARCH, runtime.Version())
	fmt.Fprintf(a.err, "node      armslog serve, roles %s; its engines are not counted\n\n", strings.Join(cfg.Roles, " "))
	r, err := bench.Idle(ctx, cfg)
	if err != nil {
		return err
	}
	r.Print(a.err)
	return json.NewEncoder(a.out).Encode(map[string]any{"idle": r})
}

// idleBroker starts the broker of the node that is measured.
func (a *app) idleBroker(ctx context.Context, dir string, kafka bool, cfg *bench.IdleConfig) (stop func() error, err error) {
	if kafka {
		c, err := realkafka.Start(ctx, realkafka.Config{})
		if err != nil {
			return nil, err
		}
		cfg.Brokers = c.Addrs()
		return c.Close, nil
	}
	b, err := embedded.StartBroker(embedded.BrokerConfig{Dir: filepath.Join(dir, "kafka")})
	if err != nil {
		return nil, err
	}
	cfg.Brokers, cfg.Asked = []string{b.Addr()}, bench.CountAsked(b.Cluster())
	return func() error { b.Close(); return nil }, nil
}

// idleTables gives the node a ClickHouse and the role projector, where there is
// an engine.
func (a *app) idleTables(ctx context.Context, dir string, cfg *bench.IdleConfig) (stop func(), err error) {
	engine, err := embedded.FindClickHouse(ctx, a.fetching())
	if errors.Is(err, embedded.ErrNoClickHouse) {
		return func() {}, nil
	}
	if err != nil {
		return nil, err
	}
	server, err := embedded.StartClickHouse(ctx, embedded.ClickHouseConfig{Engine: engine, Dir: filepath.Join(dir, "clickhouse")})
	if err != nil {
		return nil, err
	}
	at, err := url.Parse(server.HTTPURL())
	password, markKey := filepath.Join(dir, "tables-password"), filepath.Join(dir, "mark-key")
	err = errors.Join(err,
		os.WriteFile(password, []byte(server.Password()), 0o600),
		os.WriteFile(markKey, []byte(strings.Repeat("0f", 16)), 0o600))
	if err != nil {
		server.Close()
		return nil, err
	}
	cfg.Roles = append(cfg.Roles, "projector")
	cfg.Flags = []string{"--tables", server.TCPAddr(), "--tables-http", at.Host, "--tables-password-file", password, "--mark-key-file", markKey}
	return server.Close, nil
}

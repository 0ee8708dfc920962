package projections

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Config says where ClickHouse is and what is ours in it.
type Config struct {
	Native          string      // host:port of the native protocol: queries and definitions
	HTTP            string      // host:port of HTTP: inserts, and the analysts' queries
	TLS             *tls.Config // nil = none
	User            string      // who writes, and reads all
	Password        string
	Analyst         string // who reads Analytics and nothing else; "" = no SQL
	AnalystPassword string
	Database        string   // "" = armslog: <Database>_<n> is a generation, <Database> shows the live one
	Analytics       string   // "" = analytics: the analysts' views
	MarkKey         [16]byte // secret of the deployment; mark ids are hashed with it
	Log             *slog.Logger
}

// Database is ClickHouse as the read models use it. It is safe for concurrent
// use and connects when first asked.
type Database struct {
	cfg     Config
	native  driver.Conn
	http    driver.Conn
	analyst driver.Conn // nil = none
}

// Settings of every connection. Inserts are answered when they are stored, in
// the table and not in a queue; and equal keys are left for the merge instead
// of being looked for in every insert (60 % of its CPU; FINAL reads right
// either way).
func settings() clickhouse.Settings {
	return clickhouse.Settings{"async_insert": 0, "optimize_on_insert": 0}
}

// Open prepares the connections; nothing is sent yet.
func Open(cfg Config) (*Database, error) {
	cfg.Database = cmp.Or(cfg.Database, "armslog")
	cfg.Analytics = cmp.Or(cfg.Analytics, "analytics")
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	d := &Database{cfg: cfg}
	var err error
	if d.native, err = d.connect(clickhouse.Native, cfg.Native, cfg.User, cfg.Password); err != nil {
		return nil, err
	}
	if d.http, err = d.connect(clickhouse.HTTP, cfg.HTTP, cfg.User, cfg.Password); err != nil {
		return nil, err
	}
	if cfg.Analyst != "" {
		d.analyst, err = d.connect(clickhouse.HTTP, cfg.HTTP, cfg.Analyst, cfg.AnalystPassword)
	}
	return d, err
}

func (d *Database) connect(p clickhouse.Protocol, addr, user, password string) (driver.Conn, error) {
	opt := d.options(p, addr)
	opt.Auth = clickhouse.Auth{Username: user, Password: password}
	if user == d.cfg.Analyst {
		opt.Settings = nil // its profile decides
	}
	c, err := clickhouse.Open(opt)
	if err != nil {
		return nil, fmt.Errorf("open clickhouse: %w", err)
	}
	return c, nil
}

func (d *Database) options(p clickhouse.Protocol, addr string) *clickhouse.Options {
	return &clickhouse.Options{
		Protocol:     p,
		Addr:         []string{addr},
		TLS:          d.cfg.TLS,
		Settings:     settings(),
		DialTimeout:  5 * time.Second,
		ReadTimeout:  5 * time.Minute,
		MaxOpenConns: 16,
		MaxIdleConns: 8,
	}
}

// Close ends the connections.
func (d *Database) Close() error {
	err := errors.Join(d.native.Close(), d.http.Close())
	if d.analyst != nil {
		err = errors.Join(err, d.analyst.Close())
	}
	return err
}

// Ping says whether ClickHouse answers.
func (d *Database) Ping(ctx context.Context) error {
	if err := d.native.Ping(ctx); err != nil {
		return fmt.Errorf("ping clickhouse: %w", err)
	}
	return nil
}

// generation is the number of one set of tables; 0 = there is none yet.
type generation uint32

// database is where a generation's tables are.
func (d *Database) database(g generation) string {
	return d.cfg.Database + "_" + strconv.FormatUint(uint64(g), 10)
}

func (d *Database) exec(ctx context.Context, statement string) error {
	if err := d.native.Exec(ctx, statement); err != nil {
		return fmt.Errorf("execute statement: %w", err)
	}
	return nil
}

// isMissing says that a table or database is not there (any more).
func isMissing(err error) bool {
	var e *clickhouse.Exception
	return errors.As(err, &e) && (e.Code == codeUnknownTable || e.Code == codeUnknownDatabase)
}

// https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp
const (
	codeUnknownTable    = 60
	codeUnknownDatabase = 81
)

// Package single runs the whole of armslog in one process, on embedded engines:
// a Kafka broker inside, ClickHouse as a child. It is what `armslog up` starts,
// and what the end-to-end tests run against.
package single

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/gateway"
	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/failpoint"
	"github.com/armslog/armslog/internal/process"
	"github.com/armslog/armslog/node"
	"github.com/armslog/armslog/producers"
	"github.com/armslog/armslog/projections"
	"github.com/armslog/armslog/schemas"
)

// Config is where everything lies and listens. Addresses with port 0 pick a
// free one.
type Config struct {
	Dir     string // data directory, made if it is not there
	Listen  string // HTTP API
	Kafka   string // broker; "" with Brokers set = no embedded one
	Brokers []string
	Cluster producers.Cluster `json:"-"` // how Brokers are reached, and by whom; the zero value = by anybody
	TCPPort int               // ClickHouse, native
	WebPort int               // ClickHouse, HTTP
	NoSync  bool              // do not fsync; for benchmarks that say so
	Engine  embedded.Engine   // ClickHouse; the zero value = none
	Name    string            // of the General Secretariat, for the genesis entry
	Version string
	Log     *slog.Logger

	DecideRate         int  // requests decided in a second, at most; 0 = as many as it can
	AcceptOlderJournal bool // see node.Config

	Election   time.Duration    // after which a leader that died is replaced; 0 = 6 s
	Failpoints *failpoint.Set   // for tests; nil = none
	Now        func() time.Time `json:"-"` // the leader's clock; nil = the machine's
}

// Single is the running whole.
type Single struct {
	Dir       string
	URL       string // of the API
	KafkaAddr string
	Node      *node.Node
	Begun     bool // this start wrote the genesis entry

	cfg     Config
	secrets secrets
	broker  *embedded.Broker
	tables  *embedded.Supervised
	stop    context.CancelFunc
	done    chan struct{}
	err     error
}

// secrets are made on the first start and kept in the data directory, readable
// by its owner alone.
type secrets struct {
	Actor     []byte      `json:"actor"`
	MarkKey   []byte      `json:"mark_key"`
	Tables    string      `json:"tables_password"`
	Analyst   string      `json:"analyst_password"`
	JournalID events.UUID `json:"journal_id"` // given to the genesis entry
}

// Secretariat is the organisation of the genesis entry.
const Secretariat = "IPSG"

// Start starts everything and returns when the API answers. ctx ends it, or
// Stop.
func Start(ctx context.Context, cfg Config) (*Single, error) {
	s := &Single{cfg: cfg, Dir: cfg.Dir, done: make(chan struct{})}
	if err := s.prepare(); err != nil {
		return nil, err
	}
	run, stop := context.WithCancel(ctx)
	s.stop = stop
	if err := s.start(run); err != nil {
		stop()
		s.closeEngines()
		return nil, err
	}
	select {
	case <-s.Node.Ready():
		return s, nil
	case <-s.done:
		return nil, s.err
	case <-ctx.Done():
		return nil, errors.Join(ctx.Err(), s.Stop())
	}
}

// Done is closed when everything has stopped.
func (s *Single) Done() <-chan struct{} { return s.done }

// Stop stops everything, in order, and says what went wrong.
func (s *Single) Stop() error {
	s.stop()
	<-s.done
	return s.err
}

// prepare makes the data directory and its secrets.
func (s *Single) prepare() error {
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		return fmt.Errorf("make data directory: %w", err)
	}
	if err := s.loadSecrets(); err != nil {
		return err
	}
	keys := filepath.Join(s.Dir, "keys.json")
	if _, err := os.Stat(keys); errors.Is(err, fs.ErrNotExist) {
		return os.WriteFile(keys, []byte("{\"keys\":[]}\n"), 0o600)
	}
	return nil
}

func (s *Single) loadSecrets() error {
	path := filepath.Join(s.Dir, "secrets.json")
	text, err := os.ReadFile(path)
	if err == nil {
		if err := json.Unmarshal(text, &s.secrets); err != nil {
			return fmt.Errorf("read %s: %w", path, err)
		}
		return nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read secrets: %w", err)
	}
	s.Begun = true
	s.secrets = secrets{
		Actor: random(32), MarkKey: random(16),
		Tables: rand.Text(), Analyst: rand.Text(), JournalID: events.NewRequestID(),
	}
	if text, err = json.MarshalIndent(s.secrets, "", "  "); err != nil {
		return fmt.Errorf("write secrets: %w", err)
	}
	if err := os.WriteFile(path, append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("write secrets: %w", err)
	}
	return nil
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}

// AddKeys puts API keys into the key file; the gateway reads it again by
// itself.
func (s *Single) AddKeys(keys ...gateway.Key) error {
	path := filepath.Join(s.Dir, "keys.json")
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read keys: %w", err)
	}
	var file gateway.Keys
	if err := json.Unmarshal(text, &file); err != nil {
		return fmt.Errorf("read keys: %w", err)
	}
	file.Keys = append(file.Keys, keys...)
	if text, err = json.MarshalIndent(file, "", "  "); err != nil {
		return fmt.Errorf("write keys: %w", err)
	}
	return os.WriteFile(path, append(text, '\n'), 0o600)
}

func (s *Single) start(ctx context.Context) error {
	l, err := net.Listen("tcp", s.cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen for the API: %w", err)
	}
	s.URL = "http://" + l.Addr().String()
	if err := s.startBroker(); err != nil {
		l.Close()
		return err
	}
	tables, err := s.startTables(ctx)
	if err != nil {
		l.Close()
		return err
	}
	p, err := process.New(process.Config{
		Roles: process.Roles(), Node: s.nodeConfig(), Listener: l,
		KeyFile: filepath.Join(s.Dir, "keys.json"), ActorSecret: s.secrets.Actor,
		ClickHouse: tables, Rests: rests(), Version: s.cfg.Version, Log: s.cfg.Log,
	})
	if err != nil {
		l.Close()
		return err
	}
	s.Node = p.Node
	if err := s.writeRunning(); err != nil {
		l.Close()
		return errors.Join(err, p.Close())
	}
	go func() {
		defer close(s.done)
		s.err = p.Run(ctx)
		s.stop()
		s.closeEngines()
	}()
	return nil
}

// rests are long: whoever waits for the tables is in this process and wakes the
// projector, and inboxes are read from memory. Few large loads and few appends
// leave the cores and the one broker to searching.
func rests() process.Rests {
	return process.Rests{Projector: 5 * time.Second, Courier: 500 * time.Millisecond}
}

func (s *Single) startBroker() (err error) {
	if len(s.cfg.Brokers) > 0 {
		s.KafkaAddr = s.cfg.Brokers[0]
		return nil
	}
	s.broker, err = embedded.StartBroker(embedded.BrokerConfig{
		Dir: filepath.Join(s.Dir, "kafka"), Listen: s.cfg.Kafka, Sync: !s.cfg.NoSync, Log: s.cfg.Log,
	})
	if err != nil {
		return err
	}
	s.KafkaAddr = s.broker.Addr()
	s.cfg.Brokers = []string{s.KafkaAddr}
	return nil
}

func (s *Single) nodeConfig() node.Config {
	cluster := s.cfg.Cluster
	cluster.Brokers = s.cfg.Brokers
	cfg := node.Config{
		Cluster: cluster, Replication: producers.Replication{Factor: 1, MinInSync: 1},
		DecideRate: s.cfg.DecideRate,
		Dir:        filepath.Join(s.Dir, "node"), Election: s.cfg.Election, Failpoints: s.cfg.Failpoints, Now: s.cfg.Now,
		AcceptOlderJournal: s.cfg.AcceptOlderJournal,
	}
	if _, err := os.Stat(filepath.Join(s.Dir, "node", "journal.id")); errors.Is(err, fs.ErrNotExist) {
		cfg.Genesis = &events.Genesis{
			JournalID: s.secrets.JournalID, GeneralSecretariat: Secretariat, Name: s.cfg.Name, Policy: schemas.DefaultPolicy(),
		}
	}
	return cfg
}

// closeEngines stops what the process needs, after the process.
func (s *Single) closeEngines() {
	if s.tables != nil {
		s.tables.Close()
	}
	if s.broker != nil {
		s.broker.Close()
	}
}

// startTables starts ClickHouse, if there is an engine. Whether it starts,
// answers or dies changes nothing for the registry: it is tried again.
func (s *Single) startTables(ctx context.Context) (*projections.Config, error) {
	if s.cfg.Engine.Path == "" {
		return nil, nil
	}
	tables, err := embedded.Supervise(ctx, embedded.ClickHouseConfig{
		Engine: s.cfg.Engine, Dir: filepath.Join(s.Dir, "clickhouse"), TCPPort: s.cfg.TCPPort, HTTPPort: s.cfg.WebPort,
		Password: s.secrets.Tables, AnalystPassword: s.secrets.Analyst,
	}, s.cfg.Log)
	if err != nil {
		return nil, fmt.Errorf("start ClickHouse: %w", err)
	}
	s.tables = tables
	return s.tablesConfig(s.Tables()), nil
}

func (s *Single) tablesConfig(native, web string) *projections.Config {
	return &projections.Config{
		Native: native, HTTP: web,
		User: embedded.User, Password: s.secrets.Tables, Analyst: embedded.Analyst, AnalystPassword: s.secrets.Analyst,
		MarkKey: [16]byte(s.secrets.MarkKey), Log: s.cfg.Log,
	}
}

// Tables says where ClickHouse answers, native and HTTP; "" = there is none.
func (s *Single) Tables() (native, web string) {
	if s.tables == nil {
		return "", ""
	}
	server := s.tables.Server()
	return server.TCPAddr(), server.HTTPAddr()
}

// KillTables ends ClickHouse as a crash would; it is started again.
func (s *Single) KillTables() { _ = s.tables.Server().Signal(os.Kill) }

// Analyst is the address of the analysts' tables with their credential.
func (s *Single) Analyst() string {
	return "http://" + embedded.Analyst + ":" + s.secrets.Analyst + "@" + s.tables.Server().HTTPAddr()
}

package single

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/projections"
)

// Engines are the journal and the tables of a data directory, for commands that
// check or rebuild: those of the running process, or, where none runs, started
// for the command.
type Engines struct {
	Brokers []string
	Tables  *projections.Config // nil = there is no ClickHouse
	close   func()
}

// Close stops what was started for the command.
func (e *Engines) Close() { e.close() }

// running is what a process tells others of where its engines listen.
type running struct {
	Kafka  string `json:"kafka"`
	Native string `json:"tables_native,omitempty"`
	Web    string `json:"tables_http,omitempty"`
}

func (s *Single) runningPath() string { return filepath.Join(s.Dir, "running.json") }

func (s *Single) writeRunning() error {
	r := running{Kafka: s.KafkaAddr}
	r.Native, r.Web = s.Tables()
	text, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("write running.json: %w", err)
	}
	return os.WriteFile(s.runningPath(), append(text, '\n'), 0o600)
}

// Attach finds the engines of a data directory. It starts them where no process
// runs there.
func Attach(ctx context.Context, cfg Config) (*Engines, error) {
	s := &Single{cfg: cfg, Dir: cfg.Dir}
	if _, err := os.Stat(filepath.Join(s.Dir, "secrets.json")); err != nil {
		return nil, fmt.Errorf("find the registry of %s: %w", s.Dir, err)
	}
	if err := s.loadSecrets(); err != nil {
		return nil, err
	}
	err := s.startBroker()
	if errors.Is(err, embedded.ErrInUse) {
		return s.attach()
	}
	if err != nil {
		return nil, err
	}
	tables, err := s.startTables(ctx)
	if err != nil {
		s.closeEngines()
		return nil, err
	}
	return &Engines{Brokers: s.cfg.Brokers, Tables: tables, close: s.closeEngines}, nil
}

func (s *Single) attach() (*Engines, error) {
	text, err := os.ReadFile(s.runningPath())
	if err != nil {
		return nil, fmt.Errorf("find the running registry: %w", err)
	}
	var r running
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("find the running registry: %w", err)
	}
	e := &Engines{Brokers: []string{r.Kafka}, close: func() {}}
	if r.Native != "" {
		e.Tables = s.tablesConfig(r.Native, r.Web)
	}
	return e, nil
}

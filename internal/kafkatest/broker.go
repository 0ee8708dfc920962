package kafkatest

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"text/template"

	"github.com/armslog/armslog/internal/embedded/process"
)

//go:embed server.properties.tmpl
var propertiesText string

var propertiesTemplate = template.Must(template.New("server.properties").Parse(propertiesText))

type properties struct {
	ID                 int
	Voters             string
	Client, Controller string
	Dir                string
	Factor, InSync     int
	More               map[string]string
}

type broker struct {
	java, libs string
	cluster    string // id
	client     string // address
	dir        string
	process    *process.Process
}

func (b *broker) settings() string { return filepath.Join(b.dir, "server.properties") }

func (b *broker) writeProperties(p properties) error {
	var text bytes.Buffer
	if err := propertiesTemplate.Execute(&text, p); err != nil {
		return fmt.Errorf("render settings: %w", err)
	}
	if err := os.MkdirAll(b.dir, 0o700); err != nil {
		return fmt.Errorf("create broker directory: %w", err)
	}
	if err := os.WriteFile(b.settings(), text.Bytes(), 0o600); err != nil {
		return fmt.Errorf("write settings: %w", err)
	}
	return nil
}

func (b *broker) format(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, b.java, "-cp", filepath.Join(b.libs, "*"), "kafka.tools.StorageTool", "format", "--cluster-id="+b.cluster, "-c", b.settings())
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("format log directory: %w: %s", err, out)
	}
	return nil
}

// start runs the broker and waits for the line it logs once the controller
// lets it serve.
func (b *broker) start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	log := &serverLog{ready: make(chan struct{})}
	p, err := process.Start(process.Config{
		Path:   b.java,
		Args:   []string{"-Xmx512m", "-XX:+UseSerialGC", "-cp", filepath.Join(b.libs, "*"), "kafka.Kafka", b.settings()},
		Stdout: log, Stderr: log,
	})
	if err != nil {
		return err
	}
	b.process = p
	select {
	case <-log.ready:
		return nil
	case <-p.Done():
		err = errors.New("server ended before it was ready")
	case <-ctx.Done():
		err = ctx.Err()
	}
	return fmt.Errorf("wait for server: %w: %s", err, log.tail())
}

var readyLine = []byte("Kafka Server started")

// serverLog looks for readyLine and keeps the end of what was written.
type serverLog struct {
	mu    sync.Mutex
	kept  []byte
	once  sync.Once
	ready chan struct{}
}

func (l *serverLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	const most = 8000
	l.kept = append(l.kept, b...)
	if bytes.Contains(l.kept, readyLine) {
		l.once.Do(func() { close(l.ready) })
	}
	if len(l.kept) > most {
		l.kept = append(l.kept[:0], l.kept[len(l.kept)-most:]...)
	}
	return len(b), nil
}

func (l *serverLog) tail() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.kept)
}

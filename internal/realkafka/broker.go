package realkafka

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/armslog/armslog/internal/embedded/process"
)

type broker struct {
	java, libs string
	cluster    string   // id
	scram      []string // users, as the format tool wants them
	client     string   // address
	dir        string
	process    *process.Process
}

func (b *broker) settings() string { return filepath.Join(b.dir, "server.properties") }
func (b *broker) output() string   { return filepath.Join(b.dir, "output.log") }

func (b *broker) format(ctx context.Context) error {
	args := []string{"-XX:TieredStopAtLevel=1", "-cp", filepath.Join(b.libs, "*"), "kafka.tools.StorageTool", "format", "--cluster-id=" + b.cluster, "-c", b.settings()}
	for _, user := range b.scram {
		args = append(args, "--add-scram", user)
	}
	if out, err := exec.CommandContext(ctx, b.java, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("format log directory: %w: %s", err, out)
	}
	return nil
}

// start runs the broker and waits for the line it logs once the controller
// lets it serve.
func (b *broker) start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	file, err := os.OpenFile(b.output(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	log := &serverLog{file: file, ready: make(chan struct{})}
	p, err := process.Start(process.Config{
		Path:   b.java,
		Args:   []string{"-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", filepath.Join(b.libs, "*"), "kafka.Kafka", b.settings()},
		Stdout: log, Stderr: log,
	})
	if err != nil {
		_ = file.Close()
		return err
	}
	go func() {
		<-p.Done()
		_ = file.Close() // nothing more comes
	}()
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

func (b *broker) kill() {
	if b.process != nil {
		b.process.Kill()
	}
}

func (b *broker) signal(sig os.Signal) error {
	if b.process == nil || !b.process.Running() {
		return os.ErrProcessDone
	}
	return b.process.Signal(sig)
}

const (
	pause  = syscall.SIGSTOP
	resume = syscall.SIGCONT
)

var readyLine = []byte("Kafka Server started")

// serverLog writes to a file, looks for readyLine and keeps the end.
type serverLog struct {
	mu    sync.Mutex
	file  *os.File
	kept  []byte
	once  sync.Once
	ready chan struct{}
}

func (l *serverLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	const most = 8000
	_, _ = l.file.Write(b) // a full disk must not stop the server
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

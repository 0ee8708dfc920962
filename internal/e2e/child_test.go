package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/failpoint"
	"github.com/armslog/armslog/internal/single"
)

// childEnv makes this binary run the whole of armslog on a broker that is not
// its own, which `armslog up` does not: a JSON single.Config.
const childEnv = "ARMSLOG_TEST_SINGLE"

func maybeRunChild() {
	text := os.Getenv(childEnv)
	if text == "" {
		return
	}
	if err := runSingle(text); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func runSingle(text string) error {
	var cfg single.Config
	if err := json.Unmarshal([]byte(text), &cfg); err != nil {
		return err
	}
	points, err := failpoint.FromEnv()
	if err != nil {
		return err
	}
	cfg.Failpoints, cfg.Log = points, quiet()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	s, err := single.Start(ctx, cfg)
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "ready in this process")
	<-s.Done()
	return s.Stop()
}

// child is a process that may be killed.
type child struct {
	cmd   *exec.Cmd
	once  sync.Once
	ready chan bool     // one value: whether it became ready
	done  chan struct{} // closed when it has ended
	said  spoken
}

// spoken may be read while it is written.
type spoken struct {
	mu   sync.Mutex
	text strings.Builder
}

func (o *spoken) add(line string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text.WriteString(line + "\n")
}

// String is all that was said so far.
func (o *spoken) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

func (s *child) became(ready bool) { s.once.Do(func() { s.ready <- ready }) }

// follow starts a process, which is ready when it says so, or somebody else
// finds out.
func follow(t testing.TB, cmd *exec.Cmd, readyWhen string) *child {
	t.Helper()
	s := &child{cmd: cmd, ready: make(chan bool, 1), done: make(chan struct{})}
	out, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	go func() {
		defer close(s.done)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			s.said.add(lines.Text())
			if readyWhen != "" && strings.Contains(lines.Text(), readyWhen) {
				s.became(true)
			}
		}
		_ = cmd.Wait() // how it ended is the test's business
		s.became(false)
	}()
	t.Cleanup(s.kill)
	return s
}

func (s *child) kill() {
	_ = s.cmd.Process.Kill()
	<-s.done
}

// brokerProcess is a broker in a process of its own.
func brokerProcess(t testing.TB, dir, listen string) *embedded.BrokerProcess {
	t.Helper()
	b, err := embedded.StartBrokerProcess(embedded.BrokerConfig{Dir: dir, Listen: listen, Sync: true}, os.Stderr)
	require.NoError(t, err)
	t.Cleanup(b.Close)
	return b
}

// freeAddr is an address that nobody listens on, and that no dialling client is
// given by the system while a server that was killed is not back on it.
func freeAddr(t testing.TB) string {
	t.Helper()
	for range 100 {
		l, err := net.Listen("tcp", fmt.Sprint("127.0.0.1:", 15_000+rand.IntN(15_000)))
		if err == nil {
			defer l.Close()
			return l.Addr().String()
		}
	}
	t.Fatal("no port is free")
	return ""
}

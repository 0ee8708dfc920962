package fleet

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/armslog/armslog/gateway"
	"github.com/armslog/armslog/internal/embedded/process"
)

// Node is `armslog serve`.
type Node struct {
	place
	URL     string // of its HTTP API, which no Cut reaches
	Log     string // file, from start to start
	process *process.Process
	program string
	args    []string
	config  string // directory of the user's settings, of which it has none
	begins  bool   // a new registry
}

// Build makes the program armslog of this module.
func Build(ctx context.Context, path string) error {
	out, err := exec.CommandContext(ctx, "go", "build", "-o", path, "github.com/armslog/armslog/cmd/armslog").CombinedOutput()
	if err != nil {
		return fmt.Errorf("build armslog: %w: %s", err, out)
	}
	return nil
}

func writeKeys(path string, keys []gateway.Key) error {
	text, err := json.Marshal(gateway.Keys{Keys: append([]gateway.Key{}, keys...)})
	if err != nil {
		return fmt.Errorf("write keys: %w", err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return fmt.Errorf("write keys: %w", err)
	}
	return nil
}

func (f *Fleet) planNode(i int, cfg NodeConfig) (*Node, error) {
	name := nodeName(i + 1)
	addrs, err := f.ports.addrs(1)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(f.path(name), 0o700); err != nil {
		return nil, fmt.Errorf("make directory of %s: %w", name, err)
	}
	roles := cfg.Roles
	if len(roles) == 0 {
		roles = []string{"registry", "gateway"}
	}
	n := &Node{
		place:   place{name, f.net},
		URL:     "http://" + addrs[0],
		Log:     f.path(name, "output.log"),
		program: f.files.program,
		config:  f.path(name, "settings"),
		args: []string{
			"serve", "--roles", strings.Join(roles, ","), "--listen", addrs[0], "--brokers", strings.Join(f.reach(name), ","),
			"--node-dir", f.path(name, "node"), "--keys-file", f.files.keys, "--actor-secret-file", f.files.actor, "--verbose",
			"--replication-factor", fmt.Sprint(f.cfg.Brokers), "--min-insync-replicas", fmt.Sprint(f.inSync()),
		},
	}
	tables, err := f.tablesFlags(name)
	if err != nil {
		return nil, err
	}
	n.args = append(append(n.args, tables...), cfg.Flags...)
	return n, nil
}

// Start runs the node and returns when it says that it is ready.
func (n *Node) Start(ctx context.Context) error {
	args := n.args
	if n.begins {
		args = append(args[:len(args):len(args)], "--begin", Secretariat)
	}
	log, err := os.OpenFile(n.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open log of %s: %w", n.name, err)
	}
	defer log.Close() // the child has its own copy
	n.process, err = process.Start(process.Config{
		Path: n.program, Args: args, Env: append(os.Environ(), "ARMSLOG_CONFIG_DIR="+n.config), Stdout: log, Stderr: log,
	})
	if err != nil {
		return fmt.Errorf("start %s: %w", n.name, err)
	}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	if err := n.Ready(ctx); err != nil {
		n.Kill()
		return fmt.Errorf("start %s: %w; see %s", n.name, err, n.Log)
	}
	return nil
}

// Kill ends the node at once.
func (n *Node) Kill() {
	if n.process != nil {
		n.process.Kill()
	}
}

// Pause stops the node.
func (n *Node) Pause() error { return n.Signal(syscall.SIGSTOP) }

// Resume lets a paused node go on.
func (n *Node) Resume() error { return n.Signal(syscall.SIGCONT) }

// Running says whether the node has not ended.
func (n *Node) Running() bool { return n.process != nil && n.process.Running() }

// Signal reaches the node's process.
func (n *Node) Signal(sig syscall.Signal) error {
	if !n.Running() {
		return fmt.Errorf("signal %s: %w", n.name, errNotRunning)
	}
	return n.process.Signal(sig)
}

const readyTick = 50 * time.Millisecond

// Ready returns when the node answers requests.
func (n *Node) Ready(ctx context.Context) error {
	for {
		err := n.ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-n.process.Done():
			return fmt.Errorf("wait for %s: %w", n.name, errNotRunning)
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w: %w", n.name, ctx.Err(), err)
		case <-time.After(readyTick):
		}
	}
}

func (n *Node) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, n.URL+"/readyz", nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("it answers %s: %s", resp.Status, body)
	}
	return nil
}

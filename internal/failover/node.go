package failover

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"syscall"
	"time"

	"github.com/armslog/armslog/internal/embedded/process"
)

// Node is `armslog serve`.
type Node struct {
	URL string // of its API

	program string
	args    []string
	env     []string
	process *process.Process
	said    *tail
}

// startLimit bounds a start, on a machine that others use too.
const startLimit = time.Minute

// Start runs the node and returns when it is ready.
func (n *Node) Start(ctx context.Context, more ...string) (err error) {
	n.said = &tail{}
	n.process, err = process.Start(process.Config{
		Path: n.program, Args: append(n.args[:len(n.args):len(n.args)], more...), Env: n.env, Stdout: n.said, Stderr: n.said,
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for {
		if _, err := n.status(ctx); err == nil {
			return nil
		}
		if err := pause(ctx); err != nil || !n.process.Running() {
			return fmt.Errorf("start node: it is not ready: %s", n.said)
		}
	}
}

// PID is the id of the node's process.
func (n *Node) PID() int { return n.process.PID() }

// Kill ends the node at once, paused or not.
func (n *Node) Kill() {
	if n.process != nil {
		n.process.Kill()
	}
}

// Stop ends the node in order, as an orchestrator does, and returns when it has.
func (n *Node) Stop() error {
	if err := n.process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop node: %w", err)
	}
	<-n.process.Done()
	if err := n.process.Err(); err != nil {
		return fmt.Errorf("stop node: %w: %s", err, n.said)
	}
	return nil
}

// Pause stops the node where it is; Resume lets it go on.
func (n *Node) Pause() error { return n.process.Signal(syscall.SIGSTOP) }

// Resume lets a paused node go on.
func (n *Node) Resume() error { return n.process.Signal(syscall.SIGCONT) }

// status is what a node says of itself.
type status struct {
	NextSeq uint64 `json:"next_seq"`
	Leads   bool   `json:"leads"`
}

// probe is for questions that are answered at once or not at all.
var probe = &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

// status fails where the node is not ready.
func (n *Node) status(ctx context.Context) (s status, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, n.URL+"/readyz", nil)
	if err != nil {
		return s, err
	}
	resp, err := probe.Do(r)
	if err != nil {
		return s, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return s, fmt.Errorf("node answers %s", resp.Status)
	}
	return s, json.NewDecoder(resp.Body).Decode(&s)
}

// tail keeps the end of what a node says.
type tail struct {
	mu   sync.Mutex
	kept []byte
}

// Write never fails.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, b...)
	t.kept = t.kept[max(0, len(t.kept)-4000):]
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.TrimSpace(t.kept))
}

package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/armslog/armslog/internal/embedded/process"
)

// The two users of the embedded server. Views for analysts MUST be created with
//
//	CREATE VIEW analytics.x DEFINER = armslog SQL SECURITY DEFINER AS SELECT …
//
// so that analyst reads through them without a right on the tables behind.
// Without that clause the server asks for the analyst's own right and refuses.
const (
	User    = "armslog" // everything
	Analyst = "analyst" // reads databases whose name starts with "analytics", nothing else
)

// ClickHouseConfig says where an embedded server keeps its tables and listens.
type ClickHouseConfig struct {
	Engine          Engine // from FindClickHouse
	Dir             string // data directory; nobody else can read it
	TCPPort         int    // native protocol on 127.0.0.1; 0 picks a free port
	HTTPPort        int    // HTTP on 127.0.0.1; 0 picks a free port
	Password        string // of User; empty makes one up
	AnalystPassword string // of Analyst; empty makes one up
}

// ClickHouse is a server running as a child of this process. It ends when
// this process does, however that happens.
type ClickHouse struct {
	cfg     ClickHouseConfig
	child   *process.Process
	version string
	closed  atomic.Bool
}

// portAttempts is how often a start picks new ports when the server ends at
// once: another process may have taken a port between the choice and its use.
const portAttempts = 3

// startLimit bounds one attempt. A server that neither answers nor ends never
// will; on an idle machine it answers within a second.
const startLimit = 2 * time.Minute

// StartClickHouse starts the server in cfg.Dir and returns once it answers.
// What was inserted before a kill is there again. ErrInUse is returned when
// another server works in the directory; restarting a server that crashed
// (see Done) is the caller's choice.
func StartClickHouse(ctx context.Context, cfg ClickHouseConfig) (*ClickHouse, error) {
	lock, err := lockDir(cfg.Dir)
	if err != nil {
		return nil, err
	}
	defer func() { _ = lock.Close() }() // the server's process has it, and holds it for as long as it lives
	c, err := startAttempts(ctx, cfg, lock)
	if err != nil {
		return nil, fmt.Errorf("start clickhouse: %w", err)
	}
	return c, nil
}

func startAttempts(ctx context.Context, cfg ClickHouseConfig, lock *os.File) (*ClickHouse, error) {
	attempts := 1
	if cfg.TCPPort == 0 || cfg.HTTPPort == 0 {
		attempts = portAttempts
	}
	var failures []error
	for range attempts {
		c, err := startOnce(ctx, cfg, lock)
		if err == nil {
			return c, nil
		}
		failures = append(failures, err)
		if ctx.Err() != nil {
			break
		}
	}
	return nil, errors.Join(failures...)
}

func startOnce(ctx context.Context, cfg ClickHouseConfig, lock *os.File) (*ClickHouse, error) {
	cfg, err := complete(cfg)
	if err != nil {
		return nil, err
	}
	if err := writeSettings(cfg); err != nil {
		return nil, err
	}
	output, err := os.OpenFile(filepath.Join(cfg.Dir, "output.log"), os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("create output file: %w", err)
	}
	defer output.Close() // the child has its own copy
	program, err := command(cfg)
	if err != nil {
		return nil, err
	}
	program.Stdout, program.Stderr, program.Terminal = output, output, true
	program.Files = []*os.File{lock}
	child, err := process.Start(program)
	if err != nil {
		return nil, err
	}
	c := &ClickHouse{cfg: cfg, child: child}
	if err := c.waitReady(ctx, output); err != nil {
		child.Kill()
		return nil, fmt.Errorf("%w%s", err, tail(output))
	}
	return c, nil
}

// command is `clickhouse local` with its ports opened, out of the library (as
// a child of our own kind) or as a program. The last statement reads standard
// input, so the server lives as long as somebody holds the other end.
//
// That is a terminal, and the mode interactive, although nobody types: without
// both, any exception in a thread that serves a connection ends the whole
// process, and on the native port a wrong password, half a greeting or a client
// that is killed is such an exception
// (https://github.com/ClickHouse/ClickHouse/issues/115666; mended upstream by
// #115715, which no release of the library has yet).
func command(cfg ClickHouseConfig) (process.Config, error) {
	args := []string{
		"--config-file=" + filepath.Join(cfg.Dir, "config.xml"),
		"--path=" + filepath.Join(cfg.Dir, "data"),
		"--listen_host=127.0.0.1",
		"--tcp_port=" + strconv.Itoa(cfg.TCPPort),
		"--http_port=" + strconv.Itoa(cfg.HTTPPort),
		"--interactive", "--progress=off", "--progress-table=off",
		"--query=SYSTEM START LISTEN TCP; SYSTEM START LISTEN HTTP; SELECT * FROM file('stdin','LineAsString','s String') FORMAT Null",
	}
	if !cfg.Engine.isLibrary() {
		return process.Config{Path: cfg.Engine.Path, Args: append([]string{"local"}, args...)}, nil
	}
	if !canBeChild.Load() {
		return process.Config{}, errNoChild
	}
	self, err := process.Self()
	return process.Config{Path: self, Args: append([]string{clickhouseChild, cfg.Engine.Path}, args...)}, err
}

// waitReady asks over HTTP, the port that opens last, with our own password:
// an answer can only come from this very server.
func (c *ClickHouse) waitReady(ctx context.Context, output *os.File) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	go func() { // a stranger that holds the port may never answer
		for !c.failed(output) {
			select {
			case <-ctx.Done():
				return
			case <-c.child.Done():
			case <-time.After(10 * time.Millisecond):
			}
		}
		cancel()
	}()
	for {
		version, err := c.Query(ctx, "SELECT version()")
		if err == nil {
			c.version = version
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for server to answer: %w", ctx.Err())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// failed says that the server has ended, or that one of its statements has:
// interactive, it would then wait for somebody to type another.
func (c *ClickHouse) failed(output *os.File) bool {
	return !c.child.Running() || strings.Contains(tail(output), "Exception")
}

// Query runs one statement as User over HTTP and returns the answer as text
// (TabSeparated), for checks and set-up.
func (c *ClickHouse) Query(ctx context.Context, statement string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.HTTPURL(), strings.NewReader(statement))
	if err != nil {
		return "", fmt.Errorf("query clickhouse: %w", err)
	}
	req.SetBasicAuth(User, c.cfg.Password)
	req.Close = true // a connection kept alive would hold up a stop
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", fmt.Errorf("query clickhouse: %w", err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return "", fmt.Errorf("query clickhouse: %w", err)
	}
	if res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("query clickhouse: %s", strings.TrimSpace(string(body)))
	}
	return strings.TrimSuffix(string(body), "\n"), nil
}

// Version is the server's, as in "26.7.2.1".
func (c *ClickHouse) Version() string { return c.version }

// TCPAddr is where the native protocol is served, host:port.
func (c *ClickHouse) TCPAddr() string { return loopback(c.cfg.TCPPort) }

// HTTPAddr is where HTTP is served, host:port.
func (c *ClickHouse) HTTPAddr() string { return loopback(c.cfg.HTTPPort) }

// HTTPURL is the same as a URL.
func (c *ClickHouse) HTTPURL() string { return "http://" + c.HTTPAddr() }

// Password is that of User.
func (c *ClickHouse) Password() string { return c.cfg.Password }

// AnalystPassword is that of Analyst.
func (c *ClickHouse) AnalystPassword() string { return c.cfg.AnalystPassword }

// DSN connects User to a database over the native protocol, for clickhouse-go.
func (c *ClickHouse) DSN(database string) string { return c.dsn(User, c.cfg.Password, database) }

// AnalystDSN connects Analyst to a database over the native protocol.
func (c *ClickHouse) AnalystDSN(database string) string {
	return c.dsn(Analyst, c.cfg.AnalystPassword, database)
}

func (c *ClickHouse) dsn(user, password, database string) string {
	dsn := url.URL{Scheme: "clickhouse", User: url.UserPassword(user, password), Host: c.TCPAddr(), Path: "/" + database}
	return dsn.String()
}

// Done is closed when the server has ended, asked or not.
func (c *ClickHouse) Done() <-chan struct{} { return c.child.Done() }

// Err tells how the server ended: nil before Done is closed, and when Close
// ended it, however gently.
func (c *ClickHouse) Err() error {
	if c.closed.Load() {
		return nil
	}
	return c.child.Err()
}

// Signal reaches the server's process alone: SIGSTOP pauses it, SIGCONT lets it
// go on.
func (c *ClickHouse) Signal(sig os.Signal) error { return c.child.Signal(sig) }

// PID is the id of the server's process.
func (c *ClickHouse) PID() int { return c.child.PID() }

// Kill ends the server like a crash would.
func (c *ClickHouse) Kill() { c.child.Kill() }

// Close stops the server in order, within five seconds: it lets queries and
// open connections end for half of that time. Nothing inserted is lost.
func (c *ClickHouse) Close() {
	if c.child.Running() {
		c.closed.Store(true)
	}
	c.child.Stop(stopGrace)
}

// Refuses says that nobody listens at one of the server's ports, although its
// process lives. A thread that accepts connections may die by itself, and an
// abort take minutes: it will not get better.
func (c *ClickHouse) Refuses(ctx context.Context) bool {
	for _, port := range []int{c.cfg.TCPPort, c.cfg.HTTPPort} {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", loopback(port))
		if errors.Is(err, syscall.ECONNREFUSED) {
			return true
		}
		if err == nil {
			_ = conn.Close()
		}
	}
	return false
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

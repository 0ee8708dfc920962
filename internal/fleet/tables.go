package fleet

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"syscall"

	"github.com/armslog/armslog/internal/embedded"
)

const tablesName = "clickhouse"

// Tables is ClickHouse.
type Tables struct {
	place
	cfg    embedded.ClickHouseConfig
	server *embedded.ClickHouse
}

func (f *Fleet) planTables() (*Tables, error) {
	addrs, err := f.ports.addrs(2)
	if err != nil {
		return nil, err
	}
	password, err := os.ReadFile(f.files.password)
	if err != nil {
		return nil, fmt.Errorf("plan %s: %w", tablesName, err)
	}
	return &Tables{
		place: place{tablesName, f.net},
		cfg: embedded.ClickHouseConfig{
			Engine: f.cfg.Engine, Dir: f.path(tablesName), TCPPort: port(addrs[0]), HTTPPort: port(addrs[1]), Password: string(password),
		},
	}, nil
}

func port(addr string) int {
	_, text, _ := net.SplitHostPort(addr) // our own addresses
	n, _ := strconv.Atoi(text)
	return n
}

func (t *Tables) addrs() (native, web string) {
	at := func(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
	return at(t.cfg.TCPPort), at(t.cfg.HTTPPort)
}

// tablesFlags tell a node its way to ClickHouse.
func (f *Fleet) tablesFlags(node string) ([]string, error) {
	if f.Tables == nil {
		return nil, nil
	}
	native, web := f.Tables.addrs()
	var err error
	if native, err = f.net.connect(node, tablesName, native); err != nil {
		return nil, err
	}
	if web, err = f.net.connect(node, tablesName, web); err != nil {
		return nil, err
	}
	return []string{
		"--tables", native, "--tables-http", web, "--tables-password-file", f.files.password, "--mark-key-file", f.files.mark,
	}, nil
}

// Start runs the server and returns when it answers.
func (t *Tables) Start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	server, err := embedded.StartClickHouse(ctx, t.cfg)
	if err != nil {
		return fmt.Errorf("start %s: %w", t.name, err)
	}
	t.server = server
	return nil
}

// Kill ends the server like a crash would.
func (t *Tables) Kill() {
	if t.server != nil {
		t.server.Kill()
	}
}

// Pause stops the server.
func (t *Tables) Pause() error { return t.signal(syscall.SIGSTOP) }

// Resume lets a paused server go on.
func (t *Tables) Resume() error { return t.signal(syscall.SIGCONT) }

// Running says whether the server has not ended.
func (t *Tables) Running() bool {
	if t.server == nil {
		return false
	}
	select {
	case <-t.server.Done():
		return false
	default:
		return true
	}
}

func (t *Tables) signal(sig syscall.Signal) error {
	if !t.Running() {
		return fmt.Errorf("signal %s: %w", t.name, errNotRunning)
	}
	return t.server.Signal(sig)
}

// FsckArgs are the arguments with which armslog fsck finds this fleet from
// outside.
func (f *Fleet) FsckArgs() []string {
	native, web := f.Tables.addrs()
	args := []string{"fsck", "--tables", native, "--tables-http", web, "--tables-password-file", f.files.password, "--mark-key-file", f.files.mark}
	for _, addr := range f.Addrs() {
		args = append(args, "--brokers", addr)
	}
	return args
}

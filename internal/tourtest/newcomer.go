package tourtest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// newcomer is who walks the tour. The go command runs in the checkout; all else
// in a folder of its own that holds the samples, so that nothing is left behind
// in a working tree.
type newcomer struct {
	root, home string
	addresses  []address
	prelude    []string // the exports so far
	exit       int      // of the last command
	known      map[string]string
	up         *running
}

// address is where an engine listens here, and where the page says it does.
type address struct{ flag, here, page string }

// freeAddresses takes ports of as many digits as the usual ones have, so that
// columns stay where they are.
func freeAddresses() ([]address, error) {
	all := []address{{"--listen", "", "8080"}, {"--kafka", "", "9092"}, {"--tables-port", "", "9000"}, {"--tables-http-port", "", "8123"}}
	port := 2000 + os.Getpid()%4000
	for i := range all {
		for ; ; port++ {
			if port > 9999 {
				return nil, errors.New("no free port of four digits")
			}
			if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
				l.Close()
				all[i].here = fmt.Sprint(port)
				port++
				break
			}
		}
	}
	return all, nil
}

// current is a command with the ids of this run for those of the page.
func (n *newcomer) current(command string) string {
	return ids.ReplaceAllStringFunc(command, func(id string) string {
		if here, ok := n.known[id]; ok {
			return here
		}
		return id
	})
}

// typed is a command of the page as it is run here.
func (n *newcomer) typed(command string) string {
	command = n.current(command)
	if isUp(command) {
		for i, a := range n.addresses {
			if i < 2 {
				a.here = "127.0.0.1:" + a.here
			}
			command += " " + a.flag + " " + a.here
		}
	}
	if strings.HasPrefix(command, "go ") {
		command = strings.Replace(command, " -o armslog ", " -o "+n.home+"/armslog ", 1)
		if isUp(command) {
			command += " --data " + n.home + "/armslog-data"
		}
	}
	return command
}

// isUp says that a command runs until it is ended.
func isUp(command string) bool {
	return strings.Contains(command, "armslog up")
}

// shown is what was printed, with this run's addresses and folder taken out.
func (n *newcomer) shown(line string) string {
	line = strings.ReplaceAll(line, n.home+"/", "")
	for _, a := range n.addresses {
		line = strings.ReplaceAll(line, ":"+a.here, ":"+a.page)
	}
	return line
}

// shell is a command as the newcomer's shell runs it.
func (n *newcomer) shell(ctx context.Context, command string) *exec.Cmd {
	script := append(append([]string{}, n.prelude...), fmt.Sprintf("(exit %d)", n.exit), n.typed(command))
	c := exec.CommandContext(ctx, "sh", "-c", strings.Join(script, "\n"))
	c.Dir = n.home
	if strings.HasPrefix(command, "go ") {
		c.Dir = n.root
	}
	c.Env = append(plainEnvironment(), "ARMSLOG_OUTPUT=table", "ARMSLOG_STATE_DIR="+filepath.Join(n.home, "state"), "PWD="+c.Dir, "NO_COLOR=1")
	return c
}

// plainEnvironment is that of a machine on which armslog was never set up, but
// for where its engine is.
func plainEnvironment() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "ARMSLOG_") && !strings.HasPrefix(v, "ARMSLOG_CLICKHOUSE=")
	})
}

// do runs a command to its end and returns what it printed, on both streams.
func (n *newcomer) do(ctx context.Context, command string) ([]string, error) {
	if strings.HasPrefix(command, "export ") {
		n.prelude = append(n.prelude, command)
		return nil, nil
	}
	out, err := n.shell(ctx, command).CombinedOutput()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		n.exit = exit.ExitCode()
	case err != nil:
		return nil, fmt.Errorf("run %s: %w", command, err)
	default:
		n.exit = 0
	}
	var lines []string
	for line := range strings.Lines(string(out)) {
		lines = append(lines, n.shown(strings.TrimSuffix(line, "\n")))
	}
	return lines, nil
}

// running is the registry in the newcomer's first terminal.
type running struct {
	cmd   *exec.Cmd
	lines chan string
}

// start starts the registry and returns what it prints until it is ready.
func (n *newcomer) start(ctx context.Context, command string) ([]string, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make pipe: %w", err)
	}
	c := n.shell(ctx, "exec "+command)
	if strings.HasPrefix(command, "go ") {
		c = n.shell(ctx, command)
	}
	c.Stdout, c.Stderr = w, w
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C reaches all that a terminal runs
	if err := c.Start(); err != nil {
		return nil, fmt.Errorf("run %s: %w", command, err)
	}
	w.Close()
	n.up = &running{cmd: c, lines: make(chan string, 100)}
	go func() {
		defer close(n.up.lines)
		for s := bufio.NewScanner(r); s.Scan(); {
			n.up.lines <- n.shown(s.Text())
		}
		_, _ = io.Copy(io.Discard, r) // a line too long: let it go on
	}()
	return n.up.read(func(line string) bool { return strings.HasPrefix(line, "ready in ") }), nil
}

// read returns lines up to one, or all there are.
func (r *running) read(last func(string) bool) (lines []string) {
	for line := range r.lines {
		lines = append(lines, line)
		if last(line) {
			break
		}
	}
	return lines
}

// interrupt is Ctrl-C. It returns what is still printed.
func (n *newcomer) interrupt() ([]string, error) {
	n.up.signal(syscall.SIGINT)
	lines := n.up.read(func(string) bool { return false })
	err := n.up.cmd.Wait()
	n.up = nil
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return lines, nil
	}
	return lines, err
}

func (r *running) signal(s syscall.Signal) { _ = syscall.Kill(-r.cmd.Process.Pid, s) }

// close leaves nothing running.
func (n *newcomer) close() {
	if n.up != nil {
		n.up.signal(syscall.SIGKILL)
		n.up.read(func(string) bool { return false })
		_ = n.up.cmd.Wait()
	}
}

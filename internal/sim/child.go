package sim

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// Child is a process that answers lines with lines and may die at any moment,
// by its own failpoints or by Kill. It ends when its standard input does.
type Child struct {
	Lines chan string // what it says; closed when it has ended

	cmd   *exec.Cmd
	stdin io.WriteCloser
}

// StartChild runs the test's own binary again, with env added: its TestMain
// MUST see from env that it is a child.
func StartChild(t testing.TB, env ...string) *Child {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	c := &Child{Lines: make(chan string, 1024), cmd: cmd, stdin: stdin}
	go func() {
		defer close(c.Lines)
		for s := bufio.NewScanner(stdout); s.Scan(); {
			c.Lines <- s.Text()
		}
		_ = cmd.Wait() // how it ended is the test's business, not an error
	}()
	return c
}

// Say sends a line. It is lost when the child has died meanwhile.
func (c *Child) Say(format string, args ...any) { _, _ = fmt.Fprintf(c.stdin, format+"\n", args...) }

// Stop ends the child in order and waits for its end.
func (c *Child) Stop() {
	_ = c.stdin.Close()
	c.drain()
}

// Kill ends the child at once (SIGKILL) and waits for its end.
func (c *Child) Kill() {
	_ = c.cmd.Process.Kill()
	c.drain()
}

func (c *Child) drain() {
	for range c.Lines {
	}
}

// Package process runs a child process that never outlives its parent.
//
// Two things end a child when the parent is killed: its standard input is a
// pipe, or a terminal, that closes with the parent, and on Linux the kernel sends
// it SIGKILL.
package process

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// Config names the program and where its output goes.
type Config struct {
	Path   string
	Args   []string // without the program's own name
	Env    []string // nil means the parent's
	Stdout io.Writer
	Stderr io.Writer
	Files  []*os.File // handed on to the child, which keeps them open (and locked) as long as it lives

	Terminal bool // standard input is a terminal, where the system has one to give; else a pipe
}

// Process is a running child in a process group of its own, so that a Ctrl-C
// in the terminal reaches the parent alone, which then stops the child in order.
type Process struct {
	cmd   *exec.Cmd
	stdin io.Closer
	done  chan struct{}
	err   error // written before done is closed
	stop  sync.Once
}

// Start runs the child. The error is returned when it cannot be started.
func Start(cfg Config) (*Process, error) {
	cmd := exec.Command(cfg.Path, cfg.Args...)
	cmd.Env, cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = cfg.Env, cfg.Stdout, cfg.Stderr, cfg.Files
	cmd.SysProcAttr = childAttributes()
	// Output of grandchildren must not keep Wait waiting for ever.
	cmd.WaitDelay = time.Second
	stdin, err := openInput(cmd, cfg.Terminal)
	if err != nil {
		return nil, fmt.Errorf("open standard input: %w", err)
	}
	p := &Process{cmd: cmd, stdin: stdin, done: make(chan struct{})}
	started := make(chan error)
	go p.run(started)
	if err := <-started; err != nil {
		_ = stdin.Close()
		return nil, fmt.Errorf("start %s: %w", cmd.Args[0], err)
	}
	return p, nil
}

// openInput gives the child its standard input; our end of it is returned.
func openInput(cmd *exec.Cmd, terminal bool) (io.Closer, error) {
	if terminal {
		if ours, theirs, err := openTerminal(); err == nil {
			cmd.Stdin = theirs
			return ours, nil
		}
	}
	return cmd.StdinPipe()
}

// run starts the child and waits for it on one locked thread: the kernel's
// parent-death signal is sent when the *thread* that forked ends.
func (p *Process) run(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := p.cmd.Start()
	if theirs, ok := p.cmd.Stdin.(*os.File); ok {
		_ = theirs.Close() // the child has its own
	}
	started <- err
	if err != nil {
		return
	}
	p.err = p.cmd.Wait()
	_ = p.stdin.Close() // a terminal's end is ours to close, however the child ended
	close(p.done)
}

// PID is the child's process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Done is closed when the child has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Running tells whether the child has not ended yet.
func (p *Process) Running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// Err tells how the child ended: nil before Done is closed and after a clean exit.
func (p *Process) Err() error {
	if p.Running() {
		return nil
	}
	return p.err
}

// Signal reaches the child alone, not its group.
func (p *Process) Signal(sig os.Signal) error { return p.cmd.Process.Signal(sig) }

// Kill ends the child and its group at once (SIGKILL) and waits for the end.
func (p *Process) Kill() {
	p.signal(syscall.SIGKILL)
	<-p.done
}

// Stop closes the child's standard input, sends SIGTERM after half of grace
// and SIGKILL after all of it, and waits for the end.
func (p *Process) Stop(grace time.Duration) {
	p.stop.Do(func() {
		_ = p.stdin.Close()
		for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
			select {
			case <-p.done:
				return
			case <-time.After(grace / 2):
				p.signal(sig)
			}
		}
	})
	<-p.done
}

// signal reaches the whole group. A child that has ended and been waited for
// is left alone: its id may belong to someone else by now.
func (p *Process) signal(sig syscall.Signal) {
	if !p.Running() {
		return
	}
	if err := syscall.Kill(-p.PID(), sig); err != nil && !errors.Is(err, syscall.ESRCH) {
		_ = p.cmd.Process.Signal(sig)
	}
}

// Self is the path of the running program, for a child of the same kind.
func Self() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find own program: %w", err)
	}
	return path, nil
}

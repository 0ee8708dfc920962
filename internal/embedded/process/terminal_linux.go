package process

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// openTerminal makes a terminal at which nobody sits: our end of it, and the one
// that is a child's standard input. It controls no session.
func openTerminal() (ours, theirs *os.File, err error) {
	if ours, err = os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		return nil, nil, fmt.Errorf("open terminal: %w", err)
	}
	path, err := otherEnd(ours)
	if err == nil {
		theirs, err = os.OpenFile(path, os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		_ = ours.Close()
		return nil, nil, fmt.Errorf("open terminal: %w", err)
	}
	return ours, theirs, nil
}

// otherEnd unlocks it and says where it is.
func otherEnd(ours *os.File) (path string, err error) {
	raw, err := ours.SyscallConn()
	if err != nil {
		return "", err
	}
	var n int
	var failed error
	err = raw.Control(func(fd uintptr) { // not Fd, which would make reads of it block a thread
		if failed = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); failed == nil {
			n, failed = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
		}
	})
	return "/dev/pts/" + strconv.Itoa(n), errors.Join(err, failed)
}

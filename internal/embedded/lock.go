package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// ErrInUse is returned when another process (or another engine of this one)
// works on the same data directory.
var ErrInUse = errors.New("data directory is in use")

// orphanGrace is how long an engine whose parent was killed may take to be
// gone. It holds the lock until then, so a new start waits this long.
const orphanGrace = time.Second

// lockDir takes dir for this process. The kernel lets go of the lock when the
// process ends, however it ends, so a kill leaves nothing stale behind.
func lockDir(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("create data directory: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), orphanGrace)
	defer cancel()
	lock, err := lockFile(ctx, filepath.Join(dir, "armslog.lock"))
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, fmt.Errorf("lock %s: %w", dir, ErrInUse)
	}
	return lock, err
}

// lockFile opens path and locks it, waiting for others until ctx is done.
// Closing the file unlocks it.
func lockFile(ctx context.Context, path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return f, nil
		}
		if errors.Is(err, syscall.EWOULDBLOCK) || errors.Is(err, syscall.EINTR) {
			err = pause(ctx, 10*time.Millisecond)
		}
		if err != nil {
			_ = f.Close()
			return nil, fmt.Errorf("lock file: %w", err)
		}
	}
}

// pause waits d, or less when ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

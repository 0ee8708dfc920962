package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/armslog/armslog/internal/embedded/filelock"
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
	lock, err := filelock.Acquire(ctx, filepath.Join(dir, "armslog.lock"))
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, fmt.Errorf("lock %s: %w", dir, ErrInUse)
	}
	return lock, err
}

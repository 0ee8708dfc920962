package bench

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// watch looks at the process every tenth of a second, until what it returns is
// called, which tells the most that was seen.
func (s *System) watch(ctx context.Context) (tell func(*PressureResult)) {
	ctx, stop := context.WithCancel(ctx)
	var most PressureResult
	most.ResidentFirst = mb(resident())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			n, bytes := s.Node.Undecided()
			most.Undecided, most.UndecidedBytes = max(most.Undecided, n), max(most.UndecidedBytes, bytes)
			most.Goroutines = max(most.Goroutines, runtime.NumGoroutine())
			most.ResidentMB = max(most.ResidentMB, mb(resident()))
			select {
			case <-time.After(100 * time.Millisecond):
			case <-ctx.Done():
			}
		}
	}()
	return func(r *PressureResult) {
		stop()
		<-done
		r.Undecided, r.UndecidedBytes, r.Goroutines = most.Undecided, most.UndecidedBytes, most.Goroutines
		r.ResidentMB, r.ResidentFirst = most.ResidentMB, most.ResidentFirst
	}
}

func mb(bytes int64) float64 { return float64(bytes) / (1 << 20) }

// resident is the memory of this process that is in use, in bytes; 0 where the
// system does not tell.
func resident() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize())
}

// diskUse is the size of the broker's files.
func diskUse(dir string) (bytes int64) {
	_ = filepath.WalkDir(filepath.Join(dir, "kafka"), func(_ string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			if info, err := e.Info(); err == nil {
				bytes += info.Size()
			}
		}
		return nil // a file that went away meanwhile
	})
	return bytes
}

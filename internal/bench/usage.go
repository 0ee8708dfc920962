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

// usage is what is in use at one moment.
type usage struct {
	undecided, undecidedBytes int // in the node
	goroutines                int
	resident                  int64 // bytes
}

// watch looks every tenth of a second until it is told to stop.
func (s *System) watch(ctx context.Context) (stop func() []usage) {
	ctx, cancel := context.WithCancel(ctx)
	var seen []usage
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			n, size := s.Node.Undecided()
			seen = append(seen, usage{n, size, runtime.NumGoroutine(), resident()})
			if rest(ctx, 100*time.Millisecond) != nil {
				return
			}
		}
	}()
	return func() []usage {
		cancel()
		<-done
		return seen
	}
}

// use takes in what was seen.
func (r *PressureResult) use(seen []usage) {
	r.ResidentBefore = mb(seen[0].resident)
	for i, u := range seen {
		r.Undecided, r.UndecidedBytes = max(r.Undecided, u.undecided), max(r.UndecidedBytes, u.undecidedBytes)
		r.Goroutines = max(r.Goroutines, u.goroutines)
		half := &r.ResidentFirst
		if i >= len(seen)/2 {
			half = &r.ResidentSecond
		}
		*half = max(*half, mb(u.resident))
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

//go:debug randseednop=0

package faultsim

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/cryptotest"
	"time"

	"github.com/stretchr/testify/require"
)

// How to run more, and how to see one again.
var (
	runs = flag.Int("runs", 0, "how many random runs; 0 = as many as fit into -for")
	long = flag.Duration("for", 8*time.Second, "how long to make random runs, without -runs")
	seed = flag.Uint64("seed", 1, "of the first run; 0 = by the clock")
	logs = flag.Bool("logs", false, "print plan and logs of every run")
	keep = flag.Bool("keep-going", false, "go on after a run that failed")
)

// envWorker makes the test's own binary a worker: it makes the runs whose seeds
// it reads, and prints what came of each.
const envWorker = "ARMSLOG_FAULTSIM_WORKER"

func TestMain(m *testing.M) {
	if os.Getenv(envWorker) != "" {
		runtime.GOMAXPROCS(1) // one after another: so a run can be seen again
	}
	os.Exit(m.Run())
}

// outcome is what a worker prints of a run.
type outcome struct {
	Seed uint64
	Result
}

// TestWorker makes runs for TestFaults. Each has all randomness from its seed.
func TestWorker(t *testing.T) {
	if os.Getenv(envWorker) == "" {
		t.Skip("TestFaults starts it")
	}
	out := json.NewEncoder(os.Stdout)
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		var s uint64
		_, err := fmt.Sscan(in.Text(), &s)
		require.NoError(t, err)
		require.NoError(t, out.Encode(outcome{s, simulate(t, NewPlan(s), nil)}))
	}
}

func simulate(t *testing.T, p *Plan, sabotage func(Call, Fate) Fate) (result Result) {
	t.Run(fmt.Sprint(p.Seed), func(t *testing.T) {
		cryptotest.SetGlobalRandom(t, p.Seed)
		//lint:ignore SA1019 kafka-go, kfake and backoff draw from it
		rand.Seed(int64(p.Seed))
		o := Options{Sabotage: sabotage}
		if *logs {
			fmt.Fprint(os.Stderr, p)
			o.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
		}
		result = Run(t, p, o)
	})
	return result
}

// memory is a directory that no disk stands behind, where there is one.
const memory = "/dev/shm"

// worker is a process that makes runs.
type worker struct {
	in  io.WriteCloser
	out *bufio.Scanner
	cmd *exec.Cmd
}

func startWorker(t *testing.T) *worker {
	t.Helper()
	args := []string{"-test.run=^TestWorker$", "-test.timeout=0"}
	if *logs {
		args = append(args, "-logs")
	}
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), envWorker+"=1", "GODEBUG=asyncpreemptoff=1", "GOGC=400", "GOMEMLIMIT=1GiB")
	if info, err := os.Stat(memory); err == nil && info.IsDir() {
		cmd.Env = append(cmd.Env, "TMPDIR="+memory) // nodes write little, and wait for the disk each time
	}
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 16<<20)
	return &worker{in: in, out: lines, cmd: cmd}
}

// run makes one run. Whatever else the worker says than its outcome means that
// it is at its end: a panic, or a bubble in which nothing moves any more.
func (w *worker) run(s uint64) (o outcome) {
	fmt.Fprintln(w.in, s)
	var said []string
	for w.out.Scan() {
		if json.Unmarshal(w.out.Bytes(), &o) == nil && o.Seed == s {
			return o
		}
		said = append(said, w.out.Text())
	}
	o.Seed, o.Problems = s, []string{"the process ended: " + strings.Join(said, "\n")}
	return o
}

func (w *worker) stop() {
	_ = w.in.Close()
	for w.out.Scan() {
	}
	_ = w.cmd.Wait() // how it ended was said with its last run
}

// tally is what came of all runs.
type tally struct {
	mu                       sync.Mutex
	first                    uint64
	next                     uint64
	began                    time.Time
	done                     int
	failed                   int
	faked                    time.Duration
	faults                   map[string]uint64
	entries, ignored, fences int
}

// take gives out the next seed.
func (a *tally) take() (s uint64, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	more := a.next < a.first+uint64(*runs)
	if *runs == 0 {
		more = time.Since(a.began) < *long
	}
	if !more || a.failed > 0 && !*keep {
		return 0, false
	}
	a.next++
	return a.next - 1, true
}

func (a *tally) add(t *testing.T, o outcome) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.done++
	a.faked += o.Faked
	a.entries, a.ignored, a.fences = a.entries+o.Entries, a.ignored+o.Ignored, a.fences+o.Fences
	for k, n := range o.Faults {
		a.faults[k] += n
	}
	if len(o.Problems) > 0 {
		a.failed++
		t.Errorf("%v  %s\nsee it again:\n  go test ./internal/faultsim -count=1 -run TestFaults -runs 1 -seed %d -logs",
			NewPlan(o.Seed), strings.Join(o.Problems, "\n  "), o.Seed)
	}
}

// TestFaults makes random runs, two at a time, each of which is a whole world
// that goes wrong and heals, and must be right in the end.
func TestFaults(t *testing.T) {
	first := *seed
	if first == 0 {
		first = uint64(time.Now().UnixNano()) / 1e6
	}
	all := &tally{first: first, next: first, began: time.Now(), faults: map[string]uint64{}}
	var workers sync.WaitGroup
	for range min(2, runtime.NumCPU()) {
		workers.Go(func() {
			w := startWorker(t)
			defer func() { w.stop() }()
			for {
				s, ok := all.take()
				if !ok {
					return
				}
				o := w.run(s)
				all.add(t, o)
				if len(o.Problems) > 0 { // its bubble may not have come to its end
					w.stop()
					w = startWorker(t)
				}
			}
		})
	}
	workers.Wait()
	require.Positive(t, all.done)
	t.Log(all.report())
}

func (a *tally) report() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d runs from seed %d in %v: %d failed; %v of simulated time, %d decisions, %d entries ignored, %d fences\n",
		a.done, a.first, time.Since(a.began).Round(time.Second), a.failed, a.faked.Round(time.Second), a.entries, a.ignored, a.fences)
	total := uint64(0)
	for _, k := range slices.Sorted(maps.Keys(a.faults)) {
		fmt.Fprintf(&b, "%8d  %s\n", a.faults[k], k)
		total += a.faults[k]
	}
	fmt.Fprintf(&b, "%8d  faults\n", total)
	return b.String()
}

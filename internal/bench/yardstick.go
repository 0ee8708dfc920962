package bench

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"time"
)

// Yardstick is how fast the machine is just now at the three things that bound
// everything here. Shared machines differ from one hour to the next by more than
// most changes of the code: figures of two runs compare only where these do.
type Yardstick struct {
	Memory float64 `json:"memory_ns"`     // one dependent access, anywhere in 256 MB
	SHA256 float64 `json:"sha256_mb_s"`   // of one core
	Fsync  float64 `json:"fsync_ms_each"` // of 1 KB appended to a file where temporary files lie
}

// Measure takes about a second.
func Measure(out io.Writer) (Yardstick, error) {
	y := Yardstick{Memory: memoryAccess(), SHA256: hashing()}
	debug.FreeOSMemory() // what is measured next says how much memory it takes
	var err error
	if y.Fsync, err = fsyncing(); err != nil {
		return y, err
	}
	fmt.Fprintf(out, "speed     %.0f ns for a memory access, %.0f MB/s SHA-256, %.2f ms for an fsync\n", y.Memory, y.SHA256, y.Fsync)
	return y, nil
}

// memoryAccess follows one cycle through all of a table, each step of which
// depends on the last, in nanoseconds.
func memoryAccess() float64 {
	const n, steps = 32 << 20, 2 << 20 // of eight bytes
	table := make([]uint64, n)
	for i := range table {
		table[i] = (uint64(i)*0x5851f42d4c957f2d + 0x14057b7ef767814f) % n // odd, and 1 modulo 4: one cycle (Hull and Dobell)
	}
	at, began := uint64(0), time.Now()
	for range steps {
		at = table[at]
	}
	spent := time.Since(began)
	runtime.KeepAlive(at) // or the loop would be optimised away
	return float64(spent.Nanoseconds()) / steps
}

func hashing() float64 {
	block := make([]byte, 1<<20)
	const n = 200
	began := time.Now()
	for range n {
		sum := sha256.Sum256(block)
		block[0] = sum[0]
	}
	return n / time.Since(began).Seconds()
}

func fsyncing() (float64, error) {
	f, err := os.CreateTemp("", "armslog-bench-")
	if err != nil {
		return 0, fmt.Errorf("measure fsync: %w", err)
	}
	defer func() { _ = f.Close(); _ = os.Remove(f.Name()) }()
	const n = 200
	part := make([]byte, 1<<10)
	began := time.Now()
	for range n {
		if _, err := f.Write(part); err != nil {
			return 0, fmt.Errorf("measure fsync: %w", err)
		}
		if err := f.Sync(); err != nil {
			return 0, fmt.Errorf("measure fsync: %w", err)
		}
	}
	return ms(time.Since(began)) / n, nil
}

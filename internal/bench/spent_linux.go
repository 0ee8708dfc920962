package bench

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// ticks are the units in which Linux tells processor time: 100 a second on
// every machine that Go runs on.
const ticks = 100

// spent is what a process has used of all cores so far, and of memory now.
type spent struct {
	processor time.Duration
	resident  int64 // bytes
}

// spentBy is what Linux tells of a process, its children left out.
// https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
func spentBy(pid int) (u spent, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return u, fmt.Errorf("measure process: %w", err)
	}
	_, rest, _ := strings.Cut(string(text), ") ") // after its name, from the third field on
	fields := strings.Fields(rest)
	if len(fields) < 22 {
		return u, fmt.Errorf("measure process: %q is not what Linux tells", text)
	}
	var numbers [3]int64 // time in the program and in the system, pages
	for i, field := range []int{14, 15, 24} {
		if numbers[i], err = strconv.ParseInt(fields[field-3], 10, 64); err != nil {
			return u, fmt.Errorf("measure process: %w", err)
		}
	}
	return spent{time.Duration(numbers[0]+numbers[1]) * (time.Second / ticks), numbers[2] * int64(os.Getpagesize())}, nil
}

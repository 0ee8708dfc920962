// Package failpoint kills the process at a named place, for tests of what a
// crash right there means. A nil *Set has no points and costs a nil check.
package failpoint

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

// Env is the variable that FromEnv reads, such as
// "leader.5.before=kill@3,leader.2.after=kill": kill at the third time that
// the leader comes to its fifth step.
const Env = "ARMSLOG_FAILPOINT"

// Set is what happens at which point.
type Set struct{ points map[string]*point }

type point struct {
	at   int64 // which hit acts, from 1
	hits atomic.Int64
	act  func()
}

// FromEnv reads Env. It returns nil when nothing is set.
func FromEnv() (*Set, error) { return Parse(os.Getenv(Env)) }

// Parse reads a list of name=kill[@n].
func Parse(text string) (*Set, error) {
	if text == "" {
		return nil, nil
	}
	s := &Set{points: map[string]*point{}}
	for item := range strings.SplitSeq(text, ",") {
		name, action, ok := strings.Cut(item, "=")
		action, count, counted := strings.Cut(action, "@")
		at := int64(1)
		if counted {
			n, err := strconv.ParseInt(count, 10, 32)
			if err != nil || n < 1 {
				return nil, fmt.Errorf("parse failpoint %q: %q is no count", item, count)
			}
			at = n
		}
		if !ok || name == "" || action != "kill" {
			return nil, fmt.Errorf("parse failpoint %q: want name=kill or name=kill@n", item)
		}
		s.points[name] = &point{at: at, act: kill}
	}
	return s, nil
}

// On adds a point that calls act at its nth hit. It is for tests within one
// process and MUST be called before the set is used.
func (s *Set) On(name string, n int64, act func()) *Set {
	if s == nil {
		s = &Set{points: map[string]*point{}}
	}
	s.points[name] = &point{at: n, act: act}
	return s
}

// Hit says that execution has come to a point.
func (s *Set) Hit(name string) {
	if s == nil {
		return
	}
	if p := s.points[name]; p != nil && p.hits.Add(1) == p.at {
		p.act()
	}
}

// kill ends the process as a crash does: nothing is flushed, nothing deferred.
func kill() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {} // the signal may take a moment, in which nothing more may happen
}

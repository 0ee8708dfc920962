package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/single"
	"github.com/armslog/armslog/internal/tourtest"
	"github.com/armslog/armslog/registry"
)

var update = flag.Bool("update", false, "write docs/tour-time.md anew from what is printed")

// TestTimeTour walks docs/tour-time.md: its commands run against the sample
// world, and where the page says what day it is, the leader's clock is set.
func TestTimeTour(t *testing.T) {
	path, err := filepath.Abs("../../docs/tour-time.md")
	require.NoError(t, err)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	w := newClockWorld(t)
	var printed [][]string
	for _, s := range tourtest.Steps(string(text)) {
		lines := w.take(s.Command)
		printed = append(printed, lines)
		if !*update {
			require.Equal(t, tourtest.Masked(s.Output), tourtest.Masked(lines), "line %d: %s", s.Line, s.Command)
			require.Equal(t, w.daysIn(s.Output), w.daysIn(lines), "line %d: %s", s.Line, s.Command)
		}
	}
	require.NotEmpty(t, w.days, "time must pass")
	if *update {
		same := func(command string) string { return command }
		require.NoError(t, os.WriteFile(path, []byte(tourtest.Rewrite(string(text), same, printed)), 0o644))
	}
}

// clockWorld is the sample world of `armslog up --demo`, with a leader whose
// clock the test sets.
type clockWorld struct {
	t     *testing.T
	up    *single.Single
	ahead atomic.Int64 // of the machine's clock, nanoseconds
	days  []string     // named by the commands so far
}

func newClockWorld(t *testing.T) *clockWorld {
	engine, err := embedded.FindClickHouse(t.Context(), nil)
	if errors.Is(err, embedded.ErrNoClickHouse) && os.Getenv("ARMSLOG_REQUIRE_ENGINES") == "" {
		t.Skip(err)
	}
	require.NoError(t, err)
	home, samples := t.TempDir(), filepath.Join("docs", "samples")
	require.NoError(t, os.CopyFS(filepath.Join(home, samples), os.DirFS(filepath.Join("..", "..", samples))))
	t.Chdir(home)
	for name, value := range map[string]string{"CONFIG_DIR": "config", "STATE_DIR": "state", "OUTPUT": "table"} {
		t.Setenv("ARMSLOG_"+name, value)
	}
	t.Setenv("NO_COLOR", "1")

	w := &clockWorld{t: t}
	w.up, err = single.Start(context.WithoutCancel(t.Context()), single.Config{
		Dir: "armslog-data", Listen: "127.0.0.1:0", Kafka: "127.0.0.1:0", NoSync: true, Engine: engine,
		Name: "General Secretariat", Version: version, Log: slog.New(slog.DiscardHandler), Now: w.now,
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.up.Stop()) })
	a := &app{settings: newSettings(os.LookupEnv)}
	a.settings.values["data"] = value{"armslog-data", "test"}
	require.NoError(t, a.makeDemo(t.Context(), w.up))
	require.Eventually(t, func() bool { return w.run("-p", "wco", "org", "show") == 0 }, 10*time.Second, 10*time.Millisecond, "keys are known")
	return w
}

func (w *clockWorld) now() time.Time { return time.Now().Add(time.Duration(w.ahead.Load())) }

var (
	today = regexp.MustCompile(`^# it is (\d{4}-\d\d-\d\d)\b`)
	aDay  = regexp.MustCompile(`\b\d{4}-\d\d-\d\d\b`)
)

// take does what one line of the page says, and returns what is printed on both
// streams. Lists are of the tables, which follow the journal. Words are split at
// spaces, as the page needs no more.
func (w *clockWorld) take(line string) (printed []string) {
	w.days = append(w.days, aDay.FindAllString(line, -1)...)
	if m := today.FindStringSubmatch(line); m != nil {
		w.move(m[1])
		return nil
	}
	if strings.Contains(line, " list") {
		w.settle()
	}
	words := strings.Fields(line)
	require.Equal(w.t, "armslog", words[0], "line: %s", line)
	var out bytes.Buffer
	run(w.t.Context(), words[1:], strings.NewReader(""), &out, &out)
	for l := range strings.Lines(out.String()) {
		printed = append(printed, strings.TrimSuffix(l, "\n"))
	}
	return printed
}

func (w *clockWorld) run(words ...string) (code int) {
	return run(w.t.Context(), words, strings.NewReader(""), new(bytes.Buffer), new(bytes.Buffer))
}

// move sets the clock to the morning of a day to come, and lets the leader do
// what falls due.
func (w *clockWorld) move(day string) {
	at, err := time.Parse(time.DateTime, day+" 09:00:00")
	require.NoError(w.t, err)
	require.True(w.t, at.After(w.now()), "time goes one way: %s", day)
	w.ahead.Store(int64(time.Until(at)))
	w.settle()
}

// settle waits until the leader has done what is due and the tables show it.
func (w *clockWorld) settle() {
	var next uint64
	require.Eventually(w.t, func() (done bool) {
		require.NoError(w.t, w.up.Node.Read(w.t.Context(), func(s *registry.State) {
			due, ok := s.NextDue()
			next, done = s.Next(), !ok || due > w.now().UnixMilli()
		}))
		return done
	}, 10*time.Second, time.Millisecond, "what is due is done")
	require.Equal(w.t, 0, w.run("-p", "ipsg", "match", "list", "--min-seq", fmt.Sprint(next-1)))
}

// daysIn are the days of these lines that commands have named: others are
// counted from the day on which the test runs.
func (w *clockWorld) daysIn(lines []string) (named []string) {
	for _, day := range aDay.FindAllString(strings.Join(lines, "\n"), -1) {
		for _, known := range w.days {
			if day == known {
				named = append(named, day)
				break
			}
		}
	}
	return named
}

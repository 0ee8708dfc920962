package tourtest

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/internal/embedded"
)

var update = flag.Bool("update", false, "write the page anew from what is printed")

const (
	tour      = "../../docs/tour.md"
	traceTour = "../../docs/tour-traces.md"
	readme    = "../../README.md"
)

func page(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

// TestNewcomer walks the tour.
func TestNewcomer(t *testing.T) {
	if text := walk(t, tour); *update {
		require.NoError(t, os.WriteFile(readme, []byte(asShown(page(t, readme), text)), 0o644))
	}
}

// TestTracer walks the tour of a trace.
func TestTracer(t *testing.T) { walk(t, traceTour) }

// walk follows a page, and writes it anew where that is asked for.
func walk(t *testing.T, path string) (text string) {
	_, err := embedded.FindClickHouse(t.Context(), nil) // the page shows later starts: fetched before
	if errors.Is(err, embedded.ErrNoClickHouse) && os.Getenv("ARMSLOG_REQUIRE_ENGINES") == "" {
		t.Skip(err)
	}
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	n := visit(t)
	text = page(t, path)
	var printed [][]string
	for _, s := range Steps(text) {
		lines, err := n.take(ctx, s)
		require.NoError(t, err, "line %d: %s", s.Line, s.Command)
		lines = withoutLogs(t, lines)
		printed = append(printed, lines)
		if !*update {
			require.Equal(t, Masked(s.Output), Masked(lines), "%s line %d: %s", path, s.Line, s.Command)
		}
		n.learn(s.Output, lines)
	}
	require.Nil(t, n.up, "the tour ends with Ctrl-C")
	if *update {
		text = Rewrite(text, n.current, printed)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	return text
}

// asShown is a page with the output that the tour has for its commands.
func asShown(text, tour string) string {
	shown := map[string][]string{}
	for _, s := range Steps(tour) {
		shown[s.Command] = s.Output
	}
	var printed [][]string
	for _, s := range Steps(text) {
		printed = append(printed, shown[s.Command])
	}
	return Rewrite(text, func(command string) string { return command }, printed)
}

// visit makes a newcomer with a folder of samples.
func visit(t *testing.T) *newcomer {
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	addresses, err := freeAddresses()
	require.NoError(t, err)
	n := &newcomer{root: root, home: t.TempDir(), addresses: addresses, known: map[string]string{}}
	t.Cleanup(n.close)
	samples := filepath.Join("docs", "samples")
	require.NoError(t, os.CopyFS(filepath.Join(n.home, samples), os.DirFS(filepath.Join(root, samples))))
	return n
}

// take does what one line of the page says.
func (n *newcomer) take(ctx context.Context, s Step) ([]string, error) {
	switch {
	case s.Command == "^C":
		return n.interrupt()
	case isUp(s.Command):
		return n.start(ctx, s.Command)
	}
	return n.do(ctx, s.Command)
}

// learn notes which id of this run stands where the page has its own, since
// later commands of the page name them. Where it stands first counts: lists of
// one seq are sorted by id.
func (n *newcomer) learn(said, printed []string) {
	theirs := ids.FindAllString(strings.Join(printed, "\n"), -1)
	for i, id := range ids.FindAllString(strings.Join(said, "\n"), -1) {
		if _, ok := n.known[id]; !ok && i < len(theirs) { // fewer only where the page is written anew
			n.known[id] = theirs[i]
		}
	}
}

// withoutLogs puts the log lines of a busy machine aside: they are no part of
// the screen.
func withoutLogs(t *testing.T, lines []string) (screen []string) {
	for _, line := range lines {
		if strings.HasPrefix(line, "time=") {
			t.Log(line)
			continue
		}
		screen = append(screen, line)
	}
	return screen
}

// TestReadmeShowsTheTour: what the README shows, the tour shows, and so it is
// run.
func TestReadmeShowsTheTour(t *testing.T) {
	shown := map[string][]string{}
	for _, s := range Steps(page(t, tour)) {
		shown[s.Command] = s.Output
	}
	all := Steps(page(t, readme))
	require.NotEmpty(t, all)
	for _, s := range all {
		require.Contains(t, shown, s.Command, "README.md line %d", s.Line)
		require.Equal(t, Masked(shown[s.Command]), Masked(s.Output), "README.md line %d: %s", s.Line, s.Command)
	}
}

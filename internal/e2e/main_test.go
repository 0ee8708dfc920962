// Package e2e holds the promises of armslog that need the whole of it: every
// role in one process, real engines, the program as its users start it.
package e2e

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/embedded/embeddedtest"
)

func TestMain(m *testing.M) {
	embedded.MaybeRunChild()
	maybeRunChild()
	dir, err := os.MkdirTemp("", "armslog-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	program = sync.OnceValues(func() (string, error) { return build(dir) })
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(embeddedtest.NoneLeft(code))
}

// program is the path of armslog itself, built when the first test needs it.
var program func() (string, error)

func build(dir string) (string, error) {
	path := filepath.Join(dir, "armslog")
	out, err := exec.Command("go", "build", "-o", path, "github.com/armslog/armslog/cmd/armslog").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build armslog: %w: %s", err, out)
	}
	return path, nil
}

const (
	limit = 2 * time.Minute // of one wait: the machine may be busy
	tick  = 5 * time.Millisecond
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// within is a context for one wait.
func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), limit)
	t.Cleanup(cancel)
	return ctx
}

// eventually waits for a condition, and says what did not come.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	require.Eventually(t, condition, limit, tick, what)
}

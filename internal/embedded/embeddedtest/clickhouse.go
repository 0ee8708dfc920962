package embeddedtest

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/armslog/armslog/internal/embedded"
)

// shared is the one server of this test binary.
var shared struct {
	sync.Mutex
	server   *embedded.ClickHouse
	err      error
	dir      string
	usesMain bool
}

// Main is the body of a TestMain whose package uses ClickHouse. It fails where
// goroutines are left behind:
//
//	func TestMain(m *testing.M) { embeddedtest.Main(m) }
func Main(m *testing.M) {
	embedded.MaybeRunChild()
	shared.usesMain = true
	code := m.Run()
	shared.Lock()
	defer shared.Unlock()
	if shared.server != nil {
		shared.server.Close()
	}
	if shared.dir != "" {
		_ = os.RemoveAll(shared.dir)
	}
	os.Exit(NoneLeft(code))
}

// ClickHouse is the server that all tests of this binary share, started when
// the first test asks for it. Each test works in databases of its own, named
// by Database. Without an engine the test is skipped, or fails when
// ARMSLOG_REQUIRE_ENGINES is 1.
func ClickHouse(t testing.TB) *embedded.ClickHouse {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if !shared.usesMain {
		t.Fatal("TestMain does not call embeddedtest.Main")
	}
	if shared.server == nil && shared.err == nil {
		shared.server, shared.err = startShared(Engine(t))
	}
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.server
}

// Engine finds the ClickHouse engine, or skips the test as ClickHouse does.
func Engine(t testing.TB) embedded.Engine {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	engine, err := embedded.FindClickHouse(ctx, nil)
	if err != nil {
		Missing(t, err)
	}
	return engine
}

// Missing skips the test because an engine is not there, or fails it when
// ARMSLOG_REQUIRE_ENGINES is 1.
func Missing(t testing.TB, why error) {
	t.Helper()
	if os.Getenv("ARMSLOG_REQUIRE_ENGINES") == "1" {
		t.Fatalf("engine required and missing: %v", why)
	}
	t.Skipf("engine missing (ARMSLOG_REQUIRE_ENGINES=1 makes this a failure): %v", why)
}

func startShared(engine embedded.Engine) (*embedded.ClickHouse, error) {
	dir, err := os.MkdirTemp("", "armslog-clickhouse-")
	if err != nil {
		return nil, fmt.Errorf("create server directory: %w", err)
	}
	shared.dir = dir
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return embedded.StartClickHouse(ctx, embedded.ClickHouseConfig{Engine: engine, Dir: dir})
}

var databases atomic.Int64

// Database names a database that no other test uses and drops it, if the test
// created it, when the test ends. A prefix of "analytics" makes it one that
// the analyst may read.
func Database(t testing.TB, prefix string) string {
	t.Helper()
	server := ClickHouse(t)
	name := fmt.Sprintf("%s_%d", prefix, databases.Add(1))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if _, err := server.Query(ctx, "DROP DATABASE IF EXISTS "+name+" SYNC"); err != nil {
			t.Errorf("drop database %s: %v", name, err)
		}
	})
	return name
}

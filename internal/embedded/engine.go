package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/armslog/armslog/internal/embedded/filelock"
)

// ErrNoClickHouse is returned when no ClickHouse engine can be had: none was
// named, cached, fetched or found on the PATH, or ARMSLOG_CLICKHOUSE is "none".
// Everything but the analysts' tables works without one.
var ErrNoClickHouse = errors.New("no ClickHouse engine")

// Engine is a ClickHouse to run: the shared library, or a clickhouse program
// new enough to know SYSTEM START LISTEN in `clickhouse local`.
type Engine struct {
	Path   string
	Source string // "environment", "cache", "fetched" or "path"
}

func (e Engine) isLibrary() bool {
	ext := filepath.Ext(e.Path)
	return ext == ".so" || ext == ".dylib"
}

// FindClickHouse looks for an engine: ARMSLOG_CLICKHOUSE (a clickhouse program
// or the library; "none" means none), the cache directory, a fetch with the
// user's own npm, a clickhouse on the PATH. progress may be nil.
//
// ErrNoClickHouse is returned when there is none and says why; ErrWrongHash
// when what was fetched is not what is pinned here, whatever the PATH offers.
func FindClickHouse(ctx context.Context, progress func(Progress)) (Engine, error) {
	if path := os.Getenv("ARMSLOG_CLICKHOUSE"); path != "" {
		return namedEngine(path)
	}
	engine, err := cachedOrFetched(ctx, progress)
	if err == nil || errors.Is(err, ErrWrongHash) || ctx.Err() != nil {
		return engine, err
	}
	if path, lookErr := exec.LookPath("clickhouse"); lookErr == nil {
		return Engine{Path: path, Source: "path"}, nil
	}
	return Engine{}, fmt.Errorf("%w: %w; none on the PATH", ErrNoClickHouse, err)
}

func namedEngine(path string) (Engine, error) {
	if path == "none" {
		return Engine{}, fmt.Errorf("%w: ARMSLOG_CLICKHOUSE is none", ErrNoClickHouse)
	}
	info, err := os.Stat(path)
	if err != nil {
		return Engine{}, fmt.Errorf("%w: ARMSLOG_CLICKHOUSE: %w", ErrNoClickHouse, err)
	}
	engine := Engine{Path: path, Source: "environment"}
	if info.IsDir() || !engine.isLibrary() && info.Mode()&0o111 == 0 {
		return Engine{}, fmt.Errorf("%w: ARMSLOG_CLICKHOUSE names neither a program nor a library", ErrNoClickHouse)
	}
	return engine, nil
}

// cachedOrFetched holds a lock while it fetches, so that several processes
// started at once fetch one engine.
func cachedOrFetched(ctx context.Context, progress func(Progress)) (Engine, error) {
	pin, err := pinned()
	if err != nil {
		return Engine{}, err
	}
	cache, err := cacheDir()
	if err != nil {
		return Engine{}, err
	}
	dir := filepath.Join(cache, pin.dirName())
	if path, ok := libraryIn(dir); ok {
		return Engine{Path: path, Source: "cache"}, nil
	}
	lock, err := filelock.Acquire(ctx, filepath.Join(cache, "fetch.lock"))
	if err != nil {
		return Engine{}, err
	}
	defer lock.Close()
	if path, ok := libraryIn(dir); ok { // another process was quicker
		return Engine{Path: path, Source: "cache"}, nil
	}
	if err := fetch(ctx, pin, dir, progress); err != nil {
		return Engine{}, err
	}
	path, _ := libraryIn(dir)
	return Engine{Path: path, Source: "fetched"}, nil
}

func cacheDir() (string, error) {
	user, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find cache directory: %w", err)
	}
	dir := filepath.Join(user, "armslog")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("create cache directory: %w", err)
	}
	return dir, nil
}

// libraryNames are the names the library goes by, on every platform.
var libraryNames = []string{"libchdb.so", "libchdb.dylib"}

func libraryIn(dir string) (string, bool) {
	for _, name := range libraryNames {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path, true
		}
	}
	return "", false
}

// dirName is the pin's directory in the cache. It holds the hash, so that a
// changed pin is fetched anew.
func (p pin) dirName() string {
	hash := strings.NewReplacer("/", "", "+", "", "=", "").Replace(strings.TrimPrefix(p.integrity, "sha512-"))
	return "clickhouse-" + p.version + "-" + hash[:12]
}

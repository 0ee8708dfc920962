package embedded

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
)

// ErrWrongHash is returned when a fetched package is not the pinned one.
var ErrWrongHash = errors.New("package does not have the pinned hash")

// pin names one published package, byte for byte.
type pin struct {
	name      string
	version   string
	integrity string // of the tarball, in the form of `npm view … dist.integrity`
	bytes     int64  // size of the tarball
}

// pins by GOOS/GOARCH. A platform is listed only with a hash that was checked
// against the package itself.
var pins = map[string]pin{
	"linux/amd64": {
		name:      "@chdb/lib-linux-x64-gnu",
		version:   "26.7.3-stable.1",
		integrity: "sha512-XP97mMqnc5tZpKQywR8N7cLTsHNiTmHr30pC5mzo3jWmukjKn2IBa60c2B/gWUNcuFjOMjWoorQICCqBVj5wpw==",
		bytes:     177_817_999,
	},
}

func pinned() (pin, error) {
	platform := runtime.GOOS + "/" + runtime.GOARCH
	p, ok := pins[platform]
	if !ok {
		return pin{}, fmt.Errorf("no pinned engine for %s: set ARMSLOG_CLICKHOUSE to a clickhouse program or library", platform)
	}
	return p, nil
}

// Progress tells how far a fetch is.
type Progress struct {
	Stage string // "download", "verify", "unpack", "done"
	Done  int64  // bytes of the package dealt with in this stage
	Total int64  // bytes of the package
}

// maxLibrary bounds what is unpacked, in bytes.
const maxLibrary = 2 << 30

// fetch brings the package with the user's own npm (its registry, proxy and
// credentials), checks it and puts the library into dir, which appears whole
// or not at all.
func fetch(ctx context.Context, pin pin, dir string, progress func(Progress)) error {
	if progress == nil {
		progress = func(Progress) {}
	}
	temp, err := os.MkdirTemp(filepath.Dir(dir), "fetch-")
	if err != nil {
		return fmt.Errorf("create fetch directory: %w", err)
	}
	defer os.RemoveAll(temp)
	progress(Progress{"download", 0, pin.bytes})
	tarball, err := npmPack(ctx, pin, temp)
	if err != nil {
		return err
	}
	report := func(stage string) func(int64) {
		return func(done int64) { progress(Progress{stage, done, pin.bytes}) }
	}
	if err := verify(tarball, pin.integrity, report("verify")); err != nil {
		return err
	}
	unpacked := filepath.Join(temp, "unpacked")
	if err := unpack(tarball, unpacked, report("unpack")); err != nil {
		return err
	}
	if err := os.Rename(unpacked, dir); err != nil {
		return fmt.Errorf("put engine into the cache: %w", err)
	}
	progress(Progress{"done", pin.bytes, pin.bytes})
	return nil
}

// npmPack runs in the empty directory temp, where no project's settings apply.
func npmPack(ctx context.Context, pin pin, temp string) (tarball string, err error) {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return "", fmt.Errorf("fetch engine: %w", err)
	}
	cmd := exec.CommandContext(ctx, npm, "pack", "--silent", "--ignore-scripts", pin.name+"@"+pin.version)
	cmd.Dir = temp
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("fetch engine with npm: %w: %s", err, bytes.TrimSpace(stderr.Bytes()))
	}
	found, err := filepath.Glob(filepath.Join(temp, "*.tgz"))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("fetch engine with npm: %d packages came", len(found))
	}
	return found[0], nil
}

func verify(tarball, integrity string, report func(int64)) error {
	f, err := os.Open(tarball)
	if err != nil {
		return fmt.Errorf("open package: %w", err)
	}
	defer f.Close()
	hash := sha512.New()
	if _, err := io.Copy(hash, &meter{r: f, report: report}); err != nil {
		return fmt.Errorf("read package: %w", err)
	}
	if got := "sha512-" + base64.StdEncoding.EncodeToString(hash.Sum(nil)); got != integrity {
		return fmt.Errorf("verify package: %w: got %s", ErrWrongHash, got)
	}
	return nil
}

// unpack takes the library out of the package and nothing else: no name from
// the archive ever becomes a path.
func unpack(tarball, dir string, report func(int64)) error {
	f, err := os.Open(tarball)
	if err != nil {
		return fmt.Errorf("open package: %w", err)
	}
	defer f.Close()
	zip, err := gzip.NewReader(&meter{r: f, report: report})
	if err != nil {
		return fmt.Errorf("open package: %w", err)
	}
	archive := tar.NewReader(zip)
	for {
		header, err := archive.Next()
		if err != nil {
			return fmt.Errorf("find library in package: %w", err)
		}
		name := path.Base(header.Name)
		if header.Typeflag == tar.TypeReg && slices.Contains(libraryNames, name) {
			return writeLibrary(archive, header.Size, dir, name)
		}
	}
}

func writeLibrary(r io.Reader, size int64, dir, name string) (err error) {
	if size > maxLibrary {
		return fmt.Errorf("unpack library: %d bytes is too large", size)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return fmt.Errorf("create engine directory: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("create library: %w", err)
	}
	_, err = io.Copy(f, r)
	// Synced before the rename: a power cut must not leave a cached half.
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("unpack library: %w", err)
	}
	return nil
}

// meter reports how many bytes were read, at most once per MiB.
type meter struct {
	r        io.Reader
	report   func(int64)
	done     int64
	reported int64
}

func (m *meter) Read(b []byte) (int, error) {
	n, err := m.r.Read(b)
	m.done += int64(n)
	if m.done-m.reported >= 1<<20 || err != nil {
		m.reported = m.done
		m.report(m.done)
	}
	return n, err
}

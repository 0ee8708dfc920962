package e2e

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/embedded/embeddedtest"
	"github.com/armslog/armslog/internal/embedded/filelock"
	"github.com/armslog/armslog/internal/realkafka"
)

const sampleDir = "../../docs/samples/streaming"

// sample is one of the page's programs, made ready to run, and whose it is.
type sample struct {
	name    string
	org     events.OrgID
	command func(*testing.T) []string
}

func samples() []sample {
	return []sample{{"go", "NCB-BR", goSample}, {"java", "NCB-CL", javaSample}, {"python", "NCB-PY", pythonSample}}
}

func goSample(t *testing.T) []string {
	path := filepath.Join(t.TempDir(), "register")
	output(t, exec.CommandContext(t.Context(), "go", "build", "-o", path, filepath.Join(sampleDir, "register.go")))
	return []string{path}
}

// javaSample needs no jars but those of the broker.
func javaSample(t *testing.T) []string {
	javac := lookPath(t, "javac")
	jars, err := realkafka.Jars(t.Context())
	require.NoError(t, err)
	dir, libs := t.TempDir(), filepath.Join(jars, "*")
	output(t, exec.CommandContext(t.Context(), javac, "-Xlint:all", "-Werror", "-cp", libs, "-d", dir, filepath.Join(sampleDir, "Register.java")))
	return []string{lookPath(t, "java"), "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", dir + string(filepath.ListSeparator) + libs, "Register"}
}

// pythonSample has its one library from a folder in the user's cache, which pip
// fills once.
func pythonSample(t *testing.T) []string {
	python := lookPath(t, "python3")
	requirements := filepath.Join(sampleDir, "requirements.txt")
	text, err := os.ReadFile(requirements)
	require.NoError(t, err)
	version := output(t, exec.CommandContext(t.Context(), python, "-VV"))
	sum := sha256.Sum256(append(text, version...))
	user, err := os.UserCacheDir()
	require.NoError(t, err)
	cache := filepath.Join(user, "armslog")
	require.NoError(t, os.MkdirAll(cache, 0o700))
	lock, err := filelock.Acquire(t.Context(), filepath.Join(cache, "python.lock"))
	require.NoError(t, err)
	defer lock.Close()
	libs := filepath.Join(cache, "python-"+hex.EncodeToString(sum[:6]))
	if _, err := os.Stat(libs); err != nil {
		temp, err := os.MkdirTemp(cache, "python-install-")
		require.NoError(t, err)
		defer os.RemoveAll(temp)
		install := exec.CommandContext(t.Context(), python, "-m", "pip", "install", "-q", "--only-binary", ":all:", "--target", temp, "-r", requirements)
		if out, err := install.CombinedOutput(); err != nil {
			embeddedtest.Missing(t, fmt.Errorf("install python's library: %w: %s", err, out))
		}
		require.NoError(t, os.Rename(temp, libs))
	}
	return []string{"env", "PYTHONPATH=" + libs, python, filepath.Join(sampleDir, "register.py")}
}

func lookPath(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		embeddedtest.Missing(t, err)
	}
	return path
}

func output(t *testing.T, cmd *exec.Cmd) []byte {
	t.Helper()
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return out
}

// running is a sample that runs until it is killed, which every one must
// survive: it keeps nothing.
type running struct {
	cmd   *exec.Cmd
	lines chan string
	said  *strings.Builder
}

func (b *bureau) run(t *testing.T, command []string, id events.UUID, body string, from int64) *running {
	t.Helper()
	file := filepath.Join(t.TempDir(), "record.json")
	require.NoError(t, os.WriteFile(file, []byte(body), 0o600))
	args := append(command[1:len(command):len(command)], id.String(), file, strconv.FormatInt(from, 10))
	r := &running{cmd: exec.CommandContext(t.Context(), command[0], args...), lines: make(chan string, 1000), said: &strings.Builder{}}
	r.cmd.Env = b.env
	r.cmd.Stderr = r.said
	out, err := r.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, r.cmd.Start())
	t.Cleanup(r.kill)
	go func() {
		defer close(r.lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			r.lines <- s.Text()
		}
	}()
	return r
}

// until waits for a line that holds what is wanted, and returns the offset that
// it begins with, if any.
func (r *running) until(t *testing.T, want string) int64 {
	t.Helper()
	late := time.After(limit)
	var seen []string
	for {
		select {
		case line, ok := <-r.lines:
			if !ok {
				_ = r.cmd.Wait()
				t.Fatalf("the sample ended without saying %q, but: %s\n%s", want, strings.Join(seen, "\n"), r.said)
			}
			seen = append(seen, line)
			if strings.Contains(line, want) {
				offset, _, _ := strings.Cut(line, " ")
				n, _ := strconv.ParseInt(offset, 10, 64)
				return n
			}
		case <-late:
			r.kill()
			t.Fatalf("the sample did not say %q, but: %s\n%s", want, strings.Join(seen, "\n"), r.said)
		}
	}
}

func (r *running) kill() {
	_ = r.cmd.Process.Kill()
	_ = r.cmd.Wait()
}

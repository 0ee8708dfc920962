// Package check runs what Prometheus and Grafana ask of armslog in Prometheus'
// own engine, against what a real node answers. It is a module of its own: the
// engine's many modules are none of armslog's.
package check

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	root     = "../../.."
	patience = 3 * time.Minute // of one wait; a machine that does much else takes its time
)

// node is `armslog up --demo`, with every role.
type node struct {
	t    *testing.T
	url  string
	keys map[string]string // by profile
}

func startNode(t *testing.T) *node {
	t.Helper()
	home := t.TempDir()
	program, data := filepath.Join(home, "armslog"), filepath.Join(home, "data")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./cmd/armslog")
	build.Dir = root
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)

	cmd := exec.Command(program, "up", "--demo", "--data", data, "--log-format", "json",
		"--listen", "127.0.0.1:0", "--kafka", "127.0.0.1:0", "--tables-port", "0", "--tables-http-port", "0")
	cmd.Dir = home
	cmd.Env = slices.DeleteFunc(os.Environ(), func(s string) bool { // of whoever runs the tests
		return strings.HasPrefix(s, "ARMSLOG_") && !strings.HasPrefix(s, "ARMSLOG_CLICKHOUSE=")
	})
	said, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	ready, done := make(chan string, 1), make(chan struct{})
	go func() {
		defer close(done)
		listen(said, ready)
		_ = cmd.Wait() // how it ended is of no interest here
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-done:
		case <-time.After(patience):
			_ = cmd.Process.Kill()
			<-done
		}
	})
	n := &node{t: t, keys: map[string]string{}}
	select {
	case n.url = <-ready:
	case <-done:
		t.Fatal("armslog up has ended before it was ready")
	case <-time.After(patience):
		t.Fatal("armslog up is not ready")
	}
	n.readKeys(filepath.Join(data, "profiles.json"))
	for profile := range n.keys {
		until(t, "keys are known", func() bool { // the gateway looks at their file once a second
			status, _ := n.get(profile, "/v1/me")
			return status == http.StatusOK
		})
	}
	return n
}

// listen reads the node's log to its end, and tells where the API is.
func listen(log io.Reader, ready chan<- string) {
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		var line struct{ Msg, API string }
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "ready" {
			ready <- line.API
		}
	}
	_, _ = io.Copy(io.Discard, log) // a line that is too long ends the scan, not the node
}

func (n *node) readKeys(path string) {
	text, err := os.ReadFile(path)
	require.NoError(n.t, err)
	var file struct {
		Profiles map[string]struct{ Key string }
	}
	require.NoError(n.t, json.Unmarshal(text, &file))
	require.NotEmpty(n.t, file.Profiles)
	for name, p := range file.Profiles {
		n.keys[name] = p.Key
	}
}

// do sends a request as a profile and returns the status and the answer.
func (n *node) do(method, profile, path, contentType, body string) (int, string) {
	n.t.Helper()
	r, err := http.NewRequestWithContext(n.t.Context(), method, n.url+path, strings.NewReader(body))
	require.NoError(n.t, err)
	r.Header.Set("Authorization", "Bearer "+n.keys[profile])
	r.Header.Set("Content-Type", contentType)
	resp, err := http.DefaultClient.Do(r)
	require.NoError(n.t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(n.t, err)
	return resp.StatusCode, string(text)
}

func (n *node) post(profile, path, body string) (int, string) {
	n.t.Helper()
	return n.do(http.MethodPost, profile, path, "application/json", body)
}

func (n *node) get(profile, path string) (int, string) {
	n.t.Helper()
	return n.do(http.MethodGet, profile, path, "", "")
}

const (
	record = `{"source":{"system":"check","id":%q},"category":"stolen","firearm":{"type":"revolver","make":"taurus","calibre":".38",` +
		`"marks":[{"kind":"serial","place":"frame","status":"readable","text":%q}]},"incident":{"country":"BR","date":"2020"},"retain_until":"2036-12-31"}`
	search = `{"purpose":"border_control","context":"recovered","firearm":{"type":"revolver","make":"taurus","calibre":".38",` +
		`"marks":[{"kind":"serial","status":"readable","text":%q}]}}`
)

// work makes every figure move: requests of all kinds, what is decided of them,
// what is told, what is stored. One request in many fails.
func (n *node) work(round int) {
	n.t.Helper()
	for range 50 {
		status, answer := n.get("wco", "/v1/me")
		require.Equal(n.t, http.StatusOK, status, answer)
	}
	serial := fmt.Sprintf("QX%06d", 771_200+round)
	status, answer := n.post("ncb-br", "/v1/records", fmt.Sprintf(record, serial, serial))
	require.Equal(n.t, http.StatusCreated, status, answer)
	status, answer = n.do(http.MethodPost, "ncb-br", "/v1/records:batch", "application/x-ndjson", fmt.Sprintf(record, serial, serial)+"\n")
	require.Equal(n.t, http.StatusOK, status, answer)
	status, answer = n.post("ncb-br", "/v1/records", strings.Replace(fmt.Sprintf(record, "bad", serial), "stolen", "eaten", 1))
	require.Equal(n.t, http.StatusUnprocessableEntity, status, answer)
	status, answer = n.post("wco", "/v1/searches", fmt.Sprintf(search, serial))
	require.Equal(n.t, http.StatusOK, status, answer)
	var reply struct{ Seq uint64 }
	require.NoError(n.t, json.Unmarshal([]byte(answer), &reply))
	status, answer = n.get("wco", "/v1/records/"+strings.Repeat("0", 8)+"-0000-0000-0000-000000000000?min_seq=99999999")
	require.Equal(n.t, http.StatusServiceUnavailable, status, answer)
	until(n.t, "the tables follow", func() bool {
		status, _ := n.get("wco", fmt.Sprint("/v1/searches?min_seq=", reply.Seq))
		return status == http.StatusOK
	})
}

// scrape is what Prometheus would be answered.
func (n *node) scrape() string {
	n.t.Helper()
	status, text := n.get("", "/metrics")
	require.Equal(n.t, http.StatusOK, status)
	return text
}

func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	require.Eventually(t, condition, patience, 20*time.Millisecond, what)
}

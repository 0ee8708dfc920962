package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/stretchr/testify/require"
)

// startClient begins an import, or resumes the one that did not end.
func (x *crashes) startClient() *child {
	x.t.Helper()
	args := []string{"import", x.writeFile()}
	if job := x.job(); job != nil {
		args = []string{"import", "resume", job.Job}
	}
	c := follow(x.t, x.bureau.prepare(args...), "resume: armslog import resume ")
	require.True(x.t, <-c.ready, "%v: %s", args, &c.said)
	return c
}

// stopClient ends a client whose registry has died, in turn as a crash and as
// Ctrl-C do.
func (x *crashes) stopClient(c *child) {
	x.t.Helper()
	x.stopped++
	if x.stopped%2 == 0 {
		c.kill()
		return
	}
	_ = c.cmd.Process.Signal(syscall.SIGINT)
	<-c.done
	if code := c.cmd.ProcessState.ExitCode(); code != 0 { // it had just finished
		require.Equal(x.t, 130, code, &c.said)
		require.Contains(x.t, c.said.String(), "resume with: armslog import resume imp-")
	}
}

// job is what the client remembers of an import.
type job struct {
	Job, Status, File string
	Sent              int // rows whose verdict it has been told
}

// job is the one that did not end.
func (x *crashes) job() *job {
	paths, err := filepath.Glob(filepath.Join(x.bureau.home, "state", "jobs", "imp-*.json"))
	require.NoError(x.t, err)
	for _, path := range paths {
		text, err := os.ReadFile(path)
		require.NoError(x.t, err)
		var j job
		require.NoError(x.t, json.Unmarshal(text, &j))
		if j.Status != "finished" {
			return &j
		}
	}
	return nil
}

// writeFile writes the next file of invented records, unless one is under way.
func (x *crashes) writeFile() string {
	if x.job() == nil {
		x.files++
		var rows strings.Builder
		for i := range crashRows {
			rows.WriteString(record(fmt.Sprintf("file-%d-%d", x.files, i+1), serialOf(x.files, i+1), "seized", "") + "\n")
		}
		require.NoError(x.t, os.WriteFile(x.file(), []byte(rows.String()), 0o600))
	}
	return x.file()
}

func serialOf(file, row int) string { return fmt.Sprintf("F%dX%06d", file, row) }

func (x *crashes) file() string {
	return filepath.Join(x.bureau.home, fmt.Sprintf("rows%d.ndjson", x.files))
}

// checkReceipt holds the receipt of a file that is finished: every row once.
func (x *crashes) checkReceipt(c *child) {
	x.t.Helper()
	require.Zero(x.t, c.cmd.ProcessState.ExitCode(), &c.said)
	got := readReceipt(x.t, strings.TrimSuffix(x.file(), ".ndjson")+".receipt.json")
	want := receipt{Rows: crashRows, Registered: crashRows}
	if x.files == 1 {
		want.Matches = crashQuestions
	}
	require.Equal(x.t, want, got)
}

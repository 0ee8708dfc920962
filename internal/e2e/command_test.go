package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// command is armslog as one user runs it, in a directory of the user's own.
type command struct {
	t    testing.TB
	home string
	env  []string
}

// user is a user whose profile is the environment.
func user(t testing.TB, url, key string, env ...string) *command {
	home := t.TempDir()
	return &command{t: t, home: home, env: append([]string{
		"ARMSLOG_URL=" + url, "ARMSLOG_KEY=" + key, "ARMSLOG_PURPOSE=border_control", "ARMSLOG_CONTEXT=recovered",
		"ARMSLOG_CONFIG_DIR=" + filepath.Join(home, "config"), "ARMSLOG_STATE_DIR=" + filepath.Join(home, "state"), "NO_COLOR=1",
	}, env...)}
}

// ran is what a run came to.
type ran struct {
	code     int
	out, err string
}

func (c *command) prepare(args ...string) *exec.Cmd {
	c.t.Helper()
	path, err := program()
	require.NoError(c.t, err)
	cmd := exec.Command(path, args...)
	mine := slices.DeleteFunc(os.Environ(), func(s string) bool { // of whoever runs the tests
		return strings.HasPrefix(s, "ARMSLOG_") && !strings.HasPrefix(s, "ARMSLOG_CLICKHOUSE=")
	})
	cmd.Dir, cmd.Env = c.home, append(mine, c.env...)
	return cmd
}

// run runs one command to its end.
func (c *command) run(args ...string) ran {
	c.t.Helper()
	cmd := c.prepare(args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	_ = cmd.Run() // the exit code says it
	return ran{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}

// ok is the output of a command that MUST end with 0.
func (c *command) ok(args ...string) string {
	c.t.Helper()
	r := c.run(args...)
	require.Zero(c.t, r.code, "armslog %s\n%s%s", strings.Join(args, " "), r.out, r.err)
	return r.out
}

// by is the user of an organisation of a world.
func (w *world) by(org string) *command {
	if w.cluster != nil {
		return user(w.t, w.URL, w.keys[org], w.cluster.env...)
	}
	env := []string{"ARMSLOG_DATA=" + w.Dir}
	if native, _ := w.Tables(); native != "" {
		env = append(env, "ARMSLOG_SQL="+w.Analyst())
	}
	return user(w.t, w.URL, w.keys[org], env...)
}

// fsck folds the journal from outside and compares every table with it.
func (w *world) fsck() {
	w.t.Helper()
	args := []string{"fsck", "-o", "csv"}
	if w.cluster == nil {
		args = append(args, "--data", w.Dir)
	}
	r := w.by("IPSG").run(args...)
	require.Zero(w.t, r.code, "%s%s", r.out, r.err)
}

package embedded_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/embedded/embeddedtest"
	"github.com/armslog/armslog/internal/embedded/process"
)

// noEngine is a machine on which no engine can be found.
func noEngine(t *testing.T) (bin string) {
	t.Helper()
	bin = t.TempDir()
	cache := t.TempDir()
	t.Setenv("ARMSLOG_CLICKHOUSE", "")
	t.Setenv("PATH", bin)
	t.Setenv("HOME", cache)
	t.Setenv("XDG_CACHE_HOME", cache)
	return bin
}

func script(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o700))
}

func TestEngineMissing(t *testing.T) {
	bin := noEngine(t)
	_, err := embedded.FindClickHouse(t.Context(), nil)
	require.ErrorIs(t, err, embedded.ErrNoClickHouse)

	t.Setenv("ARMSLOG_CLICKHOUSE", "none")
	script(t, filepath.Join(bin, "clickhouse"), "exit 1")
	_, err = embedded.FindClickHouse(t.Context(), nil)
	require.ErrorIs(t, err, embedded.ErrNoClickHouse, "none means none, whatever there is")

	for _, path := range []string{filepath.Join(bin, "nothing"), bin} {
		t.Setenv("ARMSLOG_CLICKHOUSE", path)
		_, err = embedded.FindClickHouse(t.Context(), nil)
		require.ErrorIs(t, err, embedded.ErrNoClickHouse, path)
	}
}

func TestEngineOnThePathServesWhenNoneCanBeFetched(t *testing.T) {
	bin := noEngine(t)
	script(t, filepath.Join(bin, "npm"), "echo offline >&2; exit 1")
	script(t, filepath.Join(bin, "clickhouse"), "exit 1")
	engine, err := embedded.FindClickHouse(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, embedded.Engine{Path: filepath.Join(bin, "clickhouse"), Source: "path"}, engine)
}

func TestEngineWithTheWrongHashIsRefused(t *testing.T) {
	bin := noEngine(t)
	script(t, filepath.Join(bin, "npm"), "echo something else > package.tgz")
	script(t, filepath.Join(bin, "clickhouse"), "exit 1")
	var stages []string
	_, err := embedded.FindClickHouse(t.Context(), func(p embedded.Progress) {
		if len(stages) == 0 || stages[len(stages)-1] != p.Stage {
			stages = append(stages, p.Stage)
		}
	})
	require.ErrorIs(t, err, embedded.ErrWrongHash, "not even the one on the PATH is taken instead")
	require.Equal(t, []string{"download", "verify"}, stages, "what is not verified is not unpacked")
	left, err := filepath.Glob(filepath.Join(os.Getenv("XDG_CACHE_HOME"), "armslog", "*"))
	require.NoError(t, err)
	require.Equal(t, []string{filepath.Join(os.Getenv("XDG_CACHE_HOME"), "armslog", "fetch.lock")}, left)
}

// A clickhouse program is run as `clickhouse local`; here the program is a
// script around the same library, so the engine behind it is a real one.
func TestEngineAsAProgram(t *testing.T) {
	library := embeddedtest.Engine(t)
	self, err := process.Self()
	require.NoError(t, err)
	program := filepath.Join(t.TempDir(), "clickhouse")
	script(t, program, `test "$1" = local || exit 1; shift; exec "`+self+`" __embedded-clickhouse "`+library.Path+`" "$@"`)
	t.Setenv("ARMSLOG_CLICKHOUSE", program)
	c := start(t, t.TempDir())
	require.Equal(t, "1", query(t, c, "SELECT 1"))
	c.Close()
	require.NoError(t, c.Err())
}

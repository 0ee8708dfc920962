package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/segmentio/kafka-go/protocol"
	"github.com/stretchr/testify/require"
)

// A server whose log is JSON says in JSON, too, why it ends; how it logs at work
// is TestLogNamesNobody of internal/e2e.
func TestLogFormat(t *testing.T) {
	w := newWorld(t)
	r := w.run("serve --log-format yaml")
	require.Equal(t, exitUsage, r.code)
	require.Contains(t, r.err, "--log-format text or --log-format json")

	broken := "serve --listen 127.0.0.1:0 --brokers " + closedAddress(t) + " --actor-secret-file nowhere"
	words := w.run(broken)
	require.Equal(t, exitError, words.code)
	require.Regexp(t, `^not_found: .*nowhere`, words.err)

	t.Setenv("ARMSLOG_LOG_FORMAT", "json")
	lines := w.run(broken)
	require.Equal(t, words.code, lines.code)
	var said struct{ Time, Level, Msg, Code string }
	require.NoError(t, json.Unmarshal([]byte(lines.err), &said), "one object: %s", lines.err)
	require.NotEmpty(t, said.Time)
	require.Equal(t, "ERROR", said.Level)
	require.Equal(t, "not_found", said.Code)
	require.Contains(t, words.err, said.Msg)
}

// Errors of the Kafka library name topics, and so the organisations to which
// they belong: no log does.
func TestLogNamesNoTopicOfAnybody(t *testing.T) {
	err := fmt.Errorf("append to outbox: %w", protocol.NewErrNoLeader("armslog.out.NCB-BR", 0))
	for _, format := range []string{logText, logJSON} {
		var said bytes.Buffer
		a := &app{err: &said}
		log, wrong := a.serverLog(logFlags{format: format, verbose: true})
		require.NoError(t, wrong)
		log.Warn("it waits for armslog.in.NCB-CL", "error", err, slog.Group("more", "text", "armslog.in.NCB-PY"), "topic", "armslog.in.gateway")
		require.NotContains(t, said.String(), "NCB", format)
		require.Contains(t, said.String(), "no leader", format)
		require.Contains(t, said.String(), "armslog.out.…", format)
		require.Contains(t, said.String(), "armslog.in.gateway", format)
	}
}

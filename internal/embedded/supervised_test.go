package embedded_test

import (
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/embedded/embeddedtest"
)

func supervise(t *testing.T, log io.Writer) *embedded.Supervised {
	s, err := embedded.Supervise(t.Context(), embedded.ClickHouseConfig{Engine: embeddedtest.Engine(t), Dir: t.TempDir()}, slog.New(slog.NewTextHandler(log, nil)))
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return s
}

// back waits for another process than was, that answers where it did and to the
// same password.
func back(t *testing.T, s *embedded.Supervised, was *embedded.ClickHouse) {
	t.Helper()
	require.Eventually(t, func() bool { return s.Server() != was }, time.Minute, 10*time.Millisecond)
	now := s.Server()
	require.NotEqual(t, was.PID(), now.PID())
	require.Equal(t, was.TCPAddr(), now.TCPAddr())
	require.Equal(t, was.HTTPURL(), now.HTTPURL())
	answer, err := was.Query(t.Context(), "SELECT 'it is back'")
	require.NoError(t, err)
	require.Equal(t, "it is back", answer)
}

// Nobody asks a server that is killed from outside, or aborts, to let go of its
// directory.
func TestSupervisedStartsAgain(t *testing.T) {
	s := supervise(t, t.Output())
	for range 2 {
		server := s.Server()
		require.NoError(t, server.Signal(os.Kill))
		back(t, s, server)
	}
}

func TestSupervisedEndsAServerThatDoesNotListen(t *testing.T) {
	s := supervise(t, t.Output())
	server := s.Server()
	_, err := server.Query(t.Context(), "SYSTEM STOP LISTEN TCP")
	require.NoError(t, err)
	require.True(t, server.Refuses(t.Context()))
	back(t, s, server)
}

// A port that somebody else has taken meanwhile is waited for, and the log says
// so: else nobody would know why there are no tables.
func TestSupervisedSaysWhyItDoesNotStart(t *testing.T) {
	var log lines
	s := supervise(t, &log)
	var was *embedded.ClickHouse
	var taken net.Listener
	for taken == nil { // before it is started again
		was = s.Server()
		require.NoError(t, was.Signal(os.Kill))
		<-was.Done()
		taken, _ = net.Listen("tcp", was.TCPAddr())
	}
	require.Eventually(t, func() bool { return strings.Contains(log.String(), "ClickHouse does not start") }, time.Minute, 10*time.Millisecond)
	require.Contains(t, log.String(), "Address already in use")
	require.NoError(t, taken.Close())
	back(t, s, was)
}

// lines may be read while they are written.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

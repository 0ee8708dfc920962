package embedded_test

import (
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/embedded/embeddedtest"
)

func supervise(t *testing.T) *embedded.Supervised {
	s, err := embedded.Supervise(t.Context(), embedded.ClickHouseConfig{Engine: embeddedtest.Engine(t), Dir: t.TempDir()}, slog.New(slog.DiscardHandler))
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
	s := supervise(t)
	for range 2 {
		server := s.Server()
		require.NoError(t, server.Signal(os.Kill))
		back(t, s, server)
	}
}

func TestSupervisedEndsAServerThatDoesNotListen(t *testing.T) {
	s := supervise(t)
	server := s.Server()
	_, err := server.Query(t.Context(), "SYSTEM STOP LISTEN TCP")
	require.NoError(t, err)
	require.True(t, server.Refuses(t.Context()))
	back(t, s, server)
}

package single_test

import (
	"log/slog"
	"net"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/internal/embedded/embeddedtest"
	"github.com/armslog/armslog/internal/single"
)

func TestMain(m *testing.M) { embeddedtest.Main(m) }

// A ClickHouse that cannot start is an error that says so.
func TestStartSaysThatAPortIsTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	_, err = single.Start(t.Context(), single.Config{
		Dir: filepath.Join(t.TempDir(), "data"), Listen: "127.0.0.1:0", Kafka: "127.0.0.1:0", NoSync: true, Name: "Test", Version: "test",
		Engine: embeddedtest.Engine(t), TCPPort: taken.Addr().(*net.TCPAddr).Port, Log: slog.New(slog.DiscardHandler),
	})
	require.ErrorContains(t, err, "start ClickHouse")
}

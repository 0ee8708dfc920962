package embedded_test

import (
	"context"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/embedded/embeddedtest"
)

// connect opens a connection with clickhouse-go that ends with the test.
func connect(t *testing.T, dsn string) driver.Conn {
	t.Helper()
	options, err := clickhouse.ParseDSN(dsn)
	require.NoError(t, err)
	conn, err := clickhouse.Open(options)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func start(t *testing.T, dir string) *embedded.ClickHouse {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	c, err := embedded.StartClickHouse(ctx, embedded.ClickHouseConfig{Engine: embeddedtest.Engine(t), Dir: dir})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func query(t *testing.T, c *embedded.ClickHouse, statement string) string {
	t.Helper()
	answer, err := c.Query(t.Context(), statement)
	require.NoError(t, err)
	return answer
}

func TestClickHouseOverBothProtocols(t *testing.T) {
	server := embeddedtest.ClickHouse(t)
	database := embeddedtest.Database(t, "both")
	query(t, server, "CREATE DATABASE "+database)

	conn := connect(t, server.DSN(database))
	require.NoError(t, conn.Exec(t.Context(), "CREATE TABLE records (id UInt64, seq UInt64) ENGINE = ReplacingMergeTree(seq) ORDER BY id"))
	batch, err := conn.PrepareBatch(t.Context(), "INSERT INTO records")
	require.NoError(t, err)
	require.NoError(t, batch.Append(uint64(1), uint64(1)))
	require.NoError(t, batch.Append(uint64(1), uint64(2)))
	require.NoError(t, batch.Send())

	require.Equal(t, "1\t2", query(t, server, "SELECT id, seq FROM "+database+".records FINAL"))
	var version string
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT version()").Scan(&version))
	require.Equal(t, server.Version(), version)
	require.Equal(t, "0", query(t, server, "SELECT getSetting('async_insert')::UInt8"))
}

package embedded_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/embedded/embeddedtest"
)

// overHTTP runs a statement the way a plain HTTP client would.
func overHTTP(t *testing.T, c *embedded.ClickHouse, user, password, statement string) (answer string, ok bool) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.HTTPURL(), strings.NewReader(statement))
	require.NoError(t, err)
	req.SetBasicAuth(user, password)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return strings.TrimSpace(string(body)), res.StatusCode == http.StatusOK
}

// withViews makes tables in one database and views on them in another, as the
// projections do.
func withViews(t *testing.T, c *embedded.ClickHouse) (live, analytics string) {
	t.Helper()
	live, analytics = embeddedtest.Database(t, "live"), embeddedtest.Database(t, "analytics")
	for _, statement := range []string{
		"CREATE DATABASE " + live,
		"CREATE DATABASE " + analytics,
		"CREATE TABLE " + live + ".records (id UInt64, serial String, at DateTime64(3), seq UInt64) ENGINE = ReplacingMergeTree(seq) ORDER BY id",
		"INSERT INTO " + live + ".records VALUES (1, 'A', '2026-01-01 00:00:00', 1), (2, 'B', '2026-02-01 00:00:00', 2)",
		"CREATE VIEW " + analytics + ".records DEFINER = armslog SQL SECURITY DEFINER AS SELECT id, at FROM " + live + ".records FINAL",
		"CREATE VIEW " + analytics + ".records_as_of DEFINER = armslog SQL SECURITY DEFINER AS SELECT id FROM " + live + ".records FINAL WHERE at <= {at:DateTime64(3)}",
		"CREATE VIEW " + analytics + ".undefined AS SELECT id FROM " + live + ".records",
	} {
		query(t, c, statement)
	}
	return live, analytics
}

func TestAnalystReadsThroughViewsOnly(t *testing.T) {
	server := embeddedtest.ClickHouse(t)
	live, analytics := withViews(t, server)
	as := func(statement string) (string, bool) {
		return overHTTP(t, server, embedded.Analyst, server.AnalystPassword(), statement)
	}
	for statement, want := range map[string]string{
		"SELECT count() FROM " + analytics + ".records":                                   "2",
		"SELECT count() FROM " + analytics + ".records_as_of(at = '2026-01-15 00:00:00')": "1",
		"SELECT count() FROM " + analytics + ".records SETTINGS max_execution_time = 300": "2",
		"SELECT count() FROM system.databases WHERE name = '" + live + "'":                "0",
		"SELECT count() FROM system.tables WHERE database = '" + analytics + "'":          "3",
	} {
		answer, ok := as(statement)
		require.True(t, ok, "%s: %s", statement, answer)
		require.Equal(t, want, answer, statement)
	}
	for statement, code := range map[string]string{
		"SELECT * FROM " + live + ".records":                             "ACCESS_DENIED",
		"SELECT * FROM " + analytics + ".undefined":                      "ACCESS_DENIED", // the clause is what opens a view
		"INSERT INTO " + live + ".records (id) VALUES (3)":               "ACCESS_DENIED",
		"CREATE TABLE " + analytics + ".mine (id UInt8) ENGINE = Memory": "ACCESS_DENIED",
		"DROP VIEW " + analytics + ".records":                            "ACCESS_DENIED",
		"SELECT * FROM file('/etc/hosts', 'LineAsString', 's String')":   "ACCESS_DENIED",
		"SELECT * FROM url('http://127.0.0.1:1/', 'CSV', 's String')":    "ACCESS_DENIED",
		"SELECT query FROM system.processes":                             "ACCESS_DENIED",
		"SYSTEM STOP LISTEN HTTP":                                        "ACCESS_DENIED",
		"SELECT 1 SETTINGS readonly = 0":                                 "READONLY",
		"SET max_memory_usage = 0":                                       "SETTING_CONSTRAINT_VIOLATION",
		"SET max_execution_time = 0":                                     "SETTING_CONSTRAINT_VIOLATION",
	} {
		answer, ok := as(statement)
		require.False(t, ok, "%s: %s", statement, answer)
		require.Contains(t, answer, code, statement)
	}
}

func TestAnalystOverTheNativeProtocol(t *testing.T) {
	server := embeddedtest.ClickHouse(t)
	live, analytics := withViews(t, server)
	conn := connect(t, server.AnalystDSN(analytics))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // the driver sends a deadline as a setting
	defer cancel()
	var n uint64
	require.NoError(t, conn.QueryRow(ctx, "SELECT count() FROM records WHERE id > {least:UInt64}", clickhouse.Named("least", "0")).Scan(&n))
	require.EqualValues(t, 2, n)
	require.ErrorContains(t, conn.QueryRow(ctx, "SELECT count() FROM "+live+".records").Scan(&n), "Not enough privileges")
	require.ErrorContains(t, conn.Exec(ctx, "CREATE TABLE mine (id UInt8) ENGINE = Memory"), "Not enough privileges")
}

func TestNobodySignsInWithoutAPassword(t *testing.T) {
	server := embeddedtest.ClickHouse(t)
	for _, user := range []string{embedded.User, embedded.Analyst, "nobody"} {
		answer, ok := overHTTP(t, server, user, "", "SELECT 1")
		require.False(t, ok)
		require.Contains(t, answer, "AUTHENTICATION_FAILED", user)
	}
	// The engine's own user has no password, and nothing left that it may do.
	for _, statement := range []string{
		"SELECT * FROM file('/etc/hosts', 'LineAsString', 's String')",
		"SYSTEM STOP LISTEN HTTP",
		"SELECT count() FROM numbers(10)",
		"CREATE TEMPORARY TABLE mine (id UInt8)",
	} {
		answer, ok := overHTTP(t, server, "default", "", statement)
		require.False(t, ok, "%s: %s", statement, answer)
		require.Contains(t, answer, "QUOTA_EXCEEDED", statement)
	}
}

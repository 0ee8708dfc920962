package projections

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/embedded/embeddedtest"
)

// database is ours alone on the server that all tests share.
func database(t testing.TB) *Database {
	t.Helper()
	server := embeddedtest.ClickHouse(t)
	return openDatabase(t, server, embeddedtest.Database(t, "armslog"), embeddedtest.Database(t, "analytics"))
}

func openDatabase(t testing.TB, server *embedded.ClickHouse, name, analytics string) *Database {
	t.Helper()
	http, err := url.Parse(server.HTTPURL())
	require.NoError(t, err)
	d, err := Open(Config{
		Native: server.TCPAddr(), HTTP: http.Host, User: embedded.User, Password: server.Password(),
		Analyst: embedded.Analyst, AnalystPassword: server.AnalystPassword(),
		Database: name, Analytics: analytics, MarkKey: [16]byte{1, 2, 3},
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		for g := generation(1); g < 9; g++ {
			_ = d.drop(ctx, g) // as far as the server is still there
		}
		_ = d.Close()
	})
	return d
}

// project runs a projector until the test ends or stop is called.
func project(t testing.TB, cfg ProjectorConfig) (p *Projector, stop func()) {
	t.Helper()
	p, err := NewProjector(cfg)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	stopped := false
	stop = func() {
		if !stopped {
			stopped = true
			cancel()
			require.NoError(t, <-done)
		}
	}
	t.Cleanup(stop)
	return p, stop
}

// wait returns when the tables hold the journal.
func wait(t testing.TB, q *Queries, seq uint64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	require.NoError(t, q.Wait(ctx, seq))
}

func count(t testing.TB, d *Database, from string) (n uint64) {
	t.Helper()
	require.NoError(t, d.native.QueryRow(t.Context(), "SELECT count() FROM "+from).Scan(&n))
	return n
}

func TestProjectorFillsEveryTable(t *testing.T) {
	d, j := database(t), newJournal(t)
	j.fill()
	p, _ := project(t, ProjectorConfig{Database: d, Source: j})
	q := NewQueries(QueriesConfig{Database: d, Projector: p})
	wait(t, q, j.last())
	for _, table := range append(TableNames(), "positions") {
		require.NotZero(t, count(t, d, d.cfg.Database+"."+table), table)
	}
	require.Equal(t, j.last()+1, count(t, d, d.cfg.Database+".entries"))
	report, err := d.Fsck(t.Context(), FsckConfig{Source: j, Inboxes: j.state})
	require.NoError(t, err)
	require.Empty(t, report.Differences)
	require.Equal(t, j.last()+1, report.Entries)
}

func TestColumnsAreThoseOfTheMigrations(t *testing.T) {
	d := database(t)
	require.NoError(t, d.Setup(t.Context()))
	for _, table := range Tables() {
		var columns, key string
		require.NoError(t, d.native.QueryRow(t.Context(), "SELECT (SELECT arrayStringConcat(groupArray(name), ', ') FROM"+
			" (SELECT name FROM system.columns WHERE database = {db:String} AND table = {t:String} ORDER BY position)),"+
			" (SELECT sorting_key FROM system.tables WHERE database = {db:String} AND name = {t:String})",
			named("db", d.database(1)), named("t", table.Name)).Scan(&columns, &key))
		require.Equal(t, columns, table.Columns, table.Name)
		require.Equal(t, key, table.Key, table.Name)
		require.True(t, strings.HasPrefix(table.Columns, table.Key+", "), "%s: key columns stand first", table.Name)
	}
}

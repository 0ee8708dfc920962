package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/embedded/embeddedtest"
	"github.com/armslog/armslog/internal/process"
	"github.com/armslog/armslog/node"
	"github.com/armslog/armslog/producers"
	"github.com/armslog/armslog/projections"
	"github.com/armslog/armslog/schemas"
)

// startNode runs a whole node with the keys of a world until the test ends, and
// says where it answers. It may never become ready.
func startNode(w *world, brokers string, tables *projections.Config) (address string) {
	w.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(w.t, err)
	p, err := process.New(process.Config{
		Roles: process.Roles(), Listener: l, KeyFile: filepath.Join(w.home, "keys.json"), ActorSecret: []byte("secret"),
		ClickHouse: tables, Version: "test", Log: slog.New(slog.DiscardHandler),
		Node: node.Config{
			Cluster: producers.Cluster{Brokers: []string{brokers}}, Dir: filepath.Join(w.t.TempDir(), "node"),
			Genesis: &events.Genesis{
				JournalID: events.RequestIDFrom("IPSG", "journal"), GeneralSecretariat: "IPSG", Name: "General Secretariat", Policy: schemas.DefaultPolicy(),
			},
		},
	})
	require.NoError(w.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	w.t.Cleanup(func() { cancel(); require.NoError(w.t, <-done) })
	return "http://" + l.Addr().String()
}

// doctorRow is what doctor says of one thing, for programs.
type doctorRow struct{ Node, Check, State, Code, Says, Do string }

// doctor runs it for programs, and gives what it says by check.
func (w *world) doctor(line string) (code int, rows map[string]doctorRow) {
	w.t.Helper()
	r := w.run("-o json doctor " + line)
	var all []doctorRow
	require.NoError(w.t, json.Unmarshal([]byte(r.out), &all), "%s%s", r.out, r.err)
	rows = map[string]doctorRow{}
	for _, row := range all {
		rows[row.Check] = row
		require.Equal(w.t, row.State == "ok", row.Code == "", "%+v", row)
	}
	return r.code, rows
}

// ClickHouse stops: a warning, with what to do. Registration goes on.
func TestDoctorWhereClickHouseHasStopped(t *testing.T) {
	house, err := embedded.StartClickHouse(t.Context(), embedded.ClickHouseConfig{Engine: embeddedtest.Engine(t), Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(house.Close)
	w := newWorld(t)
	analyst := strings.Replace(house.HTTPURL(), "http://", "http://"+embedded.Analyst+":"+house.AnalystPassword()+"@", 1)
	t.Setenv("ARMSLOG_SQL", analyst)
	at := startNode(w, embeddedtest.Broker(t, embedded.BrokerConfig{}).Addr(), &projections.Config{
		Native: house.TCPAddr(), HTTP: strings.TrimPrefix(house.HTTPURL(), "http://"), User: embedded.User, Password: house.Password(),
		Analyst: embedded.Analyst, AnalystPassword: house.AnalystPassword(),
	})
	var code int
	var rows map[string]doctorRow
	until := func(profile string, right func() bool) {
		t.Helper()
		require.Eventually(t, func() bool {
			code, rows = w.doctor("-p " + profile + " --url " + at)
			return right()
		}, time.Minute, 50*time.Millisecond, "%+v", rows)
	}
	until("ipsg", func() bool { return code == exitOK && rows["clickhouse"].Says == "it answers" })
	for _, name := range []string{"registry", "time", "ready", "signed in", "brokers", "journal", "state", "leader", "clock", "mailboxes", "clickhouse", "projector", "courier", "disk", "keys"} {
		require.Contains(t, rows, name)
		require.Contains(t, []string{"ok", "warning"}, rows[name].State, name) // a disk may be tight
	}
	require.Equal(t, "this node leads", rows["leader"].Says)

	house.Close()
	until("ipsg", func() bool { return rows["clickhouse"].Code == "clickhouse_away" && rows["tables"].State == "warning" })
	require.Equal(t, exitOK, code, "warnings do not count")
	require.Equal(t, "warning", rows["clickhouse"].State)
	require.Contains(t, rows["clickhouse"].Do, "start it")
	require.Contains(t, rows["clickhouse"].Says, house.TCPAddr(), "where")
	require.Contains(t, rows["tables"].Do, "start ClickHouse")
	until("wco", func() bool { return rows["clickhouse"].Code == "clickhouse_away" })
	require.NotContains(t, rows["clickhouse"].Says, house.TCPAddr())
}

// A node whose brokers are away says so; so does doctor, to a person and to a
// program.
func TestDoctorWhereTheBrokersAreAway(t *testing.T) {
	w := newWorld(t)
	at := startNode(w, closedAddress(t), nil)
	require.Eventually(t, func() bool {
		code, rows := w.doctor("-p ipsg --url " + at)
		return code == exitError && rows["brokers"].Code == "kafka_away" && rows["ready"].State == "failed" && rows["state"].Code == "folding"
	}, time.Minute, 50*time.Millisecond)
	r := w.run("-p ipsg doctor --url " + at)
	require.Equal(t, exitError, r.code)
	require.Regexp(t, `(?m)^brokers +failed +nobody listens where the brokers should be\n +→ check --brokers, and whether they run$`, r.out)
	require.Empty(t, r.err)
	code, rows := w.doctor("--url " + at)
	require.Equal(t, exitError, code, "nobody is signed in, and is told the same")
	require.Equal(t, "kafka_away", rows["brokers"].Code)
}

// A node that is not there, one that takes connections and says nothing, one
// that is well: each is looked at.
func TestDoctorOfSeveralNodes(t *testing.T) {
	w := newWorld(t)
	mute := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	defer mute.Close()
	code, rows := w.doctor("-p wco --url http://" + closedAddress(t))
	require.Equal(t, exitError, code)
	require.Equal(t, "unreachable", rows["registry"].Code)
	require.Contains(t, rows["registry"].Do, "is it running?")
	require.NotContains(t, rows, "ready")
	code, rows = w.doctor("-p wco --url " + mute.URL)
	require.Equal(t, exitError, code)
	require.Equal(t, "it takes connections, and does not answer", rows["registry"].Says)

	r := w.run("-p wco doctor --url " + w.url + "," + mute.URL)
	require.Equal(t, exitError, r.code)
	require.Contains(t, r.out, "it answers requests")
	require.Contains(t, r.out, "it takes connections, and does not answer")
	code, rows = w.doctor("-p wco --url " + w.url + "," + w.url)
	require.Equal(t, exitOK, code)
	require.NotEmpty(t, rows["ready"].Node)
	code, rows = w.doctor("--url " + w.url)
	require.Equal(t, exitNotAllowed, code)
	require.Equal(t, "no_credential", rows["signed in"].Code)
}

// A clock that differs from the registry's is told.
func TestDoctorComparesClocks(t *testing.T) {
	w := newWorld(t)
	target, err := url.Parse(w.url)
	require.NoError(t, err)
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ModifyResponse = func(r *http.Response) error {
		r.Header.Set("Date", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))
		return nil
	}
	ahead := httptest.NewServer(proxy)
	defer ahead.Close()
	code, rows := w.doctor("-p wco --url " + ahead.URL)
	require.Equal(t, exitOK, code)
	require.Equal(t, "clock_differs", rows["time"].Code)
	require.Regexp(t, `differ by (1h0m0s|59m5\ds)$`, rows["time"].Says)

	now := time.Now()
	for _, c := range []struct {
		told time.Time
		same bool
	}{
		{now, true}, {now.Add(-maxSkew), true}, {now.Add(maxSkew), true}, {time.Time{}, true},
		{now.Add(-maxSkew - 3*time.Second), false}, {now.Add(maxSkew + 3*time.Second), false},
	} {
		_, err := sameTime(c.told, now, now.Add(time.Second))
		require.Equal(t, c.same, err == nil, c.told)
	}
}

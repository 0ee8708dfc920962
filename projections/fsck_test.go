package projections

import (
	"context"
	"errors"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
)

func port(t testing.TB, addr string) int {
	t.Helper()
	_, text, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	return n
}

func TestFsckFindsDamage(t *testing.T) {
	d, j := database(t), newJournal(t)
	j.fill()
	p, stop := project(t, ProjectorConfig{Database: d, Source: j})
	wait(t, NewQueries(QueriesConfig{Database: d, Projector: p}), j.last())
	stop()
	clean(t, d, j)
	id := events.RecordID("NCB-CL", events.Source{System: "table", ID: "3"}).String()
	g := d.database(1)
	for _, c := range []struct {
		name, damage string
		want         Difference
	}{
		{"deleted row", "DELETE FROM " + g + ".record_history WHERE record_id = '" + id + "' AND revision = 1",
			Difference{Table: "record_history", Key: id + " 1", What: Missing}},
		{"changed row", "ALTER TABLE " + g + ".record_history UPDATE make = 'rossi' WHERE record_id = '" + id + "' AND revision = 2 SETTINGS mutations_sync = 2",
			Difference{Table: "record_history", Key: id + " 2", What: Changed}},
		{"extra row", "INSERT INTO " + g + ".rejects (seq, ordinal, code) VALUES (3, 7, 'forged')",
			Difference{Table: "rejects", Key: "3 7", Seq: 3, What: Extra}},
		{"older revision", "INSERT INTO " + g + ".record_history (record_id, revision, seq) VALUES ('" + id + "', 3, 3)",
			Difference{Table: "record_history", Key: id + " 3", Seq: 3, What: Extra}},
		{"missing inbox entry", "DELETE FROM " + g + ".inbox WHERE organisation = 'IPSG' AND n = 1",
			Difference{Table: "inbox", Key: "IPSG 1", What: Missing}},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.NoError(t, d.exec(t.Context(), c.damage))
			report, err := d.Fsck(t.Context(), FsckConfig{Source: j, Inboxes: j.state})
			require.NoError(t, err)
			require.False(t, report.OK())
			got := false
			for _, x := range report.Differences {
				if c.want.Seq == 0 {
					x.Seq = 0
				}
				got = got || x == c.want
			}
			require.True(t, got, "%+v", report.Differences)
		})
	}
	report, err := d.Fsck(t.Context(), FsckConfig{Source: j, Inboxes: j.state})
	require.NoError(t, err)
	require.Contains(t, report.Differences, Difference{Table: "inbox", Key: "IPSG 2", Seq: report.seqOf("IPSG 2"), What: NotDense},
		"the inbox is not dense from 1")
	require.Equal(t, uint64(6), report.Total, "%+v", report.Differences)

	// A rebuild mends all of it.
	rebuilt, err := Rebuild(t.Context(), RebuildConfig{Database: d, Source: j, Inboxes: j.state})
	require.NoError(t, err)
	require.Empty(t, rebuilt.Differences)
	clean(t, d, j)
}

func (r *Report) seqOf(key string) uint64 {
	for _, x := range r.Differences {
		if x.Key == key {
			return x.Seq
		}
	}
	return 0
}

func TestFsckSaysWhenTablesAreBehind(t *testing.T) {
	d, j := database(t), newJournal(t)
	p, stop := project(t, ProjectorConfig{Database: d, Source: j})
	wait(t, NewQueries(QueriesConfig{Database: d, Projector: p}), j.last())
	stop()
	j.fill()
	require.NoError(t, d.caughtUp(t.Context(), 1, 3), "what it holds, it holds")
	var lag *LaggingError
	for patience := 100 * time.Millisecond; lag == nil; patience *= 2 { // a busy machine does not even answer sooner
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		err := d.caughtUp(ctx, 1, j.last()+1)
		cancel()
		require.Error(t, err)
		if !errors.As(err, &lag) {
			require.ErrorIs(t, err, context.DeadlineExceeded)
		}
	}
	require.Equal(t, j.last(), lag.Seq)
}

func TestRebuildWhileAWorkerGoesOn(t *testing.T) {
	d, j := database(t), newJournal(t)
	j.fill()
	p, _ := project(t, ProjectorConfig{Database: d, Source: j})
	q := NewQueries(QueriesConfig{Database: d, Projector: p})
	wait(t, q, j.last())
	fold := registry.New()
	out, err := Rebuild(t.Context(), RebuildConfig{Database: d, Source: j, Keep: true,
		Fold: func(e *events.Entry) { fold.Evolve(e, nil) }, Inboxes: fold})
	require.NoError(t, err)
	require.Equal(t, d.database(2), out.Database)
	for _, serial := range []string{"QW11111", "QW22222"} {
		j.ask("NCB-BR", record(serial, serial)) // the worker notices, and goes on in the new tables
		wait(t, q, j.last())
	}
	clean(t, d, j)
	require.NotZero(t, count(t, d, d.database(1)+".record_history"), "kept")
	_, err = Rebuild(t.Context(), RebuildConfig{Database: d, Source: j, Inboxes: j.state})
	require.NoError(t, err)
	j.ask("NCB-BR", record("after", "QW33333"))
	wait(t, q, j.last())
	clean(t, d, j)
	require.Equal(t, uint64(0), count(t, d, "system.databases WHERE name = '"+d.database(2)+"'"), "dropped")
	require.Equal(t, uint64(1), count(t, d, d.cfg.Analytics+".lag"))
}

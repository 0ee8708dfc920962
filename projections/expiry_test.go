package projections

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
)

// A record that expires says so in the lists, its history and the analysts'
// view, until a new body renews it; the tables equal the fold all the while.
func TestExpiredRecords(t *testing.T) {
	d, j := database(t), newJournal(t)
	until := func(id, serial, last string) *events.RecordSubmitted {
		b := record(id, serial)
		b.RetainUntil = events.MustDate(last)
		return b
	}
	j.ask("NCB-BR", until("1", "RV204187", "2098-03-10"))
	j.ask("NCB-BR", until("2", "KTO44170", "2098-03-11"))
	j.ask("NCB-BR", until("3", "AB12345", "2099-12-31"))
	j.ask("WCO", question("RV204187"))
	p, _ := project(t, ProjectorConfig{Database: d, Source: j})
	q := NewQueries(QueriesConfig{Database: d, Projector: p})
	list := func(f RecordFilter) (ids []string) {
		wait(t, q, j.last())
		found, _, err := q.Records(t.Context(), "NCB-BR", f)
		require.NoError(t, err)
		for _, r := range found {
			ids = append(ids, r.Record.Source.ID+" "+r.Status)
		}
		return ids
	}
	inView := func() (n uint64) {
		return count(t, d, d.cfg.Analytics+".records WHERE status = 'expired'")
	}
	require.Equal(t, []string{"1 active"}, list(RecordFilter{Expiring: "2098-03-11"}))
	require.Equal(t, []string{"2 active", "1 active"}, list(RecordFilter{Expiring: "2098-03-12"}))
	require.Zero(t, inView())

	j.at = events.MustDate("2098-03-10").End()
	j.due()
	require.Equal(t, []string{"3 active", "2 active", "1 expired"}, list(RecordFilter{}))
	require.Equal(t, []string{"2 active"}, list(RecordFilter{Expiring: "2098-03-12"}), "those that are kept still")
	require.Equal(t, []string{"1 expired"}, list(RecordFilter{Expiring: "2098-03-12", Status: "expired"}))
	require.EqualValues(t, 1, inView())
	require.EqualValues(t, 1, count(t, d, d.database(1)+".record_status WHERE owner = 'NCB-BR' AND status = 'expired'"))
	require.EqualValues(t, 2, count(t, d, d.database(1)+".inbox WHERE organisation = 'NCB-BR' AND reason = 'record_review_due' AND about_id = '2098-03-10'"))
	require.EqualValues(t, 1, count(t, d, d.cfg.Analytics+".matches WHERE ended_because = 'record_expired'"))

	e := j.ask("NCB-BR", until("1", "RV204187", "2099-12-31"))
	require.Equal(t, events.Accepted, e.Verdict)
	require.Equal(t, []string{"1 active", "3 active", "2 active"}, list(RecordFilter{}))
	require.Zero(t, inView())
	id := events.RecordID("NCB-BR", events.Source{System: "table", ID: "1"})
	before, ok, err := q.RecordAtSeq(t.Context(), "NCB-BR", id, e.Seq-1)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, []any{"expired", uint32(1)}, []any{before.Status, before.Revision})
	clean(t, d, j)
}

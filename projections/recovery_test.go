package projections

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/embedded/embeddedtest"
	"github.com/armslog/armslog/registry"
)

// clean folds the journal and holds every row against it.
func clean(t testing.TB, d *Database, j *journal) {
	t.Helper()
	fold := registry.New() // the fold of what was read, not the state that decided it
	report, err := d.Fsck(t.Context(), FsckConfig{
		Source: j, Fold: func(e *events.Entry) { fold.Evolve(e, nil) }, Inboxes: fold})
	require.NoError(t, err)
	require.Empty(t, report.Differences)
	require.Equal(t, j.last()+1, report.Entries)
}

func TestRepeatsAndZombiesAreHarmless(t *testing.T) {
	d, j := database(t), newJournal(t)
	j.fill()
	p, _ := project(t, ProjectorConfig{Database: d, Source: j})
	wait(t, NewQueries(QueriesConfig{Database: d, Projector: p}), j.last())
	before := map[string]uint64{}
	for _, table := range TableNames() {
		before[table] = count(t, d, d.cfg.Database+"."+table)
	}
	// A worker that was replaced long ago writes everything once more, oldest
	// rows last; a second time all in one insert, so in one part.
	entries := j.entries()
	for i := len(entries) - 1; i >= 0; i-- {
		rows := NewRows(d.cfg.MarkKey)
		rows.Add(entries[i])
		require.NoError(t, d.store(t.Context(), 1, TableNames(), []*Rows{rows}))
	}
	all := NewRows(d.cfg.MarkKey)
	all.AddAll(entries)
	all.AddAll(entries)
	require.NoError(t, d.store(t.Context(), 1, TableNames(), []*Rows{all, all}))
	old := Batch{Entries: entries[:1], Position: Position{Offset: 2, Reader: events.Reader{Next: 1}}}
	require.NoError(t, d.advance(t.Context(), 1, p.cfg.Tables, journalID, old))
	for table, n := range before {
		require.Equal(t, n, count(t, d, d.cfg.Database+"."+table), table)
	}
	clean(t, d, j)
}

func TestWorkersShareTheTables(t *testing.T) {
	d, j := database(t), newJournal(t)
	j.fill()
	names := TableNames()
	_, stop1 := project(t, ProjectorConfig{Database: d, Source: j, Tables: names[:4]})
	q := NewQueries(QueriesConfig{Database: d})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	var lag *LaggingError
	require.ErrorAs(t, q.Wait(ctx, j.last()), &lag, "the other tables are empty")
	_, stop2 := project(t, ProjectorConfig{Database: d, Source: j, Tables: names[4:]})
	wait(t, q, j.last())
	clean(t, d, j)
	stop1()
	stop2()

	// Shared out anew, each goes on where its tables are.
	known, err := d.positions(t.Context(), 1)
	require.NoError(t, err)
	require.Equal(t, j.last()+1, common(known, names).Reader.Next)
	_, err = NewProjector(ProjectorConfig{Database: d, Source: j, Tables: []string{"recrods"}})
	require.ErrorContains(t, err, `no table is named "recrods"`)
}

func TestProjectorGoesOnWhereItWas(t *testing.T) {
	d, j := database(t), newJournal(t)
	p, stop := project(t, ProjectorConfig{Database: d, Source: j})
	wait(t, NewQueries(QueriesConfig{Database: d, Projector: p}), j.last())
	stop()
	j.fill()
	seen := &watched{Source: j}
	p, _ = project(t, ProjectorConfig{Database: d, Source: seen})
	wait(t, NewQueries(QueriesConfig{Database: d, Projector: p}), j.last())
	require.Equal(t, int64(6), seen.from.Offset)
	require.Equal(t, owner1, seen.from.Reader.Owner)
	clean(t, d, j)
}

// watched notes where a reader starts.
type watched struct {
	Source
	from Position
}

func (w *watched) Follow(ctx context.Context, from Position, handle func(Batch) error) error {
	w.from = from
	return w.Source.Follow(ctx, from, handle)
}

func TestProjectorRefusesAnotherHistory(t *testing.T) {
	d, j := database(t), newJournal(t)
	p, stop := project(t, ProjectorConfig{Database: d, Source: j})
	wait(t, NewQueries(QueriesConfig{Database: d, Projector: p}), j.last())
	stop()

	shorter := newJournal(t)
	shorter.items = shorter.items[:3]
	p, err := NewProjector(ProjectorConfig{Database: d, Source: shorter})
	require.NoError(t, err)
	require.ErrorIs(t, p.Run(t.Context()), ErrHistoryWentBack)

	p, err = NewProjector(ProjectorConfig{Database: d, Source: foreign{j}})
	require.NoError(t, err)
	require.ErrorIs(t, p.Run(t.Context()), ErrOtherJournal)
}

type foreign struct{ Source }

func (foreign) JournalID(context.Context) (events.UUID, error) { return events.UUID{9}, nil }

// The server is killed again and again while rows come in: they wait, and none
// is missing in the end.
func TestNothingIsLostWhenClickHouseIsKilled(t *testing.T) {
	cfg := embedded.ClickHouseConfig{Engine: embeddedtest.Engine(t), Dir: t.TempDir()}
	server, err := embedded.StartClickHouse(t.Context(), cfg)
	require.NoError(t, err)
	defer func() { server.Close() }()
	d := openDatabase(t, server, "armslog", "analytics")
	restart := func() {
		cfg.TCPPort, cfg.HTTPPort = port(t, d.cfg.Native), port(t, d.cfg.HTTP)
		cfg.Password, cfg.AnalystPassword = server.Password(), server.AnalystPassword()
		server.Kill()
		server, err = embedded.StartClickHouse(t.Context(), cfg)
		require.NoError(t, err)
	}
	j := newJournal(t)
	p, stop := project(t, ProjectorConfig{Database: d, Source: j, MaxEntries: 10})
	q := NewQueries(QueriesConfig{Database: d, Projector: p})
	for round := range 4 {
		for i := range 50 {
			j.ask("NCB-BR", record(fmt.Sprintf("%d-%d", round, i), fmt.Sprintf("AB%03d%03d", round, i)))
		}
		wait(t, q, j.last()-45) // in the middle of it
		restart()
	}
	wait(t, q, j.last())
	clean(t, d, j)
	stop()
}

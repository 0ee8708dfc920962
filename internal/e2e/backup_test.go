package e2e

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/backup"
	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/sim"
	"github.com/armslog/armslog/internal/single"
	"github.com/armslog/armslog/node"
	"github.com/armslog/armslog/producers"
	"github.com/armslog/armslog/registry"
)

// export backs the journal up, in files so small that there are several.
func (w *world) export(dir string) backup.Manifest {
	w.t.Helper()
	m, err := backup.Export(within(w.t), backup.ExportConfig{Client: sim.Connect(w.t, w.KafkaAddr), Dir: dir, FileBytes: 16 << 10})
	require.NoError(w.t, err)
	return m
}

// restored starts a broker on an empty directory and makes the journal from a
// backup, the first time broken off in the middle.
func restored(t *testing.T, kafkaDir, dir string) backup.Restored {
	t.Helper()
	b, err := embedded.StartBroker(embedded.BrokerConfig{Dir: kafkaDir, Sync: true})
	require.NoError(t, err)
	defer b.Close()
	client := sim.Connect(t, b.Addr())
	defer producers.Disconnect(client)
	cfg := backup.ImportConfig{Client: client, Dir: dir, Log: quiet()}

	ctx, killed := context.WithCancel(within(t))
	cfg.Progress = func(done, total int64) {
		require.Less(t, done, total, "the backup has several files")
		killed()
	}
	broken, err := backup.Import(ctx, cfg)
	require.ErrorIs(t, err, context.Canceled)
	cfg.Progress = nil
	r, err := backup.Import(within(t), cfg)
	require.NoError(t, err)
	require.Less(t, r.Appended, r.Records, "the second import goes on")
	require.Empty(t, r.Filled, "and fills nothing twice")
	r.Filled = broken.Filled
	return r
}

// The whole way: run, back up, lose the brokers' disks, restore onto new ones,
// start. What was backed up is there, to the bit; what came later is lost, asked
// again and decided; nothing waits in a mailbox for ever.
func TestBackupAndRestore(t *testing.T) {
	w := withTables(t)
	dir := filepath.Join(t.TempDir(), "backup")
	w.work("first", 10)
	first := w.export(dir)
	w.work("second", 10)
	shown := w.post("NCB-BR", "/v1/records", record("shown", "KT800000", "seized", "")).reply(t)
	require.Equal(t, http.StatusOK, w.get("NCB-BR", "/v1/records/"+shown.ID).status, "a look: the gateway has a mailbox, too")
	m := w.export(dir) // goes on where the first ends
	require.Greater(t, len(m.Files), len(first.Files))
	require.Equal(t, first.Files, m.Files[:len(first.Files)])
	next, hash := w.hash()
	require.Equal(t, next, m.Entries)
	told := w.told()

	lost := record("lost", "KT900000", "seized", "")
	w.post("NCB-BR", "/v1/records", lost, "Idempotency-Key", "the-lost-one").reply(t)
	w.settled()
	w.stop()
	require.NoError(t, os.RemoveAll(filepath.Join(w.dataDir(), "kafka")))

	r := restored(t, filepath.Join(w.dataDir(), "kafka"), dir)
	require.Equal(t, m.Reader.Frontier["NCB-BR"], r.Filled["NCB-BR"], "its mailbox begins again behind what was decided")
	require.Contains(t, r.Filled, events.SourceGateway)
	require.NotContains(t, r.Filled, events.SourceRegistry)

	// The node knows more than the journal does, and does not go on by itself.
	_, err := single.Start(context.WithoutCancel(t.Context()), w.cfg)
	require.ErrorIs(t, err, node.ErrHistoryWentBack)

	w.cfg.AcceptOlderJournal = true
	w.start()
	again, sameHash := w.hash()
	require.Equal(t, next, again)
	require.Equal(t, hash, sameHash)
	require.Equal(t, told, w.told())

	// What came after the backup is asked again, under its key, and decided anew.
	reply := w.post("NCB-BR", "/v1/records", lost, "Idempotency-Key", "the-lost-one").reply(t)
	require.Equal(t, "registered", reply.Status)
	require.Len(t, w.post("WCO", "/v1/searches", question("KT900000")).reply(t).Matches, 1)
	require.Equal(t, http.StatusOK, w.get("NCB-BR", "/v1/records/"+reply.ID).status, "the look is in the gateway's mailbox")
	require.Empty(t, w.Node.Losses())

	// The tables knew more, too: they are made anew.
	w.cfg.AcceptOlderJournal = false
	w.stop()
	rebuilt := user(t, "", "").run("rebuild", "--data", w.dataDir())
	require.Zero(t, rebuilt.code, rebuilt.err)
	w.start() // the flag was needed once
	w.work("third", 3)
	w.settled()
	w.fsck()
}

// Only the journal is lost; the mailboxes outlive it. What the backup does not
// know is decided again from there, without anybody asking again.
func TestRestoreBesideMailboxesThatOutlivedTheLoss(t *testing.T) {
	w := begin(t, single.Config{})
	dir := filepath.Join(t.TempDir(), "backup")
	w.work("first", 3)
	m := w.export(dir)
	w.post("NCB-BR", "/v1/records", record("later", "KT044170", "seized", "")).reply(t)
	eventually(t, "the courier has told", func() bool { return value(w.scrape()["armslog_follower_lag_entries"], "follower", "courier") == 0 })
	w.stop()

	b, err := embedded.StartBroker(embedded.BrokerConfig{Dir: filepath.Join(w.dataDir(), "kafka"), Sync: true})
	require.NoError(t, err)
	client := sim.Connect(t, b.Addr())
	cfg := backup.ImportConfig{Client: client, Dir: dir, Log: quiet()}
	_, err = backup.Import(within(t), cfg)
	require.ErrorIs(t, err, backup.ErrOtherHistory, "a journal that goes on is not written over")
	deleteTopics(t, client, events.JournalTopic)
	_, err = backup.Import(within(t), cfg)
	require.ErrorIs(t, err, backup.ErrOutboxAhead)
	for _, org := range append(parties, "FJ-CUSTOMS", "NCB-AR") {
		deleteTopics(t, client, events.OutboxTopic(org))
	}
	r, err := backup.Import(within(t), cfg)
	require.NoError(t, err)
	require.EqualValues(t, 1, r.Waiting["NCB-BR"])
	require.Empty(t, r.Filled)
	producers.Disconnect(client)
	b.Close()

	w.cfg.AcceptOlderJournal = true
	w.start()
	eventually(t, "what waited is decided", func() bool {
		var records int
		w.read(func(s *registry.State) { records = s.Counts().Records })
		return records == 4
	})
	require.Equal(t, http.StatusOK, w.post("NCB-BR", "/v1/records", record("later", "KT044170", "seized", "")).status, "it is there: unchanged")
	next, _ := w.hash()
	require.Greater(t, next, m.Entries)
}

// A copy that is not what was written is never used, and an export never mixes
// two histories.
func TestBackupThatIsDamaged(t *testing.T) {
	w := begin(t, single.Config{})
	dir := filepath.Join(t.TempDir(), "backup")
	w.work("first", 2)
	m := w.export(dir)
	_, err := backup.Check(dir)
	require.NoError(t, err)

	// What another version made of a history is not held against this one's; all else is.
	require.Equal(t, registry.StateForm, m.StateForm)
	manifest := filepath.Join(dir, "manifest.json")
	whole, err := os.ReadFile(manifest)
	require.NoError(t, err)
	says := func(change func(*backup.Manifest)) error {
		said := m
		change(&said)
		text, err := json.Marshal(said)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(manifest, text, 0o600))
		_, err = backup.Check(dir)
		return err
	}
	require.NoError(t, says(func(m *backup.Manifest) { m.StateHash, m.StateForm = "00", 0 }))
	require.ErrorIs(t, says(func(m *backup.Manifest) { m.StateHash = "00" }), backup.ErrBackupDamaged)
	require.ErrorIs(t, says(func(m *backup.Manifest) { m.StateForm, m.Entries = 0, m.Entries+1 }), backup.ErrBackupDamaged)
	require.NoError(t, os.WriteFile(manifest, whole, 0o600))

	path := filepath.Join(dir, m.Files[len(m.Files)-1].Name)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	for _, damaged := range [][]byte{flipped(text, len(text)/2), flipped(text, 0), text[:len(text)-1], append(text[:len(text):len(text)], 0), nil} {
		require.NoError(t, os.WriteFile(path, damaged, 0o600))
		_, err := backup.Check(dir)
		require.Error(t, err)
		_, err = backup.Import(within(t), backup.ImportConfig{Client: sim.Connect(t, w.KafkaAddr), Dir: dir, Log: quiet()})
		require.Error(t, err)
	}
	require.NoError(t, os.Remove(path))
	_, err = backup.Check(dir)
	require.ErrorIs(t, err, backup.ErrBackupDamaged)

	other := begin(t, single.Config{})
	require.NoError(t, os.WriteFile(path, text, 0o600))
	other.work("other", 5)
	_, err = backup.Export(within(t), backup.ExportConfig{Client: sim.Connect(t, other.KafkaAddr), Dir: dir})
	require.ErrorIs(t, err, backup.ErrOtherHistory)
	_, err = backup.Check(filepath.Join(dir, "nothing"))
	require.ErrorIs(t, err, backup.ErrNoBackup)
}

func flipped(b []byte, at int) []byte {
	c := append([]byte(nil), b...)
	c[at] ^= 1
	return c
}

func deleteTopics(t *testing.T, client *kafka.Client, topics ...string) {
	t.Helper()
	_, err := client.DeleteTopics(within(t), &kafka.DeleteTopicsRequest{Topics: topics})
	require.NoError(t, err)
}

// dataDir is the data directory, also while nothing runs.
func (w *world) dataDir() string { return w.cfg.Dir }

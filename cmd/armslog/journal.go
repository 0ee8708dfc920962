package main

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/armslog/armslog/consumers"
	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/backup"
	"github.com/armslog/armslog/internal/single"
	"github.com/armslog/armslog/producers"
)

func (a *app) journalCommand() *cobra.Command {
	return a.group("journal", "Back up the log of record, and restore it",
		a.journalExportCommand(), a.journalCheckCommand(), a.journalImportCommand())
}

// journalPlace says where a journal is: in a data directory, or on a cluster.
type journalPlace struct {
	data string
	at   kafkaFlags
}

func (p *journalPlace) add(c *cobra.Command) {
	c.Flags().StringVar(&p.data, "data", "", "data directory of armslog up (default armslog-data)")
	p.at.addFlags(c.Flags())
}

// journalCluster finds the brokers, and starts those of a data directory that no
// process runs on.
func (a *app) journalCluster(ctx context.Context, p *journalPlace) (producers.Cluster, func(), error) {
	if len(p.at.brokers) > 0 {
		at, err := a.cluster(&p.at)
		return at, func() {}, err
	}
	if p.data == "" {
		p.data = a.settings.get("data")
	}
	found, err := single.Attach(ctx, single.Config{Dir: p.data, Kafka: "127.0.0.1:0", Log: a.quietLog()})
	if err != nil {
		return producers.Cluster{}, nil, err
	}
	return producers.Cluster{Brokers: found.Brokers}, found.Close, nil
}

func (a *app) quietLog() *slog.Logger {
	return a.textLog(slog.LevelError)
}

func (a *app) journalExportCommand() *cobra.Command {
	var p journalPlace
	c := &cobra.Command{
		Use:   "export DIRECTORY",
		Short: "Copy the journal into files, or bring such a copy up to date",
		Long: "export copies the journal, record for record, into a directory of files with their digests, and folds what\n" +
			"it copies: a copy that could not be restored is not called one. The registry may run meanwhile. A directory\n" +
			"that holds an earlier copy is read, checked and continued. Secrets and keys are not part of it.",
		Args: exactArgs("DIRECTORY"),
		RunE: func(cmd *cobra.Command, args []string) error {
			at, done, err := a.journalCluster(cmd.Context(), &p)
			if err != nil {
				return err
			}
			defer done()
			client := producers.Connect(at)
			defer producers.Disconnect(client)
			m, err := backup.Export(cmd.Context(), backup.ExportConfig{Client: client, Dir: args[0], Progress: a.counting()})
			if err != nil {
				return backupError(err)
			}
			return a.tellBackup(m)
		},
	}
	p.add(c)
	return c
}

func (a *app) journalCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check DIRECTORY",
		Short: "Read a copy of the journal, hold it against its digests and fold it",
		Args:  exactArgs("DIRECTORY"),
		RunE: func(_ *cobra.Command, args []string) error {
			m, err := backup.Check(args[0])
			if err != nil {
				return backupError(err)
			}
			return a.tellBackup(m)
		},
	}
}

func (a *app) journalImportCommand() *cobra.Command {
	var p journalPlace
	var replication producers.Replication
	c := &cobra.Command{
		Use:   "import DIRECTORY",
		Short: "Make the journal of brokers that have lost it, from a copy",
		Long: "import appends a copy to an empty journal topic, or goes on with one that holds the beginning of it. No node\n" +
			"may run meanwhile, nor after an import that was broken off: run it again. Mailboxes that are there go on where\n" +
			"the copy ends; those that are lost begin again behind it. It then reads everything back and compares the state.",
		Args: exactArgs("DIRECTORY"),
		RunE: func(cmd *cobra.Command, args []string) error {
			at, done, err := a.journalCluster(cmd.Context(), &p)
			if err != nil {
				return err
			}
			defer done()
			client := producers.Connect(at)
			defer producers.Disconnect(client)
			if len(p.at.brokers) == 0 {
				replication = producers.Replication{Factor: 1, MinInSync: 1}
			}
			r, err := backup.Import(cmd.Context(), backup.ImportConfig{
				Client: client, Dir: args[0], Replication: replication, Progress: a.counting(), Log: a.quietLog(),
			})
			if err != nil {
				return backupError(err)
			}
			a.note("%s records appended, read back and folded", thousands(uint64(r.Appended)))
			for _, org := range slices.Sorted(maps.Keys(r.Filled)) {
				a.note("%s was lost: it goes on at offset %d", events.MailboxTopic(org), r.Reader.Frontier[org])
			}
			for _, org := range slices.Sorted(maps.Keys(r.Waiting)) {
				a.note("%s holds %s requests that the copy does not know: the next leader decides them", events.MailboxTopic(org), thousands(uint64(r.Waiting[org])))
			}
			a.note("hint: nodes that knew more refuse to start; `--accept-older-journal`, once, accepts what is lost. Then `armslog rebuild`")
			return a.tellBackup(r.Manifest)
		},
	}
	p.add(c)
	c.Flags().IntVar(&replication.Factor, "replication-factor", 3, "of the topics that are made")
	c.Flags().IntVar(&replication.MinInSync, "min-insync-replicas", 2, "of the topics that are made")
	return c
}

func (a *app) tellBackup(m backup.Manifest) error {
	return a.writeRows([]string{"JOURNAL", "ENTRIES", "RECORDS", "FILES", "STATE"}, [][]string{{
		m.JournalID.String(), thousands(m.Entries), thousands(uint64(m.Records)), thousands(uint64(len(m.Files))), m.StateHash,
	}})
}

// counting tells how far a copy is, at most once every tenth of it.
func (a *app) counting() func(done, total int64) {
	told := int64(0)
	return func(done, total int64) {
		if total > 100_000 && done*10/total > told {
			told = done * 10 / total
			a.note("%s of %s records", thousands(uint64(done)), thousands(uint64(total)))
		}
	}
}

// backupError says what to do about what is wrong with a copy or its place.
func backupError(err error) error {
	for _, known := range []struct {
		is         error
		code, hint string
	}{
		{backup.ErrBackupDamaged, "backup_damaged", "use another copy; `armslog journal check` says whether one is sound"},
		{backup.ErrUnfinished, "backup_unfinished", "run the same export again: it goes on"},
		{backup.ErrNoBackup, "no_backup", "name the directory that `armslog journal export` wrote"},
		{backup.ErrOtherHistory, "other_history", "nothing was changed; an import needs an empty journal topic, an export its own directory"},
		{backup.ErrShorter, "journal_shorter", "the journal has lost its end: keep this copy, it is the better one; see docs/operations.md"},
		{backup.ErrOutboxAhead, "outbox_ahead", "delete the outbox topics armslog.out.*: the courier fills them again from the journal"},
		{backup.ErrMailboxLost, "mailbox_lost", "delete that mailbox topic: it begins again behind what the copy knows; its senders must send again"},
		{backup.ErrNotRestored, "not_restored", "stop every node, delete the journal topic and import again"},
		{events.ErrDamaged, "journal_damaged", "do not delete anything; restore from a copy"},
		{consumers.ErrLost, "journal_lost", "the topic has lost records: is its retention infinite? restore from a copy"},
	} {
		if errors.Is(err, known.is) {
			return &codedError{code: known.code, message: err.Error(), hint: known.hint, exit: exitIntegrity}
		}
	}
	return err
}

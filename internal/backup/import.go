package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"

	"github.com/segmentio/kafka-go"

	"github.com/armslog/armslog/consumers"
	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/producers"
	"github.com/armslog/armslog/projections"
)

var (
	// ErrOutboxAhead is returned when an outbox holds what the backup does not
	// know: the courier would take what is decided from now on for delivered.
	ErrOutboxAhead = errors.New("an outbox holds messages of entries that the backup does not have")
	// ErrMailboxLost is returned when a mailbox begins behind what was decided of
	// it, so that requests are gone that nobody has decided.
	ErrMailboxLost = errors.New("a mailbox has lost requests that the backup's registry has not decided")
	// ErrNotRestored is returned when what follows from the topic is not what
	// follows from the backup: somebody wrote into it meanwhile.
	ErrNotRestored = errors.New("the journal does not say what the backup says")
)

// ImportConfig is one import.
type ImportConfig struct {
	Client      *kafka.Client
	Dir         string
	Replication producers.Replication
	Progress    func(done, total int64) // records; nil = nobody asks
	Log         *slog.Logger
}

// Restored says what an import has made.
type Restored struct {
	Manifest
	Appended int64            // records of the journal; what was there already is not appended again
	Filled   map[string]int64 // by mailbox: empty messages before what comes next
	Waiting  map[string]int64 // by mailbox: requests that are there and will be decided
}

// Import makes the journal of a cluster that has none, or the beginning of this
// one, from a backup. No node may run meanwhile, and none after an import that
// was broken off: run it again, it goes on.
//
// The journal says of each mailbox how far it is decided. Where a mailbox
// outlived the loss, its requests from there on are decided (again) by the next
// leader. Where it did not, it begins again behind that place: what lies before
// is filled with empty messages that nobody reads.
//
// Nothing is written before the whole backup is read and found to be sound.
func Import(ctx context.Context, cfg ImportConfig) (Restored, error) {
	m, f, err := check(cfg.Dir)
	if err == nil && m.StateHash == "" {
		err = fmt.Errorf("%w: %s", ErrUnfinished, cfg.Dir)
	}
	if err != nil {
		return Restored{}, err
	}
	i := &importing{ImportConfig: cfg, fold: f, Restored: Restored{Manifest: m, Filled: map[string]int64{}, Waiting: map[string]int64{}}}
	for _, step := range []func(context.Context) error{i.compare, i.outboxes, i.mailboxes, i.journal, i.readBack} {
		if err := step(ctx); err != nil {
			return i.Restored, err
		}
	}
	return i.Restored, nil
}

type importing struct {
	ImportConfig
	Restored
	fold  *fold // of the whole backup
	there int64 // records that the topic holds already
}

// compare holds what the topic has against the backup, record for record.
func (i *importing) compare(ctx context.Context) error {
	first, end, err := consumers.Bounds(ctx, i.Client, events.JournalTopic)
	if consumers.IsNoTopic(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("import journal: %w", err)
	}
	if first > 0 || end > i.Records {
		return fmt.Errorf("import journal: %w: the topic holds records %d to %d, the backup 0 to %d", ErrOtherHistory, first, end, i.Records)
	}
	i.there = end
	at, later := int64(0), errors.New("the rest is not there yet")
	err = i.each(func(want []events.Message) error {
		want = want[:min(int64(len(want)), end-at)]
		if len(want) == 0 {
			return later
		}
		n := 0
		err := consumers.Messages(ctx, i.Client, events.JournalTopic, at, at+int64(len(want)), func(got []events.Message) error {
			for _, m := range got {
				if !bytes.Equal(appendRecord(nil, m), appendRecord(nil, want[n])) {
					return fmt.Errorf("import journal: %w: they differ at offset %d", ErrOtherHistory, at+int64(n))
				}
				n++
			}
			return nil
		})
		at += int64(n)
		return err
	})
	if errors.Is(err, later) {
		return nil
	}
	return err
}

func (i *importing) each(handle func([]events.Message) error) error {
	for _, file := range i.Files {
		if err := file.each(i.Dir, handle); err != nil {
			return err
		}
	}
	return nil
}

// outboxes refuses what the courier could not go on from.
func (i *importing) outboxes(ctx context.Context) error {
	for _, org := range i.fold.state.Mailboxes() {
		m, _, ok, err := consumers.LastMessage(ctx, i.Client, events.OutboxTopic(org))
		if consumers.IsNoTopic(err) || err == nil && !ok {
			continue
		}
		if err != nil {
			return err
		}
		for _, h := range m.Headers {
			if h.Key != projections.HeaderSeq {
				continue
			}
			if seq, err := strconv.ParseUint(string(h.Value), 10, 64); err != nil || seq >= i.Entries {
				return fmt.Errorf("%w: %s is at seq %s, the backup ends before %d", ErrOutboxAhead, events.OutboxTopic(org), h.Value, i.Entries)
			}
		}
	}
	return nil
}

// mailboxes come before the journal: a node that is started too early finds no
// journal, and not a mailbox that ends before its frontier.
func (i *importing) mailboxes(ctx context.Context) error {
	orgs := []string{}
	for org := range i.Reader.Frontier {
		if org != events.SourceRegistry {
			orgs = append(orgs, org)
		}
	}
	slices.Sort(orgs)
	for _, org := range orgs {
		if err := i.mailbox(ctx, org, i.Reader.Frontier[org]); err != nil {
			return err
		}
	}
	return nil
}

func (i *importing) mailbox(ctx context.Context, org events.OrgID, frontier int64) error {
	topic := producers.MailboxTopic(org)
	if err := producers.CreateTopics(ctx, i.Client, i.Replication, topic); err != nil {
		return err
	}
	first, end, err := consumers.Bounds(ctx, i.Client, topic.Name)
	if err != nil {
		return fmt.Errorf("import journal: %w", err)
	}
	if first > frontier {
		return fmt.Errorf("%w: %s begins at %d, decided up to %d", ErrMailboxLost, topic.Name, first, frontier)
	}
	if end > frontier {
		i.Waiting[org] = end - frontier
	}
	if end >= frontier {
		return nil
	}
	i.Filled[org] = frontier - end
	return producers.Fill(ctx, i.Client, topic.Name, frontier, func(ctx context.Context) (int64, error) {
		_, end, err := consumers.Bounds(ctx, i.Client, topic.Name)
		return end, err
	})
}

// journal appends what is not there, at the offsets that it had.
func (i *importing) journal(ctx context.Context) error {
	if err := producers.CreateTopics(ctx, i.Client, i.Replication, producers.JournalTopic()); err != nil {
		return err
	}
	to := producers.NewJournal(i.Client, i.Log)
	defer to.Close()
	at := int64(0)
	return i.each(func(records []events.Message) error {
		skip := min(int64(len(records)), max(0, i.there-at))
		at += int64(len(records))
		if records = records[skip:]; len(records) == 0 {
			return nil
		}
		if _, err := to.Append(ctx, records); err != nil {
			return err
		}
		i.Appended += int64(len(records))
		if i.Progress != nil {
			i.Progress(at, i.Records)
		}
		return nil
	})
}

// readBack folds what the brokers hold now. A batch that was stored twice,
// because its acknowledgement was lost, changes nothing: the reader rule ignores
// the second copy.
func (i *importing) readBack(ctx context.Context) error {
	_, end, err := consumers.Bounds(ctx, i.Client, events.JournalTopic)
	if err != nil {
		return fmt.Errorf("import journal: %w", err)
	}
	f := newFold()
	if err := consumers.Messages(ctx, i.Client, events.JournalTopic, 0, end, f.take); err != nil {
		return err
	}
	if got, want := f.hash(), i.fold.hash(); got != want {
		return fmt.Errorf("%w: state hash %s, not %s", ErrNotRestored, got, want)
	}
	return nil
}

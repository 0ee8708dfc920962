package consumers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/segmentio/kafka-go"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/brokerconn"
	"github.com/armslog/armslog/registry"
)

// Journal reads the journal topic. It is safe for concurrent use and keeps no
// position.
type Journal struct {
	client  *kafka.Client
	log     *slog.Logger
	workers int
	prepare bool
	oldLog  time.Duration
	fetched func(time.Duration)
}

// JournalConfig says how the journal is read.
type JournalConfig struct {
	Workers int  // that fetch and parse side by side while catching up; 0 = one per CPU
	Prepare bool // decode requests too, as Evolve wants them
	// OldLog is how long a broker may show a journal that ends before what was read; 0 = 30 s.
	OldLog  time.Duration
	Log     *slog.Logger
	Fetched func(time.Duration) // how long a fetch took that found something; nil = nobody asks
}

// NewJournal reads through client, which it does not close.
func NewJournal(client *kafka.Client, cfg JournalConfig) *Journal {
	if cfg.Workers == 0 {
		cfg.Workers = runtime.GOMAXPROCS(0)
	}
	return &Journal{client: client, log: cfg.Log, workers: cfg.Workers, prepare: cfg.Prepare, fetched: cfg.Fetched, oldLog: cfg.OldLog}
}

// Item is one record of the journal, parsed.
type Item struct {
	events.Item
	Prepared *registry.Prepared // of an entry that holds a request, where the config asks for it
}

// End is the offset that the next record of the journal will have. A broker that
// says nothing, as behind a cut network, is an error after a while: another may
// lead by then.
func (j *Journal) End(ctx context.Context) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	res, err := j.client.ListOffsets(ctx, &kafka.ListOffsetsRequest{
		Topics: map[string][]kafka.OffsetRequest{events.JournalTopic: {kafka.LastOffsetOf(0)}},
	})
	if err != nil {
		return 0, fmt.Errorf("find the journal's end: %w", err)
	}
	ends := res.Topics[events.JournalTopic]
	if len(ends) == 0 {
		return 0, fmt.Errorf("find the journal's end: %w", kafka.UnknownTopicOrPartition)
	}
	if err := ends[0].Error; err != nil {
		return 0, fmt.Errorf("find the journal's end: %w", err)
	}
	return ends[0].LastOffset, nil
}

// fetchBytes bounds one fetch of the journal. A record batch is never cut, so
// it may be more.
const fetchBytes = 2 << 20

// reading is one reader of the journal with its connection, if it has one. It
// is not safe for concurrent use.
type reading struct {
	*Journal
	leader brokerConn
}

func (j *Journal) open() *reading {
	return &reading{Journal: j, leader: brokerConn{client: j.client, passing: true}}
}

// replay reads from an offset on in bulk, or says false where only the library
// can.
func (r *reading) replay(ctx context.Context, from int64, bytes int32, most int) (f fetched, ok bool) {
	if r.leader.conn == nil && !r.leader.never {
		r.leader.addr, _ = brokerconn.Leader(ctx, r.client, events.JournalTopic)
	}
	got, ok := r.leader.inBulk(ctx, []wanted{{events.JournalTopic, from, bytes, most}}, bytes, maxWait)
	if ok && len(got) == 1 && got[0].err == nil && got[0].code == 0 {
		return got[0], true
	}
	r.close() // another broker may lead now
	return f, false
}

func (r *reading) close() { r.leader.hangUp() }

// next is fetch in bulk where that can be.
func (r *reading) next(ctx context.Context, from int64, bytes int32, most int) (items []Item, end int64, err error) {
	asked := time.Now()
	f, ok := r.replay(ctx, from, bytes, most)
	if !ok {
		items, end, err = r.fetch(ctx, from, int64(bytes), maxWait, most)
		r.measure(asked, len(items))
		return items, end, err
	}
	r.measure(asked, len(f.records))
	items, err = r.parse(f.records, from, most)
	if err != nil {
		return nil, 0, fmt.Errorf("read the journal: %w", err)
	}
	return items, f.end, nil
}

func (r *reading) measure(asked time.Time, found int) {
	if r.fetched != nil && found > 0 {
		r.fetched(time.Since(asked))
	}
}

// fetch returns the items from an offset on, or none when nothing came within
// wait, and the journal's end; at most so many, since the broker hands out whole
// batches. It tries again until ctx ends. It returns
// ErrLost, events.ErrDamaged and events.ErrNotJournal, each of which means that
// nobody may read on.
func (j *Journal) fetch(ctx context.Context, from int64, bytes int64, wait time.Duration, most int) (items []Item, end int64, err error) {
	out := outOfRange{limit: j.oldLog}
	err = backoff.RetryNotify(func() (err error) {
		items, end, err = j.fetchOnce(ctx, from, bytes, wait, most)
		if errors.Is(err, kafka.OffsetOutOfRange) {
			err = j.beyond(ctx, &out, from)
		} else {
			out.heard()
		}
		if errors.Is(err, ErrLost) || errors.Is(err, events.ErrDamaged) || errors.Is(err, events.ErrNotJournal) {
			return backoff.Permanent(err)
		}
		return err
	}, forever(ctx), func(err error, again time.Duration) {
		j.log.Warn("journal fetch is tried again", slog.Any("error", err), slog.Duration("after", again))
	})
	if err != nil {
		return nil, 0, fmt.Errorf("read the journal: %w", err)
	}
	return items, end, nil
}

// beyond is why an offset is not there: ErrLost when that is certain.
func (j *Journal) beyond(ctx context.Context, out *outOfRange, from int64) error {
	if _, _, err := out.lost(ctx, j.client, events.JournalTopic, from); err != nil {
		return err
	}
	return fmt.Errorf("%w: offset %d is not in the journal", ErrLost, from)
}

func (j *Journal) fetchOnce(ctx context.Context, from, bytes int64, wait time.Duration, most int) ([]Item, int64, error) {
	ctx, cancel := context.WithTimeout(ctx, wait+patience)
	defer cancel()
	res, err := j.client.Fetch(ctx, &kafka.FetchRequest{
		Topic: events.JournalTopic, Offset: from, MinBytes: 1, MaxBytes: bytes, MaxWait: wait,
	})
	if err == nil {
		err = res.Error
	}
	if err != nil {
		return nil, 0, err
	}
	records, _, err := readRecords(res.Records, from, most)
	if err != nil {
		return nil, 0, err
	}
	items, err := j.parse(records, from, most)
	return items, res.HighWatermark, err
}

// parse holds that offsets are dense: the journal is neither compacted nor
// transactional, so a gap is damage. Items share memory, but not with who wants a
// few: what is kept of those must not keep the others.
func (j *Journal) parse(records []record, from int64, most int) ([]Item, error) {
	items := make([]Item, len(records))
	var parser events.ItemParser
	for i, r := range records {
		if r.offset != from+int64(i) {
			return nil, fmt.Errorf("%w: offset %d follows %d", events.ErrDamaged, r.offset, from+int64(i)-1)
		}
		if most < all {
			parser = events.ItemParser{}
		}
		it, err := parser.Parse(r.Headers, r.Value, r.offset)
		if err != nil {
			return nil, fmt.Errorf("offset %d: %w", r.offset, err)
		}
		items[i].Item = it
		if e := it.Entry; e != nil && j.prepare && e.Value != nil {
			items[i].Prepared = registry.PrepareEntry(e)
		}
	}
	return items, nil
}

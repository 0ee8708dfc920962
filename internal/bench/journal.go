package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/armslog/armslog/consumers"
	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/workload"
	"github.com/armslog/armslog/producers"
	"github.com/armslog/armslog/registry"
)

// Journal is an embedded broker that holds the journal of a whole load, as a
// leader would have written it.
type Journal struct {
	Broker *embedded.Broker
	Client *kafka.Client
	Hash   [32]byte // of the state that wrote it
	Next   uint64
	dir    string
}

// owner is the nonce of the only leader that this journal ever had.
const owner = "bench"

// WriteJournal decides a load and appends every decision, in batches as large
// as a leader's. Close removes it.
func WriteJournal(ctx context.Context, load workload.Load) (*Journal, error) {
	dir, err := os.MkdirTemp("", "armslog-bench-")
	if err != nil {
		return nil, fmt.Errorf("make directory: %w", err)
	}
	j := &Journal{dir: dir}
	if j.Broker, err = embedded.StartBroker(embedded.BrokerConfig{Dir: dir, Log: slog.New(slog.DiscardHandler)}); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	j.Client = producers.Connect(producers.Cluster{Brokers: []string{j.Broker.Addr()}})
	if err := j.write(ctx, load); err != nil {
		j.Close()
		return nil, err
	}
	return j, nil
}

// Close stops the broker and removes its data.
func (j *Journal) Close() error {
	producers.Disconnect(j.Client)
	j.Broker.Close()
	return os.RemoveAll(j.dir)
}

func (j *Journal) write(ctx context.Context, load workload.Load) error {
	if err := producers.CreateTopics(ctx, j.Client, producers.Replication{Factor: 1, MinInSync: 1}, producers.JournalTopic()); err != nil {
		return err
	}
	w := &journalWriter{ctx: ctx, to: producers.NewJournal(j.Client, slog.New(slog.DiscardHandler)), state: registry.New()}
	w.batch = append(w.batch, events.Message{Headers: events.Fence{Nonce: owner, Engine: registry.Engine}.Headers()})
	g, directory := genesis()
	w.decide(append([]*registry.Input{registry.GenesisInput(g, start)}, directory...))
	records, searches := load.Len()
	w.all(0, records/2, func(i int) *registry.Input {
		return input("NCB-FJ", int64(i), events.TypeRecordSubmitted, i, load.AppendRecord(nil, i))
	})
	w.all(0, searches, func(i int) *registry.Input {
		return input("WCO", int64(i), events.TypeSearchMade, i, load.AppendSearch(nil, i))
	})
	w.all(records/2, records, func(i int) *registry.Input {
		return input("NCB-FJ", int64(i), events.TypeRecordSubmitted, i, load.AppendRecord(nil, i))
	})
	w.flush()
	j.Hash, j.Next = w.state.Hash(), w.state.Next()
	return w.err
}

type journalWriter struct {
	ctx   context.Context
	to    *producers.Journal
	state *registry.State
	batch []events.Message
	err   error
}

func (w *journalWriter) all(lo, hi int, one func(int) *registry.Input) {
	for at := lo; at < hi && w.err == nil; at += slice {
		w.decide(prepare(at, min(at+slice, hi), one))
	}
}

func (w *journalWriter) decide(inputs []*registry.Input) {
	for _, in := range inputs {
		in.At = max(in.At, w.state.LastAt())
		e := w.state.Decide(in)
		e.Owner = owner
		w.state.Evolve(e, in.Prepared)
		w.batch = append(w.batch, events.Message{Headers: e.Headers(), Value: e.Value})
		if len(w.batch) == 2000 {
			w.flush()
		}
	}
}

func (w *journalWriter) flush() {
	if w.err == nil && len(w.batch) > 0 {
		_, w.err = w.to.Append(w.ctx, w.batch)
	}
	w.batch = w.batch[:0]
}

// FoldResult is what Fold measured.
type FoldResult struct {
	Entries uint64  `json:"entries"`
	Seconds float64 `json:"seconds"`
	Floor   float64 `json:"floor_seconds"`
}

var errEnd = errors.New("end of the journal")

// Fold measures a restart: the journal read and folded into serving state. Its
// floor is the same journal read and parsed, folded into nothing.
func Fold(ctx context.Context, j *Journal, out io.Writer) (FoldResult, error) {
	floor, err := follow(ctx, j.Client, j.Next, false, func(*consumers.Batch) {})
	if err != nil {
		return FoldResult{}, err
	}
	s := registry.New()
	spent, err := follow(ctx, j.Client, j.Next, true, func(b *consumers.Batch) {
		for i, e := range b.Entries {
			if i%registry.Ahead == 0 {
				s.Foresee(b.Requests(i))
			}
			s.Evolve(e, b.Prepared[i])
		}
	})
	if err != nil {
		return FoldResult{}, err
	}
	if s.Hash() != j.Hash {
		return FoldResult{}, errors.New("the fold differs from the state that wrote the journal")
	}
	r := FoldResult{Entries: j.Next, Seconds: spent.Seconds(), Floor: floor.Seconds()}
	fmt.Fprintf(out, "fold      %d entries in %.1f s, the same state as the leader's\n", r.Entries, r.Seconds)
	fmt.Fprintf(out, "          floor %.1f s: the journal read and parsed, nothing folded\n", r.Floor)
	return r, nil
}

// follow hands the entries before next to each, and says how long that took.
func follow(ctx context.Context, client *kafka.Client, next uint64, prepare bool, each func(*consumers.Batch)) (time.Duration, error) {
	began := time.Now()
	journal := consumers.NewJournal(client, consumers.JournalConfig{Prepare: prepare, Log: slog.New(slog.DiscardHandler)})
	err := journal.Follow(ctx, consumers.Position{}, func(b *consumers.Batch) error {
		each(b)
		if b.Position.Reader.Next >= next {
			return errEnd
		}
		return nil
	})
	if !errors.Is(err, errEnd) {
		return 0, fmt.Errorf("follow journal: %w", err)
	}
	return time.Since(began), nil
}

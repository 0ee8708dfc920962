package bench

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/workload"
	"github.com/armslog/armslog/registry"
)

// DecideResult is what Decide measured.
type DecideResult struct {
	RecordsPerSecond  float64 `json:"records_per_second"`
	SearchesPerSecond float64 `json:"searches_per_second"`
	HeapPerRecord     float64 `json:"heap_bytes_per_record"`
	Matches           int     `json:"matches"`
	StateHash         string  `json:"state_hash"`
	Longest           float64 `json:"longest_batch_ms"` // of 128 requests
}

// Decide measures Decide and Evolve in memory, on one thread, over prepared
// requests: half of the records, the searches, the other half. Making and
// preparing the requests is not counted; in a node it runs ahead, in parallel.
func Decide(load workload.Load, out io.Writer) DecideResult {
	records, searches := load.Len()
	s := registry.New()
	g, directory := genesis()
	run(s, []*registry.Input{registry.GenesisInput(g, start)})
	run(s, directory)
	base := heap()

	first := decideRecords(s, load, 0, records/2)
	asked := decideSearches(s, load, searches)
	second := decideRecords(s, load, records/2, records)
	used := heap() - base

	r := DecideResult{
		RecordsPerSecond:  perSecond(records, first.spent+second.spent),
		SearchesPerSecond: perSecond(searches, asked.spent),
		HeapPerRecord:     float64(used) / float64(records),
		Matches:           s.Counts().Matches,
		StateHash:         fmt.Sprintf("%x", s.Hash()),
		Longest:           ms(max(first.longest, asked.longest, second.longest)),
	}
	fmt.Fprintf(out, "decide    records   %9.0f /s     (Decide + Evolve, one thread, requests prepared ahead)\n", r.RecordsPerSecond)
	fmt.Fprintf(out, "          searches  %9.0f /s     with %d records known\n", r.SearchesPerSecond, records/2)
	fmt.Fprintf(out, "          longest   %9.1f ms     for %d in a row\n", r.Longest, registry.Ahead)
	fmt.Fprintf(out, "          heap      %9.0f B      a record, with its share of searches, requests and matches\n", r.HeapPerRecord)
	fmt.Fprintf(out, "          %d matches; state %.16s\n", r.Matches, r.StateHash)
	return r
}

const slice = 50_000 // requests prepared at a time, so that they do not fill the heap

// took is what deciding requests took: in all, and at the longest for one batch.
type took struct{ spent, longest time.Duration }

func (t *took) add(o took) { t.spent, t.longest = t.spent+o.spent, max(t.longest, o.longest) }

func decideRecords(s *registry.State, load workload.Load, lo, hi int) (t took) {
	for at := lo; at < hi; at += slice {
		t.add(run(s, prepare(at, min(at+slice, hi), func(i int) *registry.Input {
			return input("NCB-FJ", int64(i), events.TypeRecordSubmitted, i, load.AppendRecord(nil, i))
		})))
	}
	return t
}

func decideSearches(s *registry.State, load workload.Load, n int) (t took) {
	for at := 0; at < n; at += slice {
		t.add(run(s, prepare(at, min(at+slice, n), func(i int) *registry.Input {
			return input("WCO", int64(i), events.TypeSearchMade, i, load.AppendSearch(nil, i))
		})))
	}
	return t
}

func run(s *registry.State, inputs []*registry.Input) (t took) {
	runtime.GC() // what preparing left behind is not the decisions' cost
	for batch := range slices.Chunk(inputs, registry.Ahead) {
		began := time.Now()
		s.Foresee(registry.Foreseen(batch))
		for _, in := range batch {
			in.At = max(in.At, s.LastAt())
			e := s.Decide(in)
			s.Evolve(e, in.Prepared)
		}
		spent := time.Since(began)
		t.add(took{spent, spent})
	}
	return t
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

package projections

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
	"github.com/armslog/armslog/schemas"
)

// manyRecords is a journal of n records, one in fifty of them amended, as a
// follower that reads in bulk would hand it over.
func manyRecords(b testing.TB, n int) *journal {
	j := &journal{t: b, more: make(chan struct{}), batch: 2000, items: make([]events.Item, 0, n+2)}
	entry := func(e *events.Entry) {
		e.Seq, e.Owner, e.Span, e.Engine, e.Policy = uint64(len(j.items)-1), owner1, 1, registry.Engine, "2026-11-23.1"
		e.Verdict, e.At = events.Accepted, 1_790_000_000_000+int64(len(j.items))
		j.items = append(j.items, events.Item{Entry: e, Offset: int64(len(j.items))})
	}
	j.items = append(j.items, events.Item{Fence: &events.Fence{Nonce: owner1}})
	g, err := json.Marshal(&events.Genesis{JournalID: journalID, GeneralSecretariat: "IPSG", Name: "x", Policy: schemas.DefaultPolicy()})
	require.NoError(b, err)
	entry(&events.Entry{Src: events.SourceRegistry, Value: g, Envelope: events.NewEnvelope(events.UUID{}, events.TypeGenesis)})
	random := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		r, revision := record(fmt.Sprint(i), fmt.Sprintf("%c%c%c%05d", 'A'+i%26, 'A'+i/26%26, 'A'+i/676%26, random.IntN(100_000))), 1
		if i%50 == 49 {
			r, revision = record(fmt.Sprint(i-1), "AMENDED"), 2
		}
		value, err := json.Marshal(r)
		require.NoError(b, err)
		outcome := [...]string{1: "registered", 2: "amended"}[revision]
		entry(&events.Entry{Src: "NCB-BR", Off: int64(i), Value: value,
			Envelope: events.NewEnvelope(events.RequestIDFrom("NCB-BR", fmt.Sprint(i)), events.TypeRecordSubmitted),
			Effects:  []events.Effect{events.RecordEffect{ID: events.RecordID("NCB-BR", r.Source), Revision: uint32(revision), Outcome: outcome}}})
	}
	return j
}

const benchEntries = 400_000

// BenchmarkRows is the pure part: entries into encoded rows, on one core.
func BenchmarkRows(b *testing.B) {
	j := manyRecords(b, 10_000)
	rows := NewRows([16]byte{1})
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%5000 == 0 {
			rows.Reset()
		}
		rows.Add(j.items[2+i%10_000].Entry)
	}
}

// BenchmarkProjector is the whole way of entries in memory into ClickHouse.
func BenchmarkProjector(b *testing.B) {
	j := manyRecords(b, benchEntries)
	for b.Loop() {
		b.StopTimer()
		d := database(b)
		require.NoError(b, d.Setup(b.Context()))
		b.StartTimer()
		start, own, server := time.Now(), cpuTime(), serverTime(b, d)
		p, stop := project(b, ProjectorConfig{Database: d, Source: j})
		wait(b, NewQueries(QueriesConfig{Database: d, Projector: p}), benchEntries)
		b.ReportMetric(benchEntries/time.Since(start).Seconds(), "entries/s")
		b.ReportMetric((cpuTime()-own).Seconds()*1e6/benchEntries, "own-us/entry")
		stop()
		b.ReportMetric((serverTime(b, d)-server).Seconds()*1e6/benchEntries, "server-us/entry")
	}
}

// BenchmarkRebuild is projection into new tables, their check and the switch.
func BenchmarkRebuild(b *testing.B) {
	j := manyRecords(b, benchEntries)
	d := database(b)
	for b.Loop() {
		start, own, server := time.Now(), cpuTime(), serverTime(b, d)
		r, err := Rebuild(b.Context(), RebuildConfig{Database: d, Source: j})
		require.NoError(b, err)
		b.ReportMetric(benchEntries/time.Since(start).Seconds(), "entries/s")
		b.ReportMetric(r.Projected.Seconds(), "project-s")
		b.ReportMetric(r.Checked.Seconds(), "check-s")
		b.ReportMetric((cpuTime()-own).Seconds()*1e6/benchEntries, "own-us/entry")
		b.ReportMetric((serverTime(b, d)-server).Seconds()*1e6/benchEntries, "server-us/entry")
	}
}

// serverTime is the CPU that the server has used for queries and inserts.
func serverTime(b testing.TB, d *Database) time.Duration {
	var us uint64
	require.NoError(b, d.native.QueryRow(b.Context(), "SELECT sum(value) FROM system.events"+
		" WHERE event IN ('UserTimeMicroseconds', 'SystemTimeMicroseconds')").Scan(&us))
	return time.Duration(us) * time.Microsecond
}

// cpuTime is the CPU that this process has used.
func cpuTime() time.Duration {
	var r syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

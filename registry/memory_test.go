package registry

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/armslog/armslog/events"
)

func numbered(n int) (id events.UUID) {
	binary.BigEndian.PutUint64(id[8:], uint64(n)) // not spread at all: probing has to cope
	return id
}

// The window of requests answers like a map from which what is older than 30
// days has been swept.
func TestRequestsAgainstMap(t *testing.T) {
	type key struct {
		org orgRef
		id  int
	}
	rapid.Check(t, func(t *rapid.T) {
		var r requests
		model := map[key]request{}
		today, seq := events.Day(20000), uint64(0)
		ids := rapid.IntRange(0, rapid.SampledFrom([]int{5, 60, 2000}).Draw(t, "ids"))
		for range rapid.IntRange(1, 400).Draw(t, "steps") {
			if rapid.IntRange(0, 9).Draw(t, "time") == 0 {
				today += events.Day(rapid.IntRange(0, 40).Draw(t, "days"))
			}
			k := key{orgRef(rapid.IntRange(1, 3).Draw(t, "org")), ids.Draw(t, "id")}
			want, known := model[k]
			known = known && want.day+requestWindow >= today
			got, ok := r.find(k.org, numbered(k.id), today.Start())
			require.Equal(t, known, ok)
			if known {
				require.Equal(t, want, got)
				continue
			}
			seq++
			q := request{id: numbered(k.id), org: k.org, seq: seq, body: [8]byte{byte(seq)}, day: today}
			r.add(q)
			model[k] = q
		}
		live := 0
		for _, q := range model {
			if q.day+requestWindow >= today {
				live++
			}
		}
		require.GreaterOrEqual(t, int(r.next-r.front), live)
		require.LessOrEqual(t, len(r.chunks), 2+int(r.next-r.front)/chunkSize)
	})
}

// The window's memory follows what it holds, not what has passed through it.
func TestRequestsForget(t *testing.T) {
	var r requests
	for n := range 200_000 {
		r.add(request{id: numbered(n), org: 1, seq: uint64(n), day: events.Day(n / 1000)})
	}
	require.Equal(t, 31_000, int(r.next-r.front))
	require.LessOrEqual(t, len(r.chunks), 2+31_000/chunkSize)
	_, ok := r.find(1, numbered(169_000), events.Day(199).Start())
	require.True(t, ok)
	_, ok = r.find(1, numbered(168_999), events.Day(199).Start())
	require.False(t, ok)
	_, ok = r.find(2, numbered(199_000), events.Day(199).Start())
	require.False(t, ok, "another organisation's")
}

func TestIDTableAgainstMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var values arena[events.UUID]
		var table idTable
		idOf := func(i uint32) events.UUID { return *values.at(i) }
		model := map[events.UUID]uint32{}
		for range rapid.IntRange(0, 500).Draw(t, "n") {
			id := numbered(rapid.IntRange(0, 1000).Draw(t, "id"))
			got, ok := table.find(id, idOf)
			want, known := model[id]
			require.Equal(t, known, ok)
			if known {
				require.Equal(t, want, got)
				continue
			}
			model[id] = values.add(id)
			table.insert(id, model[id])
		}
		for id, want := range model {
			got, ok := table.find(id, idOf)
			require.True(t, ok)
			require.Equal(t, want, got)
		}
	})
}

// A pointer into an arena holds while it grows.
func TestArenaKeepsPointers(t *testing.T) {
	var a arena[uint64]
	first := a.at(a.add(7))
	for i := range uint64(3 * chunkSize) {
		require.Equal(t, uint32(i+1), a.add(i))
	}
	*first = 8
	require.Equal(t, uint64(8), *a.at(0))
	require.Equal(t, uint64(chunkSize), *a.at(chunkSize + 1))
	require.Equal(t, 3*chunkSize+1, a.len())
	require.Len(t, a.chunks, 4)
}

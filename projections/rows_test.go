package projections

import (
	"encoding/binary"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/armslog/armslog/events"
)

func TestSipHashIsClickHousesOwn(t *testing.T) {
	d := database(t)
	key := [16]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 255}
	for _, text := range []string{"", "a", "KT044170", "0123456789abcdef", "0123456789abcdefg"} {
		var want uint64
		require.NoError(t, d.native.QueryRow(t.Context(),
			"SELECT sipHash64Keyed(({a:UInt64}, {b:UInt64}), {s:String})", named("s", text),
			named("a", binary.LittleEndian.Uint64(key[:8])), named("b", binary.LittleEndian.Uint64(key[8:]))).Scan(&want))
		require.Equal(t, want, sipHash(key, []byte(text)), text)
	}
}

func TestMarkIDJoinsWhatTheIndexJoins(t *testing.T) {
	ids := markIDs{key: [16]byte{7}}
	id := func(status, text string) uint64 {
		return ids.id(&events.Mark{Kind: "serial", Status: status, Text: text})
	}
	require.Equal(t, id("readable", "KTO44170"), id("readable", "kt0-44170"))
	require.NotEqual(t, id("readable", "KTO44170"), id("readable", "KTO44171"))
	require.Zero(t, id("partial", "KTO?"), "a partial mark has no key")
	require.Zero(t, id("obliterated", ""))
	other := markIDs{key: [16]byte{8}}
	require.NotEqual(t, id("readable", "KTO44170"), other.id(&events.Mark{Status: "readable", Text: "KTO44170"}), "keyed")
}

// The same entry always gives the same rows, whatever was added before it.
func TestRowsArePure(t *testing.T) {
	j := newJournal(t)
	j.fill()
	alone := func(e *events.Entry) [][]byte {
		r := NewRows([16]byte{1})
		r.Add(e)
		return contents(r)
	}
	used := NewRows([16]byte{1})
	rapid.Check(t, func(t *rapid.T) {
		e := rapid.SampledFrom(j.entries()).Draw(t, "entry")
		used.Add(rapid.SampledFrom(j.entries()).Draw(t, "before"))
		used.Reset()
		used.Add(e)
		if want, got := alone(e), contents(used); !equal(want, got) {
			t.Fatalf("entry %d: %x, then %x", e.Seq, want, got)
		}
	})
}

// An entry without value keeps the rows of its effects.
func TestRowsOfErasedEntries(t *testing.T) {
	j := newJournal(t)
	j.fill()
	for _, e := range j.entries() {
		erased := *e
		erased.Erase()
		before, after := NewRows([16]byte{}), NewRows([16]byte{})
		before.Add(e)
		after.Add(&erased)
		for _, table := range tables {
			if table.Name == "organisations" || table.Name == "agreements" || table.Name == "operations" || table.Name == "reference" {
				continue // follow from the body, which is never erased
			}
			if table.Name == "trace_steps" {
				continue // are the body: what is erased is gone
			}
			require.Len(t, after.sheets[table.sheet].rows, len(before.sheets[table.sheet].rows), "%s of %s", table.Name, e.Envelope.Type)
		}
	}
}

func TestRecordsReadBackAsTheyWereSubmitted(t *testing.T) {
	d, j := database(t), newJournal(t)
	j.fill()
	p, _ := project(t, ProjectorConfig{Database: d, Source: j})
	q := NewQueries(QueriesConfig{Database: d, Projector: p})
	wait(t, q, j.last())
	var want events.RecordSubmitted
	require.NoError(t, json.Unmarshal([]byte(fullRecord), &want))
	history, err := q.History(t.Context(), "NCB-BR", events.RecordID("NCB-BR", want.Source))
	require.NoError(t, err)
	require.Len(t, history, 1)
	require.Equal(t, want, history[0].Record)
	require.Equal(t, "active", history[0].Status)
}

func (j *journal) entries() (all []*events.Entry) {
	for _, it := range j.items {
		if it.Entry != nil {
			all = append(all, it.Entry)
		}
	}
	return all
}

func contents(r *Rows) [][]byte {
	all := make([][]byte, len(r.sheets))
	for i := range r.sheets {
		all[i] = r.sheets[i].data
	}
	return all
}

func equal(a, b [][]byte) bool {
	for i := range a {
		if string(a[i]) != string(b[i]) {
			return false
		}
	}
	return len(a) == len(b)
}

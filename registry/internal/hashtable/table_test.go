package hashtable

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// The table answers like a map from hashes to lists, whatever is put in, taken
// out and replaced, also where hashes hardly differ.
func TestTableAgainstMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var table Table
		model := map[uint64][]uint32{} // by what is kept of a hash
		spread := rapid.SampledFrom([]uint64{1, 1 << 24, 1 << 40, 1 << 55, 0x9e3779b97f4a7c15}).Draw(t, "spread")
		most := rapid.SampledFrom([]int{3, 50, 3000}).Draw(t, "hashes")
		hashes := rapid.Custom(func(t *rapid.T) uint64 { return uint64(rapid.IntRange(0, most).Draw(t, "hash")) * spread })
		kept := func(hash uint64) uint64 { return hash>>56<<32 | uint64(part(hash)) }
		for range rapid.IntRange(0, 600).Draw(t, "steps") {
			hash, number := hashes.Draw(t, "at"), rapid.Uint32().Draw(t, "number")
			k := kept(hash)
			switch had := model[k]; rapid.SampledFrom([]string{"insert", "insert", "remove", "replace"}).Draw(t, "do") {
			case "insert":
				table.Insert(hash, number)
				model[k] = append(had, number)
			case "remove", "replace":
				if len(had) == 0 {
					continue
				}
				i := rapid.IntRange(0, len(had)-1).Draw(t, "which")
				p := table.Probe(hash)
				for range i + 1 {
					_, ok := p.Next()
					require.True(t, ok)
				}
				if number%2 == 0 {
					p.Replace(number)
					model[k] = slices.Concat(had[:i], []uint32{number}, had[i+1:])
				} else {
					p.Remove()
					model[k] = slices.Concat(had[:i], had[i+1:])
				}
			}
		}
		for i := range most + 1 {
			hash := uint64(i) * spread
			var got []uint32
			for p := table.Probe(hash); ; {
				number, ok := p.Next()
				if !ok {
					break
				}
				got = append(got, number)
			}
			require.ElementsMatch(t, model[kept(hash)], got)
		}
	})
}

// Memory follows what is held: a slot is eight bytes, and one in three is free
// at most, with some more behind the end.
func TestTableIsDense(t *testing.T) {
	var table Table
	const n = 200_000
	for i := range uint32(n) {
		table.Insert(uint64(i)*0x9e3779b97f4a7c15, i)
	}
	slots := 0
	for i := range table.segments {
		slots += len(table.segments[i].slots)
	}
	require.Less(t, slots, n*3/2+segments*16)
}

func TestGlanceReadsWhereAHashBegins(t *testing.T) {
	var table Table
	require.Zero(t, table.Glance(7<<56))
	table.Insert(7<<56, 0xAB)
	require.EqualValues(t, 0xAB, table.Glance(7<<56))
}

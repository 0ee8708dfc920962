package matching

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// A glance at a mark's hash reads the very slot where looking it up begins.
func TestGlanceReadsWhereLookupBegins(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var x Index
		m := Mark{Text: rapid.StringMatching(`[A-Z0-9 -]{0,12}`).Draw(t, "text"), Series: rapid.StringMatching(`[A-Z]{0,2}`).Draw(t, "series")}
		x.Add(Entry{}) // so that the mark's number is not 0
		x.Add(Entry{Mark: m, Indexed: true})
		var r reading
		r.set(m)
		if len(r.key) == 0 {
			require.Zero(t, KeyHash(m))
			return
		}
		require.Equal(t, HashKey(r.key), KeyHash(m))
		require.EqualValues(t, 1, x.Glance(KeyHash(m)))
	})
}

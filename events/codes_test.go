package events

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestList(t *testing.T) {
	require.True(t, Categories.Has("stolen"))
	require.False(t, Categories.Has(""))
	require.False(t, Categories.Has("Stolen"))
	i, ok := Categories.Index("stolen")
	require.True(t, ok)
	require.EqualValues(t, 2, i)
	require.Equal(t, "stolen", Categories.At(2))
	i, ok = Categories.Index("")
	require.True(t, ok)
	require.Zero(t, i)
	i, ok = Categories.Index("borrowed")
	require.False(t, ok)
	require.Zero(t, i)
	require.Equal(t, "", Categories.At(0))
	require.Equal(t, "", Categories.At(200))
	require.Panics(t, func() { newList("twice", "a b a") })
	Categories.Codes()[0] = "changed"
	require.Equal(t, "lost", Categories.At(1))
}

// States and tables keep indexes: a code never moves, new ones come last.
func TestListOrderGolden(t *testing.T) {
	for l, want := range map[*List]map[string]uint8{
		Categories: {"lost": 1, "smuggled": 4, "surrendered": 7}, FirearmTypes: {"pistol": 1, "rifle": 3, "unknown": 13},
		MarkStatuses: {"readable": 1, "not_recorded": 6}, Countries: {"AD": 1, "BR": 31, "ZW": 249, "XK": 250, "DDDE": 254},
		Grades: {"exact": 1, "partial": 6}, Purposes: {"border_control": 1, "threat_analysis": 6}, Contexts: {"recovered": 1, "routine_control": 4},
	} {
		for code, at := range want {
			i, _ := l.Index(code)
			require.Equal(t, at, i, "%s %s", l.Name(), code)
		}
	}
	seen := make(map[string]bool)
	for _, l := range Lists() {
		require.False(t, seen[l.Name()])
		seen[l.Name()] = true
	}
}

func TestFamily(t *testing.T) {
	for _, c := range Categories.Codes() {
		require.Contains(t, []string{Wanted, Recovered}, Family(c))
	}
	require.Equal(t, "", Family("gift"))
}

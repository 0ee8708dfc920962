package registry

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Whatever the order in which deadlines are set, they come in the order of
// their time, and those that hold no more do not come at all.
func TestDeadlinesComeInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := rapid.SliceOf(rapid.Custom(func(t *rapid.T) deadline {
			return deadline{
				at: rapid.Int64Range(0, 5).Draw(t, "at"), kind: deadlineKind(rapid.IntRange(0, 2).Draw(t, "kind")),
				of: rapid.Uint32Range(0, 3).Draw(t, "of"), no: rapid.Uint32Range(0, 1).Draw(t, "no"),
			}
		})).Draw(t, "set")
		met := rapid.Uint32Range(0, 4).Draw(t, "met")
		holds := func(x deadline) bool { return x.of != met }

		var d deadlines
		var want, got []deadline
		for _, x := range set {
			d.add(x)
			if holds(x) {
				want = append(want, x)
			}
		}
		slices.SortFunc(want, compareDeadlines)
		for {
			d.drop(holds)
			x, ok := d.first()
			if !ok {
				break
			}
			got = append(got, x)
			before := true
			d.drop(func(y deadline) bool { done := before; before = false; return !done })
		}
		require.Equal(t, want, got)
	})
}

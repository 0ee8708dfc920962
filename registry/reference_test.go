package registry_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
	"github.com/armslog/armslog/schemas"
)

// The seed is taken in whole, and what it calls related is there: a code that
// names nothing would make two names of one weapon a conflict.
func TestSeedRelatesWhatItHolds(t *testing.T) {
	l := newTown(t)
	for line := range bytes.Lines(schemas.ReferenceSeed()) {
		body, errs := events.Decode(events.TypeReferenceSubmitted, bytes.TrimSpace(line))
		require.Empty(t, errs, "%s", line)
		l.accept(secretary, body)
	}
	known := map[string]registry.ReferenceInfo{}
	for _, r := range l.s.References() {
		known[r.ID] = r
	}
	related := 0
	for id, r := range known {
		for _, other := range r.Related {
			related++
			require.Contains(t, known, other, "%s is related to it", id)
		}
	}
	require.Greater(t, related, 5)
	require.True(t, known["make:TAS"].Names("TAUROS"))
	require.False(t, known["make:TAS"].Names("rossi"))

	// Joint production is no conflict: the numbers meet as of unknown makes.
	taken := record("seized", "1", serial("KTO44170"))
	taken.Firearm.Make = "Rossi"
	l.accept("NCB-AA", taken)
	q := search(serial("KTO44170"))
	q.Firearm.Make = "tauros"
	met := meetingIn(t, l.accept("WCO", q))
	require.Equal(t, "unknown", met.Results.Make)
}

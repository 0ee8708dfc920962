package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
)

// The real table of Sao Paulo, through the real edge: every row has its place
// in the receipt, questions asked before are answered, and a second import
// appends nothing.
func TestSaoPaulo(t *testing.T) {
	shared := os.Getenv("ARMSLOG_SHARED")
	if shared == "" {
		t.Skip("ARMSLOG_SHARED is not set")
	}
	w := newWorld(t)
	line := "-p ncb-br import " + filepath.Join(shared, "data", "sp_seized_2019_2023.csv") + " --map sp-ssp"
	w.ok("-p wco search KTO44170 --make FAMAE --on-behalf-of FJ-CUSTOMS --country FJ")
	read := func() (r receipt) {
		require.NoError(t, json.Unmarshal([]byte(w.read("sp_seized_2019_2023.receipt.json")), &r))
		return r
	}

	require.Equal(t, exitRejected, w.run(line).code)
	first := read()
	require.EqualValues(t, 55_687, first.Rows)
	require.EqualValues(t, 48_773, first.Registered)
	require.EqualValues(t, 154, first.Rejected)
	require.EqualValues(t, 6_760, first.Filtered)
	require.Equal(t, map[string]int64{"not_a_firearm": 154}, first.Errors)
	require.Len(t, w.journal.accepted(events.TypeRecordSubmitted), 48_773)

	entries := len(w.journal.entries)
	require.Equal(t, exitRejected, w.run(line).code)
	second := read()
	require.EqualValues(t, 48_773, second.Unchanged)
	require.EqualValues(t, 154, second.Rejected)
	require.Len(t, w.journal.entries, entries, "the second import appends nothing")
}

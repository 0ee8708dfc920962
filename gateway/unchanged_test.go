package gateway

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/armslog/armslog/events"
)

// The short way to a record's id must never lead to another id than decoding.
func TestRecordIDIsTheDecodedOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		source := events.Source{
			System: rapid.StringOfN(rapid.RuneFrom([]rune(`ab"\/{}ж,:`)), 0, 6, -1).Draw(t, "system"),
			ID:     rapid.StringOfN(rapid.RuneFrom([]rune(`ab"\/{}ж,:`)), 0, 6, -1).Draw(t, "id"),
		}
		body, err := json.Marshal(map[string]any{"source": source})
		require.NoError(t, err)
		if id, ok := recordID("WCO", body); ok {
			require.Equal(t, events.RecordID("WCO", source), id, "%s", body)
		}
	})
	id, ok := recordID("NCB-BR", []byte(recordBody("D-1", "KT044170")))
	require.True(t, ok)
	require.Equal(t, events.RecordID("NCB-BR", events.Source{System: "desk", ID: "D-1"}), id)
	for _, body := range []string{
		"", "{}", `{"source":{"system":"a`, `{"source":{"system":"a","id":"b`, `{"source":{"id":"b","system":"a"}}`,
		`{"source":{"system":"a\"","id":"b"}}`, `{"source":{"system":"a","id":"b\\"}}`, `{"source":{"system":"a","id":"b","x":1}}`, ` {"source":{"system":"a","id":"b"}}`,
	} {
		_, ok := recordID("NCB-BR", []byte(body))
		require.False(t, ok, body)
	}
}

// Rows whose members stand in another order take the long way, and are
// unchanged all the same.
func TestUnchangedInAnotherOrder(t *testing.T) {
	w := newWorld(t)
	var m map[string]any
	require.NoError(t, json.Unmarshal([]byte(recordBody("D-1", "KT044170")), &m))
	other, err := json.Marshal(m) // members sorted by name: source does not come first
	require.NoError(t, err)
	w.batch("NCB-BR", "/v1/records:batch", recordBody("D-1", "KT044170"))
	appends := w.log.appends
	verdicts := w.batch("NCB-BR", "/v1/records:batch", string(other))
	require.Equal(t, "unchanged", verdicts[0].Status)
	require.Equal(t, appends, w.log.appends)
	w.batch("NCB-BR", "/v1/records:batch?type=record.withdrawn", `{"source":{"system":"desk","id":"D-1"},"reason":"destroyed"}`)
	verdicts = w.batch("NCB-BR", "/v1/records:batch", string(other))
	require.Equal(t, "record_closed", verdicts[0].Errors[0].Code)
}

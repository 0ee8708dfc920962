package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
)

// A leader shows the state only between two batches, so that each look of a batch
// may wait for one: rows that met are rendered together.
func TestBatchLooksAtTheStateForManyRowsAtOnce(t *testing.T) {
	w := newWorld(t)
	const rows = 600
	var records, searches strings.Builder
	for i := range rows {
		fmt.Fprintln(&records, recordBody(fmt.Sprint("D-", i), fmt.Sprintf("KT%06d", i)))
		fmt.Fprintln(&searches, searchBody(fmt.Sprintf("KT%06d", i)))
	}
	w.batch("NCB-BR", "/v1/records:batch", records.String())
	before := w.log.looks.Load()
	verdicts := w.batch("WCO", "/v1/searches:batch", searches.String(), headerOnBehalfOf, "FJ-CUSTOMS")
	require.Len(t, verdicts, rows+1)
	for i, v := range verdicts[:rows] {
		require.Equal(t, uint64(i+1), v.Line)
		require.Len(t, v.Matches, 1)
	}
	require.Less(t, w.log.looks.Load()-before, int64(rows/4), "one for each match and side would be 1,200")
}

// Lines are written by hand: they must say what encoding/json and the view say.
func TestLinesSayWhatTheViewSays(t *testing.T) {
	w := newWorld(t)
	w.batch("NCB-BR", "/v1/records:batch", recordBody("D-1", "KT044170")+"\n"+recordBody("D-2", "7")+"\n"+`{"source":1}`)
	w.batch("WCO", "/v1/searches:batch", searchBody("KTO44170")+"\n"+searchBody("ZZ99887766"), headerOnBehalfOf, "FJ-CUSTOMS")
	w.ask("NCB-BR", events.TypeRecordSubmitted, recordBody("D-1", "KT044170"))
	shorts := 0
	for _, e := range w.log.entries {
		if e.Src == events.SourceRegistry || e.Verdict == events.Duplicate {
			continue
		}
		want, err := w.log.view.Reply(context.Background(), e)
		require.NoError(t, err)
		if got, ok := short(e, &row{record: w.recordOf(e)}); ok {
			shorts++
			if refused(e.Verdict) {
				want.Status = "rejected"
			}
			want.Revision, got.Revision = 0, 0 // of an unchanged row
			require.Equal(t, asJSON(t, want), asJSON(t, got))
		}
		line := append(appendReply([]byte(`{"seq":0`), &want), '}')
		want.Seq = 0
		var m map[string]any
		require.NoError(t, json.Unmarshal(asJSON(t, want), &m))
		delete(m, "status")
		wanted, err := json.Marshal(m)
		require.NoError(t, err)
		require.JSONEq(t, string(wanted), string(line))
	}
	require.GreaterOrEqual(t, shorts, 4)
}

func (w *world) ask(org string, typ events.Type, body string) {
	h := events.NewEnvelope(events.NewRequestID(), typ).Headers
	p, err := w.log.Submit(context.Background(), org, []events.Message{{Headers: h, Value: []byte(body)}})
	require.NoError(w.t, err)
	_, err = p.Next(context.Background())
	require.NoError(w.t, err)
}

func (w *world) recordOf(e *events.Entry) (id events.UUID) {
	for _, x := range e.Effects {
		if r, ok := x.(events.RecordEffect); ok {
			id = r.ID
		}
	}
	return id
}

func asJSON(t *testing.T, v any) []byte {
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return b
}

func TestAppendString(t *testing.T) {
	for _, s := range []string{"", "RASPADO", "\"\\/", "\x00\x1f\x7f\n\t", "Ж ∞ 😀", "\xff\xfe", "a\xc3", "\u2028"} {
		var got string
		require.NoError(t, json.Unmarshal(appendString(nil, s), &got))
		require.Equal(t, strings.ToValidUTF8(s, "\uFFFD"), strings.ReplaceAll(got, "\uFFFD\uFFFD", "\uFFFD"))
	}
}

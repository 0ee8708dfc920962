package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/embedded/embeddedtest"
	"github.com/armslog/armslog/internal/kafkatest"
	"github.com/armslog/armslog/internal/single"
)

// TestRealKafka is the way of a question and its records on Apache Kafka.
func TestRealKafka(t *testing.T) {
	if testing.Short() {
		t.Skip("a real broker takes its time")
	}
	engine := embeddedtest.Engine(t)
	cluster := kafkatest.Start(t, kafkatest.Config{})
	w := begin(t, single.Config{Brokers: cluster.Addrs(), Engine: engine})
	const rows = 2000
	asked := w.post("WCO", "/v1/searches", question("RK000007"), "Armslog-On-Behalf-Of", "FJ-CUSTOMS").reply(t)
	w.post("NCB-PY", "/v1/records", record("PY-1", "RK000008", "stolen", "")).reply(t)

	bureau := w.by("NCB-BR")
	var text strings.Builder
	for n := range rows {
		text.WriteString(record(fmt.Sprint("K-", n), fmt.Sprintf("RK%06d", n), "seized", "") + "\n")
	}
	require.NoError(t, os.WriteFile(filepath.Join(bureau.home, "rows.ndjson"), []byte(text.String()), 0o600))
	bureau.ok("import", "rows.ndjson")
	require.Equal(t, receipt{Rows: rows, Registered: rows, Matches: 2}, readReceipt(t, filepath.Join(bureau.home, "rows.receipt.json")))
	told := map[events.OrgID]int{"WCO": 1, "NCB-BR": 2, "NCB-CL": 0, "NCB-PY": 1, "IPSG": 2}
	require.Equal(t, told, w.told())
	require.Equal(t, asked.ID, w.news("WCO")[0].Body.YourSearch.String())

	typ := string(events.TypeRecordSubmitted)
	write(t, w.KafkaAddr, "NCB-BR", message("by hand", typ, record("H-1", "RK900001", "seized", "")), message("bad", typ, "{"))
	eventually(t, "replies come", func() bool { return len(readOutbox(t, w.KafkaAddr, "NCB-BR").replies) == 2 })

	next, hash := w.hash()
	w.restart()
	again, same := w.hash()
	require.Equal(t, next, again)
	require.Equal(t, hash, same, "a restart folds to the same state")
	folded := audit(t, w.KafkaAddr).state
	require.Equal(t, next, folded.Next())
	require.Equal(t, hash, folded.Hash(), "and so does whoever reads the journal")
	require.Equal(t, told, w.told())
	w.post("NCB-CL", "/v1/searches", question("RK000009")).reply(t)
	told["NCB-CL"]++
	told["NCB-BR"]++
	told["IPSG"]++
	require.Equal(t, told, w.told())
	for _, org := range parties {
		eventually(t, "the courier delivers", func() bool {
			return len(readOutbox(t, w.KafkaAddr, org).notes) == len(w.inbox(org))
		})
	}
	require.Len(t, readOutbox(t, w.KafkaAddr, "NCB-BR").replies, 2, "a restart repeats nothing")
	w.settled()
	require.Equal(t, map[string]int{"NCB-BR": rows + 1, "NCB-PY": 1}, w.counts("SELECT owner, count() FROM analytics.records GROUP BY owner"))
}

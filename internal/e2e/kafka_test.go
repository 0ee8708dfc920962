package e2e

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/consumers"
	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/demo"
	"github.com/armslog/armslog/internal/embedded/embeddedtest"
	"github.com/armslog/armslog/internal/single"
)

// How much of TestRealKafka is run, and on how many brokers.
var (
	brokers = flag.Int("brokers", 1, "Apache Kafka brokers of TestRealKafka: 1 or 3")
	long    = flag.Bool("long", false, "run all of TestRealKafka, which takes minutes, and not a sample")
)

// TestRealKafka holds what armslog promises on brokers as they are in
// operation: Apache Kafka with TLS, SASL and a rule for everything, nodes of the
// real program. docs/reliability.md says which promise is shown where. All of it:
//
//	go test ./internal/e2e -count=1 -v -timeout 1h -run 'TestRealKafka$' -long -brokers 3
func TestRealKafka(t *testing.T) {
	if testing.Short() {
		t.Skip("a real broker takes its time")
	}
	part := func(name string, f func(t *testing.T, w *world)) {
		t.Run(name, func(t *testing.T) { f(t, onBrokers(t, *brokers)) })
	}
	part("sample", func(t *testing.T, w *world) {
		t.Run("way of a question", func(t *testing.T) { w.in(t).wayOfAQuestion() })
		t.Run("outbox that comes late", func(t *testing.T) { w.in(t).outboxComesLate() })
		t.Run("streaming", func(t *testing.T) { streaming(t, w.in(t)) })
	})
	if !*long {
		return
	}
	part("withheld", withheldOnBrokers)
	part("mailbox", func(_ *testing.T, w *world) { w.mailbox() })
	part("real table", realTableOnBrokers)
	part("crash", crashOnBrokers)
	part("lost requests", func(_ *testing.T, w *world) { w.lostRequests() })
}

// wayOfAQuestion: questions and records meet in both directions, whoever is
// told is told once and on their outbox, too, and whoever folds the journal
// comes to the same state.
func (w *world) wayOfAQuestion() {
	t := w.t
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
	w.write("NCB-BR", message("by hand", typ, record("H-1", "RK900001", "seized", "")), message("bad", typ, "{"))
	eventually(t, "replies come", func() bool { return len(w.outbox("NCB-BR").replies) == 2 })

	next, hash := w.hash()
	w.restart()
	again, same := w.hash()
	require.Equal(t, next, again)
	require.Equal(t, hash, same, "a restart folds to the same state")
	folded := audit(t, w.kafka()).state
	require.Equal(t, next, folded.Next())
	require.Equal(t, hash, folded.Hash(), "and so does whoever reads the journal")
	require.Equal(t, told, w.told())
	require.Len(t, w.post("NCB-CL", "/v1/searches", question("RK000009")).reply(t).Matches, 1)
	told["NCB-CL"]++
	told["NCB-BR"]++
	told["IPSG"]++
	require.Equal(t, told, w.told())
	w.delivered(parties...)
	require.Len(t, w.outbox("NCB-BR").replies, 2, "a restart repeats nothing")
	w.settled()
	require.Equal(t, map[string]int{"NCB-BR": rows + 1, "NCB-PY": 1}, w.counts("SELECT owner, count() FROM analytics.records GROUP BY owner"))
	w.fsck()
}

// delivered waits until outboxes hold what inboxes do.
func (w *world) delivered(orgs ...events.OrgID) {
	w.t.Helper()
	for _, org := range orgs {
		eventually(w.t, "the courier delivers", func() bool { return len(w.outbox(org).notes) == len(w.inbox(org)) })
	}
}

// outboxComesLate names an organisation before its topics are made: it holds up
// nobody, and is told when they are.
func (w *world) outboxComesLate() {
	t := w.t
	missing := func() float64 { return value(w.scrape()["armslog_projections_outboxes_missing"]) }
	w.post("IPSG", "/v1/organisations", `{"organisation_id":"LATE","kind":"international_entity","name":"Invented","inbox":true}`).reply(t)
	w.post("IPSG", "/v1/agreements", `{"agreement_id":"AGR-LATE","grantee":"LATE","rights":["search"],"purposes":["border_control"],
		"legal_basis":"Invented","valid_from":"2026-01-01","valid_until":"2035-12-31"}`).reply(t)
	eventually(t, "its outbox is missed", func() bool { return missing() == 1 })
	w.post("NCB-CL", "/v1/searches", question("RK000010")).reply(t)
	w.delivered(parties...)

	w.cluster.apply()
	eventually(t, "its outbox is there", func() bool { return missing() == 0 })
	notes := w.outbox("LATE").notes
	require.Len(t, notes, 1)
	require.Equal(t, "agreement_changed", notes[0].Reason)
}

// withheldOnBrokers is TestWithheld, and more: the registry that has nothing to
// withhold runs on embedded engines, and even that makes no difference.
func withheldOnBrokers(t *testing.T, w *world) {
	withheld(t, w, begin(t, single.Config{Engine: embeddedtest.Engine(t), Name: demo.Secretariat}))
}

// realTableOnBrokers is TestRealTable; then all tables are made anew.
func realTableOnBrokers(t *testing.T, w *world) {
	x := saoPaulo(t)
	w.realTable(x)
	w.by("IPSG").ok("rebuild")
	w.checkTables(x)
	w.fsck()
}

// lostRequests: retention deletes requests that nobody has decided. That one
// mailbox stops and the node says so; the others go on. Then the way of an
// operator: doctor names the command, the mailbox goes on, and its organisation
// is told what to send again.
func (w *world) lostRequests() {
	t, topic := w.t, events.MailboxTopic("NCB-CL")
	typ := string(events.TypeRecordSubmitted)
	w.stop()
	var lost []kafka.Message
	for i := range 3 {
		id := fmt.Sprint("lost-", i)
		lost = append(lost, message(id, typ, record(id, fmt.Sprintf("LR%06d", i), "stolen", "")))
	}
	w.write("NCB-CL", lost...)
	w.retain(topic, "1")
	eventually(t, "retention deletes them", func() bool {
		first, end, err := consumers.Bounds(within(t), w.kafka(), topic)
		return err == nil && first == end && first > 0
	})
	w.retain(topic, "7776000000")
	w.start()
	eventually(t, "the mailbox is stopped", func() bool { return value(w.scrape()["armslog_mailboxes_stopped"]) == 1 })
	require.Contains(t, w.cluster.node.said.String(), "a mailbox has lost requests and is stopped")
	w.post("NCB-BR", "/v1/records", record("goes-on", "LR900000", "seized", "")).reply(t)
	require.Equal(t, http.StatusGatewayTimeout, w.post("NCB-CL", "/v1/records", record("stopped", "LR900001", "stolen", ""), "Prefer", "wait=1").status)
	require.Empty(t, w.decidedOf("NCB-CL"), "nothing is skipped by itself")

	doctor := w.by("IPSG").run("doctor")
	require.Equal(t, 1, doctor.code, "%s%s", doctor.out, doctor.err)
	command := regexp.MustCompile(`armslog (org skip-lost NCB-CL --to [0-9]+)`).FindStringSubmatch(doctor.out)
	require.NotNil(t, command, "doctor names the command: %s", doctor.out)
	theirs := w.by("NCB-CL").run("doctor")
	require.NotContains(t, theirs.out+theirs.err, "skip-lost NCB-CL", "to the General Secretariat alone")
	args := append(strings.Fields(command[1]), "--yes")
	require.Equal(t, 4, w.by("NCB-BR").run(args...).code, "nobody else skips")
	require.Empty(t, w.decidedOf("NCB-CL"))
	w.by("IPSG").ok(args...)

	eventually(t, "what is left is decided", func() bool { return len(w.decidedOf("NCB-CL")) == 1 })
	first := w.decidedOf("NCB-CL")[0]
	require.Equal(t, events.Accepted, first.Verdict)
	require.Zero(t, first.Off)
	require.EqualValues(t, len(lost)+1, first.Span, "it covers what was lost, and itself")
	require.Equal(t, fmt.Sprint(len(lost)), args[len(args)-2], "what is lost, and no more")
	eventually(t, "the node says that it goes on", func() bool { return value(w.scrape()["armslog_mailboxes_stopped"]) == 0 })
	require.NotContains(t, w.by("IPSG").run("doctor").out, "mailbox_stopped")
	told := w.by("NCB-CL").ok("inbox", "--kind", "mailbox_skipped", "-o", "table")
	require.Equal(t, 1, strings.Count(told, "requests at offsets 0 to 2"), told)

	w.write("NCB-CL", lost...) // under the same ids, as it is told
	eventually(t, "what was lost is decided", func() bool { return len(w.decidedOf("NCB-CL")) == 1+len(lost) })
	for _, e := range w.decidedOf("NCB-CL") {
		require.Equal(t, events.Accepted, e.Verdict, "%v", e.Errors)
	}
	w.delivered(parties...)
	w.settled()
	w.fsck()
}

// retain sets how long a topic keeps what it holds, in milliseconds.
func (w *world) retain(topic, ms string) {
	w.t.Helper()
	res, err := w.kafka().IncrementalAlterConfigs(within(w.t), &kafka.IncrementalAlterConfigsRequest{Resources: []kafka.IncrementalAlterConfigsRequestResource{{
		ResourceType: kafka.ResourceTypeTopic, ResourceName: topic,
		Configs: []kafka.IncrementalAlterConfigsRequestConfig{{Name: "retention.ms", Value: ms, ConfigOperation: kafka.ConfigOperationSet}},
	}}})
	require.NoError(w.t, err)
	require.NoError(w.t, res.Resources[0].Error)
}

// decidedOf are the accepted entries of an organisation's mailbox.
func (w *world) decidedOf(org events.OrgID) (all []*events.Entry) {
	w.t.Helper()
	for _, e := range audit(w.t, w.kafka()).entries {
		if e.Src == org {
			all = append(all, e)
		}
	}
	return all
}

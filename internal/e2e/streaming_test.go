package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/kafkatest"
	"github.com/armslog/armslog/internal/realkafka"
)

// streaming is docs/streaming.md: bureaus write their mailboxes and read
// their outboxes with clients of their own, signed in by SCRAM over TLS, each
// with the rights of its organisation alone.
func streaming(t *testing.T, w *world) {
	for i, s := range samples() {
		t.Run(s.name, func(t *testing.T) {
			b := &bureau{world: w.in(t), org: s.org, env: environment(t, w.cluster, s.org)}
			b.streams(t, s.command(t), fmt.Sprintf("ST%06d", i))
		})
	}
	cluster, password := w.cluster.Cluster, w.cluster.secret("NCB-BR")
	t.Run("compressed", func(t *testing.T) { compressed(t, cluster, "NCB-BR", password) })
	t.Run("transactions", func(t *testing.T) { transactions(t, cluster, "NCB-BR", password) })
}

// environment is what a sample finds: addresses, its name, files of secrets.
func environment(t *testing.T, c *cluster, org events.OrgID) []string {
	t.Helper()
	return append(os.Environ(), "ARMSLOG_BROKERS="+strings.Join(c.Addrs(), ","), "ARMSLOG_ORG="+org, "ARMSLOG_CA_FILE="+c.files["ca"], "ARMSLOG_PASSWORD_FILE="+c.password(org))
}

// bureau is an organisation that streams.
type bureau struct {
	*world
	org events.OrgID
	env []string
}

// streams registers a weapon that somebody has asked for, and then, as a bureau
// that was killed before it had noted the answer, the same again.
func (b *bureau) streams(t *testing.T, command []string, serial string) {
	body := b.sampleRecord(t, serial)
	b.post("WCO", "/v1/searches", question(serial), "Armslog-On-Behalf-Of", "FJ-CUSTOMS").reply(t)
	before := len(b.inbox(b.org))
	id := events.NewRequestID()

	first := b.run(t, command, id, body, 0)
	first.until(t, "received")
	next := first.until(t, fmt.Sprintf("reply %s registered", id)) + 1
	if told := first.until(t, fmt.Sprintf("notification %d match", before+1)); told >= next {
		next = told + 1
	}
	first.kill()
	require.Len(t, b.inbox(b.org), before+1)

	again := b.run(t, command, id, body, next)
	require.Equal(t, next, again.until(t, fmt.Sprintf("reply %s registered", id)), "the same answer, and nothing else was said since")
	again.kill()

	require.Len(t, b.inbox(b.org), before+1, "told once")
	a := b.get(b.org, "/v1/records/"+events.RecordID(b.org, sampleSource(t, body)).String())
	require.Equal(t, http.StatusOK, a.status, "%s", a.body)
	require.Contains(t, string(a.body), `"revision":1,`)
}

// sampleRecord is the record of the page under another number.
func (b *bureau) sampleRecord(t *testing.T, serial string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(sampleDir, "record.json"))
	require.NoError(t, err)
	require.Contains(t, string(text), "RV204187")
	return strings.Replace(string(text), "RV204187", serial, 1)
}

func sampleSource(t *testing.T, body string) events.Source {
	t.Helper()
	var r events.RecordSubmitted
	require.NoError(t, json.Unmarshal([]byte(body), &r))
	return r.Source
}

// compressed: whatever a bureau's client compresses with is read, and what
// comes to more than a mailbox takes at once is refused, not stored.
func compressed(t *testing.T, cluster *kafkatest.Cluster, org, password string) {
	typ := string(events.TypeRecordSubmitted)
	for name, codec := range map[string]kgo.CompressionCodec{
		"gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(), "lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
	} {
		c := franz(t, cluster, org, password, kgo.ProducerBatchCompression(codec), kgo.ConsumeTopics(events.OutboxTopic(org)), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
		var all []*kgo.Record
		for n := range 50 {
			id := fmt.Sprint(name, n)
			all = append(all, foreign(message(id, typ, record(id, "CC-"+id, "seized", ""))))
		}
		require.NoError(t, c.ProduceSync(within(t), all...).FirstErr())
		untilReply(t, c, events.RequestIDFrom("NCB-BR", fmt.Sprint(name, 49)), "registered")
		bomb := make([]*kgo.Record, 2000)
		for i := range bomb {
			bomb[i] = foreign(message("bomb", typ, strings.Repeat(" ", 10<<10)))
		}
		err := c.ProduceSync(within(t), bomb...).FirstErr()
		require.ErrorIs(t, err, kerr.MessageTooLarge, name)
		c.Close()
	}
}

// transactions: a bureau has no right to them; if one had, they would stop
// nothing, and what was aborted would be decided all the same.
func transactions(t *testing.T, cluster *kafkatest.Cluster, org, password string) {
	c := franz(t, cluster, org, password, kgo.TransactionalID(org))
	require.ErrorContains(t, c.BeginTransaction(), kerr.TransactionalIDAuthorizationFailed.Message)
	c.Close()
	typ := string(events.TypeRecordSubmitted)

	reader := franz(t, cluster, org, password, kgo.ConsumeTopics(events.OutboxTopic(org)), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	defer reader.Close()
	c = franz(t, cluster, kafkatest.Admin, realkafka.AdminPassword, kgo.TransactionalID("operator"))
	defer c.Close()
	for _, end := range []kgo.TransactionEndTry{kgo.TryCommit, kgo.TryAbort, kgo.TryCommit} {
		require.NoError(t, c.BeginTransaction())
		id := fmt.Sprint("transaction ", events.NewRequestID())
		require.NoError(t, c.ProduceSync(within(t), foreign(message(id, typ, record(id, "TX", "seized", "")))).FirstErr())
		require.NoError(t, c.EndTransaction(within(t), end))
		untilReply(t, reader, events.RequestIDFrom("NCB-BR", id), "registered")
	}
}

// franz is a client of the cluster as a bureau's own program has it.
func franz(t *testing.T, cluster *kafkatest.Cluster, user, password string, more ...kgo.Opt) *kgo.Client {
	t.Helper()
	c, err := kgo.NewClient(append(more, kgo.SeedBrokers(cluster.Addrs()...), kgo.DialTLSConfig(cluster.CA.Trust()),
		kgo.SASL(scram.Auth{User: user, Pass: password}.AsSha512Mechanism()), kgo.ProducerBatchMaxBytes(64<<20))...)
	require.NoError(t, err)
	return c
}

// foreign is a message for the mailbox of NCB-BR.
func foreign(m kafka.Message) *kgo.Record {
	r := &kgo.Record{Topic: events.MailboxTopic("NCB-BR"), Value: m.Value}
	for _, h := range m.Headers {
		r.Headers = append(r.Headers, kgo.RecordHeader{Key: h.Key, Value: h.Value})
	}
	return r
}

// untilReply reads until a request has its reply.
func untilReply(t *testing.T, c *kgo.Client, request events.UUID, status string) {
	t.Helper()
	ctx := within(t)
	for found := false; !found; {
		fetches := c.PollFetches(ctx)
		require.NoError(t, fetches.Err())
		fetches.EachRecord(func(r *kgo.Record) {
			var reply events.Reply
			require.NoError(t, json.Unmarshal(r.Value, &reply))
			if reply.Request == request {
				require.Equal(t, status, reply.Status, "%s", r.Value)
				found = true
			}
		})
	}
}

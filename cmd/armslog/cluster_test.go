package main

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/consumers"
	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/kafkatest"
	"github.com/armslog/armslog/internal/realkafka"
	"github.com/armslog/armslog/producers"
)

// TestCluster is an operator's first day on Apache Kafka: a registry is begun, a
// node runs with the rights that apply gave it and no other, a bureau joins by
// HTTP and with a client of its own. Nothing that was printed holds a secret.
func TestCluster(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real broker")
	}
	kafka := kafkatest.Start(t, kafkatest.Config{SASL: true})
	w := newWorld(t)
	o := &operator{world: w, said: &lockedBuffer{}}
	t.Setenv("ARMSLOG_BROKERS", strings.Join(kafka.Addrs(), ","))
	t.Setenv("ARMSLOG_KAFKA_USER", kafkatest.Admin)
	t.Setenv(passwordVariable, realkafka.AdminPassword)
	const one = " --replication-factor 1 --min-insync-replicas 1 --node armslog=registry,gateway,courier"

	o.fails(exitError, "not_begun: there is no registry", "cluster plan"+one)
	o.fails(exitUsage, `--node: "" is no role: there are`, "cluster plan --node armslog"+one)
	o.fails(exitUsage, `"ipsg" cannot be an organisation's id`, "cluster plan --init ipsg"+one)
	o.fails(exitUsage, "IPSG is one of the users that this is to make", "cluster plan --init IPSG --kafka-user IPSG"+one)
	planned := o.fails(exitIntegrity, "", "cluster plan -o json --init IPSG"+one)
	var changes []struct{ Change, Of, What string }
	require.NoError(t, json.Unmarshal([]byte(planned), &changes))
	require.Len(t, changes, 5+3+9+2, "topics; rules of the Secretariat and of the node; users")
	require.Equal(t, "create topic armslog.checkpoints with 1 copies, kept for ever", changes[0].What)
	o.fails(exitUsage, "there is no directory for the passwords", "cluster apply --init IPSG"+one)
	o.fails(exitUsage, "apply 19 changes was not confirmed", "cluster apply --init IPSG --secrets-dir secrets"+one)
	require.NoDirExists(t, "secrets", "nothing was done")

	o.does("cluster apply --yes --init IPSG --secrets-dir secrets" + one)
	o.does("cluster plan" + one)
	o.fails(exitError, "has_begun: there is a registry", "cluster plan --init IPSG"+one)

	// A node with these rights, and a bureau that joins.
	w.write("actor", strings.Repeat("actor secret ", 4))
	require.NoError(t, os.Chmod("actor", 0o600))
	admin := strings.TrimSpace(w.ok("key new IPSG admin --keys-file keys-of-node.json"))
	bureau := strings.TrimSpace(w.ok("key new NCB-BR registrar searcher --keys-file keys-of-node.json"))
	url := o.serves("serve --listen 127.0.0.1:0 --node-dir node --keys-file keys-of-node.json --actor-secret-file actor --roles registry,gateway,courier" +
		" --kafka-user armslog --kafka-password-file secrets/armslog.password --replication-factor 1 --min-insync-replicas 1")
	w.write("bureau.json", `{"organisation_id":"NCB-BR","kind":"ncb","country":"BR","name":"Bureau BR","inbox":true}`)
	w.write("stolen.json", stolen)
	t.Setenv("ARMSLOG_URL", url)
	t.Setenv("ARMSLOG_KEY", admin)
	o.does("--wait 30s org put bureau.json")
	require.Equal(t, 2+3+4+1, strings.Count(o.fails(exitIntegrity, "", "cluster plan -o ndjson"+one), "\n"))
	o.does("cluster apply --yes --secrets-dir secrets" + one)
	t.Setenv("ARMSLOG_KEY", bureau)
	o.does("--wait 30s record put stolen.json")

	// The same bureau, with a client of its own.
	password := strings.TrimSpace(w.read("secrets/NCB-BR.password"))
	to, err := kafka.With("SCRAM-SHA-512", "NCB-BR", password)
	require.NoError(t, err)
	own := producers.Connect(to)
	defer producers.Disconnect(own)
	sends := producers.NewMailboxes(own, producers.MailboxConfig{Log: slog.New(slog.DiscardHandler)})
	defer sends.Close()
	env := events.NewEnvelope(events.NewRequestID(), events.TypeRecordSubmitted)
	_, err = sends.Append(t.Context(), "NCB-BR", []events.Message{{Headers: env.Headers, Value: []byte(strings.Replace(stolen, "PY-7", "PY-8", 1))}})
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		m, _, ok, err := consumers.LastMessage(t.Context(), own, events.OutboxTopic("NCB-BR"))
		return err == nil && ok && bytes.Contains(m.Value, []byte(env.ID.String()))
	}, 30*time.Second, 20*time.Millisecond, "its reply is in its outbox: %s", o.said)
	_, _, _, err = consumers.LastMessage(t.Context(), own, events.OutboxTopic("IPSG"))
	require.Error(t, err)

	o.does("cluster apply --yes --rotate NCB-BR --secrets-dir secrets" + one)
	again := strings.TrimSpace(w.read("secrets/NCB-BR.password"))
	require.NotEqual(t, password, again)
	o.fails(exitUsage, "nobody is no user of armslog's", "cluster apply --rotate nobody --secrets-dir secrets"+one)
	t.Setenv(passwordVariable, "a wrong password")
	o.fails(exitNotAllowed, "not_allowed: ", "cluster plan"+one)
	o.does("config show -v")

	said := o.said.String()
	require.Contains(t, said, "create user NCB-BR")
	for what, secret := range map[string]string{
		"the administrator's password": realkafka.AdminPassword, "a wrong password": "a wrong password",
		"the node's password": strings.TrimSpace(w.read("secrets/armslog.password")), "a bureau's": password, "its new one": again,
		"the Secretariat's": strings.TrimSpace(w.read("secrets/IPSG.password")), "the secret of actor ids": "actor secret",
		"an API key": secretOf(admin), "another": secretOf(bureau),
	} {
		require.NotContains(t, said, secret, what)
	}
}

// secretOf is what makes a token one: its id may be shown.
func secretOf(token string) string { return token[strings.LastIndexByte(token, '_')+1:] }

// operator types commands, and everything that he is told is kept.
type operator struct {
	*world
	said *lockedBuffer
}

func (o *operator) type_(line string) ran {
	r := o.run(line)
	_, _ = o.said.Write([]byte(r.out + r.err))
	return r
}

func (o *operator) does(line string) {
	o.t.Helper()
	r := o.type_(line)
	require.Equal(o.t, 0, r.code, "%s\n%s%s", line, r.out, r.err)
}

func (o *operator) fails(code int, says, line string) (out string) {
	o.t.Helper()
	r := o.type_(line)
	require.Equal(o.t, code, r.code, "%s\n%s%s", line, r.out, r.err)
	require.Contains(o.t, r.err, says, line)
	return r.out
}

var apiAt = regexp.MustCompile(`api (http://\S+)`)

// serves runs a node until the test ends, and says where its API is.
func (o *operator) serves(line string) (url string) {
	o.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan int, 1)
	from := len(o.said.String())
	go func() { ended <- run(ctx, strings.Fields(line), strings.NewReader(""), o.said, o.said) }()
	o.t.Cleanup(func() {
		stop()
		require.Equal(o.t, 0, <-ended, o.said.String()[from:])
	})
	require.Eventually(o.t, func() bool {
		found := apiAt.FindStringSubmatch(o.said.String()[from:])
		if found != nil {
			url = found[1]
		}
		return found != nil
	}, 30*time.Second, 10*time.Millisecond)
	return url
}

// lockedBuffer is written by a node while it is read.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

package e2e

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/gateway"
	"github.com/armslog/armslog/internal/demo"
	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/embedded/embeddedtest"
	"github.com/armslog/armslog/internal/kafkatest"
	"github.com/armslog/armslog/internal/realkafka"
	"github.com/armslog/armslog/internal/single"
	"github.com/armslog/armslog/producers"
)

// cluster is a registry on brokers of its own, as docs/operations.md has an
// operator set it up: Apache Kafka that wants TLS and SASL and has a rule for
// everything, ClickHouse, and a node of the real program, which may do what
// `armslog cluster apply` lets it and nothing else.
type cluster struct {
	*kafkatest.Cluster
	t       testing.TB // the part of a test that is run just now
	whole   testing.TB // the test, which the cluster ends with
	dir     string
	listen  string
	copies  []string // flags: how many of each topic
	files   map[string]string
	tables  *embedded.ClickHouse
	admin   *kafka.Client
	bureaus map[events.OrgID]*kafka.Client
	env     []string // how the program finds the brokers, as a node, and the tables
	node    *child
}

// onBrokers begins a world on one broker or three, which ends with the test.
func onBrokers(t *testing.T, brokers int) *world {
	t.Helper()
	engine := embeddedtest.Engine(t)
	c := &cluster{
		t: t, whole: t, dir: t.TempDir(), listen: freeAddr(t), files: map[string]string{}, bureaus: map[events.OrgID]*kafka.Client{},
		copies: []string{"--replication-factor", fmt.Sprint(brokers), "--min-insync-replicas", fmt.Sprint((brokers + 1) / 2)},
		Cluster: kafkatest.Start(t, kafkatest.Config{Brokers: brokers, SASL: true, TLS: true, Properties: map[string]string{
			"log.retention.check.interval.ms": "1000", "log.initial.task.delay.ms": "500",
		}}),
	}
	c.admin = c.Client(kafkatest.Admin)
	w := &world{t: t, cluster: c, keys: map[events.OrgID]string{}, Single: &single.Single{URL: "http://" + c.listen}}
	c.prepare(engine, w.newKeys())
	var organisations []string
	for _, org := range append(parties, "FJ-CUSTOMS") {
		if org != demo.Secretariat {
			organisations = append(organisations, org)
		}
	}
	c.apply("--init", demo.Secretariat, "--add", strings.Join(organisations, ","))
	w.start()
	w.enrol()
	return w
}

// in is the world as a part of its test sees it.
func (w *world) in(t *testing.T) *world {
	whole := w.t
	w.t, w.cluster.t = t, t
	t.Cleanup(func() { w.t, w.cluster.t = whole, whole })
	return w
}

// prepare starts ClickHouse and writes all that a node is given in files.
func (c *cluster) prepare(engine embedded.Engine, keys []gateway.Key) {
	c.t.Helper()
	c.startTables(engine)
	text, err := json.Marshal(gateway.Keys{Keys: keys})
	require.NoError(c.t, err)
	for name, text := range map[string]string{
		"keys": string(text), "actor-secret": strings.Repeat("actor secret ", 4), "mark-key": hex.EncodeToString([]byte("mark key of test")),
		"tables-password": c.tables.Password(), "admin-password": realkafka.AdminPassword, "ca": string(c.CA.PEM),
	} {
		c.files[name] = filepath.Join(c.dir, name)
		require.NoError(c.t, os.WriteFile(c.files[name], []byte(text), 0o600))
	}
	web, err := url.Parse(c.tables.HTTPURL())
	require.NoError(c.t, err)
	analyst := url.URL{Scheme: "http", User: url.UserPassword(embedded.Analyst, c.tables.AnalystPassword()), Host: web.Host}
	c.env = append(c.brokersAs("armslog", c.password("armslog")),
		"ARMSLOG_TABLES="+c.tables.TCPAddr(), "ARMSLOG_TABLES_HTTP="+web.Host, "ARMSLOG_TABLES_PASSWORD_FILE="+c.files["tables-password"],
		"ARMSLOG_MARK_KEY_FILE="+c.files["mark-key"], "ARMSLOG_SQL="+analyst.String())
}

// startTables runs ClickHouse until the test ends. Whatever `armslog up` would
// say of it, the test does.
func (c *cluster) startTables(engine embedded.Engine) {
	c.t.Helper()
	tables, err := embedded.Supervise(c.t.Context(), embedded.ClickHouseConfig{Engine: engine, Dir: filepath.Join(c.dir, "clickhouse")},
		slog.New(slog.NewTextHandler(c.whole.Output(), nil)))
	require.NoError(c.t, err)
	c.whole.Cleanup(tables.Close)
	c.tables = tables.Server()
}

// password is the file of a user's that apply made.
func (c *cluster) password(user string) string {
	return filepath.Join(c.dir, "passwords", user+".password")
}

// brokersAs is how the program finds the brokers.
func (c *cluster) brokersAs(user, password string) []string {
	return []string{
		"ARMSLOG_BROKERS=" + strings.Join(c.Addrs(), ","), "ARMSLOG_KAFKA_USER=" + user, "ARMSLOG_KAFKA_PASSWORD_FILE=" + password,
		"ARMSLOG_KAFKA_CA_FILE=" + c.files["ca"],
	}
}

// apply makes topics, users and rules, as the operator.
func (c *cluster) apply(args ...string) {
	c.t.Helper()
	operator := user(c.t, "", "", c.brokersAs(kafkatest.Admin, c.files["admin-password"])...)
	args = append(append([]string{"cluster", "apply", "--yes", "--secrets-dir", filepath.Join(c.dir, "passwords")}, c.copies...), args...)
	var r ran
	for range 3 { // a broker that has much else to do may not answer in time: again, as an operator would
		if r = operator.run(args...); r.code == 0 {
			return
		}
	}
	require.Zero(c.t, r.code, "%s%s", r.out, r.err)
}

// bureau is a client of an organisation's own, with the rights that it has.
func (c *cluster) bureau(org events.OrgID) *kafka.Client {
	c.t.Helper()
	if c.bureaus[org] == nil {
		to, err := c.With("SCRAM-SHA-512", org, c.secret(org))
		require.NoError(c.t, err)
		client := producers.Connect(to)
		c.whole.Cleanup(func() { producers.Disconnect(client) })
		c.bureaus[org] = client
	}
	return c.bureaus[org]
}

func (c *cluster) secret(user string) string {
	c.t.Helper()
	text, err := os.ReadFile(c.password(user))
	require.NoError(c.t, err)
	return strings.TrimSpace(string(text))
}

// serve starts a node; what it becomes is asked of its readyz.
func (c *cluster) serve() *child {
	c.t.Helper()
	cmd := user(c.whole, "", "", c.env...).prepare(append([]string{
		"serve", "--listen", c.listen, "--node-dir", filepath.Join(c.dir, "node"), "--keys-file", c.files["keys"],
		"--actor-secret-file", c.files["actor-secret"], "--takeover-after", "3s", "--drain", "0s",
	}, c.copies...)...)
	node := follow(c.whole, cmd, "")
	go func() {
		for {
			if resp, err := http.Get("http://" + c.listen + "/readyz"); err == nil {
				_ = resp.Body.Close()
				if resp.StatusCode == http.StatusOK {
					node.became(true)
					return
				}
			}
			select {
			case <-node.done:
				return
			case <-time.After(10 * tick):
			}
		}
	}()
	return node
}

func (c *cluster) start() {
	c.t.Helper()
	c.node = c.serve()
	c.whole.Cleanup(c.stop) // before it is killed, which follow sees to
	require.True(c.t, <-c.node.ready, "%s", &c.node.said)
}

// stop stops the node in order.
func (c *cluster) stop() {
	c.t.Helper()
	if c.node == nil {
		return
	}
	_ = c.node.cmd.Process.Signal(syscall.SIGTERM) // it may have ended, which the code says
	<-c.node.done
	require.Zero(c.t, c.node.cmd.ProcessState.ExitCode(), "%s", &c.node.said)
	c.node = nil
}

var stateLine = regexp.MustCompile(`(?m)^state at seq (\d+): ([0-9a-f]{64})$`)

// state is what the node says of its state when it is asked.
func (c *cluster) state() (next uint64, hash [32]byte) {
	c.t.Helper()
	before := len(stateLine.FindAllString(c.node.said.String(), -1))
	require.NoError(c.t, c.node.cmd.Process.Signal(syscall.SIGUSR1))
	var said [][]string
	eventually(c.t, "the node says its state", func() bool {
		said = stateLine.FindAllStringSubmatch(c.node.said.String(), -1)
		return len(said) > before
	})
	last := said[len(said)-1]
	next, err := strconv.ParseUint(last[1], 10, 64)
	require.NoError(c.t, err)
	_, err = hex.Decode(hash[:], []byte(last[2]))
	require.NoError(c.t, err)
	return next, hash
}

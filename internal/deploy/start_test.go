package deploy

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/embedded/embeddedtest"
	"github.com/armslog/armslog/internal/kafkatest"
	"github.com/armslog/armslog/internal/realkafka"
	"github.com/armslog/armslog/producers"
)

func TestMain(m *testing.M) { embeddedtest.Main(m) }

// TestComposeStarts follows docs/operations.md, "A cluster with docker compose",
// with a process for each container: until organisations have joined and a
// question has met a record, with nobody allowed more than was granted.
func TestComposeStarts(t *testing.T) {
	if testing.Short() {
		t.Skip("three brokers take half a minute")
	}
	h := newHost(t)
	h.startBrokers()
	h.startTables()

	admin := h.key("IPSG", "admin")
	h.run("access")
	for _, node := range []string{"node1", "node2"} {
		h.start(node)
	}
	h.refusesStrangers()
	h.variables = types.Mapping{} // the registry has begun
	h.run("access", "--add", "NCB-BR,NCB-CL")
	require.FileExists(t, filepath.Join(h.volume("passwords"), "NCB-BR.password"))
	h.post("node1", admin, "/v1/organisations", `{"organisation_id":"NCB-BR","kind":"ncb","country":"BR","name":"INTERPOL Brasilia","inbox":true}`)
	h.post("node1", admin, "/v1/organisations", `{"organisation_id":"NCB-CL","kind":"ncb","country":"CL","name":"INTERPOL Santiago","inbox":true}`)
	require.Contains(t, h.run("access"), "no difference", "run again with the file as it is")
	h.questionMeetsRecord(admin)
}

// questionMeetsRecord: in both directions, at both nodes, and all three parties
// are told at either.
func (h *host) questionMeetsRecord(secretariat string) {
	h.t.Helper()
	asker, owner := h.key("NCB-CL", "searcher", "desk"), h.key("NCB-BR", "registrar", "desk")
	const weapon = `"firearm":{"type":"pistol","make":"taurus","marks":[{"kind":"serial","status":"readable","text":"KTO44170"}]}`
	const question = `{"purpose":"border_control","context":"recovered",` + weapon + `}`
	require.NotContains(h.t, h.post("node1", asker, "/v1/searches", question), `"match_id"`)
	require.Contains(h.t, h.post("node2", owner, "/v1/records",
		`{"source":{"system":"test","id":"1"},"category":"stolen",`+weapon+`,"incident":{"country":"BR"},"retain_until":"2036-12-31"}`), `"match_id"`)
	require.Contains(h.t, h.post("node2", asker, "/v1/searches", question), `"match_id"`)
	for _, node := range []string{"node1", "node2"} {
		for _, key := range []string{asker, owner, secretariat} {
			require.Eventually(h.t, func() bool { // a node that does not lead follows
				return strings.Count(h.inbox(node, key), `"reason":"match"`) == 2
			}, patience, 50*time.Millisecond, "%s tells them all", node)
		}
	}
}

func (h *host) inbox(node, key string) string {
	r, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, "http://"+h.addrs[node]+"/v1/inbox", nil)
	require.NoError(h.t, err)
	r.Header.Set("Authorization", "Bearer "+key)
	resp, err := http.DefaultClient.Do(r)
	require.NoError(h.t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(h.t, err)
	return string(text)
}

// patience bounds one wait; a machine that does much else takes its time.
const patience = 3 * time.Minute

// host is where the containers would run: an address for each port, a directory
// for each volume.
type host struct {
	t         *testing.T
	variables types.Mapping
	program   string
	secrets   string
	volumes   string
	brokers   []string
	addrs     map[string]string // of a port in the network, where it is here
}

func newHost(t *testing.T) *host {
	h := &host{t: t, variables: types.Mapping{"ARMSLOG_BEGIN": "IPSG"}, secrets: makeSecrets(t), volumes: t.TempDir(), addrs: map[string]string{}}
	h.program = filepath.Join(t.TempDir(), "armslog")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-tags", "cluster", "-o", h.program, root+"/cmd/armslog").CombinedOutput()
	require.NoError(t, err, "%s", out)
	return h
}

func (h *host) service(name string) types.ServiceConfig {
	s, err := load(h.t, h.variables).GetService(name)
	require.NoError(h.t, err)
	return s
}

// startBrokers runs Kafka with the settings that its image would make of the
// containers' environment, but for addresses and directories.
func (h *host) startBrokers() {
	first := h.properties("kafka1")
	cluster := kafkatest.Start(h.t, kafkatest.Config{Brokers: 3, Settings: func(at realkafka.Place) map[string]string {
		name := fmt.Sprint("kafka", at.ID)
		settings := maps.Clone(first)
		settings["node.id"], settings["advertised.listeners"] = h.own(name)
		h.replace(settings, "listeners", "CLIENT://:9092,CONTROLLER://:9093", "CLIENT://"+at.Client+",CONTROLLER://"+at.Controller)
		h.replace(settings, "advertised.listeners", "CLIENT://"+name+":9092", "CLIENT://"+at.Client)
		h.replace(settings, "controller.quorum.voters", "1@kafka1:9093,2@kafka2:9093,3@kafka3:9093", at.Voters)
		settings["log.dirs"] = at.LogDir
		for key, value := range settings {
			settings[key] = strings.ReplaceAll(value, "/run/secrets", h.secrets)
		}
		return settings
	}})
	h.brokers = cluster.Addrs()
	for i, addr := range h.brokers {
		h.addrs[fmt.Sprintf("kafka%d:9092", i+1)] = addr
	}
}

// own are the two settings in which a broker differs from the first.
func (h *host) own(name string) (id, advertised string) {
	one, other := maps.Clone(h.service("kafka1").Environment), maps.Clone(h.service(name).Environment)
	id, advertised = *other["KAFKA_NODE_ID"], *other["KAFKA_ADVERTISED_LISTENERS"]
	for _, env := range []types.MappingWithEquals{one, other} {
		delete(env, "KAFKA_NODE_ID")
		delete(env, "KAFKA_ADVERTISED_LISTENERS")
	}
	require.Equal(h.t, one, other)
	return id, advertised
}

func (h *host) replace(settings map[string]string, key, want, here string) {
	require.Equal(h.t, want, settings[key])
	settings[key] = here
}

// properties are what the image makes of the environment of a container, by
// the image's own program, which is one of the broker's jars.
func (h *host) properties(service string) map[string]string {
	jars, err := realkafka.Jars(h.t.Context())
	require.NoError(h.t, err)
	dir := h.t.TempDir()
	for _, file := range []string{"server.properties", "log4j2.yaml", "tools-log4j2.yaml"} {
		require.NoError(h.t, os.WriteFile(filepath.Join(dir, file), nil, 0o600))
	}
	final := filepath.Join(dir, "final")
	require.NoError(h.t, os.Mkdir(final, 0o700))
	cmd := exec.CommandContext(h.t.Context(), "java", "-XX:TieredStopAtLevel=1", "-cp", filepath.Join(jars, "*"), "kafka.docker.KafkaDockerWrapper", "setup",
		"--default-configs-dir", dir, "--mounted-configs-dir", dir, "--final-configs-dir", final)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	for key, value := range h.service(service).Environment {
		text := strings.ReplaceAll(*value, "/run/secrets", h.secrets)
		if key == "KAFKA_LOG_DIRS" {
			text = filepath.Join(dir, "log") // it formats it
		}
		cmd.Env = append(cmd.Env, key+"="+text)
	}
	out, err := cmd.CombinedOutput()
	require.NoError(h.t, err, "%s", out)
	text, err := os.ReadFile(filepath.Join(final, "server.properties"))
	require.NoError(h.t, err)
	settings := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "="); ok {
			settings[key] = value
		}
	}
	return settings
}

// startTables runs ClickHouse as its image would: one user, whose password the
// secret is.
func (h *host) startTables() {
	s := h.service("clickhouse")
	require.Equal(h.t, embedded.User, *s.Environment["CLICKHOUSE_USER"])
	password, err := os.ReadFile(filepath.Join(h.secrets, filepath.Base(*s.Environment["CLICKHOUSE_PASSWORD_FILE"])))
	require.NoError(h.t, err)
	tcp, web := freePort(h.t), freePort(h.t)
	server, err := embedded.StartClickHouse(h.t.Context(), embedded.ClickHouseConfig{
		Engine: embeddedtest.Engine(h.t), Dir: h.volume("clickhouse"), TCPPort: tcp, HTTPPort: web, Password: string(password),
	})
	require.NoError(h.t, err)
	h.t.Cleanup(server.Close)
	h.addrs["clickhouse:9000"], h.addrs["clickhouse:8123"] = local(tcp), local(web)
}

func freePort(t *testing.T) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func local(port int) string { return fmt.Sprint("127.0.0.1:", port) }

// volume is the directory of a named volume.
func (h *host) volume(name string) string {
	dir := filepath.Join(h.volumes, name)
	require.NoError(h.t, os.MkdirAll(dir, 0o700))
	return dir
}

// command is what a container of armslog runs; args are in place of its command.
func (h *host) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	s := h.service(name)
	if len(args) == 0 {
		args = s.Command
	}
	if len(s.Entrypoint) > 0 {
		require.Equal(h.t, "/usr/local/bin/armslog", s.Entrypoint[0])
		args = slices.Concat(s.Entrypoint[1:], args)
	}
	here := []string{"/run/secrets", h.secrets, "0.0.0.0:8080", h.addrs[name]}
	for port, addr := range h.addrs {
		here = append(here, port, addr)
	}
	for _, v := range s.Volumes {
		here = append(here, v.Target, h.volume(v.Source))
	}
	replacer := strings.NewReplacer(here...)
	cmd := exec.CommandContext(ctx, h.program)
	for _, arg := range args {
		cmd.Args = append(cmd.Args, replacer.Replace(arg))
	}
	cmd.Env = []string{"HOME=" + h.t.TempDir()}
	for key, value := range s.Environment {
		cmd.Env = append(cmd.Env, key+"="+replacer.Replace(*value))
	}
	return cmd
}

// run runs a container to its end and returns what it said.
func (h *host) run(name string, args ...string) string {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), patience)
	defer cancel()
	out, err := h.command(ctx, name, args...).CombinedOutput()
	require.NoError(h.t, err, "%s: %s", name, out)
	return string(out)
}

// key makes an API key.
func (h *host) key(org string, roles ...string) string {
	said := h.run("key", slices.Concat([]string{"new", org}, roles)...)
	token := regexp.MustCompile(`ak_\S+`).FindString(said)
	require.NotEmpty(h.t, token, said)
	return token
}

// start runs a node until the test ends, and returns when it is ready.
func (h *host) start(name string) {
	h.addrs[name] = local(freePort(h.t))
	var said bytes.Buffer
	cmd := h.command(context.WithoutCancel(h.t.Context()), name)
	cmd.Stdout, cmd.Stderr = &said, &said
	require.NoError(h.t, cmd.Start())
	h.t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		require.NoError(h.t, cmd.Wait(), "%s: %s", name, &said)
	})
	require.Eventually(h.t, func() bool { return h.get(name, "/readyz") == http.StatusOK }, patience, 50*time.Millisecond, "%s is ready", name)
}

func (h *host) get(node, path string) int {
	resp, err := http.Get("http://" + h.addrs[node] + path)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

// post waits for a new key to be known: the file is looked at once a second.
func (h *host) post(node, key, path, body string) (answer string) {
	h.t.Helper()
	require.Eventually(h.t, func() bool {
		r, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, "http://"+h.addrs[node]+path, strings.NewReader(body))
		require.NoError(h.t, err)
		r.Header.Set("Authorization", "Bearer "+key)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", fmt.Sprintf("%x", sha256.Sum256([]byte(node+path+body))))
		resp, err := http.DefaultClient.Do(r)
		require.NoError(h.t, err)
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		require.NoError(h.t, err)
		answer = string(text)
		return resp.StatusCode < 300
	}, patience, 200*time.Millisecond, "%s: %s", path, &answer)
	return answer
}

// refusesStrangers: who does not sign in is not served, and neither is who
// knows no password.
func (h *host) refusesStrangers() {
	pool := x509.NewCertPool()
	authority, err := os.ReadFile(filepath.Join(h.secrets, "kafka-ca"))
	require.NoError(h.t, err)
	require.True(h.t, pool.AppendCertsFromPEM(authority))
	wrong, err := producers.SASL("SCRAM-SHA-512", "armslog", "no such password")
	require.NoError(h.t, err)
	for _, c := range []producers.Cluster{
		{Brokers: h.brokers},
		{Brokers: h.brokers, TLS: &tls.Config{RootCAs: pool}},
		{Brokers: h.brokers, TLS: &tls.Config{RootCAs: pool}, SASL: wrong},
	} {
		client := producers.Connect(c)
		ctx, cancel := context.WithTimeout(h.t.Context(), 10*time.Second)
		_, err := client.Metadata(ctx, &kafka.MetadataRequest{})
		require.Error(h.t, err)
		cancel()
		producers.Disconnect(client)
	}
}

package main

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/gateway"
	"github.com/armslog/armslog/internal/testca"
)

// TestExitCodes holds every exit code, and the form of what is said.
func TestExitCodes(t *testing.T) {
	w := newWorld(t)
	w.write("seizures.csv", sample)
	w.write("stolen.json", stolen)
	w.write("bad.json", strings.Replace(stolen, `"stolen"`, `"borrowed"`, 1))
	w.ok("-p ncb-py record put stolen.json")
	closed := closedAddress(t)
	for _, c := range []struct {
		line  string
		code  int
		says  string // on stderr
		stdin string
	}{
		{line: "version"},
		{line: "-p wco search NOSUCH99"},
		{line: "-p wco match list"},
		{line: "-p wco search NXPA30718 --exit-code", code: exitMatches},
		{line: "-p wco search NOSUCH98 --exit-code"},
		{line: "search", code: exitUsage, says: "usage: missing MARK\nhint: "},
		{line: "search KTO44170", code: exitUsage, says: "usage: a search needs a purpose\nhint: --purpose border_control|"},
		{line: "-p wco search KTO44170 --calibr .40", code: exitUsage, says: "usage: unknown flag: --calibr\nhint: did you mean --calibre?\n"},
		{line: "sarch KTO44170", code: exitUsage, says: "hint: did you mean armslog search?\n"},
		{line: "record sohw X", code: exitUsage, says: "hint: did you mean armslog record show?\n"},
		{line: "record show", code: exitUsage, says: "usage: missing RECORD\n"},
		{line: "record show A B", code: exitUsage, says: `usage: "B" is one argument too many`},
		{line: "-o xml -p wco match list", code: exitUsage, says: "hint: one of table, json, ndjson, csv\n"},
		{line: "-p nobody match list", code: exitUsage, says: "hint: there are: ipsg, ncb-br, ncb-py, wco\n"},
		{line: "--wait soon -p wco match list", code: exitUsage, says: "hint: such as 5s or 2m\n"},
		{line: "--url nowhere -p wco match list", code: exitError, says: "error: read registry's address: \"nowhere\" is none such as"},
		{line: "-p ncb-py record withdraw PY-7 --reason bored", code: exitUsage, says: "hint: one of recovered, returned"},
		{line: "-p ncb-py record withdraw PY-7 --reason returned", code: exitUsage, says: "hint: add --yes\n"},
		{line: "-p wco record show nothing", code: exitError, says: "not_found: \"nothing\" is nothing that you may see\nhint: "},
		{line: "-p wco inbox ack 999", code: exitError, says: "not_sent_yet: "},
		{line: "-p wco inbox ack none", code: exitUsage, says: "usage: \"none\" is no number of the inbox\n"},
		{line: "match list", code: exitNotAllowed, says: "no_credential: this needs a valid key\nhint: choose a profile with -p"},
		{line: "-p wco record put stolen.json", code: exitNotAllowed, says: "no_right: "},
		{line: "-p wco search KTO44170 --on-behalf-of NCB-BR", code: exitNotAllowed, says: "not_acting_for: "},
		{line: "-p ncb-py record put bad.json", code: exitError, says: "/category "},
		{line: "-p ncb-py record put -", code: exitError, says: "not_json: ", stdin: "{"},
		{line: "-p ncb-py record put nofile.json", code: exitError, says: "not_found: open nofile.json"},
		{line: "-p ncb-br import seizures.csv --map sp-ssp", code: exitRejected, says: "exit 3 (finished, some rows rejected)\n"},
		{line: "-p ncb-br import seizures.csv", code: exitUsage, says: "usage: a CSV file needs a mapping\n"},
		{line: "-p ncb-br import seizures.csv --map sp-sspp", code: exitUsage, says: `"sp-sspp" is not known: there are sp-ssp, ua-weapons`},
		{line: "import resume imp-none", code: exitError, says: "not_found: there is no job imp-none\n"},
		{line: "--url http://" + closed + " -p wco match list", code: exitError, says: "unreachable: "},
		{line: "sql SELECT", code: exitError, says: "unreachable: the analysts' tables cannot be reached"},
		{line: "--url http://" + closed + " -p wco --quiet doctor", code: exitError},
	} {
		r := w.run(c.line, c.stdin)
		require.Equal(t, c.code, r.code, "%s\n%s%s", c.line, r.out, r.err)
		require.Contains(t, r.err, c.says, c.line)
		if c.code == exitError || c.code == exitUsage || c.code == exitNotAllowed {
			if !strings.Contains(c.line, "doctor") {
				require.Empty(t, r.out, "%s: stdout is for data", c.line)
			}
		}
	}
}

// closedAddress is one on which nobody listens.
func closedAddress(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

// An error is the RFC 9457 object with -o json.
func TestErrorAsJSON(t *testing.T) {
	w := newWorld(t)
	r := w.run("-o json match list")
	require.Equal(t, exitNotAllowed, r.code)
	require.JSONEq(t, `{"type":"/docs#no_credential","title":"Not signed in","status":401,"detail":"this needs a valid key","code":"no_credential",
		"hint":"choose a profile with -p, or set ARMSLOG_KEY; armslog config show -v says what was used"}`, r.err)
}

// An answer that does not come is told as such, and the hint holds the key
// under which the same question may be asked again.
func TestOutcomeUnknown(t *testing.T) {
	w := newWorld(t)
	cut := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	defer cut.Close()
	r := w.run("--url " + cut.URL + " --wait 1ms -p wco --idempotency-key k1 search KTO44170")
	require.Equal(t, exitOutcomeUnknown, r.code, r.err)
	require.Contains(t, r.err, "hint: the same command again is safe with --idempotency-key k1\n")
	require.Contains(t, w.ok("-p wco --idempotency-key k1 search KTO44170"), "no match")
	before := w.ok("-p wco --idempotency-key k1 -o json search KTO44170")
	require.Equal(t, before, w.ok("-p wco --idempotency-key k1 -o json search KTO44170"), "the same key is the same question")
}

// A registry that is down for a moment is asked again.
func TestUnavailable(t *testing.T) {
	w := newWorld(t)
	w.journal.mu.Lock()
	w.journal.refuse = &gateway.BusyError{RetryAfter: time.Millisecond}
	w.journal.mu.Unlock()
	again := time.AfterFunc(200*time.Millisecond, func() {
		w.journal.mu.Lock()
		defer w.journal.mu.Unlock()
		w.journal.refuse = nil
	})
	defer again.Stop()
	require.Contains(t, w.ok("-p wco search KTO44170"), "no match")
}

// inbox --follow shows what is told while it waits, and ends with Ctrl-C.
func TestInboxFollow(t *testing.T) {
	w := newWorld(t)
	w.write("stolen.json", stolen)
	w.ok("-p wco search NXPA30718")
	ctx, cancel := context.WithCancel(context.Background())
	out := &until{text: "stolen", done: cancel}
	code := make(chan int)
	go func() {
		code <- run(ctx, strings.Fields("-p wco inbox --follow --after 1"), strings.NewReader(""), out, os.Stderr)
	}()
	w.ok("-p ncb-py record put stolen.json")
	require.Equal(t, exitInterrupted, <-code)
	require.Contains(t, out.String(), "alert")
}

// until calls done when a text was written.
type until struct {
	all  []byte
	text string
	done func()
}

func (u *until) Write(p []byte) (int, error) {
	u.all = append(u.all, p...)
	if strings.Contains(u.String(), u.text) {
		u.done()
	}
	return len(p), nil
}

func (u *until) String() string { return string(u.all) }

// Every way of giving a setting, the first one winning.
func TestSettings(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, os.MkdirAll(filepath.Join(w.home, "config"), 0o700))
	w.write("config/config.json", `{"context":"documents","purpose":"security_check","wait":"3s"}`)
	require.NoError(t, writeProfiles(filepath.Join(w.home, "armslog-data"), map[string]map[string]string{
		"wco": {"key": "ak_k0_SECRET", "context": "recovered", "on_behalf_of": "FJ-CUSTOMS"}}))
	t.Setenv("ARMSLOG_PURPOSE", "threat_analysis")
	got := w.ok("-o csv -p wco --on-behalf-of NCB-BR config show -v")
	require.NotContains(t, got, "SECRET")
	golden(t, "config", strings.ReplaceAll(got, w.home, "<home>"))
	info, err := os.Stat("armslog-data/profiles.json")
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())
	w.write("config/config.json", `{"contxt":"documents"}`)
	require.Equal(t, exitError, w.run("config show").code)
}

// sql hands a query to ClickHouse as the user of the setting, and lines up the
// answer.
func TestSQL(t *testing.T) {
	w := newWorld(t)
	house := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		require.Equal(t, "analyst", r.Header.Get("X-ClickHouse-User"))
		switch r.URL.Query().Get("default_format") {
		case "TabSeparatedWithNames":
			_, _ = out.Write([]byte("make\tn\ntaurus\t12\nrossi\t3\n"))
		case "JSONEachRow":
			_, _ = out.Write([]byte(`{"make":"taurus","n":12}` + "\n"))
		default:
			http.Error(out, "Code: 62. DB::Exception: Syntax error", http.StatusBadRequest)
		}
	}))
	defer house.Close()
	t.Setenv("ARMSLOG_SQL", strings.Replace(house.URL, "http://", "http://analyst@", 1))
	require.Equal(t, "make    n\ntaurus  12\nrossi   3\n", w.ok("sql SELECT"))
	require.Equal(t, "{\"make\":\"taurus\",\"n\":12}\n", w.ok("-o ndjson sql", "SELECT 1"))
	r := w.run("-o csv sql SELEC")
	require.Equal(t, exitError, r.code)
	require.Contains(t, r.err, "query_refused: Code: 62. DB::Exception: Syntax error\nhint: ")
}

// Where `up` has its data directory at hand, sql needs no profile: the first
// that has an address gives it. What is said otherwise goes before, and the
// password is shown nowhere.
func TestSQLWithoutProfile(t *testing.T) {
	w := newWorld(t)
	house := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		require.Equal(t, "hush", r.Header.Get("X-ClickHouse-Key"))
		_, _ = out.Write([]byte("user\n" + r.Header.Get("X-ClickHouse-User") + "\n"))
	}))
	defer house.Close()
	t.Setenv("ARMSLOG_SQL", "")
	at := func(user string) string { return strings.Replace(house.URL, "http://", "http://"+user+":hush@", 1) }
	write := func(profiles map[string]map[string]string) {
		require.NoError(t, writeProfiles(filepath.Join(w.home, "armslog-data"), profiles))
	}
	write(map[string]map[string]string{"a": {"key": "ak_k0_X"}, "b": {"sql": at("second")}, "c": {"sql": at("third")}})
	r := w.run("sql SELECT")
	require.Equal(t, ran{0, "user\nsecond\n", ""}, r)
	require.Equal(t, "user\nthird\n", w.ok("-p c sql SELECT"))
	r = w.run("-o csv config show -v")
	require.Contains(t, r.out, "second:xxxxx@")
	require.NotContains(t, r.out+r.err, "hush")
	require.Contains(t, w.ok("-o csv -p a config show -v"), "sql,http://analyst@127.0.0.1:8123,default", "a profile that was chosen is the one that counts")

	t.Setenv("ARMSLOG_SQL", at("mine"))
	require.Equal(t, "user\nmine\n", w.ok("sql SELECT"))
	for _, bad := range []string{"analyst:hush@nowhere:8123", "http://analyst:hu%sh@nowhere"} {
		t.Setenv("ARMSLOG_SQL", bad)
		for _, line := range []string{"sql SELECT", "config show", "doctor"} {
			r := w.run(line)
			require.NotContains(t, r.out+r.err, "hush", line)
			require.NotContains(t, r.out+r.err, "hu%sh", line)
		}
	}

	house.Close()
	t.Setenv("ARMSLOG_SQL", "")
	r = w.run("sql SELECT")
	require.Equal(t, exitError, r.code)
	require.NotContains(t, r.err, "hush")
	w.write("armslog-data/profiles.json", "{")
	require.Contains(t, w.ok("-o csv config show -v"), "sql,http://analyst@127.0.0.1:8123,default")
}

// The commands that shells ask for.
func TestCompletion(t *testing.T) {
	w := newWorld(t)
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		require.Contains(t, w.ok("completion "+shell), "armslog")
	}
	require.Contains(t, w.ok("version"), "armslog "+version)
}

// The registry's certificate is checked against the authorities that were named.
func TestAuthorities(t *testing.T) {
	w := newWorld(t)
	ca, err := testca.New()
	require.NoError(t, err)
	certPEM, keyPEM, err := ca.Issue("api")
	require.NoError(t, err)
	cert, err := tls.X509KeyPair(certPEM, keyPEM)
	require.NoError(t, err)
	secure := httptest.NewUnstartedServer(http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) {
		out.Header().Set("Content-Type", "application/json")
		_, _ = out.Write([]byte(`{"items":[]}`))
	}))
	secure.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	line := "--url " + secure.URL + " -p wco --wait 1s match list"
	require.Contains(t, w.run(line).err, "certificate signed by unknown authority")
	w.write("ca.pem", string(ca.PEM))
	t.Setenv("ARMSLOG_CA_FILE", "ca.pem")
	w.ok(line)
}

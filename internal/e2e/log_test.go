package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/embedded/embeddedtest"
	"github.com/armslog/armslog/internal/single"
)

// The program itself, at its most talkative, registers, searches, tells, shows,
// lists and refuses: each line of its log is an object with time, level and msg,
// and none holds what people sent, who they are, or a secret.
func TestLogNamesNobody(t *testing.T) {
	embeddedtest.Engine(t) // the program finds it as the test does, or the test is skipped
	w := begin(t, single.Config{})
	dir, keys := w.Dir, w.keys
	w.stop()
	addr := freeAddr(t)
	u := user(t, "http://"+addr, "")
	cmd := u.prepare("up", "--data", dir, "--listen", addr, "--kafka", "127.0.0.1:0", "--tables-port", "0", "--tables-http-port", "0",
		"--verbose", "--log-format", "json")
	s := follow(t, cmd, `"msg":"ready"`)
	require.True(t, <-s.ready, "it did not start")

	served := &world{Single: &single.Single{Dir: dir, URL: "http://" + addr}, t: t, keys: keys}
	served.talk()
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	<-s.done

	messages, unsaid := map[string]int{}, secrets(t, served)
	for line := range strings.Lines(s.said.String()) {
		var l struct {
			Time       time.Time
			Level, Msg string
		}
		require.NoError(t, json.Unmarshal([]byte(line), &l), "%s", line)
		require.False(t, l.Time.IsZero(), "%s", line)
		require.Contains(t, []string{"INFO", "WARN", "ERROR"}, l.Level, "%s", line)
		require.NotEmpty(t, l.Msg, "%s", line)
		messages[l.Msg]++
		for _, secret := range unsaid {
			require.NotContains(t, strings.ToLower(line), strings.ToLower(secret))
		}
	}
	for _, msg := range []string{"starts", "leads", "ready", "request", "stopped"} {
		require.NotZero(t, messages[msg], "the log says %q: %v", msg, messages)
	}
	require.Greater(t, messages["request"], 10)
}

// talk has everything said that must not be logged.
func (w *world) talk() {
	w.t.Helper()
	w.untilKeysAreRead()
	w.work("secretcase", 3)
	w.post("NCB-BR", "/v1/records", record("secretcase-told", "KT044170", "seized", `"notes":"secretnote",`))
	w.post("NCB-BR", "/v1/records", `{"secretmember":"secretnote KT044170"}`)
	w.post("NCB-BR", "/v1/secretpath/KT044170", "{}")
	w.get("WCO", "/v1/searches?secretparameter=KT044170")
	w.get("NCB-BR", "/v1/records?mark=KT044170&after=secretcursor")
	w.get("NCB-BR", "/v1/records?mark=KT044170")
	w.get("NCB-BR", "/v1/records/KT044170")
	w.get("NCB-BR", "/v1/inbox")
	w.get("IPSG", "/v1/organisations")
	w.post("IPSG", "/v1/organisations", `{"organisation_id":"NCB-AR","kind":"ncb","country":"AR","name":"Secretname of a bureau","inbox":true}`)
	w.do(within(w.t), http.MethodPost, "NCB-BR", "/v1/records:batch", record("secretcase-batch", "KT044170", "stolen", "")+"\n",
		[]string{"Content-Type", "application/x-ndjson"})
	forged := &world{Single: w.Single, t: w.t, keys: map[events.OrgID]string{"NCB-BR": "ak_forged_secretkey"}}
	require.Equal(w.t, http.StatusUnauthorized, forged.get("NCB-BR", "/v1/me").status)
	last := w.post("WCO", "/v1/searches", question("KT044170")).reply(w.t).Seq
	eventually(w.t, "the tables follow", func() bool {
		return w.get("WCO", fmt.Sprint("/v1/searches?min_seq=", last)).status == http.StatusOK
	})
}

// secrets are what the log of a world must not hold: what was sent, who there
// is, and what opens a door.
func secrets(t *testing.T, w *world) []string {
	t.Helper()
	all := []string{"KT0", "taurus", "secret", "NCB-", "WCO", "FJ-CUSTOMS", "armslog.in.", "armslog.out."}
	for _, token := range w.keys {
		all = append(all, token[strings.LastIndex(token, "_")+1:])
	}
	text, err := os.ReadFile(filepath.Join(w.Dir, "secrets.json"))
	require.NoError(t, err)
	var kept map[string]string
	require.NoError(t, json.Unmarshal(text, &kept))
	for _, name := range []string{"actor", "mark_key", "tables_password", "analyst_password"} {
		require.NotEmpty(t, kept[name], name)
		all = append(all, kept[name])
	}
	return all
}

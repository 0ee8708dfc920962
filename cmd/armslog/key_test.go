package main

import (
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/gateway"
)

// who signs in at a gateway of this key file with a token.
func who(t *testing.T, path, token string) (gateway.Principal, error) {
	t.Helper()
	f, err := gateway.OpenKeyFile(path, []byte("secret"), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	r, err := http.NewRequest(http.MethodGet, "/", nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+token)
	return f.Authenticate(r)
}

// A key that was made opens the door to what it says, and to nothing else; its
// token stands in no file.
func TestKeyNew(t *testing.T) {
	w := newWorld(t)
	for flags, path := range map[string]string{
		"": "armslog-data/keys.json", "--data other": "other/keys.json", "--keys-file deep.json": "deep.json",
	} {
		require.NoError(t, os.MkdirAll("other", 0o700))
		r := w.run("key new NCB-BR registrar searcher registrar " + flags)
		require.Equal(t, 0, r.code, r.err)
		token := strings.TrimSuffix(r.out, "\n")
		require.Regexp(t, `^ak_k[a-z2-7]{8}_[A-Z2-7]{52}$`, token)
		require.Contains(t, r.err, "the token is stored nowhere")
		require.NotContains(t, r.err, token)
		p, err := who(t, path, token)
		require.NoError(t, err)
		require.Equal(t, events.OrgID("NCB-BR"), p.Organisation)
		require.Equal(t, []gateway.Role{gateway.Registrar, gateway.Searcher}, p.Roles)
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.EqualValues(t, 0o600, info.Mode().Perm())
		require.NotContains(t, w.read(path), token[len("ak_kxxxxxxxx_"):])

		second := strings.TrimSpace(w.ok("key new wco desk " + flags))
		_, err = who(t, path, token)
		require.NoError(t, err, "the first key stays")
		p, err = who(t, path, second)
		require.NoError(t, err)
		require.Equal(t, events.OrgID("WCO"), p.Organisation)

		list := w.run("key list " + flags)
		require.Regexp(t, `^ID +ORGANISATION +ROLES\nk\w{8} +NCB-BR +registrar searcher\nk\w{8} +WCO +desk\n$`, list.out)
		require.NotContains(t, w.ok("key list -o json "+flags), "hash")
	}
	require.Regexp(t, `^{"id":"k\w{8}","organisation":"WCO","roles":\["desk"\],"token":"ak_k\w{8}_\w{52}"}\n$`, w.ok("key new WCO desk -o ndjson"))
}

func TestKeyRefused(t *testing.T) {
	w := newWorld(t)
	w.write("armslog-data/keys.json", "{\"keys\":[]}\n")
	w.write("bad.json", `{"keys":[{"id":"k1","hash":"sha256:00","organisation":"WCO","roles":["desk"]}]}`)
	for line, says := range map[string]string{
		"key new":            "usage: missing ORGANISATION\n",
		"key new WCO":        "usage: missing ROLE…\n",
		"key new WCO king":   "usage: there is no role \"king\"\nhint: one of searcher, registrar, tracer, desk, analyst, auditor, admin\n",
		"key new W!O desk":   "usage: \"W!O\" cannot be an organisation's id\n",
		"key list --data no": "usage: there is no data directory no\n",
		"key new A1 desk --data armslog-data --keys-file keys.json": "usage: both --keys-file and --data were given\n",
	} {
		r := w.run(line)
		require.Equal(t, exitUsage, r.code, line)
		require.Contains(t, r.err, says, line)
		require.Empty(t, r.out, line)
	}
	bad := w.read("bad.json")
	for _, line := range []string{"key new WCO desk --keys-file bad.json", "key list --keys-file bad.json", "key list --keys-file none.json"} {
		r := w.run(line)
		require.Equal(t, exitError, r.code, line)
		require.Empty(t, r.out, line)
	}
	require.Equal(t, bad, w.read("bad.json"), "a file that a gateway refuses stays as it is")
	require.Empty(t, w.ok("key new WCO desk --dry-run"))
	require.Equal(t, "{\"keys\":[]}\n", w.read("armslog-data/keys.json"))
}

// No key is lost where several are made at once.
func TestKeysAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	var all sync.WaitGroup
	tokens := make([]string, 20)
	for i := range tokens {
		all.Go(func() {
			var err error
			_, tokens[i], err = addKey(t.Context(), path, "WCO", []gateway.Role{gateway.Desk})
			assert.NoError(t, err)
		})
	}
	all.Wait()
	for _, token := range tokens {
		_, err := who(t, path, token)
		require.NoError(t, err)
	}
}

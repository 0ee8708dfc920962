package gateway

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	write := func(keys ...Key) {
		b, err := json.Marshal(Keys{Keys: keys})
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, b, 0o600))
	}
	key, token := NewKey("k1", "WCO", Searcher)
	require.Regexp(t, `^ak_k1_[A-Z2-7]{52}$`, token)
	write(key)
	f, err := OpenKeyFile(path, []byte("s"), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	authenticate := func(header string) (Principal, error) {
		r, _ := http.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Authorization", header)
		return f.Authenticate(r)
	}
	p, err := authenticate("Bearer " + token)
	require.NoError(t, err)
	require.Regexp(t, `^u:[0-9a-f]{16}$`, p.Actor)
	require.Equal(t, "WCO", p.Organisation)
	_, err = authenticate("bearer " + token)
	require.NoError(t, err)
	for _, bad := range []string{"", "Bearer", "Bearer ak_k1_", "Bearer " + token + "A", "Bearer " + token[:len(token)-1], "Basic " + token, token, "Bearer ak_k2_" + token[6:], "Bearer ak__", "Bearer " + token[3:]} {
		_, err := authenticate(bad)
		require.ErrorIs(t, err, ErrNoCredential, bad)
	}

	other, otherToken := NewKey("k2", "NCB-BR", Registrar)
	write(other)
	require.NoError(t, f.Reload())
	_, err = authenticate("Bearer " + token)
	require.ErrorIs(t, err, ErrNoCredential, "a key that was taken out")
	_, err = authenticate("Bearer " + otherToken)
	require.NoError(t, err)

	for name, bad := range map[string]Key{
		"id":   {ID: "K_1", Hash: key.Hash, Organisation: "WCO"},
		"org":  {ID: "k1", Hash: key.Hash, Organisation: "wco"},
		"role": {ID: "k1", Hash: key.Hash, Organisation: "WCO", Roles: []Role{"king"}},
		"hash": {ID: "k1", Hash: "sha256:00", Organisation: "WCO"},
	} {
		write(bad)
		require.Error(t, f.Reload(), name)
	}
	write(key, key)
	require.Error(t, f.Reload(), "twice")
	_, err = authenticate("Bearer " + otherToken)
	require.NoError(t, err, "a file that cannot be read leaves the keys as they were")
}

func TestKeyFileIsReadAgainWhenItChanges(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	require.NoError(t, os.WriteFile(path, []byte(`{"keys":[]}`), 0o600))
	key, token := NewKey("k1", "WCO", Searcher)
	synctest.Test(t, func(t *testing.T) {
		f, err := OpenKeyFile(path, []byte("s"), slog.New(slog.DiscardHandler))
		require.NoError(t, err)
		r, _ := http.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		_, err = f.Authenticate(r)
		require.ErrorIs(t, err, ErrNoCredential)
		b, err := json.Marshal(Keys{Keys: []Key{key}})
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, b, 0o600))
		_, err = f.Authenticate(r)
		require.ErrorIs(t, err, ErrNoCredential, "it is looked at once a second")
		time.Sleep(time.Second) // of the bubble's own time
		_, err = f.Authenticate(r)
		require.NoError(t, err)
	})
}

// Who could write the file could make keys; who can read it is worth a warning.
func TestKeyFileOfOthers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	key, token := NewKey("k1", "WCO", Searcher)
	text, err := json.Marshal(Keys{Keys: []Key{key}})
	require.NoError(t, err)
	require.NotContains(t, string(text), token[len("ak_k1_"):], "only a hash is stored")
	require.NoError(t, os.WriteFile(path, text, 0o600))
	for mode, expected := range map[os.FileMode]struct {
		refused bool
		warned  bool
	}{0o600: {}, 0o400: {}, 0o444: {warned: true}, 0o640: {warned: true}, 0o602: {refused: true}, 0o660: {refused: true}} {
		require.NoError(t, os.Chmod(path, mode))
		var said bytes.Buffer
		_, err := OpenKeyFile(path, []byte("s"), slog.New(slog.NewTextHandler(&said, nil)))
		require.Equal(t, expected.refused, err != nil, "%o: %v", mode, err)
		require.Equal(t, expected.warned, said.Len() > 0, "%o: %s", mode, said.String())
		require.NotContains(t, said.String(), "WCO")
		require.NotContains(t, said.String(), key.Hash)
	}
}

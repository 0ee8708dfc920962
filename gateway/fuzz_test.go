package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"
)

// disposable is a testing.TB whose world ends before the test does: a fuzz
// target may make many, one after the other.
type disposable struct {
	testing.TB
	dir  string
	undo []func()
}

func (d *disposable) Cleanup(f func()) { d.undo = append(d.undo, f) }
func (d *disposable) TempDir() string  { return d.dir }
func (d *disposable) Helper()          {}

// Errorf cannot wait for FailNow: a fuzz target may not use its F.
func (d *disposable) Errorf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

func (d *disposable) dispose() {
	for i := len(d.undo) - 1; i >= 0; i-- {
		d.undo[i]()
	}
	d.undo = nil
}

// fuzzWorld is a world that is made anew when much was written to it.
type fuzzWorld struct {
	*world
	tb       *disposable
	requests int
}

const requestsPerWorld = 20_000

func (f *fuzzWorld) fresh() {
	if f.world != nil && f.requests < requestsPerWorld {
		f.requests++
		return
	}
	f.tb.dispose()
	f.world, f.requests = newWorld(f.tb), 0
}

// FuzzRequest: whatever comes over HTTP, under whatever key, is answered: with
// what was asked for or with a problem that says what was wrong, never with a
// failure of the server's own.
func FuzzRequest(f *testing.F) {
	dir, err := os.MkdirTemp(f.TempDir(), "world")
	require.NoError(f, err)
	w := &fuzzWorld{tb: &disposable{TB: f, dir: dir}}
	f.Cleanup(func() { w.tb.dispose() })
	w.fresh()
	for _, r := range w.gw.routes {
		path := strings.NewReplacer("{", "", "}", "").Replace(r.path)
		f.Add(uint8(1), r.method, path, "limit=2&min_seq=1&fields=full", mediaJSON, "", []byte(searchBody("RV204187")))
	}
	f.Add(uint8(2), "POST", "/v1/records:batch", "", mediaNDJSON, "", []byte(recordBody("1", "RV204187")+"\n{\n\n"+recordBody("2", "x")))
	f.Add(uint8(3), "POST", "/v1/searches", "dry_run=true", mediaJSON, "FJ-CUSTOMS", []byte(searchBody("RV20?187*")))
	f.Add(uint8(0), "GET", "/v1/inbox", "after=18446744073709551615&wait=1s", "", "", []byte(nil))
	f.Fuzz(func(t *testing.T, who uint8, method, path, query, mediaType, behalf string, body []byte) {
		w.fresh()
		u, err := url.ParseRequestURI("/" + strings.TrimPrefix(path, "/"))
		if err != nil {
			return
		}
		u.RawQuery = query
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond) // long polls end with their caller
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, method, w.url, bytes.NewReader(body))
		if err != nil {
			return // no server sees it
		}
		r.URL.Path, r.URL.RawPath, r.URL.RawQuery = u.Path, u.RawPath, u.RawQuery
		for name, value := range map[string]string{"Content-Type": mediaType, "Armslog-On-Behalf-Of": behalf} {
			r.Header.Set(name, value)
		}
		if n := int(who) % (len(testOrganisations) + 1); n > 0 {
			r.Header.Set("Authorization", "Bearer "+w.keys[testOrganisations[n-1]+"/admin"])
		}
		resp, err := w.client.Do(r)
		if err != nil {
			require.True(t, ctx.Err() != nil || !sendable(r), "%s %s: %v", method, path, err)
			return
		}
		defer resp.Body.Close()
		answer, err := io.ReadAll(resp.Body)
		require.NotEqual(t, http.StatusInternalServerError, resp.StatusCode, "%s %s: %s", method, path, answer)
		if err != nil || resp.StatusCode < 400 || resp.Header.Get("Content-Type") != mediaProblem {
			return
		}
		var p Problem
		require.NoError(t, json.Unmarshal(answer, &p), "%s", answer)
		require.Equal(t, resp.StatusCode, p.Status)
		require.NotEmpty(t, p.Title)
	})
}

// sendable says whether a client sends such a request at all.
func sendable(r *http.Request) bool {
	return r.Write(io.Discard) == nil && !strings.ContainsFunc(r.Header.Get("Content-Type")+r.Header.Get("Armslog-On-Behalf-Of"), unicode.IsControl)
}

package main

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/registry"
)

func TestMakeWords(t *testing.T) {
	found := func(name, country, reason string, related ...string) *registry.FoundReference {
		r := &registry.FoundReference{Reason: reason}
		r.Name, r.Country = name, country
		for _, other := range related {
			r.RelatedTo = append(r.RelatedTo, registry.ReferenceName{Name: other})
		}
		return r
	}
	for _, c := range []struct {
		asked string
		found *registry.FoundReference
		want  string
	}{
		{"FAMAE", found("FAMAE", "CL", "name", "Taurus", "SIG"), "FAMAE → famae, Chile                 related: taurus, sig (joint production)"},
		{"Taurus", found("Taurus", "BR", "name", "FAMAE"), "Taurus → taurus, Brazil              related: famae (joint production)"},
		{"sig", found("SIG", "ZZ", "alias"), "sig → sig, ZZ"},
		{"S&W", found("Smith & Wesson", "", "alias"), "S&W → smith & wesson"},
		{"SW", found("Smith & Wesson", "US", "code"), "SW is not in the reference table; did you mean smith & wesson, United States?"},
		{"tuarus", found("Taurus", "BR", "spelling", "FAMAE"), "tuarus is not in the reference table; did you mean taurus, Brazil?"},
	} {
		require.Equal(t, c.want, makeWords(c.asked, c.found), c.asked)
	}
}

// The table is for people: it is asked for once, where a table is printed, and
// whatever becomes of that the search is answered.
func TestMakeLookUp(t *testing.T) {
	w := newWorld(t)
	behind, err := url.Parse(w.url)
	require.NoError(t, err)
	var asked atomic.Int32
	answer := func(http.ResponseWriter, *http.Request) {}
	proxy := httputil.NewSingleHostReverseProxy(behind)
	front := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/reference" {
			proxy.ServeHTTP(out, r)
			return
		}
		asked.Add(1)
		answer(out, r)
	}))
	defer front.Close()
	t.Setenv("ARMSLOG_URL", front.URL)
	search := func(flags string) string { return w.ok("-p wco search KTO44170 " + flags) }
	for name, say := range map[string]http.HandlerFunc{
		"not allowed": func(out http.ResponseWriter, _ *http.Request) { out.WriteHeader(http.StatusForbidden) },
		"busy":        func(out http.ResponseWriter, _ *http.Request) { out.WriteHeader(http.StatusServiceUnavailable) },
		"no table":    func(out http.ResponseWriter, _ *http.Request) { _, _ = out.Write([]byte("{")) },
		"no make":     func(out http.ResponseWriter, _ *http.Request) { _, _ = out.Write([]byte(`{"items":[]}`)) },
		"gone":        func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"late":        func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	} {
		asked.Store(0)
		answer = say
		got := search("--make FAMAE")
		require.Contains(t, got, "no match", name)
		require.NotContains(t, got, "make ", name)
		require.EqualValues(t, 1, asked.Load(), name)
	}
	asked.Store(0)
	answer = func(out http.ResponseWriter, _ *http.Request) {
		_, _ = out.Write([]byte(`{"items":[{"id":"make:FAMAE","name":"FAMAE","country":"CL","reason":"name"}]}`))
	}
	require.Contains(t, search("--make famae"), "\nmake     famae → famae, Chile\n")
	require.EqualValues(t, 1, asked.Load())
	search("")
	search("--make famae -o ndjson")
	search("--make famae --dry-run")
	require.EqualValues(t, 1, asked.Load())
}

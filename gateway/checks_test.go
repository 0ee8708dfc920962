package gateway

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
)

// found is what a node might say of itself.
func found() []Check {
	return []Check{
		{Name: "leader", State: CheckOK, Says: "this node leads"},
		{Name: "mailboxes", State: CheckFailed, Code: "mailbox_stopped", Says: "1 stopped", Do: "see there", Detail: "NCB-BR at 10.0.0.7 in /var/lib"},
	}
}

// Everybody is told what is wrong and what helps; with whom and where, only an
// administrator of the General Secretariat, once it is known who that is.
func TestWhoSeesWhichChecks(t *testing.T) {
	secretariat := events.OrgID("")
	w := newWorld(t, func(c *Config) {
		c.Checks, c.Secretariat = found, func() events.OrgID { return secretariat }
		c.Leads = func() bool { return true }
	})
	open := found()
	open[1].Detail = ""
	checks := func(a answered) []Check {
		var all Checks
		a.into(t, http.StatusOK, &all)
		return all.Checks
	}
	for _, who := range []string{"IPSG", "NCB-BR"} {
		require.Equal(t, open, checks(w.get(who, "/v1/checks")), "nobody knows yet who is who")
	}
	secretariat = "IPSG"
	require.Equal(t, found(), checks(w.get("IPSG", "/v1/checks")))
	w.get("NCB-BR", "/v1/checks").problem(t, http.StatusForbidden, "no_right")
	w.get("IPSG/desk", "/v1/checks").problem(t, http.StatusForbidden, "no_role")
	w.get("", "/v1/checks").problem(t, http.StatusUnauthorized, "no_credential")

	for _, who := range []string{"", "NCB-BR", "IPSG"} {
		var is Readiness
		w.get(who, "/readyz").into(t, http.StatusOK, &is)
		require.Equal(t, open, is.Checks, who)
		require.True(t, *is.Leads)
	}
}

// Checks are shown also while nothing else can be: before the node has begun,
// and while the state cannot be read.
func TestChecksDoNotWait(t *testing.T) {
	var ready atomic.Bool
	w := newWorld(t, func(c *Config) {
		c.Checks, c.Secretariat, c.Opened = found, func() events.OrgID { return "IPSG" }, make(chan struct{})
		c.Ready = func() error {
			if ready.Load() {
				return nil
			}
			return errors.New("folding")
		}
	})
	shown := func() {
		t.Helper()
		var all Checks
		w.get("IPSG", "/v1/checks").into(t, http.StatusOK, &all)
		require.Len(t, all.Checks, 2)
		a := w.get("", "/readyz")
		require.Len(t, a.problem(t, http.StatusServiceUnavailable, "unavailable").Checks, 2)
		require.NotEmpty(t, a.header.Get("Retry-After"))
		require.NotContains(t, string(a.body), "NCB-BR")
	}
	shown()
	ready.Store(true)
	w.log.set(func() { w.log.busy = &UnavailableError{Code: "unavailable", RetryAfter: time.Second} })
	shown()
}

// A call that comes before the node has begun waits a moment for it, and is then
// told to come again; a stranger is not let wait.
func TestCallsWaitAMomentForTheNode(t *testing.T) {
	w := newWorld(t)
	synctest.Test(t, func(t *testing.T) {
		opened, ready := make(chan struct{}), false
		cfg := w.gw.cfg
		cfg.Metrics, cfg.Opened = prometheus.NewRegistry(), opened
		cfg.Ready = func() error {
			if ready {
				return nil
			}
			return errors.New("folding the journal: 3 of 8 records")
		}
		g, err := New(cfg)
		require.NoError(t, err)
		get := func(who, path string) *httptest.ResponseRecorder {
			a := httptest.NewRecorder()
			g.Handler().ServeHTTP(a, w.request(who, http.MethodGet, path, nil))
			return a
		}
		asked := time.Now()
		require.Equal(t, http.StatusUnauthorized, get("", "/v1/me").Code)
		require.Zero(t, time.Since(asked))
		early := get("NCB-BR", "/v1/me")
		require.Equal(t, http.StatusServiceUnavailable, early.Code)
		require.Contains(t, early.Body.String(), "folding the journal: 3 of 8 records")
		require.Equal(t, "1", early.Header().Get("Retry-After"))
		require.Equal(t, readySoon, time.Since(asked))

		answered := make(chan int)
		go func() { answered <- get("NCB-BR", "/v1/me").Code }()
		synctest.Wait()
		ready = true
		close(opened)
		require.Equal(t, http.StatusOK, <-answered)
		require.Equal(t, readySoon, time.Since(asked), "it did not wait on")
	})
}

// A key file that cannot be used is told of, whatever is wrong with it; the keys
// stay as they were.
func TestCheckOfTheKeyFile(t *testing.T) {
	w := newWorld(t)
	f := w.gw.cfg.Credentials.(*KeyFile)
	require.Equal(t, CheckOK, f.Check().State)
	text, err := os.ReadFile(f.path)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		spoil func() error
		code  string
	}{
		"broken":              {func() error { return os.WriteFile(f.path, []byte(`{"keys":[`), 0o600) }, "keys_unusable"},
		"others may write it": {func() error { return os.Chmod(f.path, 0o622) }, "keys_unusable"},
		"gone":                {func() error { return os.Remove(f.path) }, "keys_unusable"},
		"others may read it":  {func() error { return os.Chmod(f.path, 0o644) }, "keys_open"},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, c.spoil())
			f.mu.Lock()
			f.looked = time.Time{} // a second has passed
			f.mu.Unlock()
			check := f.Check()
			require.Equal(t, c.code, check.Code)
			require.Equal(t, CheckWarning, check.State)
			require.NotEmpty(t, check.Do)
			require.Contains(t, check.Detail, f.path)
			require.NotContains(t, check.Says+check.Do, filepath.Dir(f.path))
			require.Equal(t, http.StatusOK, w.get("IPSG", "/v1/me").status)
			require.NoError(t, os.WriteFile(f.path, text, 0o600))
			require.NoError(t, os.Chmod(f.path, 0o600))
			require.NoError(t, f.Reload())
			require.Equal(t, CheckOK, f.Check().State)
		})
	}
}

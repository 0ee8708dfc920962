package main

import (
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/internal/client"
)

// contact is a network: it answers a request, or gives nil where nobody listens.
type contact func(r *http.Request) *http.Response

func (c contact) RoundTrip(r *http.Request) (*http.Response, error) {
	if answer := c(r); answer != nil {
		return answer, nil
	}
	r.Body.Close()
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
}

// verdicts are the lines of an answer, which then ends.
func verdicts(lines string) *http.Response {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(lines))}
}

// A registry that was never there is not waited for as long as one that took
// rows and went away. Time is the bubble's own.
func TestFirstContact(t *testing.T) {
	const patience = 2 * time.Minute
	first, done := `{"line":1,"seq":1,"status":"registered"}`+"\n", `{"done":{"lines":2,"registered":2}}`+"\n"
	for name, c := range map[string]struct {
		from    int64
		network func(began time.Time, n int) *http.Response
		lasts   time.Duration
		ends    error
	}{
		"never there": {1, func(time.Time, int) *http.Response { return nil }, firstPatience, client.ErrUnreachable},
		"there in time": {1, func(began time.Time, _ int) *http.Response {
			if time.Since(began) < 10*time.Second {
				return nil
			}
			return verdicts(done)
		}, 0, nil},
		"gone after the first row": {1, func(_ time.Time, n int) *http.Response {
			if n > 1 {
				return nil
			}
			return verdicts(first)
		}, patience, client.ErrUnreachable},
		"gone with what it was sent": {1, func(_ time.Time, n int) *http.Response {
			if n > 1 {
				return nil
			}
			return verdicts("")
		}, patience, client.ErrUnreachable},
		"resumed behind rows that were accepted": {3, func(time.Time, int) *http.Response { return nil }, patience, client.ErrUnreachable},
	} {
		synctest.Test(t, func(t *testing.T) {
			began, n := time.Now(), 0
			network := contact(func(*http.Request) *http.Response { n++; return c.network(began, n) })
			registry, err := client.New(client.Config{URL: "http://registry", HTTP: &http.Client{Transport: network}})
			require.NoError(t, err)
			s := &stream{
				client: registry, options: client.BatchOptions{Path: "/v1/records:batch", Key: "k", From: c.from}, feed: rowsOf(2, func(int) {}),
				told:       func(item, *client.Verdict) error { return nil },
				checkpoint: func(client.Counts, int64) error { return nil },
				retrying:   func(error, time.Duration) {},
				patience:   patience,
			}
			require.ErrorIs(t, s.run(t.Context()), c.ends, name)
			if c.ends != nil {
				require.Equal(t, c.lasts, time.Since(began), name)
				require.Greater(t, n, 5, "%s: asked again meanwhile", name)
			}
		})
	}
}

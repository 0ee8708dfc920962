package gateway

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// One organisation's full house is its own; its batches do not keep its
// searches out, and nobody else feels either.
func TestBoundsAreEachOrganisationsOwn(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Bounds.Requests, c.Bounds.Batches = 2, 1 })
	release := w.log.hold()
	defer release()
	first := make(chan answered, 2)
	for i := range 2 {
		go func() { first <- w.post("NCB-BR", "/v1/records", recordBody(fmt.Sprint("D-", i), "KT044170")) }()
	}
	w.stream("NCB-BR", "/v1/records:batch").send(recordBody("D-9", "KT044170"))
	under := func(org string) (n [boundKinds]int) {
		w.gw.bounds.mu.Lock()
		defer w.gw.bounds.mu.Unlock()
		if p := w.gw.bounds.orgs[org]; p != nil {
			n = *p
		}
		return n
	}
	require.Eventually(t, func() bool { return under("NCB-BR") == [boundKinds]int{2, 1, 0} }, 5*time.Second, time.Millisecond)
	a := w.get("NCB-BR", "/v1/me")
	a.problem(t, http.StatusTooManyRequests, "too_many_requests")
	require.Equal(t, "1", a.header.Get("Retry-After"))
	w.post("NCB-BR", "/v1/records:batch", "{}", "Content-Type", mediaNDJSON).problem(t, http.StatusTooManyRequests, "too_many_requests")
	require.Contains(t, string(w.get("", "/metrics").body), `armslog_http_refused_total{bound="batches"} 1`)
	require.Contains(t, string(w.get("", "/metrics").body), `armslog_http_refused_total{bound="requests"} 1`)
	require.Equal(t, 200, w.get("NCB-BR", "/v1/inbox").status, "the inbox is counted apart")
	require.Equal(t, 200, w.get("NCB-CL", "/v1/me").status, "and so is everybody else")
	release()
	require.Equal(t, 201, (<-first).status)
	require.Equal(t, 201, (<-first).status)
	require.Eventually(t, func() bool { return w.get("NCB-BR", "/v1/me").status == 200 }, 5*time.Second, time.Millisecond)
}

func TestBatchesOfAllTogether(t *testing.T) {
	b := newBounds(Bounds{AllBatches: 2}.withDefaults())
	one, ok := b.enter("A1", batchKind)
	require.True(t, ok)
	_, ok = b.enter("B1", batchKind)
	require.True(t, ok)
	_, ok = b.enter("C1", batchKind)
	require.False(t, ok)
	_, ok = b.enter("C1", plainKind)
	require.True(t, ok)
	one()
	_, ok = b.enter("C1", batchKind)
	require.True(t, ok)
}

func TestConnectionsAreBounded(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l := newBoundListener(inner, 1)
	accepted := make(chan net.Conn)
	go func() {
		defer close(accepted)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			accepted <- c
		}
	}()
	for range 2 {
		c, err := net.Dial("tcp", inner.Addr().String())
		require.NoError(t, err)
		defer c.Close()
	}
	first := <-accepted
	select {
	case <-accepted:
		t.Fatal("a second connection was let in")
	case <-time.After(20 * time.Millisecond):
	}
	require.NoError(t, first.Close())
	require.NoError(t, (<-accepted).Close())
	require.NoError(t, l.Close())
	_, open := <-accepted
	require.False(t, open)
}

func TestHeadersAreBounded(t *testing.T) {
	w := newWorld(t)
	r := w.request("NCB-BR", http.MethodGet, "/v1/me", nil, "X-Long", strings.Repeat("x", 64<<10))
	resp, err := w.client.Do(r)
	require.NoError(t, err)
	resp.Body.Close()
	require.Equal(t, http.StatusRequestHeaderFieldsTooLarge, resp.StatusCode)
}

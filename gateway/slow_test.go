package gateway

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A client that sends its body a byte at a time is not waited for; one that
// sends none at all is not either.
func TestSlowClient(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Bounds.ReadTimeout = 100 * time.Millisecond })
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
	require.NoError(t, err)
	defer conn.Close()
	fmt.Fprintf(conn, "POST /v1/records HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{", w.keys["NCB-BR/admin"])
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	answered{resp.StatusCode, resp.Header, b, resp.Close}.problem(t, http.StatusRequestTimeout, "timeout")
	require.Equal(t, int64(0), w.log.offsets["NCB-BR"])
}

// A long wait for a decision must outlast the time that a body may take.
func TestReadTimeoutDoesNotEndTheWait(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Bounds.ReadTimeout = 30 * time.Millisecond })
	release := w.log.hold()
	done := make(chan answered, 1)
	go func() { done <- w.post("NCB-BR", "/v1/records", recordBody("D-1", "KT044170")) }()
	select {
	case a := <-done:
		t.Fatalf("answered before it was decided: %s", a.body)
	case <-time.After(100 * time.Millisecond):
	}
	release()
	require.Equal(t, 201, (<-done).status)
}

func TestClientThatGoesAwayWhileItWaits(t *testing.T) {
	w := newWorld(t)
	release := w.log.hold()
	ctx, cancel := context.WithCancel(context.Background())
	r := w.request("NCB-BR", http.MethodPost, "/v1/records", strings.NewReader(recordBody("D-1", "KT044170"))).WithContext(ctx)
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		if resp, err := w.client.Do(r); err == nil {
			resp.Body.Close()
		}
	}()
	require.Eventually(t, func() bool { return len(w.gw.flight.records()) == 1 }, 5*time.Second, time.Millisecond)
	cancel()
	<-gone
	release()
	require.Eventually(t, func() bool { return len(w.gw.flight.records()) == 0 }, 5*time.Second, time.Millisecond)
	_, known := w.record("NCB-BR", "D-1")
	require.True(t, known)
}

// A client that sends and never reads what it is told.
func TestClientThatDoesNotRead(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Bounds.SendTimeout = 100 * time.Millisecond })
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.(*net.TCPConn).SetReadBuffer(4096))
	fmt.Fprintf(conn, "POST /v1/records:batch HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: %s\r\nTransfer-Encoding: chunked\r\n\r\n", w.keys["NCB-BR/admin"], mediaNDJSON)
	lines := strings.Repeat("\n", 1000) // each is refused at the edge, in many more bytes than it has
	sent := 0
	for ; sent < 10_000; sent++ {
		if _, err := fmt.Fprintf(conn, "%x\r\n%s\r\n", len(lines), lines); err != nil {
			break
		}
	}
	require.Less(t, sent, 10_000, "the connection was closed")
	require.Eventually(t, func() bool {
		w.gw.bounds.mu.Lock()
		defer w.gw.bounds.mu.Unlock()
		return len(w.gw.bounds.orgs) == 0
	}, 5*time.Second, time.Millisecond)
}

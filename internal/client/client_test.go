package client

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve starts a server and a client of it.
func serve(t *testing.T, c Config, h http.HandlerFunc) *Client {
	server := httptest.NewServer(h)
	c.URL, c.HTTP = server.URL, server.Client()
	t.Cleanup(func() { c.HTTP.CloseIdleConnections(); server.Close() })
	client, err := New(c)
	require.NoError(t, err)
	return client
}

func TestNew(t *testing.T) {
	for _, address := range []string{"", "nowhere", "ftp://host", "http://", "http://a b"} {
		_, err := New(Config{URL: address})
		require.Error(t, err, address)
	}
}

// A request carries who asks, for whom, and under which key; a read carries
// min_seq.
func TestHeaders(t *testing.T) {
	var got []*http.Request
	c := serve(t, Config{Key: "ak_k_s", OnBehalfOf: "FJ-CUSTOMS", IdempotencyKey: "once", MinSeq: 7, Wait: 1500 * time.Millisecond}, func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r)
		w.Header().Set("Armslog-Seq", "8123")
		w.Header().Set("Idempotent-Replayed", "true")
		fmt.Fprint(w, `{"seq":8123}`)
	})
	var reply struct{ Seq uint64 }
	meta, err := c.Post(t.Context(), "/v1/searches", map[string]int{"a": 1}, &reply)
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), meta.Date, time.Minute)
	meta.Date = time.Time{}
	require.Equal(t, Meta{Status: 200, Seq: 8123, Replayed: true}, meta)
	require.EqualValues(t, 8123, reply.Seq)
	var raw json.RawMessage
	_, err = c.Get(t.Context(), "/v1/inbox", nil, &raw)
	require.NoError(t, err)
	require.JSONEq(t, `{"seq":8123}`, string(raw))
	_, err = c.Put(t.Context(), "/v1/records/x", 3, map[string]int{}, nil)
	require.NoError(t, err)
	for _, r := range got {
		require.Equal(t, "Bearer ak_k_s", r.Header.Get("Authorization"))
		require.Equal(t, "FJ-CUSTOMS", r.Header.Get("Armslog-On-Behalf-Of"))
	}
	require.Equal(t, "once", got[0].Header.Get("Idempotency-Key"))
	require.Equal(t, "wait=2", got[0].Header.Get("Prefer"))
	require.Equal(t, "7", got[1].URL.Query().Get("min_seq"))
	require.Equal(t, `"3"`, got[2].Header.Get("If-Match"))
}

// A refusal is a *Problem; what is none of ours is one too.
func TestProblem(t *testing.T) {
	kind, body := "application/problem+json; charset=utf-8", `{"status":403,"code":"no_right","detail":"no","seq":9,"errors":[{"pointer":"/a","code":"b"}]}`
	c := serve(t, Config{}, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, body)
	})
	_, err := c.Get(t.Context(), "/v1/me", nil, nil)
	var p *Problem
	require.ErrorAs(t, err, &p)
	require.Equal(t, "no_right: no", p.Error())
	require.EqualValues(t, 9, *p.Seq)
	require.Equal(t, "/a", p.Errors[0].Pointer)
	kind, body = "text/html", "<h1>proxy</h1>"
	_, err = c.Get(t.Context(), "/v1/me", nil, nil)
	require.ErrorAs(t, err, &p)
	require.Equal(t, "http_403", p.Code)
}

// What passes is asked again, under the same key; what does not is told at
// once.
func TestRetry(t *testing.T) {
	var calls atomic.Int32
	keys := map[string]bool{}
	status := http.StatusServiceUnavailable
	c := serve(t, Config{Wait: 5 * time.Second}, func(w http.ResponseWriter, r *http.Request) {
		keys[r.Header.Get("Idempotency-Key")] = true
		if calls.Add(1) < 3 {
			w.WriteHeader(status)
			return
		}
		fmt.Fprint(w, `{}`)
	})
	_, err := c.Post(t.Context(), "/v1/records", 1, nil)
	require.NoError(t, err)
	require.EqualValues(t, 3, calls.Load())
	require.Len(t, keys, 1)
	calls.Store(0)
	status = http.StatusConflict
	_, err = c.Post(t.Context(), "/v1/records", 1, nil)
	require.Error(t, err)
	require.EqualValues(t, 1, calls.Load())
}

// A connection that ends without an answer leaves the outcome unknown; one that
// never was does not.
func TestOutcome(t *testing.T) {
	c := serve(t, Config{Wait: time.Millisecond}, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	_, err := c.Post(t.Context(), "/v1/records", 1, nil)
	require.ErrorIs(t, err, ErrOutcomeUnknown)
	late := serve(t, Config{Wait: time.Millisecond}, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGatewayTimeout) })
	_, err = late.Post(t.Context(), "/v1/records", 1, nil)
	require.ErrorIs(t, err, ErrOutcomeUnknown)
	gone := httptest.NewServer(nil)
	gone.Close()
	nobody, err := New(Config{URL: gone.URL, Wait: time.Millisecond})
	require.NoError(t, err)
	_, err = nobody.Get(t.Context(), "/v1/me", nil, nil)
	require.ErrorIs(t, err, ErrUnreachable)
	require.NotErrorIs(t, err, ErrOutcomeUnknown)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = c.Get(ctx, "/v1/me", nil, nil)
	require.ErrorIs(t, err, context.Canceled)
}

// echo answers each line as it comes, as a batch does.
func echo(t *testing.T, lines int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		rc := http.NewResponseController(w)
		require.NoError(t, rc.EnableFullDuplex())
		in := bufio.NewScanner(r.Body)
		n := 0
		for ; in.Scan(); n++ {
			if n == lines {
				return
			}
			fmt.Fprintf(w, `{"line":%d,"status":"registered","seq":%d}`+"\n", n+1, n+10)
			require.NoError(t, rc.Flush())
		}
		fmt.Fprintf(w, `{"done":{"lines":%d,"registered":%d,"last_seq":%d}}`+"\n", n, n, n+9)
	}
}

// Verdicts come back while lines are still being sent.
func TestBatchIsFullDuplex(t *testing.T) {
	c := serve(t, Config{}, echo(t, 100))
	b, err := c.Batch(t.Context(), BatchOptions{Path: "/v1/records:batch", Key: "k"})
	require.NoError(t, err)
	defer b.Close()
	for i := range int64(3) {
		require.NoError(t, b.Write([]byte("{}")))
		require.NoError(t, b.Flush())
		v, err := b.Next()
		require.NoError(t, err)
		require.Equal(t, i+1, v.Line)
	}
	require.NoError(t, b.CloseSend())
	v, err := b.Next()
	require.NoError(t, err)
	require.Equal(t, Counts{Lines: 3, Registered: 3, LastSeq: 12}, *v.Done)
	_, err = b.Next()
	require.ErrorIs(t, err, io.EOF)
}

// A batch that ends before its last line leaves the outcome of the rest
// unknown.
func TestBatchBreaks(t *testing.T) {
	c := serve(t, Config{}, echo(t, 2))
	b, err := c.Batch(t.Context(), BatchOptions{Path: "/v1/records:batch", Key: "k"})
	require.NoError(t, err)
	defer b.Close()
	for range 3 {
		require.NoError(t, b.Write([]byte("{}")))
	}
	require.NoError(t, b.CloseSend())
	for err == nil {
		_, err = b.Next()
	}
	require.ErrorIs(t, err, ErrOutcomeUnknown)
}

// A batch that is refused tells the reader why, and stops the writer.
func TestBatchRefused(t *testing.T) {
	c := serve(t, Config{}, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"status":401,"code":"no_credential"}`)
	})
	b, err := c.Batch(t.Context(), BatchOptions{Path: "/v1/records:batch", Key: "k"})
	require.NoError(t, err)
	defer b.Close()
	require.NoError(t, b.Write([]byte("{}"))) // and no more, for now
	_, err = b.Next()
	var p *Problem
	require.ErrorAs(t, err, &p)
	require.Error(t, b.CloseSend())
	require.Equal(t, "no_credential", p.Code)
}

// A server that gives up in mid-stream says from which line to go on.
func TestBatchProblem(t *testing.T) {
	c := serve(t, Config{}, func(w http.ResponseWriter, _ *http.Request) {
		require.NoError(t, http.NewResponseController(w).EnableFullDuplex())
		fmt.Fprintln(w, `{"error":{"status":503,"code":"unavailable"},"from":4}`)
	})
	b, err := c.Batch(t.Context(), BatchOptions{Path: "/v1/records:batch", Key: "k"})
	require.NoError(t, err)
	defer b.Close()
	v, err := b.Next()
	var p *Problem
	require.ErrorAs(t, err, &p)
	require.Equal(t, "unavailable", p.Code)
	require.EqualValues(t, 4, v.From)
}

// A node that is being replaced is asked again, under the same key: one that
// refuses connections, and one whose proxy has nobody to ask.
func TestNodeIsReplaced(t *testing.T) {
	keys := map[string]bool{}
	var calls atomic.Int32
	node := func(w http.ResponseWriter, r *http.Request) {
		keys[r.Header.Get("Idempotency-Key")] = true
		if calls.Add(1) == 1 {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		fmt.Fprint(w, `{}`)
	}
	c := serve(t, Config{Wait: 5 * time.Second}, node)
	_, err := c.Post(t.Context(), "/v1/records", 1, nil)
	require.NoError(t, err)
	require.EqualValues(t, 2, calls.Load())

	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := l.Addr().String()
	require.NoError(t, l.Close())
	c, err = New(Config{URL: "http://" + address, Wait: 5 * time.Second, HTTP: &http.Client{Transport: &http.Transport{}}})
	require.NoError(t, err)
	answered := make(chan error)
	go func() {
		_, err := c.Post(t.Context(), "/v1/records", 1, nil)
		answered <- err
	}()
	server := httptest.NewUnstartedServer(http.HandlerFunc(node))
	time.AfterFunc(150*time.Millisecond, func() {
		server.Listener.Close()
		var err error
		if server.Listener, err = net.Listen("tcp", address); err == nil {
			server.Start()
		}
	})
	require.NoError(t, <-answered)
	c.http.CloseIdleConnections()
	server.Close()
	require.Len(t, keys, 2, "each of the two requests has one key")
}

// Of several nodes, another is asked at once when one is away, and remembered.
func TestSeveralNodes(t *testing.T) {
	gone := httptest.NewServer(nil)
	gone.Close()
	var calls, stopping atomic.Int32
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		calls.Add(1)
		fmt.Fprint(w, `{}`)
	}))
	defer up.Close()
	busy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		stopping.Add(1)
		w.Header().Set("Retry-After", "60")
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer busy.Close()
	h := &http.Client{Transport: &http.Transport{}}
	defer h.CloseIdleConnections()
	c, err := New(Config{URL: gone.URL + ", " + busy.URL + "," + up.URL, HTTP: h})
	require.NoError(t, err)
	for range 3 {
		_, err = c.Post(t.Context(), "/v1/records", 1, nil)
		require.NoError(t, err)
	}
	require.EqualValues(t, 3, calls.Load())
	require.EqualValues(t, 1, stopping.Load(), "the one that answered is asked next")
}

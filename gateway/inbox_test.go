package gateway

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
)

// live is an open stream of server-sent events.
type live struct {
	t     testing.TB
	in    *bufio.Reader
	close context.CancelFunc
}

func (w *world) live(who, last string) *live {
	ctx, cancel := context.WithTimeout(context.Background(), hangs)
	r := w.request(who, http.MethodGet, "/v1/inbox/stream", nil).WithContext(ctx)
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	resp, err := w.client.Do(r)
	require.NoError(w.t, err)
	require.Equal(w.t, http.StatusOK, resp.StatusCode)
	require.Equal(w.t, mediaEvents, resp.Header.Get("Content-Type"))
	w.t.Cleanup(func() { cancel(); resp.Body.Close() })
	return &live{w.t, bufio.NewReader(resp.Body), cancel}
}

// next returns the next event and how many comments came before it.
func (l *live) next() (n events.Notification, comments int) {
	l.t.Helper()
	id := ""
	for {
		line, err := l.in.ReadString('\n')
		require.NoError(l.t, err)
		field, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch field {
		case "":
			if value != "" {
				comments++
			}
		case "id":
			id = value
		case "data":
			require.NoError(l.t, json.Unmarshal([]byte(value), &n))
			require.Equal(l.t, strconv.FormatUint(n.N, 10), id)
			return n, comments
		}
	}
}

// tell puts one more notification into the inbox of NCB-BR.
func (w *world) tell(i int) {
	serial := fmt.Sprintf("KT%06d", 440000+i)
	w.log.ask("NCB-BR", events.TypeRecordSubmitted, recordBody(fmt.Sprint("T-", i), serial))
	w.log.ask("NCB-CL", events.TypeSearchMade, searchBody(serial))
}

func TestLiveInboxResumesWithoutLoss(t *testing.T) {
	w := newWorld(t)
	w.tell(1)
	first := w.live("NCB-BR", "")
	n, _ := first.next()
	require.Equal(t, uint64(1), n.N)
	require.Equal(t, "match", n.Reason)
	w.tell(2)
	n, _ = first.next()
	require.Equal(t, uint64(2), n.N)
	first.close()
	for i := 3; i <= 150; i++ { // more than one page, while nobody listens
		w.tell(i)
	}
	again := w.live("NCB-BR", "2")
	for i := uint64(3); i <= 150; i++ {
		n, _ := again.next()
		require.Equal(t, i, n.N)
	}
	w.tell(151)
	n, _ = again.next()
	require.Equal(t, uint64(151), n.N)
}

func TestLiveInboxBeats(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Bounds.Heartbeat = 10 * time.Millisecond })
	l := w.live("NCB-BR", "")
	line, err := l.in.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "retry: 2000\n", line)
	for line != ": still here\n" {
		line, err = l.in.ReadString('\n')
		require.NoError(t, err)
	}
	w.tell(1)
	n, _ := l.next()
	require.Equal(t, uint64(1), n.N)
}

func TestLongPoll(t *testing.T) {
	w := newWorld(t)
	var page Inbox
	w.get("NCB-BR", "/v1/inbox?wait=0").into(t, 200, &page)
	require.Empty(t, page.Items)
	got := make(chan answered, 2)
	for range 2 {
		go func() { got <- w.get("NCB-BR", "/v1/inbox?wait=60") }()
	}
	require.Eventually(t, func() bool {
		w.gw.watch.mu.Lock()
		defer w.gw.watch.mu.Unlock()
		box := w.gw.watch.inboxes["NCB-BR"]
		return box != nil && box.waiters == 2
	}, 5*time.Second, time.Millisecond)
	w.log.ask("NCB-CL", events.TypeSearchMade, searchBody("ZZ99887766")) // tells nobody
	w.tell(1)
	for range 2 {
		(<-got).into(t, 200, &page)
		require.Len(t, page.Items, 1)
	}
	w.tell(2)
	w.tell(3)
	w.get("NCB-BR", "/v1/inbox?after=1&limit=1&wait=60").into(t, 200, &page)
	require.Len(t, page.Items, 1)
	require.Equal(t, uint64(2), page.Items[0].N)
	require.Equal(t, uint64(3), page.Last)
	require.Eventually(t, w.gw.watch.empty, 5*time.Second, time.Millisecond)
}

// A long poll that nothing ends ends by itself, with an empty page.
func TestLongPollEnds(t *testing.T) {
	w := newWorld(t)
	var page Inbox
	w.get("NCB-BR", "/v1/inbox?wait=1").into(t, 200, &page)
	require.Empty(t, page.Items)
	require.NotNil(t, page.Items)
}

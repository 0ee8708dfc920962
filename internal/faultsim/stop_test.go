package faultsim

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/armslog/armslog/gateway"
	"github.com/armslog/armslog/node"
	"github.com/armslog/armslog/projections"
)

// stopLimit is how long a node may take to stop.
const stopLimit = 5 * time.Second

// TestStopsInTime: a node stops within five seconds, by the bubble's clock,
// whatever does not answer it, while callers wait for their decisions; and who
// has none is told to ask again.
func TestStopsInTime(t *testing.T) {
	for name, silent := range map[string]func(Call) bool{
		"the journal takes nothing":    func(c Call) bool { return c.Place == Journal && c.Key == kmsg.Produce },
		"no mailbox takes anything":    func(c Call) bool { return c.Place == Mailbox && c.Key == kmsg.Produce },
		"no mailbox can be read":       func(c Call) bool { return c.Place == Mailbox && c.Key == kmsg.Fetch },
		"the election does not answer": func(c Call) bool { return c.Place == Group },
		"no broker answers":            func(Call) bool { return true },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) { stopWhile(t, dir, silent) })
		})
	}
}

func stopWhile(t *testing.T, dir string, silent func(Call) bool) {
	p := NewPlan(1)
	p.Brokers, p.Nodes, p.spells, p.incidents, p.stalls = 1, 1, nil, nil, nil
	var begun atomic.Bool
	w, err := newWorld(p, dir, func(c Call, f Fate) Fate {
		if begun.Load() && c.From != observer && silent(c) {
			f.Before = time.Hour
		}
		return f
	}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	cfg, l, client, token := w.edge(t)
	n := node.New(w.nodes[0].config())
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- n.Run(ctx, node.Gateway(cfg, l), node.Courier(projections.NewMetrics(nil), 0))
	}()
	ask := func(i int) (int, error) {
		r, err := http.NewRequest(http.MethodPost, "http://edge/v1/organisations", strings.NewReader(fmt.Sprintf(`{"organisation_id":"NCB-A%d","kind":"ncb","country":"CL","name":"Bureau"}`, i)))
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Type", "application/json")
		resp, err := client.Do(r)
		if err != nil {
			return 0, err
		}
		return resp.StatusCode, resp.Body.Close()
	}
	<-n.Ready()
	for status, err := 0, error(nil); status != http.StatusCreated; status, err = ask(0) {
		require.True(t, err == nil && (status == 0 || status == http.StatusServiceUnavailable), "%d %v", status, err)
		time.Sleep(100 * time.Millisecond)
	}
	begun.Store(true)
	const callers = 20
	var waiting sync.WaitGroup
	for i := range callers {
		waiting.Go(func() {
			status, err := ask(1 + i)
			require.True(t, err != nil || slices.Contains([]int{http.StatusServiceUnavailable, http.StatusGatewayTimeout, http.StatusCreated}, status), "answered %d", status)
		})
	}
	time.Sleep(time.Second)
	began := time.Now()
	stop()
	err = <-done
	t.Log("stopped in ", time.Since(began))
	require.NoError(t, err)
	require.LessOrEqual(t, time.Since(began), stopLimit)
	waiting.Wait()
	client.CloseIdleConnections()
	w.close()
	time.Sleep(2 * time.Hour) // what is still on its way arrives, or the bubble does not end
}

// edge is how the API of a node is served and asked within the process.
func (w *world) edge(t *testing.T) (gateway.Config, *listener, *http.Client, string) {
	key, token := gateway.NewKey("admin", secretariat, gateway.Roles()...)
	text, err := json.Marshal(gateway.Keys{Keys: []gateway.Key{key}})
	require.NoError(t, err)
	path := filepath.Join(w.dir, "keys.json")
	require.NoError(t, os.WriteFile(path, text, 0o600))
	keys, err := gateway.OpenKeyFile(path, []byte(strings.Repeat("x", 32)), w.log)
	require.NoError(t, err)
	at, err := w.net.Listen("tcp", "127.0.0.1:8080")
	require.NoError(t, err)
	l := at.(*listener)
	client := &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		select {
		case l.incoming <- far:
			return near, nil
		case <-l.closed:
			return nil, errRefused
		}
	}}}
	return gateway.Config{Log: w.log, Credentials: keys, Metrics: prometheus.NewRegistry(), Version: "test"}, l, client, token
}

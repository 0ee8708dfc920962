package failover

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"time"
)

// balancer distributes requests over the nodes that say that they are ready, as
// one asks any proxy to. It tries nothing again: what a node refuses, its caller
// hears.
type balancer struct {
	server *httptest.Server
	nodes  []*Node
	done   chan struct{}
	stop   context.CancelFunc

	mu    sync.Mutex
	ready []*url.URL
	turn  int
}

// lookEvery is how often the balancer asks a node whether it is ready; a node
// drains for longer.
const lookEvery = 100 * time.Millisecond

func newBalancer(nodes []*Node) *balancer {
	ctx, stop := context.WithCancel(context.Background())
	b := &balancer{nodes: nodes, done: make(chan struct{}), stop: stop}
	b.look(ctx)
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	b.server = httptest.NewServer(&httputil.ReverseProxy{
		Transport: transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			if to := b.next(); to != nil {
				r.SetURL(to)
			}
		},
	})
	go func() {
		defer close(b.done)
		defer transport.CloseIdleConnections()
		for ctx.Err() == nil {
			b.look(ctx)
			select {
			case <-time.After(lookEvery):
			case <-ctx.Done():
			}
		}
	}()
	return b
}

func (b *balancer) close() {
	b.stop()
	b.server.Close()
	<-b.done
}

func (b *balancer) look(ctx context.Context) {
	var ready []*url.URL
	for _, n := range b.nodes {
		if _, err := n.status(ctx); err != nil {
			continue
		}
		if u, err := url.Parse(n.URL); err == nil {
			ready = append(ready, u)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ready = ready
}

// next is nil where no node is ready: then the proxy answers 502.
func (b *balancer) next() *url.URL {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.ready) == 0 {
		return nil
	}
	b.turn++
	return b.ready[b.turn%len(b.ready)]
}

package gateway

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/armslog/armslog/events"
)

// Config is what the edge is given.
type Config struct {
	Log         *slog.Logger
	Mailboxes   Log
	Accesses    Accesses
	Registry    Registry
	View        View
	Tables      Tables // nil = there is no ClickHouse: its lists answer 503
	Trials      Trials // nil = no policy can be tried here
	Credentials Credentials
	Ready       func() error         // why nothing can be answered well now; nil = it can, or it returns nil
	Opened      <-chan struct{}      // closed when Ready has first returned nil; calls wait a moment for it
	Checks      func() []Check       // what is in order and what not; it MUST NOT wait; nil = nobody looks
	Secretariat func() events.OrgID  // who sees the checks' details, "" while that is not known; nil = nobody
	Metrics     *prometheus.Registry // its own metrics go in, /metrics shows all of it
	Version     string
	TLS         *tls.Config   // nil = plain text, for a proxy in front
	Leads       func() bool   // this node leads; nil = not known
	Drain       time.Duration // how long it goes on answering when it is to stop, for balancers to leave
	Bounds      Bounds
}

// Gateway is the HTTP edge. Its handler needs Run beside it; Serve does both.
type Gateway struct {
	cfg     Config
	api     huma.API
	routes  []*route
	handler http.Handler
	bounds  *bounds
	metrics *metrics
	flight  *flight
	watch   *watch
	trying  atomic.Bool     // a policy is on trial
	drains  atomic.Bool     // it is about to stop
	life    context.Context // ends when the edge stops: streams end with it
	stop    context.CancelFunc
	openAPI []byte
	docs    []byte
}

// New makes the edge; nothing runs yet.
func New(cfg Config) (*Gateway, error) {
	cfg.Bounds = cfg.Bounds.withDefaults()
	g := &Gateway{
		cfg:     cfg,
		routes:  routes(),
		bounds:  newBounds(cfg.Bounds),
		metrics: newMetrics(cfg.Metrics),
		flight:  newFlight(),
		watch:   newWatch(cfg.Registry),
	}
	g.life, g.stop = context.WithCancel(context.Background())
	mux := http.NewServeMux()
	g.mount(mux)
	if err := g.document(); err != nil {
		return nil, err
	}
	g.handler = g.outermost(mux)
	return g, nil
}

// Handler serves the API.
func (g *Gateway) Handler() http.Handler { return g.handler }

// outermost is around every request: deadlines, panics, the log line, metrics.
// The line holds the route's pattern, never a path or a query: they hold ids
// and marks.
func (g *Gateway) outermost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rw := g.wrap(w)
		if g.drains.Load() {
			rw.Header().Set("Connection", "close") // the next request finds another node
		}
		defer g.finish(rw, r)
		defer g.recover(rw)
		next.ServeHTTP(rw, r)
	})
}

func (g *Gateway) recover(w *responseWriter) {
	v := recover()
	if v == nil {
		return
	}
	if v == http.ErrAbortHandler {
		panic(v)
	}
	g.logPanic()
	if w.status != 0 {
		panic(http.ErrAbortHandler) // the answer has begun: break it off
	}
	if w.route == nil {
		w.route = &route{}
	}
	newProblem("internal", "").write(w)
}

// logPanic leaves out the value of the panic, which may hold what a caller
// sent. It is called while the stack is still the panic's.
func (g *Gateway) logPanic() {
	g.cfg.Log.Error("handler panicked", "stack", string(debug.Stack()))
}

func (g *Gateway) finish(w *responseWriter, r *http.Request) {
	pattern := "none"
	if w.route != nil && w.route.path != "" {
		pattern = w.route.path
	}
	if w.status == 0 {
		w.status = http.StatusOK
	}
	took := time.Since(w.started)
	g.metrics.observe(method(r.Method), pattern, w.status, took)
	g.cfg.Log.Info("request", "method", method(r.Method), "route", pattern, "status", w.status, "took", took)
}

// method bounds what a caller can put into a label.
func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut:
		return m
	}
	return "other"
}

package gateway

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// stopWithin is how long requests under way may take once the edge stops. The
// node that it serves stops within five seconds, and has more to do after it: a
// caller that still waits for its decision then asks again.
const stopWithin = 3 * time.Second

// Serve answers on l until ctx ends, and then for as long as Config.Drain says,
// while /readyz says that it is not ready. Then it ends streams and batches at
// once (they go on where they were, elsewhere), lets other requests finish and
// returns nil. A Gateway serves once.
func (g *Gateway) Serve(ctx context.Context, l net.Listener) error {
	srv := &http.Server{
		Handler:           g.handler,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    g.cfg.Bounds.HeaderBytes,
		ErrorLog:          slog.NewLogLogger(g.cfg.Log.Handler(), slog.LevelDebug),
	}
	var running sync.WaitGroup
	defer running.Wait()
	defer g.stop()
	running.Go(func() { g.watch.run(g.life) })
	failed := make(chan error, 1)
	bound := net.Listener(newBoundListener(l, g.cfg.Bounds.Connections))
	if g.cfg.TLS != nil {
		bound = tls.NewListener(bound, g.cfg.TLS) // the server shakes hands within ReadHeaderTimeout
	}
	running.Go(func() { failed <- srv.Serve(bound) })
	select {
	case err := <-failed:
		return fmt.Errorf("serve http: %w", err)
	case <-ctx.Done():
	}
	if err := g.drain(failed); err != nil {
		return err
	}
	g.stop()
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	if err := srv.Shutdown(stopping); err != nil {
		_ = srv.Close() // it took too long; what was appended is decided all the same
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve http: %w", err)
	}
	return nil
}

// drain goes on serving while balancers and clients find other nodes.
func (g *Gateway) drain(failed <-chan error) error {
	g.drains.Store(true)
	select {
	case err := <-failed:
		return fmt.Errorf("serve http: %w", err)
	case <-time.After(g.cfg.Drain):
		return nil
	}
}

// boundListener holds at most so many connections; others wait in the kernel's
// queue until one is free.
type boundListener struct {
	net.Listener
	places chan struct{}
	closed chan struct{}
	close  sync.Once
}

func newBoundListener(l net.Listener, n int) *boundListener {
	return &boundListener{Listener: l, places: make(chan struct{}, n), closed: make(chan struct{})}
}

func (l *boundListener) Accept() (net.Conn, error) {
	select {
	case l.places <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	conn, err := l.Listener.Accept()
	if err != nil {
		<-l.places
		return nil, err
	}
	return &boundConn{Conn: conn, leave: sync.OnceFunc(func() { <-l.places })}, nil
}

func (l *boundListener) Close() error {
	l.close.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

type boundConn struct {
	net.Conn
	leave func()
}

func (c *boundConn) Close() error {
	err := c.Conn.Close()
	c.leave()
	return err
}

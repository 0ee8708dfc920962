package single

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/armslog/armslog/internal/embedded"
)

// supervised is a ClickHouse that is started again when it ends unasked, on the
// same ports.
type supervised struct {
	cfg embedded.ClickHouseConfig
	log *slog.Logger

	mu      sync.Mutex
	server  *embedded.ClickHouse
	stop    context.CancelFunc
	stopped chan struct{}
}

// start starts the server and keeps it running until close.
func (s *supervised) start(ctx context.Context) error {
	for _, port := range []*int{&s.cfg.TCPPort, &s.cfg.HTTPPort} {
		if *port == 0 {
			free, err := freePort()
			if err != nil {
				return err
			}
			*port = free // the same after a restart
		}
	}
	server, err := embedded.StartClickHouse(ctx, s.cfg)
	if err != nil {
		return fmt.Errorf("start ClickHouse: %w", err)
	}
	s.server, s.stopped = server, make(chan struct{})
	ctx, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	go s.watch(ctx)
	return nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func (s *supervised) watch(ctx context.Context) {
	defer close(s.stopped)
	for {
		s.mu.Lock()
		server := s.server
		s.mu.Unlock()
		select {
		case <-ctx.Done():
			server.Close()
			return
		case <-server.Done():
		}
		s.log.Error("ClickHouse has ended: registration, search and notification go on without its tables", "error", server.Err())
		if !s.again(ctx) {
			return
		}
		s.log.Info("ClickHouse is back")
	}
}

// again starts the server until it stays, or ctx ends.
func (s *supervised) again(ctx context.Context) bool {
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval, wait.MaxInterval, wait.MaxElapsedTime = 100*time.Millisecond, 10*time.Second, 0
	err := backoff.Retry(func() error {
		server, err := embedded.StartClickHouse(ctx, s.cfg)
		if err != nil {
			return err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.server = server
		return nil
	}, backoff.WithContext(wait, ctx))
	return err == nil
}

func (s *supervised) close() {
	if s.stop == nil {
		return // it never started
	}
	s.stop()
	<-s.stopped
}

func (s *supervised) kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.server.Kill()
}

func (s *supervised) native() string { return address(s.cfg.TCPPort) }

func (s *supervised) http() string { return address(s.cfg.HTTPPort) }

func address(port int) string { return "127.0.0.1:" + strconv.Itoa(port) }

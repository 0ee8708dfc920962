package embedded

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v4"
)

// Supervised is a ClickHouse that is started again when it ends unasked, on the
// same ports and with the same passwords.
type Supervised struct {
	cfg     ClickHouseConfig
	log     *slog.Logger
	stop    context.CancelFunc
	stopped chan struct{}

	mu     sync.Mutex
	server *ClickHouse
}

// Supervise starts a server and keeps it running until Close.
func Supervise(ctx context.Context, cfg ClickHouseConfig, log *slog.Logger) (*Supervised, error) {
	server, err := StartClickHouse(ctx, cfg)
	if err != nil {
		return nil, err
	}
	s := &Supervised{cfg: server.cfg, log: log, server: server, stopped: make(chan struct{})}
	ctx, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	go s.watch(ctx)
	return s, nil
}

// Server is the one that runs, or ran last.
func (s *Supervised) Server() *ClickHouse {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.server
}

// Close ends the server as ClickHouse.Close does, for good.
func (s *Supervised) Close() {
	s.stop()
	<-s.stopped
}

func (s *Supervised) watch(ctx context.Context) {
	defer close(s.stopped)
	for s.ended(ctx) {
		s.log.Error("ClickHouse has ended: registration, search and notification go on without its tables", "error", s.Server().Err())
		if !s.again(ctx) {
			return
		}
		s.log.Info("ClickHouse is back")
	}
}

// looks is how often is looked whether the server listens.
const looks = time.Second

// ended waits until the server has ended unasked, and ends it where nobody
// listens any more. False: ctx has ended, and the server is closed.
func (s *Supervised) ended(ctx context.Context) bool {
	server := s.Server()
	for refused := false; ; {
		select {
		case <-ctx.Done():
			server.Close()
			return false
		case <-server.Done():
			return true
		case <-time.After(looks):
		}
		again := server.Refuses(ctx)
		if again && refused {
			s.log.Error("ClickHouse lives and does not listen: it is ended")
			server.Kill()
		}
		refused = again
	}
}

// again starts the server until it stays, or ctx ends.
func (s *Supervised) again(ctx context.Context) bool {
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval, wait.MaxInterval, wait.MaxElapsedTime = 100*time.Millisecond, 3*time.Second, 0
	start := func() error {
		server, err := StartClickHouse(ctx, s.cfg)
		if err != nil {
			return err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.server = server
		return nil
	}
	return nil == backoff.RetryNotify(start, backoff.WithContext(wait, ctx), func(err error, next time.Duration) {
		s.log.Error("ClickHouse does not start", "error", err, "again_in", next)
	})
}

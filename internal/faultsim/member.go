package faultsim

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/armslog/armslog/node"
	"github.com/armslog/armslog/projections"
)

// member is one node of the world, through its lives.
type member struct {
	*world
	name  string
	index int
	clock atomic.Int64 // by which it is off, a time.Duration
	rows  follower
	stuck atomic.Bool // in a stall, from which nothing wakes it

	mu      sync.Mutex
	node    *node.Node // nil while it does not run
	cancel  context.CancelFunc
	done    chan error
	stalled bool // its stalls have been set up
}

func (m *member) now() *node.Node {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.node
}

func (m *member) config() node.Config {
	cfg := node.Config{
		Cluster: m.cluster(m.name), Leads: true, Genesis: genesis(), Dir: filepath.Join(m.dir, m.name),
		Log: m.log.With(slog.String("node", m.name)),
		Now: func() time.Time { return time.Now().Add(time.Duration(m.clock.Load())) },
	}
	if m.stalled {
		return cfg
	}
	m.stalled = true
	for _, s := range m.plan.stalls {
		if s.node == m.index {
			cfg.Failpoints = cfg.Failpoints.On(s.point, s.hit, func() { m.stall(s) })
		}
	}
	return cfg
}

// stall is SIGSTOP in the middle of a step: neither the step nor anything else
// of the node moves.
func (m *member) stall(s stall) {
	if !m.weather.rages() { // the bureaus are being enrolled, or all is over
		return
	}
	m.weather.incident(stalled)
	m.stuck.Store(true)
	defer m.stuck.Store(false)
	m.net.Freeze(m.name)
	timer := time.NewTimer(s.lasts)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-m.over:
	}
	m.net.Thaw(m.name)
}

// start begins a life.
func (m *member) start() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.node != nil {
		return
	}
	n := node.New(m.config())
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	services := []node.Service{m.rows.follow}
	if m.index == 0 { // one courier: two would tell everything twice
		services = append(services, node.Courier(projections.NewMetrics(nil), 0))
	}
	go func() {
		err := n.Run(ctx, services...)
		if ctx.Err() == nil {
			m.fail("%s ended by itself: %v", m.name, err)
		}
		done <- err
	}()
	m.node, m.cancel, m.done = n, cancel, done
}

// stop ends a life, in order: the node says where that takes longer than it may.
func (m *member) stop() {
	m.mu.Lock()
	n, cancel, done := m.node, m.cancel, m.done
	m.node = nil
	m.mu.Unlock()
	if n == nil {
		return
	}
	stuck := m.stuck.Load()
	cancel()
	if err := <-done; err != nil && !stuck && !m.stuck.Load() {
		m.fail("%s does not stop as it should: %v", m.name, err)
	}
}

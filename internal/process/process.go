// Package process runs the roles of one armslog process: the node and whatever
// of gateway, projector and courier it is to have. `armslog up` and `armslog
// serve` run the same.
package process

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/armslog/armslog/gateway"
	"github.com/armslog/armslog/node"
	"github.com/armslog/armslog/projections"
)

// The roles of a process. Every node follows the journal; registry may lead.
const (
	Registry  = "registry"
	Gateway   = "gateway"
	Projector = "projector"
	Courier   = "courier"
)

// Roles are all roles there are.
func Roles() []string { return []string{Registry, Gateway, Projector, Courier} }

// Config is one process.
type Config struct {
	Roles       []string
	Node        node.Config         // Leads is set by the roles
	Listener    net.Listener        // of the HTTP API; Run closes it
	TLS         *tls.Config         // of the HTTP API; nil = plain text
	KeyFile     string              // hashed API keys
	ActorSecret []byte              // keys the pairwise ids of actors
	ClickHouse  *projections.Config // nil = no tables: their lists answer 503
	Tables      []string            // which tables the projector fills; none = all
	// CourierFollowsLeader: of the nodes with the role courier, the one that leads
	// delivers. Each of them must bear the role registry, and each that does both.
	CourierFollowsLeader bool
	// Rests are how long the projector and the courier may gather what they write.
	Rests   Rests
	Version string
	Log     *slog.Logger
}

// Rests are the longest of each role, 0 = its default: long where writing takes
// from the registry what it needs itself, and nobody outside waits.
type Rests struct{ Projector, Courier time.Duration }

// Process is a configured process.
type Process struct {
	cfg       Config
	Node      *node.Node
	database  *projections.Database
	projector *projections.Projector
	keys      *gateway.KeyFile
	pulse     pulse
	followers []follower
	services  []node.Service
}

// follower follows the node's state up to before the entry next.
type follower struct {
	name string
	next func() uint64
}

// New prepares a process. Run starts it and, at its end, closes its
// connections; Close does so for one that is not run.
func New(cfg Config) (*Process, error) {
	for _, r := range cfg.Roles {
		if !slices.Contains(Roles(), r) {
			return nil, fmt.Errorf("role %q is unknown: one of %v", r, Roles())
		}
	}
	cfg.Node.Leads = slices.Contains(cfg.Roles, Registry)
	if cfg.CourierFollowsLeader && slices.Contains(cfg.Roles, Courier) != cfg.Node.Leads {
		return nil, errors.New("a courier that follows the leader needs the roles registry and courier on the same nodes")
	}
	cfg.Node.Log = cfg.Log
	p := &Process{cfg: cfg, Node: node.New(cfg.Node)}
	if err := p.wire(); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// Run runs until ctx ends or a role cannot go on. Also one that never served
// lets go of its address.
func (p *Process) Run(ctx context.Context) error {
	if p.cfg.Listener != nil {
		defer p.cfg.Listener.Close()
	}
	err := p.Node.Run(ctx, p.services...)
	return errors.Join(err, p.closeDatabase())
}

// Close disconnects a process that is not run. Its listener is the caller's.
func (p *Process) Close() error {
	p.Node.Close()
	return p.closeDatabase()
}

func (p *Process) closeDatabase() error {
	if p.database == nil {
		return nil
	}
	return p.database.Close()
}

func (p *Process) has(role string) bool { return slices.Contains(p.cfg.Roles, role) }

func (p *Process) wire() error {
	metrics := prometheus.NewRegistry()
	metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	node.RegisterMetrics(metrics, p.Node)
	figures := projections.NewMetrics(metrics)
	queries, err := p.tables(figures)
	if err != nil {
		return err
	}
	if p.projector != nil {
		p.follows(metrics, "projector", p.projector.Worker(), p.projector.Next)
	}
	if p.has(Courier) {
		p.courier(figures, metrics)
	}
	if p.has(Gateway) {
		return p.gateway(queries, metrics)
	}
	return nil
}

// courier adds the courier, which is not behind where it has nothing to do.
func (p *Process) courier(figures *projections.Metrics, metrics *prometheus.Registry) {
	if !p.cfg.CourierFollowsLeader {
		p.services = append(p.services, node.Courier(figures, p.cfg.Rests.Courier))
		p.follows(metrics, "courier", "all", figures.Delivered)
		return
	}
	p.services = append(p.services, node.LeadersCourier(figures, p.cfg.Rests.Courier))
	p.follows(metrics, "courier", "all", func() uint64 {
		if p.Node.Leads() {
			return figures.Delivered()
		}
		return math.MaxUint64
	})
}

func (p *Process) follows(metrics *prometheus.Registry, name, tables string, next func() uint64) {
	node.RegisterFollower(metrics, p.Node, name, tables, next)
	p.followers = append(p.followers, follower{name, next})
}

// tables connects ClickHouse, if there is one, and adds the projector.
func (p *Process) tables(figures *projections.Metrics) (*projections.Queries, error) {
	if p.cfg.ClickHouse == nil {
		return nil, nil
	}
	cfg := *p.cfg.ClickHouse
	cfg.Log = p.cfg.Log
	var err error
	if p.database, err = projections.Open(cfg); err != nil {
		return nil, err
	}
	q := projections.QueriesConfig{Database: p.database}
	if p.has(Projector) {
		q.Projector, err = projections.NewProjector(projections.ProjectorConfig{
			LongestRest: p.cfg.Rests.Projector,
			Database:    p.database, Source: p.Node.Source(), Tables: p.cfg.Tables, Metrics: figures, Log: p.cfg.Log,
		})
		if err != nil {
			return nil, err
		}
		p.projector = q.Projector
		p.services = append(p.services, node.Projector(q.Projector))
	}
	return projections.NewQueries(q), nil
}

// gateway adds the edge, and what looks for it at what else is needed. It begins
// with the node: one that cannot begin says why.
func (p *Process) gateway(queries *projections.Queries, metrics *prometheus.Registry) (err error) {
	if p.keys, err = gateway.OpenKeyFile(p.cfg.KeyFile, p.cfg.ActorSecret, p.cfg.Log); err != nil {
		return err
	}
	p.pulse.dir = p.cfg.Node.Dir
	if p.database != nil {
		p.pulse.ping = p.database.Ping
	}
	p.pulse.register(metrics)
	cfg := gateway.Config{Log: p.cfg.Log, TLS: p.cfg.TLS, Credentials: p.keys, Checks: p.checks, Metrics: metrics, Version: p.cfg.Version}
	if queries != nil {
		cfg.Tables = node.Tables(queries)
	}
	p.Node.Early(node.Gateway(cfg, p.cfg.Listener), p.pulse.run)
	return nil
}

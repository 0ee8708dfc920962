package process

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/armslog/armslog/node"
)

// pulse looks from time to time at what a process needs and does not hear of by
// itself: whether ClickHouse answers, how full the disk is.
type pulse struct {
	ping func(context.Context) error // nil = there is no ClickHouse
	dir  string                      // on the disk that is looked at; "" = none

	mu    sync.Mutex
	found findings
}

// findings are what a pulse found when it last looked.
type findings struct {
	looked bool
	tables error // why ClickHouse does not answer
	free   float64
	disk   error // why free is not known
}

const (
	pulseEvery  = 3 * time.Second
	pulseWithin = 2 * time.Second
)

func (p *pulse) register(r prometheus.Registerer) {
	if p.ping != nil {
		r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "armslog_clickhouse_up", Help: "1 if ClickHouse answered when it was last asked.",
		}, func() float64 {
			if last := p.last(); last.looked && last.tables == nil {
				return 1
			}
			return 0
		}))
	}
	if p.dir != "" {
		r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "armslog_disk_free_ratio", Help: "Free share of the disk of the node's directory; -1 = not known.",
		}, func() float64 {
			if last := p.last(); last.looked && last.disk == nil {
				return last.free
			}
			return -1
		}))
	}
}

func (p *pulse) last() findings {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.found
}

// run is an early service.
func (p *pulse) run(ctx context.Context, _ *node.Node) error {
	tick := time.NewTicker(pulseEvery)
	defer tick.Stop()
	for {
		p.look(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

func (p *pulse) look(ctx context.Context) {
	found := findings{looked: true}
	if p.ping != nil {
		within, cancel := context.WithTimeout(ctx, pulseWithin)
		found.tables = p.ping(within)
		cancel()
	}
	if p.dir != "" {
		found.free, found.disk = diskFree(p.dir)
	}
	if ctx.Err() != nil {
		return // it was cut short, and says nothing
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.found = found
}

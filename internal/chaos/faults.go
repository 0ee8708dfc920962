package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/armslog/armslog/internal/fleet"
)

// The ways in which a member is broken.
const (
	killed = "killed"
	paused = "paused"
	cut    = "cut off"
)

// fault is one of them, and how long it lasted.
type fault struct {
	Member string
	Way    string
	From   time.Time
	Until  time.Time // it serves again; zero: not yet
}

// mix says in percent who is broken, and how.
type mix struct {
	brokers, nodes, tables int
	killed, paused, cut    int
}

var usual = mix{brokers: 35, nodes: 55, tables: 10, killed: 40, paused: 30, cut: 30}

func (m mix) String() string {
	return fmt.Sprintf("brokers %d %% (one at a time, and only when the others have every topic), nodes %d %% (any number at once), ClickHouse %d %%; "+
		"kill -9 and restart %d %%, SIGSTOP for 1 to 30 s %d %%, network cut for 1 to 30 s %d %%",
		m.brokers, m.nodes, m.tables, m.killed, m.paused, m.cut)
}

// faults breaks members at random. Each member has at most one fault at a time.
type faults struct {
	*world
	rand *rand.Rand
	stop context.CancelFunc
	done sync.WaitGroup

	mu     sync.Mutex
	broken map[string]bool // members that have a fault; "brokers" stands for all of them
	list   []*fault
	died   []string // members that ended though nobody killed them
	errs   []error
}

func (w *world) startFaults(ctx context.Context) *faults {
	ctx, stop := context.WithCancel(ctx)
	f := &faults{world: w, rand: rand.New(rand.NewPCG(w.cfg.seed, 1)), stop: stop, broken: map[string]bool{}}
	f.done.Go(func() {
		for pause(ctx, time.Duration(f.rand.Int64N(int64(2*w.cfg.pace)))) {
			f.one(ctx)
		}
	})
	return f
}

// one breaks what is drawn, unless it is broken already.
func (f *faults) one(ctx context.Context) {
	m, key := f.drawMember()
	way, length := f.drawWay()
	f.mu.Lock()
	if f.broken[key] {
		f.mu.Unlock()
		return
	}
	f.broken[key] = true
	now := &fault{Member: m.Name(), Way: way, From: time.Now()}
	f.list = append(f.list, now)
	f.mu.Unlock()
	f.done.Go(func() {
		// What is begun is ended, also when the faults are over.
		err := f.inflict(ctx, m, way, length)
		f.mu.Lock()
		defer f.mu.Unlock()
		now.Until = time.Now()
		if err != nil {
			f.errs = append(f.errs, fmt.Errorf("%s, %s: %w", now.Member, now.Way, err))
			return // it stays broken
		}
		delete(f.broken, key)
	})
}

const allBrokers = "brokers"

func (f *faults) drawMember() (m fleet.Member, key string) {
	switch n := f.rand.IntN(100); {
	case n < usual.brokers:
		return f.fleet.Brokers[f.rand.IntN(len(f.fleet.Brokers))], allBrokers
	case n < usual.brokers+usual.nodes:
		m = f.fleet.Nodes[f.rand.IntN(len(f.fleet.Nodes))]
	default:
		m = f.fleet.Tables
	}
	return m, m.Name()
}

func (f *faults) drawWay() (way string, length time.Duration) {
	length = time.Second + time.Duration(f.rand.Int64N(int64(29*time.Second)))
	switch n := f.rand.IntN(100); {
	case n < usual.killed:
		return killed, length / 10
	case n < usual.killed+usual.paused:
		return paused, length
	default:
		return cut, length
	}
}

// inflict breaks a member and mends it. It returns when the member serves and,
// of a broker, when another may be lost.
func (f *faults) inflict(ctx context.Context, m fleet.Member, way string, length time.Duration) error {
	if err := f.revive(ctx, m); err != nil {
		return err
	}
	switch way {
	case killed:
		m.Kill()
	case paused:
		if err := m.Pause(); err != nil {
			return err
		}
	case cut:
		m.Cut()
	}
	pause(ctx, length)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	switch way {
	case killed:
		if err := restart(ctx, m); err != nil {
			return err
		}
	case paused:
		if err := m.Resume(); err != nil {
			return err
		}
	case cut:
		m.Heal()
	}
	if _, ok := m.(*fleet.Broker); ok {
		return f.fleet.WaitInSync(ctx)
	}
	return nil
}

// revive starts a member that has ended by itself, which is noted.
func (f *faults) revive(ctx context.Context, m fleet.Member) error {
	if m.Running() {
		return nil
	}
	f.mu.Lock()
	f.died = append(f.died, fmt.Sprintf("%s, before %s", m.Name(), time.Now().UTC().Format("15:04:05")))
	f.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	return restart(ctx, m)
}

// restart starts a member until it serves: a broker may not be let in in time,
// and a node not reach the brokers, while others are broken.
func restart(ctx context.Context, m fleet.Member) error {
	for {
		err := m.Start(ctx)
		if err == nil || ctx.Err() != nil {
			return err
		}
		m.Kill()
	}
}

// mend ends all faults and returns when every member serves.
func (f *faults) mend(ctx context.Context) error {
	f.stop()
	f.done.Wait()
	f.mu.Lock()
	err := errors.Join(f.errs...)
	f.mu.Unlock()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, m := range f.fleet.Members() {
		if err := f.revive(ctx, m); err != nil {
			return err
		}
	}
	for _, n := range f.fleet.Nodes {
		if err := n.Ready(ctx); err != nil {
			return err
		}
	}
	return f.fleet.WaitInSync(ctx)
}

func (f *faults) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.list)
}

// history is what was broken, and who ended by itself.
func (f *faults) history() (list []*fault, died []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.list, f.died
}

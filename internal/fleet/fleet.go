// Package fleet runs a whole cluster on this machine, each member a process of
// its own: Apache Kafka brokers, armslog nodes from the real program, one
// ClickHouse. Every member can be killed, paused and cut off from the others,
// and be brought back. Nothing outlives the program that started it.
//
// Members reach each other through ports of this package (link), one for each
// pair, so that cutting a member off stops what it sends and what is sent to it.
package fleet

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"github.com/armslog/armslog/gateway"
	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/realkafka"
)

// Secretariat is the General Secretariat of a fleet's registry.
const Secretariat = "IPSG"

// Config of a fleet. Dir must exist; data and logs stay in it.
type Config struct {
	Dir        string
	Brokers    int               // 1 or 3
	Properties map[string]string // of every broker, beside and instead of ours
	Nodes      []NodeConfig      // the first begins the registry
	Engine     embedded.Engine   // of ClickHouse; the zero Engine means that there is none
	Program    string            // path of armslog; "" builds it from this module
	Keys       []gateway.Key     // that all nodes know
}

// NodeConfig is one node.
type NodeConfig struct {
	Roles []string // none = registry and gateway
	Flags []string // more flags of `armslog serve`
}

// Fleet is a running cluster.
type Fleet struct {
	Brokers []*Broker
	Nodes   []*Node
	Tables  *Tables // nil = there is no ClickHouse

	cfg   Config
	net   *network
	ports ports
	kafka *realkafka.Cluster
	files files
}

// files are what all nodes share.
type files struct {
	program, keys, actor, password, mark string
}

// Start runs a fleet and returns when every member serves. On an error nothing
// is left running; realkafka.ErrMissing is returned where Kafka cannot be run.
func Start(ctx context.Context, cfg Config) (*Fleet, error) {
	f := &Fleet{cfg: cfg, net: newNetwork(), ports: ports{}}
	if err := f.start(ctx); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func (f *Fleet) start(ctx context.Context) error {
	if err := f.prepare(ctx); err != nil {
		return err
	}
	if err := f.plan(); err != nil {
		return err
	}
	var engines errgroup.Group
	engines.Go(func() error { return f.startBrokers(ctx) })
	if f.Tables != nil {
		engines.Go(func() error { return f.Tables.Start(ctx) })
	}
	if err := engines.Wait(); err != nil {
		return err
	}
	for i, n := range f.Nodes {
		n.begins = i == 0
		if err := n.Start(ctx); err != nil {
			return err
		}
		n.begins = false
	}
	return nil
}

// prepare writes what the nodes share, and builds the program.
func (f *Fleet) prepare(ctx context.Context) error {
	f.files = files{
		program: f.cfg.Program, keys: f.path("keys.json"), actor: f.path("actor-secret"),
		password: f.path("tables-password"), mark: f.path("mark-key"),
	}
	for path, size := range map[string]int{f.files.actor: 32, f.files.password: 16, f.files.mark: 16} {
		secret := make([]byte, size)
		_, _ = rand.Read(secret) // never fails
		if err := os.WriteFile(path, []byte(hex.EncodeToString(secret)), 0o600); err != nil {
			return fmt.Errorf("write secret: %w", err)
		}
	}
	if err := writeKeys(f.files.keys, f.cfg.Keys); err != nil {
		return err
	}
	if f.files.program != "" {
		return nil
	}
	f.files.program = f.path("armslog")
	return Build(ctx, f.files.program)
}

// plan gives every member its ports, its directory and its links.
func (f *Fleet) plan() error {
	if f.cfg.Engine.Path != "" {
		t, err := f.planTables()
		if err != nil {
			return err
		}
		f.Tables = t
	}
	if err := f.planBrokers(); err != nil {
		return err
	}
	for i, cfg := range f.cfg.Nodes {
		n, err := f.planNode(i, cfg)
		if err != nil {
			return err
		}
		f.Nodes = append(f.Nodes, n)
	}
	return nil
}

// Members are all members.
func (f *Fleet) Members() []Member {
	var all []Member
	for _, b := range f.Brokers {
		all = append(all, b)
	}
	for _, n := range f.Nodes {
		all = append(all, n)
	}
	if f.Tables != nil {
		all = append(all, f.Tables)
	}
	return all
}

// Addrs are the brokers as whoever is no member reaches them. A broker that is
// cut off is cut off from them, too.
func (f *Fleet) Addrs() []string { return f.reach(outsider) }

// Program is the path of armslog.
func (f *Fleet) Program() string { return f.files.program }

// PIDs are the ids of all processes that run.
func (f *Fleet) PIDs() (ids []int) {
	for _, b := range f.Brokers {
		if b.Running() {
			ids = append(ids, f.kafka.PID(b.at))
		}
	}
	for _, n := range f.Nodes {
		if n.Running() {
			ids = append(ids, n.process.PID())
		}
	}
	if f.Tables != nil && f.Tables.Running() {
		ids = append(ids, f.Tables.server.PID())
	}
	return ids
}

// Close kills what runs: the nodes first, so that they do not fill their logs
// with the end of the others.
func (f *Fleet) Close() error {
	for _, n := range f.Nodes {
		n.Kill()
	}
	if f.Tables != nil {
		f.Tables.Kill()
	}
	var err error
	if f.kafka != nil {
		err = f.kafka.Close()
	}
	return errors.Join(err, f.net.close())
}

func (f *Fleet) path(name ...string) string {
	return filepath.Join(append([]string{f.cfg.Dir}, name...)...)
}

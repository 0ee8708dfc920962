// Package kafkatest runs real Apache Kafka (KRaft) for tests: one broker or
// three on loopback ports, in temporary directories, gone with the test.
package kafkatest

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/armslog/armslog/internal/embedded/embeddedtest"
)

// Config of a cluster.
type Config struct {
	Brokers    int               // 1 or 3; 0 means 1
	Properties map[string]string // added to every broker's settings
}

// readyTimeout bounds one start of all brokers. After a kill the controller
// refuses the same broker until its old session has ended.
const readyTimeout = 90 * time.Second

// Cluster is a running Kafka. Topics are not created automatically.
type Cluster struct {
	t       testing.TB
	brokers []*broker
}

// Start runs a cluster that ends with the test, and waits until it serves.
// Without java, or without mvn on the first use, the test is skipped; with
// ARMSLOG_REQUIRE_ENGINES=1 it fails.
func Start(t testing.TB, cfg Config) *Cluster {
	t.Helper()
	java, err := exec.LookPath("java")
	if err != nil {
		embeddedtest.Missing(t, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	libs, err := jars(ctx)
	if err != nil {
		embeddedtest.Missing(t, err)
	}
	c := &Cluster{t: t}
	dir := t.TempDir()
	t.Cleanup(c.stop) // after TempDir, so before its removal
	if c.brokers, err = plan(cfg, java, libs, dir); err != nil {
		t.Fatal(err)
	}
	c.each(func(b *broker) error { return b.format(ctx) })
	c.each(func(b *broker) error { return b.start(t.Context()) })
	return c
}

// each runs one step on all brokers at once: none is ready before the quorum.
func (c *Cluster) each(step func(*broker) error) {
	c.t.Helper()
	errs := make([]error, len(c.brokers))
	var wg sync.WaitGroup
	for i, b := range c.brokers {
		wg.Go(func() { errs[i] = step(b) })
	}
	wg.Wait()
	for i, err := range errs {
		if err != nil {
			c.t.Fatalf("kafka broker %d: %v", i, err)
		}
	}
}

// Addrs are the bootstrap addresses, host:port, broker by broker. Give them to
// kafka.TCP one by one: kafka-go panics on several joined by commas.
func (c *Cluster) Addrs() []string {
	addrs := make([]string, len(c.brokers))
	for i, b := range c.brokers {
		addrs[i] = b.client
	}
	return addrs
}

// KillBroker ends broker i (counted from 0) with SIGKILL.
func (c *Cluster) KillBroker(i int) { c.brokers[i].process.Kill() }

// RestartBroker starts broker i again after KillBroker and waits until it serves.
func (c *Cluster) RestartBroker(i int) {
	c.t.Helper()
	if err := c.brokers[i].start(c.t.Context()); err != nil {
		c.t.Fatalf("restart kafka broker %d: %v", i, err)
	}
}

// stop kills: the directories go away anyway, and an orderly stop takes seconds.
func (c *Cluster) stop() {
	for _, b := range c.brokers {
		if b.process != nil {
			b.process.Kill()
		}
	}
}

// plan gives every broker its ports, directory and settings.
func plan(cfg Config, java, libs, dir string) ([]*broker, error) {
	n := max(cfg.Brokers, 1)
	if n != 1 && n != 3 {
		return nil, fmt.Errorf("plan kafka cluster: %d brokers, want 1 or 3", n)
	}
	addrs, err := freeAddrs(2 * n)
	if err != nil {
		return nil, err
	}
	var id [16]byte
	_, _ = rand.Read(id[:])
	var voters []string
	for i, addr := range addrs[n:] {
		voters = append(voters, fmt.Sprintf("%d@%s", i+1, addr))
	}
	brokers := make([]*broker, n)
	for i := range brokers {
		b := &broker{
			java: java, libs: libs, cluster: base64.RawURLEncoding.EncodeToString(id[:]),
			client: addrs[i], dir: filepath.Join(dir, fmt.Sprint(i+1)),
		}
		brokers[i] = b
		err := b.writeProperties(properties{
			ID: i + 1, Voters: strings.Join(voters, ","), Client: b.client, Controller: addrs[n+i],
			Dir: filepath.Join(b.dir, "log"), Factor: n, InSync: (n + 1) / 2, More: cfg.Properties,
		})
		if err != nil {
			return nil, err
		}
	}
	return brokers, nil
}

// freeAddrs picks n different loopback addresses that nobody listens on.
func freeAddrs(n int) ([]string, error) {
	addrs := make([]string, n)
	for i := range addrs {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("pick port: %w", err)
		}
		defer l.Close() // held until all are picked
		addrs[i] = l.Addr().String()
	}
	return addrs, nil
}

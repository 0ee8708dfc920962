// Package realkafka runs real Apache Kafka (KRaft) as child processes: one
// broker or three on loopback ports, with or without SASL, ACLs and TLS. The
// children end with their parent, even when it is killed.
package realkafka

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/armslog/armslog/internal/testca"
)

// Config of a cluster.
type Config struct {
	Brokers    int                           // 1 or 3; 0 means 1
	SASL       bool                          // who does not sign in is refused, who has no ACL may do nothing
	TLS        bool                          // on every connection, with certificates of the cluster's CA
	Users      map[string]string             // passwords of those who may sign in, beside Admin
	Properties map[string]string             // added to every broker's settings; they replace ours
	Settings   func(Place) map[string]string // instead of ours: all of a broker's settings
	Dir        string                        // in which everything is kept; "" = a temporary one, which Close removes
}

// Place is where one broker of a cluster is.
type Place struct {
	ID                 int    // from 1
	Voters             string // controller.quorum.voters
	Client, Controller string // addresses, host:port
	LogDir             string
	KeyFile, TrustFile string // PEM; "" without TLS
}

// Admin is the user whom ACLs do not bind; AdminPassword signs it in.
const (
	Admin         = "admin"
	AdminPassword = "admin-secret"
)

// ErrMissing is returned when this machine has no Java, or no Maven on the
// first use.
var ErrMissing = errors.New("apache kafka cannot be run here")

// readyTimeout bounds one start of all brokers, on a busy machine. After a kill
// the controller refuses the same broker until its old session has ended.
const readyTimeout = 3 * time.Minute

// Cluster is a running Kafka. Topics are not created automatically.
type Cluster struct {
	CA *testca.CA // of the brokers' certificates; nil without TLS

	cfg     Config
	dir     string
	brokers []*broker
}

// Start runs a cluster and returns when it serves. Close ends it.
func Start(ctx context.Context, cfg Config) (*Cluster, error) {
	java, err := exec.LookPath("java")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMissing, err)
	}
	fetch, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	libs, err := Jars(fetch)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMissing, err)
	}
	c := &Cluster{cfg: cfg}
	if err := c.start(ctx, java, libs); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

func (c *Cluster) start(ctx context.Context, java, libs string) (err error) {
	if c.dir = c.cfg.Dir; c.dir == "" {
		if c.dir, err = os.MkdirTemp("", "armslog-kafka-"); err != nil {
			return fmt.Errorf("make directory for kafka: %w", err)
		}
	}
	if err := c.plan(java, libs); err != nil {
		return err
	}
	if err := c.each(func(b *broker) error { return b.format(ctx) }); err != nil {
		return err
	}
	return c.each(func(b *broker) error { return b.start(ctx) })
}

// each runs one step on all brokers at once: none is ready before the quorum.
func (c *Cluster) each(step func(*broker) error) error {
	errs := make([]error, len(c.brokers))
	var wg sync.WaitGroup
	for i, b := range c.brokers {
		wg.Go(func() {
			if err := step(b); err != nil {
				errs[i] = fmt.Errorf("kafka broker %d: %w", i, err)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
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

// Dir holds everything that the cluster writes, until Close.
func (c *Cluster) Dir() string { return c.dir }

// PID is the process id of broker i, counted from 0 as everywhere here.
func (c *Cluster) PID(i int) int { return c.brokers[i].process.PID() }

// Running says whether broker i has not ended.
func (c *Cluster) Running(i int) bool {
	p := c.brokers[i].process
	return p != nil && p.Running()
}

// KillBroker ends broker i with SIGKILL.
func (c *Cluster) KillBroker(i int) { c.brokers[i].kill() }

// PauseBroker stops broker i without ending it (SIGSTOP): its connections stay
// open and say nothing.
func (c *Cluster) PauseBroker(i int) error { return c.brokers[i].signal(pause) }

// ResumeBroker lets broker i go on after PauseBroker.
func (c *Cluster) ResumeBroker(i int) error { return c.brokers[i].signal(resume) }

// RestartBroker starts broker i again after KillBroker and returns when it
// serves.
func (c *Cluster) RestartBroker(ctx context.Context, i int) error {
	if err := c.brokers[i].start(ctx); err != nil {
		return fmt.Errorf("restart kafka broker %d: %w", i, err)
	}
	return nil
}

// Close ends the brokers and removes what they wrote, but for a Dir that was given. It kills: the directories
// go away anyway, and an orderly stop takes seconds.
func (c *Cluster) Close() error {
	for _, b := range c.brokers {
		b.kill()
	}
	if c.cfg.Dir != "" {
		return nil
	}
	if err := os.RemoveAll(c.dir); err != nil {
		return fmt.Errorf("remove kafka's directory: %w", err)
	}
	return nil
}

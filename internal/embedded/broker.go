package embedded

import (
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
)

// BrokerConfig says where an embedded broker keeps its log and listens.
type BrokerConfig struct {
	Dir    string       // data directory; empty keeps everything in memory
	Listen string       // host:port that clients reach it at; empty is 127.0.0.1 on a free port
	Sync   bool         // fsync every batch before it is acknowledged
	Log    *slog.Logger `json:"-"`

	// ListenFunc replaces net.Listen, for a virtual network in synctest bubbles.
	ListenFunc func(network, address string) (net.Listener, error) `json:"-"`
}

// Broker is one Kafka broker inside this process: the Kafka protocol on a
// loopback port, for evaluation, tests and single-host pilots.
//
// Topics are created by clients; max.message.bytes is honoured.
// message.timestamp.type=LogAppendTime is accepted and reported, but has no
// effect: records keep the producer's time and a produce response carries no
// append time. Broker and clients share one clock, so nothing is lost by it.
type Broker struct {
	cluster *kfake.Cluster
	addr    string
	lock    *os.File
	close   sync.Once
}

// StartBroker opens the log in cfg.Dir and serves it. With Sync, whatever was
// acknowledged before a crash is there again. ErrInUse is returned when the
// directory belongs to a running broker.
func StartBroker(cfg BrokerConfig) (*Broker, error) {
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1:0"
	}
	if err := checkListen(cfg.Listen); err != nil {
		return nil, err
	}
	b := &Broker{}
	if cfg.Dir != "" {
		lock, err := lockDir(cfg.Dir)
		if err != nil {
			return nil, err
		}
		b.lock = lock
	}
	cluster, err := kfake.NewCluster(options(cfg)...)
	if err != nil {
		b.unlock()
		return nil, fmt.Errorf("start broker: %w", err)
	}
	b.cluster = cluster
	b.addr = cluster.ListenAddrs()[0]
	return b, nil
}

func options(cfg BrokerConfig) []kfake.Opt {
	listen := cfg.ListenFunc
	if listen == nil {
		listen = net.Listen
	}
	opts := []kfake.Opt{
		kfake.NumBrokers(1),
		kfake.ClusterID("armslog-embedded"),
		kfake.DefaultNumPartitions(1),
		// Clients choose how soon a dead group member is replaced.
		kfake.GroupMinSessionTimeout(100 * time.Millisecond),
		kfake.ListenFn(func(network, _ string) (net.Listener, error) { return listen(network, cfg.Listen) }),
	}
	if cfg.Dir != "" {
		opts = append(opts, kfake.DataDir(cfg.Dir))
	}
	if cfg.Sync {
		opts = append(opts, kfake.SyncWrites())
	}
	if cfg.Log != nil {
		opts = append(opts, kfake.WithLogger(brokerLog{cfg.Log}))
	}
	return opts
}

// checkListen refuses addresses that no client could dial: the broker tells
// its clients to come back to the very address it listens on.
func checkListen(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("parse broker address: %w", err)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		return fmt.Errorf("parse broker address: %q names no host that a client could dial", address)
	}
	return nil
}

// Addr is the bootstrap address, host:port.
func (b *Broker) Addr() string { return b.addr }

// Cluster is the engine itself, for tests that inject faults (ControlKey, Fault).
func (b *Broker) Cluster() *kfake.Cluster { return b.cluster }

// Close stops serving, writes everything to disk and releases the directory.
func (b *Broker) Close() {
	b.close.Do(func() {
		b.cluster.Close()
		b.unlock()
	})
}

func (b *Broker) unlock() {
	if b.lock != nil {
		_ = b.lock.Close()
	}
}

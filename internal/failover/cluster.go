// Package failover takes nodes of a real cluster away, in order (SIGTERM), at
// once (SIGKILL) and for a while (SIGSTOP), under load, and holds that nobody
// was refused, nothing lost and nothing decided twice. Brokers are Apache Kafka,
// nodes the real program, each a process of its own that ends with this one.
package failover

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/armslog/armslog/consumers"
	"github.com/armslog/armslog/gateway"
	"github.com/armslog/armslog/internal/realkafka"
)

// Config of a cluster.
type Config struct {
	Program  string   // armslog
	Env      []string // of the nodes, beside this process's
	Brokers  int      // 1 or 3 of Apache Kafka; with Addrs, how many those are
	Addrs    []string // of brokers that run already; none = they are started
	Nodes    int
	Roles    []string      // of every node; none = registry and gateway
	Flags    []string      // more flags of `armslog serve`
	Takeover time.Duration // --takeover-after
	Drain    time.Duration // --drain
}

const (
	secretariat = "IPSG"
	bureau      = "NCB-FJ"
)

// Cluster is brokers, and nodes that follow one journal.
type Cluster struct {
	Nodes []*Node

	cfg   Config
	dir   string
	kafka *realkafka.Cluster // nil = the brokers were there already
	addrs []string           // of the brokers
	admin string             // bearer token of the General Secretariat
	token string             // of the bureau
}

// Start runs a cluster; the bureau of the load is known to it.
func Start(ctx context.Context, cfg Config) (*Cluster, error) {
	c := &Cluster{cfg: cfg}
	if err := c.start(ctx); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// Close kills what runs and removes what it has written.
func (c *Cluster) Close() error {
	for _, n := range c.Nodes {
		n.Kill()
	}
	var err error
	if c.kafka != nil {
		err = c.kafka.Close()
	}
	return errors.Join(err, os.RemoveAll(c.dir))
}

func (c *Cluster) start(ctx context.Context) (err error) {
	if c.dir, err = os.MkdirTemp("", "armslog-failover-"); err != nil {
		return fmt.Errorf("make directory: %w", err)
	}
	if err := c.writeSecrets(); err != nil {
		return err
	}
	if err := c.startBrokers(ctx); err != nil {
		return err
	}
	for i := range c.cfg.Nodes {
		n, err := c.plan(i)
		if err != nil {
			return err
		}
		c.Nodes = append(c.Nodes, n)
		var begin []string
		if i == 0 {
			begin = []string{"--begin", secretariat}
		}
		if err := n.Start(ctx, begin...); err != nil {
			return err
		}
	}
	return c.enrol(ctx)
}

func (c *Cluster) startBrokers(ctx context.Context) (err error) {
	if c.addrs = c.cfg.Addrs; len(c.addrs) > 0 {
		return nil
	}
	least := min(c.cfg.Takeover, consumers.DefaultSession)
	c.kafka, err = realkafka.Start(ctx, realkafka.Config{Brokers: c.cfg.Brokers, Properties: map[string]string{
		"group.min.session.timeout.ms": fmt.Sprint(least.Milliseconds()),
	}})
	if err != nil {
		return err
	}
	c.addrs = c.kafka.Addrs()
	return nil
}

func (c *Cluster) writeSecrets() error {
	var keys gateway.Keys
	var key gateway.Key
	key, c.admin = gateway.NewKey("admin", secretariat, gateway.Admin)
	keys.Keys = append(keys.Keys, key)
	key, c.token = gateway.NewKey("bureau", bureau, gateway.Registrar, gateway.Searcher)
	keys.Keys = append(keys.Keys, key)
	text, err := json.Marshal(keys)
	if err != nil {
		return fmt.Errorf("write keys: %w", err)
	}
	err = os.WriteFile(filepath.Join(c.dir, "keys.json"), text, 0o600)
	return errors.Join(err, os.WriteFile(filepath.Join(c.dir, "actor"), []byte(strings.Repeat("invented", 4)), 0o600))
}

func (c *Cluster) plan(i int) (*Node, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	dir := filepath.Join(c.dir, fmt.Sprint("node-", i+1))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make directory: %w", err)
	}
	roles := c.cfg.Roles
	if len(roles) == 0 {
		roles = []string{"registry", "gateway"}
	}
	return &Node{
		URL: "http://" + l.Addr().String(), program: c.cfg.Program,
		env: append(append(os.Environ(), c.cfg.Env...), "ARMSLOG_CONFIG_DIR="+filepath.Join(dir, "settings")),
		args: append([]string{
			"serve", "--roles", strings.Join(roles, ","), "--listen", l.Addr().String(), "--brokers", strings.Join(c.addrs, ","),
			"--node-dir", dir, "--keys-file", filepath.Join(c.dir, "keys.json"), "--actor-secret-file", filepath.Join(c.dir, "actor"),
			"--replication-factor", fmt.Sprint(c.cfg.Brokers), "--min-insync-replicas", fmt.Sprint((c.cfg.Brokers + 1) / 2),
			"--takeover-after", c.cfg.Takeover.String(), "--drain", c.cfg.Drain.String(),
		}, c.cfg.Flags...),
	}, nil
}

// enrol makes the bureau known at every node.
func (c *Cluster) enrol(ctx context.Context) error { return c.Enrol(ctx, bureau) }

// Enrol makes an organisation known, which then has a mailbox.
func (c *Cluster) Enrol(ctx context.Context, org string) error {
	admin, err := newClient(c.Nodes[0].URL, c.admin)
	if err != nil {
		return err
	}
	body := json.RawMessage(fmt.Sprintf(`{"organisation_id":%q,"kind":"ncb","country":"FJ","name":"Suva"}`, org))
	if _, err := admin.Post(ctx, "/v1/organisations", body, nil); err != nil {
		return fmt.Errorf("enrol %s: %w", org, err)
	}
	return nil
}

// Leader waits until exactly one of the nodes that run says that it leads.
func (c *Cluster) Leader(ctx context.Context) (*Node, error) {
	for {
		var leaders []*Node
		for _, n := range c.Nodes {
			if s, err := n.status(ctx); err == nil && s.Leads {
				leaders = append(leaders, n)
			}
		}
		if len(leaders) == 1 {
			return leaders[0], nil
		}
		if err := pause(ctx); err != nil {
			return nil, fmt.Errorf("wait for one leader, there are %d: %w", len(leaders), err)
		}
	}
}

// Others are all nodes but one.
func (c *Cluster) Others(but *Node) (others []*Node) {
	for _, n := range c.Nodes {
		if n != but {
			others = append(others, n)
		}
	}
	return others
}

// tick is how often what is waited for is looked at.
const tick = 20 * time.Millisecond

func pause(ctx context.Context) error {
	select {
	case <-time.After(tick):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

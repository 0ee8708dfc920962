package fleet

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/armslog/armslog/internal/realkafka"
)

// Broker is an Apache Kafka broker and controller.
type Broker struct {
	place
	at        int // in the cluster, from 0
	cluster   *realkafka.Cluster
	listeners []listener
	voters    string // the quorum of controllers, as this broker reaches it
	control   string // address of its own controller
}

// listener is one of a broker's ports. Kafka tells a client the addresses that
// go with the listener at which it came in, so every member has a listener of
// its own at every broker: that is how its way can be cut alone.
type listener struct {
	caller string
	addr   string // on which the broker listens
	link   string // address that callers are told
}

// outsider is who reaches the brokers and is no member.
const outsider = "outside"

func brokerName(id int) string { return fmt.Sprint("broker-", id) }
func nodeName(id int) string   { return fmt.Sprint("node-", id) }

// name is a caller's as Kafka allows it.
func (l listener) name() string { return strings.ToUpper(strings.ReplaceAll(l.caller, "-", "")) }

// planBrokers opens the links between brokers, and to each from every node.
func (f *Fleet) planBrokers() error {
	callers := []string{outsider}
	for i := range f.cfg.Brokers {
		callers = append(callers, brokerName(i+1))
	}
	for i := range f.cfg.Nodes {
		callers = append(callers, nodeName(i+1))
	}
	controllers, err := f.ports.addrs(f.cfg.Brokers)
	if err != nil {
		return err
	}
	for i := range f.cfg.Brokers {
		b := &Broker{place: place{brokerName(i + 1), f.net}, at: i, control: controllers[i]}
		if b.listeners, err = f.planListeners(b.name, callers); err != nil {
			return err
		}
		if b.voters, err = f.planVoters(b.name, controllers); err != nil {
			return err
		}
		f.Brokers = append(f.Brokers, b)
	}
	return nil
}

// planListeners are the ports of one broker, one for each caller.
func (f *Fleet) planListeners(broker string, callers []string) ([]listener, error) {
	addrs, err := f.ports.addrs(len(callers))
	if err != nil {
		return nil, err
	}
	list := make([]listener, len(callers))
	for i, caller := range callers {
		list[i] = listener{caller, addrs[i], addrs[i]}
		if caller == broker {
			continue // it needs no network to reach itself
		}
		if list[i].link, err = f.net.connect(caller, broker, addrs[i]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (f *Fleet) planVoters(broker string, controllers []string) (string, error) {
	voters := make([]string, len(controllers))
	for i, addr := range controllers {
		if to := brokerName(i + 1); to != broker {
			var err error
			if addr, err = f.net.connect(broker, to, addr); err != nil {
				return "", err
			}
		}
		voters[i] = fmt.Sprintf("%d@%s", i+1, addr)
	}
	return strings.Join(voters, ","), nil
}

func (f *Fleet) startBrokers(ctx context.Context) error {
	c, err := realkafka.Start(ctx, realkafka.Config{Brokers: f.cfg.Brokers, Dir: f.path("kafka"), Settings: f.settings})
	if err != nil {
		return fmt.Errorf("start brokers: %w", err)
	}
	f.kafka = c
	for _, b := range f.Brokers {
		b.cluster = c
	}
	return nil
}

// settings are all of a broker's.
func (f *Fleet) settings(at realkafka.Place) map[string]string {
	b := f.Brokers[at.ID-1]
	var listen, advertised, protocols []string
	for _, l := range b.listeners {
		listen = append(listen, l.name()+"://"+l.addr)
		advertised = append(advertised, l.name()+"://"+l.link)
		protocols = append(protocols, l.name()+":PLAINTEXT")
	}
	n, inSync := fmt.Sprint(f.cfg.Brokers), fmt.Sprint(f.inSync())
	s := map[string]string{
		"process.roles":                            "broker,controller",
		"node.id":                                  fmt.Sprint(at.ID),
		"log.dirs":                                 at.LogDir,
		"controller.quorum.voters":                 b.voters,
		"listeners":                                strings.Join(append(listen, "CONTROLLER://"+b.control), ","),
		"advertised.listeners":                     strings.Join(advertised, ","),
		"listener.security.protocol.map":           strings.Join(append(protocols, "CONTROLLER:PLAINTEXT"), ","),
		"controller.listener.names":                "CONTROLLER",
		"inter.broker.listener.name":               listener{caller: b.name}.name(), // at which it calls on the others
		"num.network.threads":                      "1",                             // for each listener
		"default.replication.factor":               n,
		"min.insync.replicas":                      inSync,
		"offsets.topic.replication.factor":         n,
		"offsets.topic.num.partitions":             "6",
		"transaction.state.log.replication.factor": n,
		"transaction.state.log.min.isr":            inSync,
		"unclean.leader.election.enable":           "false",
		"auto.create.topics.enable":                "false",
		"group.initial.rebalance.delay.ms":         "0",
		"group.min.session.timeout.ms":             "100",
		// A broker that is not heard of is missed after three seconds, not nine.
		"broker.session.timeout.ms":    "3000",
		"broker.heartbeat.interval.ms": "500",
		// Controllers that share two cores with everything else are slow to answer.
		"controller.quorum.election.timeout.ms": "2000",
		"controller.quorum.fetch.timeout.ms":    "4000",
		"controller.quorum.request.timeout.ms":  "3000",
	}
	for name, value := range f.cfg.Properties {
		s[name] = value
	}
	return s
}

// inSync is how many copies an acknowledged batch has: two of three.
func (f *Fleet) inSync() int { return (f.cfg.Brokers + 1) / 2 }

// reach are the brokers as a caller reaches them.
func (f *Fleet) reach(caller string) (addrs []string) {
	for _, b := range f.Brokers {
		at := slices.IndexFunc(b.listeners, func(l listener) bool { return l.caller == caller })
		addrs = append(addrs, b.listeners[at].link)
	}
	return addrs
}

// Start runs the broker again after Kill and returns when the controller lets
// it serve.
func (b *Broker) Start(ctx context.Context) error { return b.cluster.RestartBroker(ctx, b.at) }

// Kill ends the broker at once.
func (b *Broker) Kill() { b.cluster.KillBroker(b.at) }

// Pause stops the broker.
func (b *Broker) Pause() error { return b.cluster.PauseBroker(b.at) }

// Resume lets a paused broker go on.
func (b *Broker) Resume() error { return b.cluster.ResumeBroker(b.at) }

// Running says whether the broker has not ended.
func (b *Broker) Running() bool { return b.cluster.Running(b.at) }

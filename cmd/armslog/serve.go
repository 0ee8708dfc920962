package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/armslog/armslog/consumers"
	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/process"
	"github.com/armslog/armslog/internal/tlsfiles"
	"github.com/armslog/armslog/node"
	"github.com/armslog/armslog/producers"
	"github.com/armslog/armslog/schemas"
)

type serveFlags struct {
	at          connection
	roles       []string
	listen      string
	certFile    string
	certKeyFile string
	dir         string
	keyFile     string
	actorFile   string
	tables      []string
	replication producers.Replication
	takeover    time.Duration
	drain       time.Duration
	courier     bool
	begin       string
	decideRate  int
	older       bool
	log         logFlags
}

func (a *app) serveCommand() *cobra.Command {
	var f serveFlags
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run one node on a Kafka cluster and a ClickHouse of your own",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return a.serve(cmd.Context(), f) },
	}
	flags := c.Flags()
	flags.StringSliceVar(&f.roles, "roles", process.Roles(), "what this node does besides following")
	flags.StringVar(&f.listen, "listen", "127.0.0.1:8080", "address of the HTTP API")
	flags.StringVar(&f.certFile, "tls-cert-file", "", "certificate of the HTTP API, PEM; it is read again when it changes")
	flags.StringVar(&f.certKeyFile, "tls-key-file", "", "its key")
	flags.StringVar(&f.dir, "node-dir", "armslog-node", "directory in which the node remembers its journal")
	flags.StringVar(&f.keyFile, "keys-file", "keys.json", "file of hashed API keys")
	flags.StringVar(&f.actorFile, "actor-secret-file", "", "file that holds the secret of pairwise actor ids, the same on all nodes")
	flags.StringSliceVar(&f.tables, "project", nil, "tables that this node's projector fills (default all)")
	flags.IntVar(&f.replication.Factor, "replication-factor", 3, "of the topics that are made")
	flags.IntVar(&f.replication.MinInSync, "min-insync-replicas", 2, "of the topics that are made")
	flags.DurationVar(&f.takeover, "takeover-after", consumers.DefaultSession, "silence after which a leader is replaced; brokers allow less than 6s only if group.min.session.timeout.ms says so")
	flags.DurationVar(&f.drain, "drain", 2*time.Second, "after SIGTERM, how long requests are still taken while /readyz answers 503")
	flags.BoolVar(&f.courier, "courier-follows-leader", false, "whichever node leads is the courier: give all nodes with the role registry this and the role courier")
	flags.StringVar(&f.begin, "begin", "", "begin a new registry: id of its General Secretariat; only on an empty journal, once")
	flags.IntVar(&f.decideRate, "decide-rate", 0, decideRateDoc)
	flags.BoolVar(&f.older, "accept-older-journal", false, "start on a journal that was restored from an older copy: what was told since is contradicted; once")
	f.log.addFlags(flags)
	f.at.addFlags(flags)
	return c
}

// linger is how long a node that cannot go on answers HTTP, so that whoever asks
// (armslog doctor) is told why, also where something starts it again and again.
const linger = 15 * time.Second

// decideRateDoc is what serve, up and bench say of the knob.
const decideRateDoc = "requests a second that a leader decides, at most; who sends more is told when to come back (0 = as many as it can)"

func (a *app) serve(ctx context.Context, f serveFlags) error {
	defer spareCollector()()
	log, err := a.serverLog(f.log)
	if err != nil {
		return err
	}
	if len(f.at.kafka.brokers) == 0 {
		return &usageError{"no Kafka brokers were given", "--brokers host:port,… or ARMSLOG_BROKERS; armslog up needs none"}
	}
	genesis, err := beginning(f.begin)
	if err != nil {
		return err
	}
	cluster, err := a.cluster(&f.at.kafka)
	if err != nil {
		return err
	}
	tables, err := a.tables(&f.at)
	if err != nil {
		return err
	}
	actor, err := a.secretFile(f.actorFile)
	if err != nil {
		return err
	}
	if actor == "" && slices.Contains(f.roles, process.Gateway) {
		return &usageError{"a gateway needs the secret of actor ids", "--actor-secret-file names a file with at least 32 random characters"}
	}
	secure, err := a.certificate(&f)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", f.listen)
	if err != nil {
		return inUse(fmt.Errorf("listen for the API: %w", err))
	}
	defer l.Close()
	p, err := process.New(process.Config{
		Roles: f.roles, Listener: l, TLS: secure, KeyFile: f.keyFile, ActorSecret: []byte(actor),
		ClickHouse: tables, Tables: f.tables, CourierFollowsLeader: f.courier, Version: version, Log: log,
		Node: node.Config{
			Cluster: cluster, Replication: f.replication, Dir: f.dir, Genesis: genesis, DecideRate: f.decideRate,
			Election: f.takeover, Drain: f.drain, Linger: linger,
			AcceptOlderJournal: f.older,
		},
	})
	if err != nil {
		return err
	}
	api := "http://" + l.Addr().String()
	if secure != nil {
		api = "https://" + l.Addr().String()
	}
	a.tell(fmt.Sprintf("armslog %s   api %s   roles %v", version, api, f.roles), "serves",
		slog.String("version", version), slog.String("api", api), slog.Any("roles", f.roles))
	a.tellState(ctx, p.Node)
	return p.Run(ctx)
}

// beginning is the genesis entry of a new registry, nil unless one is begun.
func beginning(secretariat string) (*events.Genesis, error) {
	if secretariat == "" {
		return nil, nil
	}
	if !events.ValidOrg(secretariat) {
		return nil, &usageError{fmt.Sprintf("%q cannot be an organisation's id", secretariat), "two to 32 of A-Z, 0-9 and -, such as IPSG"}
	}
	return &events.Genesis{
		JournalID: events.NewRequestID(), GeneralSecretariat: secretariat, Name: secretariat, Policy: schemas.DefaultPolicy(),
	}, nil
}

// certificate is that of the HTTP API, nil where none was given.
func (a *app) certificate(f *serveFlags) (*tls.Config, error) {
	if f.certFile == "" && f.certKeyFile == "" {
		return nil, nil
	}
	secure, err := tlsfiles.Server(f.certFile, f.certKeyFile)
	if err != nil {
		return nil, fmt.Errorf("prepare TLS of the API: %w", err)
	}
	a.warnOfReaders(f.certKeyFile)
	return secure, nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/node"
	"github.com/armslog/armslog/producers"
	"github.com/armslog/armslog/producers/access"
)

// openedCluster is a cluster as it is, as it should be, and the difference.
type openedCluster struct {
	access.Cluster
	at         producers.Cluster
	want, have access.State
	plan       access.Plan
}

func (a *app) openCluster(ctx context.Context, f *clusterFlags) (*openedCluster, error) {
	if len(f.kafka.brokers) == 0 {
		return nil, &usageError{"no Kafka brokers were given", "--brokers host:port,… or ARMSLOG_BROKERS"}
	}
	want, err := f.wanted()
	if err == nil {
		err = f.asAnother(want.State())
	}
	if err != nil {
		return nil, err
	}
	at, err := a.cluster(&f.kafka)
	if err != nil {
		return nil, err
	}
	k := &openedCluster{Cluster: access.Open(at), at: at}
	if err := k.compare(ctx, f, want); err != nil {
		k.Close()
		return nil, explained(err)
	}
	return k, nil
}

func (k *openedCluster) compare(ctx context.Context, f *clusterFlags, want access.Want) error {
	reading, cancel := context.WithTimeout(ctx, settleLimit)
	defer cancel()
	var err error
	if k.have, err = k.Read(reading); err != nil {
		return err
	}
	mailboxes, err := k.mailboxes(ctx, f.begin)
	if err != nil {
		return err
	}
	for _, org := range mailboxes {
		if !slices.Contains(want.Organisations, org) {
			want.Organisations = append(want.Organisations, org)
		}
	}
	k.want = want.State()
	if err := f.asAnother(k.want); err != nil {
		return err
	}
	k.plan = access.Diff(k.want, k.have)
	return nil
}

// mailboxes are the organisations that the journal names. Where there is no
// journal yet, or an empty one, it is the General Secretariat alone, if the
// registry is to begin.
func (k *openedCluster) mailboxes(ctx context.Context, begin string) ([]events.OrgID, error) {
	var d node.Directory
	if _, there := k.have.Topics[events.JournalTopic]; there {
		var err error
		if d, err = node.ReadDirectory(ctx, k.at, slog.New(slog.DiscardHandler)); err != nil {
			return nil, err
		}
	}
	switch {
	case d.Entries > 0 && begin != "":
		return nil, &codedError{"has_begun", "there is a registry on this cluster", "leave out --init", exitError}
	case d.Entries > 0:
		return d.Mailboxes, nil
	case begin == "":
		return nil, &codedError{"not_begun", "there is no registry on this cluster",
			"armslog cluster apply --init IPSG begins one, named by its General Secretariat; if there was one, its journal is lost: restore it", exitError}
	}
	n, err := k.Messages(ctx, k.have)
	if err != nil {
		return nil, err
	}
	if n > 0 {
		return nil, &codedError{"journal_lost", fmt.Sprintf("%s of a registry are on this cluster, and its journal is empty", plural(int(n), "message", "messages")),
			"nothing begins here: restore the journal (docs/operations.md), or name an empty cluster", exitError}
	}
	return []events.OrgID{begin}, nil
}

// beginRegistry has a node of this process elected, which writes the genesis
// entry as every leader would: there is one way to write the journal.
func (a *app) beginRegistry(ctx context.Context, k *openedCluster, f *clusterFlags) error {
	genesis, err := beginning(f.begin)
	if err != nil {
		return err
	}
	n := node.New(node.Config{Cluster: k.at, Replication: f.replication, Leads: true, Genesis: genesis, Log: a.textLog(slog.LevelWarn)})
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	select {
	case <-n.Ready():
		stop()
		err = <-done
	case err = <-done:
		err = errors.Join(err, ctx.Err()) // it ends early with an error, or with ctx
	}
	if err != nil {
		return fmt.Errorf("begin the registry: %w", err)
	}
	a.note("the registry has begun; its General Secretariat is %s", f.begin)
	return nil
}

// settleLimit bounds the wait until all that was changed holds.
const settleLimit = 30 * time.Second

// verify reads the cluster again until it is as wanted: brokers take changes in
// a moment after they have accepted them.
func (k *openedCluster) verify(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, settleLimit)
	defer cancel()
	for {
		have, err := k.Read(ctx)
		if err != nil {
			return explained(fmt.Errorf("look again: %w", err))
		}
		rest := access.Diff(k.want, have)
		if rest.Empty() {
			return nil
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return &codedError{"not_applied", fmt.Sprintf("%s after %s: %s", plural(len(rest.Changes), "change does not hold", "changes do not hold"), settleLimit, rest.Changes[0]),
				"does somebody else change the same cluster? armslog cluster plan shows the rest", exitError}
		}
	}
}

// wanted is what the flags ask for; what the directory asks for comes beside.
func (f *clusterFlags) wanted() (w access.Want, err error) {
	w.Replication = f.replication
	for _, text := range f.nodes {
		n, err := access.ParseNode(text)
		if err != nil {
			return w, &usageError{"--node: " + err.Error(), "such as " + defaultNode}
		}
		w.Nodes = append(w.Nodes, n)
	}
	w.Organisations = slices.Clone(f.add)
	if f.begin != "" {
		w.Organisations = append(w.Organisations, f.begin)
	}
	for _, org := range w.Organisations {
		if !events.ValidOrg(org) {
			return w, notAnOrg(org)
		}
	}
	return w, nil
}

// asAnother holds that who runs this is none of those whose rights it sets: a
// super user among them would be bound by no rule.
func (f *clusterFlags) asAnother(want access.State) error {
	if _, made := want.Users[f.kafka.user]; made {
		return &usageError{f.kafka.user + " is one of the users that this is to make", "run it as one of Kafka's super users, which is nobody's name in the directory"}
	}
	return nil
}

func notAnOrg(id string) error {
	return &usageError{fmt.Sprintf("%q cannot be an organisation's id", id), "two to 32 of A-Z, 0-9 and -, such as IPSG"}
}

// explained puts words to what the brokers say to who may not do this.
func explained(err error) error {
	if errors.Is(err, access.ErrNoRules) {
		return &codedError{"no_rules", err.Error(), "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer in each broker's settings; docs/operations.md, Access", exitError}
	}
	if access.Refused(err) {
		return &codedError{"not_allowed", err.Error(), "--kafka-user must be one of the brokers' super.users, with its password", exitNotAllowed}
	}
	return err
}

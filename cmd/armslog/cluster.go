package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/armslog/armslog/producers"
	"github.com/armslog/armslog/producers/access"
)

// clusterFlags say what Kafka is to know.
type clusterFlags struct {
	kafka       kafkaFlags
	nodes       []string
	add         []string
	begin       string
	replication producers.Replication
	secrets     access.Secrets
	rotate      []string
}

// defaultNode is one user for nodes that do all that serve does by default.
const defaultNode = "armslog=registry,gateway,projector,courier"

const clusterHelp = `Kafka must know who may do what: each organisation writes its own mailbox and
reads its own outbox, each process of armslog does what its roles need, nobody
else anything. Topics, users (SCRAM-SHA-512) and LITERAL ACLs follow from the
journal's organisations and from --node. Run it as one of Kafka's super users,
whenever an organisation is added; the brokers need an authorizer.

Topics are never deleted. Topics, users and rules that are not of armslog's
naming are never touched; those that reach armslog's are named as a warning.`

func (a *app) clusterCommand() *cobra.Command {
	return a.group("cluster", "What Kafka knows of armslog: plan, apply", a.clusterPlan(), a.clusterApply())
}

func (f *clusterFlags) addTo(c *cobra.Command) {
	f.kafka.addFlags(c.Flags())
	c.Flags().StringArrayVar(&f.nodes, "node", []string{defaultNode}, "USER=ROLE,…: a user of armslog's processes, and what they do; repeat it. Roles: "+roleList())
	c.Flags().StringSliceVar(&f.add, "add", nil, "organisations that are to join: their topics and rights before their naming")
	c.Flags().StringVar(&f.begin, "init", "", "begin a new registry: id of its General Secretariat; only on a cluster that holds none")
	c.Flags().IntVar(&f.replication.Factor, "replication-factor", 3, "copies of each topic")
	c.Flags().IntVar(&f.replication.MinInSync, "min-insync-replicas", 2, "copies that must have a message before it is acknowledged")
}

func roleList() string {
	var names []string
	for _, r := range access.Roles() {
		names = append(names, string(r))
	}
	return strings.Join(names, ", ")
}

func (a *app) clusterPlan() *cobra.Command {
	var f clusterFlags
	c := &cobra.Command{
		Use:   "plan",
		Short: "Show what apply would change; exit 5 when there is anything",
		Long:  clusterHelp,
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			k, err := a.openCluster(cmd.Context(), &f)
			if err != nil {
				return err
			}
			defer k.Close()
			if err := a.showPlan(k.plan); err != nil {
				return err
			}
			if !k.plan.Empty() || f.begin != "" {
				return silent(exitIntegrity)
			}
			return nil
		},
	}
	f.addTo(c)
	return c
}

func (a *app) clusterApply() *cobra.Command {
	var f clusterFlags
	c := &cobra.Command{
		Use:   "apply --secrets-dir DIR",
		Short: "Show what would change, ask, change it and look again",
		Long: clusterHelp + "\n\n" +
			"The password of a new user is made, stored in DIR/USER.password (mode 0600) before\n" +
			"Kafka hears of it, and never printed. A file that is there already is used.",
		Example: "  armslog cluster apply --init IPSG --secrets-dir secrets --brokers …\n" +
			"  armslog cluster apply --add NCB-BR --secrets-dir secrets --brokers …\n" +
			"  armslog cluster apply --rotate NCB-BR --secrets-dir secrets --brokers …",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.applyCluster(cmd.Context(), &f) },
	}
	f.addTo(c)
	c.Flags().StringVar(&f.secrets.Dir, "secrets-dir", "", "directory of passwords, for its owner alone")
	c.Flags().StringSliceVar(&f.rotate, "rotate", nil, "users who get a new password")
	return c
}

func (a *app) applyCluster(ctx context.Context, f *clusterFlags) error {
	k, err := a.openCluster(ctx, f)
	if err != nil {
		return err
	}
	defer k.Close()
	for _, user := range f.rotate {
		if err := k.plan.Rotate(user, k.want, k.have); err != nil {
			return &usageError{err.Error(), "armslog cluster plan shows whom the directory names"}
		}
	}
	if err := a.showPlan(k.plan); err != nil {
		return err
	}
	users := newPasswords(k.plan)
	if len(users) > 0 && f.secrets.Dir == "" {
		return &usageError{"there is no directory for the passwords of new users", "--secrets-dir names it"}
	}
	if a.global.dryRun || k.plan.Empty() && f.begin == "" {
		return nil
	}
	if err := a.confirm("apply " + plural(len(k.plan.Changes), "change", "changes")); err != nil {
		return err
	}
	if err := k.Apply(ctx, k.plan, f.secrets); err != nil {
		return explained(err)
	}
	if len(users) > 0 {
		a.note("passwords of %s are in %s", strings.Join(users, ", "), f.secrets.Dir)
	}
	if err := k.verify(ctx); err != nil {
		return err
	}
	if f.begin != "" {
		return a.beginRegistry(ctx, k, f)
	}
	a.note("the cluster is as the directory says")
	return nil
}

// newPasswords are the users whose passwords a plan makes.
func newPasswords(p access.Plan) (users []string) {
	for _, c := range p.Changes {
		if c.Kind == access.CreateUser || c.Kind == access.RotateUser {
			users = append(users, c.Name)
		}
	}
	return users
}

// showPlan prints the changes, a row each; what apply leaves as it is and
// somebody should look at goes beside.
func (a *app) showPlan(p access.Plan) error {
	for _, w := range p.Warnings {
		a.note("warning: %s", w)
	}
	if p.Empty() {
		a.note("no difference")
	}
	var rows [][]string
	for _, c := range p.Changes {
		rows = append(rows, []string{string(c.Kind), c.Subject(), c.String()})
	}
	if len(rows) == 0 {
		if format, err := a.format(); err != nil || format == "table" {
			return err
		}
	}
	return a.writeRows([]string{"CHANGE", "OF", "WHAT"}, rows)
}

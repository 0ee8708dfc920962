package access_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/embedded/embeddedtest"
	"github.com/armslog/armslog/internal/kafkatest"
	"github.com/armslog/armslog/producers"
	"github.com/armslog/armslog/producers/access"
)

func TestMain(m *testing.M) { os.Exit(embeddedtest.NoneLeft(m.Run())) }

// settled carries a plan out and waits until the cluster is as it says.
func settled(t *testing.T, client *kafka.Client, want access.State, secrets access.Secrets) {
	t.Helper()
	have, err := access.Cluster{Client: client}.Read(t.Context())
	require.NoError(t, err)
	require.NoError(t, access.Cluster{Client: client}.Apply(t.Context(), access.Diff(want, have), secrets))
	untilPlan(t, client, want, access.Plan.Empty)
}

func untilPlan(t *testing.T, client *kafka.Client, want access.State, ok func(access.Plan) bool) {
	t.Helper()
	var plan access.Plan
	require.Eventually(t, func() bool {
		have, err := access.Cluster{Client: client}.Read(t.Context())
		plan = access.Diff(want, have)
		return err == nil && ok(plan)
	}, 30*time.Second, 20*time.Millisecond, "%v", plan)
}

// TestRealKafka takes a cluster from nothing to what a directory says, through
// the directory's growth and an organisation's removal, and holds who can do
// what to the table of matrix_test.go. All of it shares one broker.
func TestRealKafka(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real broker")
	}
	cluster := kafkatest.Start(t, kafkatest.Config{SASL: true, Users: map[string]string{stranger: passwordOfStranger}, Properties: map[string]string{
		"connection.failed.authentication.delay.ms": "0", // the matrix fails to sign in some hundred times
	}})
	admin := cluster.Client(kafkatest.Admin)
	secrets := access.Secrets{Dir: t.TempDir()}
	want := access.Want{Organisations: []events.OrgID{"NCB-G", "NCB-GB", "WCO"}, Replication: producers.Replication{Factor: 1, MinInSync: 1}}
	for _, role := range access.Roles() {
		want.Nodes = append(want.Nodes, access.Node{User: "node-" + string(role), Roles: []access.Role{role}})
	}
	want.Nodes = append(want.Nodes, access.Node{User: "armslog", Roles: []access.Role{access.Registry, access.Gateway, access.Projector, access.Courier}})

	settled(t, admin, want.State(), secrets)
	t.Run("who can do what", func(t *testing.T) { testMatrix(t, cluster, admin, want.State(), secrets) })
	t.Run("passwords", func(t *testing.T) { testPasswords(t, cluster, admin, want.State(), secrets) })
	t.Run("growth and removal", func(t *testing.T) { testDirectoryChanges(t, cluster, admin, want, secrets) })
}

// signsIn says whether a password opens the door.
func signsIn(t *testing.T, cluster *kafkatest.Cluster, user, password string) bool {
	t.Helper()
	to, err := cluster.With("SCRAM-SHA-512", user, password)
	require.NoError(t, err)
	client := producers.Connect(to)
	defer producers.Disconnect(client)
	_, err = client.Metadata(t.Context(), &kafka.MetadataRequest{})
	if err != nil {
		require.ErrorIs(t, err, kafka.SASLAuthenticationFailed)
	}
	return err == nil
}

func passwordOf(t *testing.T, secrets access.Secrets, user string) string {
	t.Helper()
	text, err := os.ReadFile(secrets.File(user))
	require.NoError(t, err)
	return strings.TrimSpace(string(text))
}

func testPasswords(t *testing.T, cluster *kafkatest.Cluster, admin *kafka.Client, want access.State, secrets access.Secrets) {
	info, err := os.Stat(secrets.File("WCO"))
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())
	before := passwordOf(t, secrets, "WCO")
	require.True(t, signsIn(t, cluster, "WCO", before))
	require.False(t, signsIn(t, cluster, "WCO", before+"x"))
	require.False(t, signsIn(t, cluster, "NCB-G", before))

	have, err := access.Cluster{Client: admin}.Read(t.Context())
	require.NoError(t, err)
	plan := access.Diff(want, have)
	require.NoError(t, plan.Rotate("WCO", want, have))
	require.NoError(t, access.Cluster{Client: admin}.Apply(t.Context(), plan, secrets))
	after := passwordOf(t, secrets, "WCO")
	require.NotEqual(t, before, after)
	require.Eventually(t, func() bool { return signsIn(t, cluster, "WCO", after) }, 30*time.Second, 20*time.Millisecond)
	require.False(t, signsIn(t, cluster, "WCO", before), "the old password is over")
	require.NoFileExists(t, secrets.File("WCO")+".new")
}

// testDirectoryChanges adds an organisation, takes one away, and has things of
// others beside.
func testDirectoryChanges(t *testing.T, cluster *kafkatest.Cluster, admin *kafka.Client, want access.Want, secrets access.Secrets) {
	foreign := access.Rule{
		ResourceType: kafka.ResourceTypeTopic, ResourceName: "orders", ResourcePatternType: kafka.PatternTypePrefixed,
		Principal: "User:billing", Host: "192.0.2.7", Operation: kafka.ACLOperationTypeRead, PermissionType: kafka.ACLPermissionTypeAllow,
	}
	acls, err := admin.CreateACLs(t.Context(), &kafka.CreateACLsRequest{ACLs: []kafka.ACLEntry{kafka.ACLEntry(foreign)}})
	require.NoError(t, err)
	require.NoError(t, acls.Errors[0])
	alien, err := admin.CreateTopics(t.Context(), &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{{Topic: "orders.eu", NumPartitions: 2, ReplicationFactor: 1}}})
	require.NoError(t, err)
	require.NoError(t, alien.Errors["orders.eu"])
	set, err := admin.IncrementalAlterConfigs(t.Context(), &kafka.IncrementalAlterConfigsRequest{Resources: []kafka.IncrementalAlterConfigsRequestResource{{
		ResourceType: kafka.ResourceTypeTopic, ResourceName: events.JournalTopic,
		Configs: []kafka.IncrementalAlterConfigsRequestConfig{{Name: "retention.ms", Value: "1000", ConfigOperation: kafka.ConfigOperationSet}},
	}}})
	require.NoError(t, err)
	require.NoError(t, set.Resources[0].Error)
	untilPlan(t, admin, want.State(), func(p access.Plan) bool { return len(p.Changes) == 1 && p.Changes[0].Kind == access.SetTopic })

	was := passwordOf(t, secrets, "NCB-G")
	want.Organisations = []events.OrgID{"NCB-GB", "WCO", "NCB-NEW"}
	settled(t, admin, want.State(), secrets)
	require.True(t, signsIn(t, cluster, "NCB-NEW", passwordOf(t, secrets, "NCB-NEW")))
	require.False(t, signsIn(t, cluster, "NCB-G", was), "a removed organisation signs in no more")
	have, err := access.Cluster{Client: admin}.Read(t.Context())
	require.NoError(t, err)
	require.Contains(t, have.Topics, events.MailboxTopic("NCB-G"), "its topics stay")
	require.Contains(t, have.Topics, "orders.eu")
	require.True(t, have.Rules[foreign])
	require.Contains(t, have.Users, kafkatest.Admin)
	require.Equal(t, "-1", have.Topics[events.JournalTopic].Settings["retention.ms"])
	for r := range have.Rules {
		require.NotContains(t, r.String(), "NCB-G ")
		require.NotEqual(t, events.MailboxTopic("NCB-G"), r.ResourceName)
	}
}

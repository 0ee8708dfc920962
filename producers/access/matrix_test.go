package access_test

import (
	"context"
	"errors"
	"hash/crc32"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/armslog/armslog/internal/kafkatest"
	"github.com/armslog/armslog/producers"
	"github.com/armslog/armslog/producers/access"
)

// may is the whole of who can do what. A cell holds the letters of what is
// allowed: w write, r read, d describe; read and write bring describe with
// them. Nobody can create, delete or alter a topic or its settings, nor a rule:
// there are no letters for that. Cells that are not there are empty.
//
// It says what docs/operations.md says under "Access", and is written by hand:
// what the code derives is held to it by a real broker.
var may = map[string]map[string]string{
	"NCB-G":          {"armslog.in.NCB-G": "wd", "armslog.out.NCB-G": "rd"},
	"NCB-GB":         {"armslog.in.NCB-GB": "wd", "armslog.out.NCB-GB": "rd"},
	"WCO":            {"armslog.in.WCO": "wd", "armslog.out.WCO": "rd"},
	"node-gateway":   {"armslog.journal": "rd", "armslog.in.gateway": "wd", "armslog.in.NCB-G": "wd", "armslog.in.NCB-GB": "wd", "armslog.in.WCO": "wd"},
	"node-registry":  {"armslog.journal": "rwd", "armslog.in.gateway": "rd", "armslog.in.NCB-G": "rd", "armslog.in.NCB-GB": "rd", "armslog.in.WCO": "rd"},
	"node-courier":   {"armslog.journal": "rd", "armslog.out.NCB-G": "rwd", "armslog.out.NCB-GB": "rwd", "armslog.out.WCO": "rwd"},
	"node-projector": {"armslog.journal": "rd"},
	"node-ledger":    {"armslog.journal": "rd", "armslog.checkpoints": "rwd"},
	"node-auditor":   {"armslog.journal": "rd", "armslog.checkpoints": "rd"},
	"armslog": { // registry, gateway, projector and courier in one process
		"armslog.journal": "rwd", "armslog.in.gateway": "rwd",
		"armslog.in.NCB-G": "rwd", "armslog.in.NCB-GB": "rwd", "armslog.in.WCO": "rwd",
		"armslog.out.NCB-G": "rwd", "armslog.out.NCB-GB": "rwd", "armslog.out.WCO": "rwd",
	},
	stranger:  {}, // signs in, and nothing was ever said of it
	anonymous: {}, // does not sign in
	intruder:  {}, // signs in with a wrong password
}

// joins is which consumer groups each can be a member of.
var joins = map[string]string{
	"NCB-G": "armslog.out.NCB-G", "NCB-GB": "armslog.out.NCB-GB", "WCO": "armslog.out.WCO",
	"node-registry": "armslog.leader", "armslog": "armslog.leader",
}

const (
	stranger  = "stranger"
	anonymous = "(nobody)"
	intruder  = "(wrong password)"

	passwordOfStranger = "one among many" // and the wrong one of the intruder
)

var matrixTopics = []string{
	"armslog.in.NCB-G", "armslog.out.NCB-G", "armslog.in.NCB-GB", "armslog.out.NCB-GB", "armslog.in.WCO", "armslog.out.WCO",
	"armslog.in.gateway", "armslog.journal", "armslog.checkpoints",
}

var matrixGroups = []string{"armslog.leader", "armslog.out.NCB-G", "armslog.out.NCB-GB", "armslog.out.WCO", "armslog.out.NCB", "of-its-own"}

// visitor tries things at the one broker. Its requests go to the broker as they
// are: no client library looks first whether it may.
type visitor struct {
	t       *testing.T
	broker  *kgo.Broker
	outside bool // it cannot sign in
}

func visit(t *testing.T, cluster *kafkatest.Cluster, user, password string) visitor {
	versions := kversion.Stable() // of what names topics by id now, the last that named them by name
	for key, version := range map[kmsg.Key]int16{kmsg.Produce: 12, kmsg.Fetch: 12, kmsg.DeleteTopics: 5} {
		versions.SetMaxKeyVersion(key.Int16(), version)
	}
	opts := []kgo.Opt{kgo.SeedBrokers(cluster.Addrs()...), kgo.RequestRetries(0), kgo.MaxVersions(versions)}
	var mechanism sasl.Mechanism
	if user != anonymous {
		mechanism = scram.Auth{User: strings.Trim(user, "()"), Pass: password}.AsSha512Mechanism()
		if user == intruder {
			mechanism = scram.Auth{User: "armslog", Pass: password}.AsSha512Mechanism()
		}
		opts = append(opts, kgo.SASL(mechanism))
	}
	client, err := kgo.NewClient(opts...)
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return visitor{t, client.SeedBrokers()[0], user == anonymous || user == intruder}
}

// ask sends one request, again while the broker asks for patience, and says
// whether its code means that it was allowed. What is neither a yes nor a no fails the test: a broker that is
// unwell denies nothing.
func (v visitor) ask(req kmsg.Request, code func(kmsg.Response) int16) bool {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.t.Context(), 10*time.Second)
	defer cancel()
	for {
		res, err := v.broker.Request(ctx, req)
		if err != nil && v.outside && ctx.Err() == nil {
			return false // the door was not opened
		}
		require.NoError(v.t, err)
		switch err := kerr.ErrorForCode(code(res)); {
		case err == nil, errors.Is(err, kerr.TopicAlreadyExists), errors.Is(err, kerr.MemberIDRequired):
			return true
		case errors.Is(err, kerr.TopicAuthorizationFailed), errors.Is(err, kerr.GroupAuthorizationFailed), errors.Is(err, kerr.ClusterAuthorizationFailed):
			return false
		default:
			require.True(v.t, kerr.IsRetriable(err), "%T is neither allowed nor refused: %v", req, err)
		}
	}
}

// operations are what is tried on every topic, each for real. Deleting comes
// last: were it allowed, the topic would be gone.
var operations = []struct {
	letter string
	name   string
	try    func(v visitor, topic string) bool
}{
	{"w", "write", visitor.write},
	{"r", "read", visitor.read},
	{"d", "describe", visitor.describe},
	{"c", "create", visitor.create},
	{"s", "alter settings", visitor.alterSettings},
	{"a", "alter rules", visitor.alterRules},
	{"x", "delete", visitor.delete},
}

func (v visitor) write(topic string) bool {
	req := kmsg.NewPtrProduceRequest()
	req.Acks, req.TimeoutMillis = -1, 5000
	part := kmsg.NewProduceRequestTopicPartition()
	part.Records = oneRecord()
	of := kmsg.NewProduceRequestTopic()
	of.Topic, of.Partitions = topic, append(of.Partitions, part)
	req.Topics = append(req.Topics, of)
	return v.ask(req, func(r kmsg.Response) int16 { return r.(*kmsg.ProduceResponse).Topics[0].Partitions[0].ErrorCode })
}

func (v visitor) read(topic string) bool {
	req := kmsg.NewPtrFetchRequest()
	req.MaxWaitMillis, req.MaxBytes, req.SessionEpoch = 1, 1<<20, -1
	part := kmsg.NewFetchRequestTopicPartition()
	part.PartitionMaxBytes = 1 << 20
	of := kmsg.NewFetchRequestTopic()
	of.Topic, of.Partitions = topic, append(of.Partitions, part)
	req.Topics = append(req.Topics, of)
	return v.ask(req, func(r kmsg.Response) int16 { return r.(*kmsg.FetchResponse).Topics[0].Partitions[0].ErrorCode })
}

func (v visitor) describe(topic string) bool {
	req := kmsg.NewPtrMetadataRequest()
	of := kmsg.NewMetadataRequestTopic()
	of.Topic = kmsg.StringPtr(topic)
	req.Topics = append(req.Topics, of)
	return v.ask(req, func(r kmsg.Response) int16 { return r.(*kmsg.MetadataResponse).Topics[0].ErrorCode })
}

func (v visitor) create(topic string) bool {
	req := kmsg.NewPtrCreateTopicsRequest()
	req.TimeoutMillis = 5000
	of := kmsg.NewCreateTopicsRequestTopic()
	of.Topic, of.NumPartitions, of.ReplicationFactor = topic, 1, 1
	req.Topics = append(req.Topics, of)
	return v.ask(req, func(r kmsg.Response) int16 { return r.(*kmsg.CreateTopicsResponse).Topics[0].ErrorCode })
}

func (v visitor) alterSettings(topic string) bool {
	req := kmsg.NewPtrIncrementalAlterConfigsRequest()
	req.ValidateOnly = true
	setting := kmsg.NewIncrementalAlterConfigsRequestResourceConfig()
	setting.Name, setting.Value = "retention.ms", kmsg.StringPtr("1000")
	of := kmsg.NewIncrementalAlterConfigsRequestResource()
	of.ResourceType, of.ResourceName, of.Configs = kmsg.ConfigResourceTypeTopic, topic, append(of.Configs, setting)
	req.Resources = append(req.Resources, of)
	return v.ask(req, func(r kmsg.Response) int16 { return r.(*kmsg.IncrementalAlterConfigsResponse).Resources[0].ErrorCode })
}

func (v visitor) alterRules(topic string) bool {
	req := kmsg.NewPtrCreateACLsRequest()
	rule := kmsg.NewCreateACLsRequestCreation()
	rule.ResourceType, rule.ResourceName, rule.ResourcePatternType = kmsg.ACLResourceTypeTopic, topic, kmsg.ACLResourcePatternTypeLiteral
	rule.Principal, rule.Host, rule.Operation, rule.PermissionType = "User:"+stranger, "*", kmsg.ACLOperationRead, kmsg.ACLPermissionTypeAllow
	req.Creations = append(req.Creations, rule)
	return v.ask(req, func(r kmsg.Response) int16 { return r.(*kmsg.CreateACLsResponse).Results[0].ErrorCode })
}

func (v visitor) delete(topic string) bool {
	req := kmsg.NewPtrDeleteTopicsRequest()
	req.TimeoutMillis, req.TopicNames = 5000, []string{topic}
	return v.ask(req, func(r kmsg.Response) int16 { return r.(*kmsg.DeleteTopicsResponse).Topics[0].ErrorCode })
}

// join asks to be a member of a group; the broker would give it an id first,
// and nobody becomes a member.
func (v visitor) join(group string) bool {
	req := kmsg.NewPtrJoinGroupRequest()
	req.Group, req.SessionTimeoutMillis, req.RebalanceTimeoutMillis, req.ProtocolType = group, 6000, 6000, "consumer"
	protocol := kmsg.NewJoinGroupRequestProtocol()
	protocol.Name = "range"
	req.Protocols = append(req.Protocols, protocol)
	return v.ask(req, func(r kmsg.Response) int16 { return r.(*kmsg.JoinGroupResponse).ErrorCode })
}

// oneRecord is a record batch with one record.
func oneRecord() []byte {
	record := kmsg.Record{Value: []byte("tried")}
	record.Length = int32(len(record.AppendTo(nil)) - 1) // without itself, one byte
	batch := kmsg.RecordBatch{
		PartitionLeaderEpoch: -1, Magic: 2, FirstTimestamp: 1, MaxTimestamp: 1,
		ProducerID: -1, ProducerEpoch: -1, FirstSequence: -1, NumRecords: 1, Records: record.AppendTo(nil),
	}
	const toLength, toCRC = 12, 21 // bytes that the length, and the checksum, leave out
	batch.Length = int32(len(batch.AppendTo(nil)) - toLength)
	batch.CRC = int32(crc32.Checksum(batch.AppendTo(nil)[toCRC:], crc32.MakeTable(crc32.Castagnoli)))
	return batch.AppendTo(nil)
}

// beside is the name of a neighbour that nobody has a right on: what it begins
// with is another's whole name.
func beside(name string) string { return name + "X" }

// testMatrix holds every cell of the table, and as many beside, which are empty.
func testMatrix(t *testing.T, cluster *kafkatest.Cluster, admin *kafka.Client, want access.State, secrets access.Secrets) {
	visitors := map[string]visitor{}
	for user := range may {
		password := passwordOfStranger
		if _, ours := want.Users[user]; ours {
			password = passwordOf(t, secrets, user)
		}
		visitors[user] = visit(t, cluster, user, password)
	}
	for user := range want.Users {
		require.Contains(t, may, user)
	}
	topics, groups := matrixTopics, matrixGroups
	for _, name := range matrixTopics {
		topics = append(topics, beside(name))
	}
	for _, name := range matrixGroups {
		groups = append(groups, beside(name))
	}
	createBeside(t, admin, groups)
	cells, allowed := 0, 0
	tried := func(user, what, name string, expected, got bool) {
		assert.Equal(t, expected, got, "%s: %s %s", user, what, name)
		if cells++; got {
			allowed++
		}
	}
	for user, v := range visitors {
		for _, group := range groups {
			tried(user, "join", group, joins[user] == group, v.join(group))
		}
		for _, op := range operations {
			for _, topic := range topics {
				tried(user, op.name, topic, strings.Contains(may[user][topic], op.letter), op.try(v, topic))
			}
		}
	}
	t.Logf("%d cells, %d allowed", cells, allowed)
	if !t.Failed() {
		testEachRule(t, admin, want, visitors)
	}
}

// createBeside makes the neighbours of all topics, and has groups looked after:
// a broker that never had a group knows no coordinator of any.
func createBeside(t *testing.T, admin *kafka.Client, groups []string) {
	t.Helper()
	var topics []producers.Topic
	for _, name := range matrixTopics {
		topics = append(topics, producers.Topic{Name: beside(name), MaxBytes: 1 << 20})
	}
	require.NoError(t, producers.CreateTopics(t.Context(), admin, producers.Replication{}, topics...))
	for _, group := range groups {
		require.Eventually(t, func() bool {
			res, err := admin.FindCoordinator(t.Context(), &kafka.FindCoordinatorRequest{Key: group, KeyType: kafka.CoordinatorKeyTypeConsumer})
			return err == nil && res.Error == nil
		}, 30*time.Second, 20*time.Millisecond)
	}
}

// testEachRule takes the rules away, then widens them to all names that begin
// alike, and must see the cell of each change: no rule is there for nothing,
// and none can be missing, or too wide, unseen. Rules of one operation go
// together: no cell hangs on two of them.
func testEachRule(t *testing.T, admin *kafka.Client, want access.State, visitors map[string]visitor) {
	kinds := map[string][]access.Rule{}
	for rule := range want.Rules {
		kind := rule.ResourceType.String() + " " + rule.Operation.String()
		kinds[kind] = append(kinds[kind], rule)
	}
	require.Len(t, kinds, 3)
	for kind, rules := range kinds {
		try := map[string]func(visitor, string) bool{"Topic Read": visitor.read, "Topic Write": visitor.write, "Group Read": visitor.join}[kind]
		wide := widened(rules)
		each := func(allowed bool, name func(string) string) {
			for _, r := range rules {
				got := try(visitors[strings.TrimPrefix(r.Principal, "User:")], name(r.ResourceName))
				assert.Equal(t, allowed, got, "the rule that lets %s, tried with %s", r, name(r.ResourceName))
			}
		}
		replaceRules(t, admin, want, rules, nil)
		each(false, func(name string) string { return name })
		replaceRules(t, admin, want, nil, wide)
		each(true, beside)
		replaceRules(t, admin, want, wide, rules)
		t.Logf("%s: %d rules taken away and widened", kind, len(rules))
	}
}

func widened(rules []access.Rule) (wide []access.Rule) {
	for _, r := range rules {
		r.ResourcePatternType = kafka.PatternTypePrefixed
		wide = append(wide, r)
	}
	return wide
}

// replaceRules changes rules, and waits until the broker holds what it should:
// until then the plan sees the difference, and after it nothing else.
func replaceRules(t *testing.T, admin *kafka.Client, want access.State, away, added []access.Rule) {
	t.Helper()
	expected := access.State{Topics: want.Topics, Users: want.Users, Rules: map[access.Rule]bool{}}
	have, err := access.Cluster{Client: admin}.Read(t.Context())
	require.NoError(t, err)
	for r := range have.Rules {
		expected.Rules[r] = true
	}
	var plan access.Plan
	for _, r := range away {
		delete(expected.Rules, r)
		plan.Changes = append(plan.Changes, access.Change{Kind: access.Revoke, Rule: r})
	}
	for _, r := range added {
		expected.Rules[r] = true
		plan.Changes = append(plan.Changes, access.Change{Kind: access.Grant, Rule: r})
	}
	require.NoError(t, access.Cluster{Client: admin}.Apply(t.Context(), plan, access.Secrets{}))
	untilPlan(t, admin, expected, access.Plan.Empty)
}

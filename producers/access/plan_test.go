package access

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/producers"
)

// carriedOut is what Apply makes of a cluster, in memory.
func carriedOut(p Plan, have State) State {
	s := State{Topics: maps.Clone(have.Topics), Users: maps.Clone(have.Users), Rules: maps.Clone(have.Rules)}
	for _, c := range p.Changes {
		switch c.Kind {
		case CreateTopic:
			s.Topics[c.Name] = c.Topic
		case SetTopic:
			t := s.Topics[c.Name]
			t.Settings = maps.Clone(t.Settings)
			maps.Copy(t.Settings, c.Topic.Settings)
			s.Topics[c.Name] = t
		case Revoke:
			delete(s.Rules, c.Rule)
		case Grant:
			s.Rules[c.Rule] = true
		case RemoveUser:
			delete(s.Users, c.Name)
		case CreateUser:
			s.Users[c.Name] = []kafka.ScramMechanism{mechanism}
		}
	}
	return s
}

var orgs = []events.OrgID{"NCB-G", "NCB-GB", "NCB-BR", "WCO", "IPSG", "AA"}

func drawWant(t *rapid.T, label string) Want {
	w := Want{Replication: producers.Replication{Factor: 3, MinInSync: 2}}
	w.Organisations = rapid.SliceOfDistinct(rapid.SampledFrom(orgs), rapid.ID).Draw(t, label+" organisations")
	for _, user := range rapid.SliceOfDistinct(rapid.SampledFrom([]string{"armslog", "node-2", "auditor"}), rapid.ID).Draw(t, label+" nodes") {
		w.Nodes = append(w.Nodes, Node{user, rapid.SliceOfNDistinct(rapid.SampledFrom(Roles()), 1, -1, rapid.ID).Draw(t, label+" roles")})
	}
	return w
}

// drawOthers adds what is not of armslog's making: some of it foreign, some of
// it about armslog's own things.
func drawOthers(t *rapid.T, s State) {
	for _, name := range rapid.SliceOf(rapid.SampledFrom([]string{"orders", "armslog.metrics", "armslog.in.lower", "__consumer_offsets", "armslogs"})).Draw(t, "foreign topics") {
		s.Topics[name] = Topic{Partitions: 6, Copies: 1, Settings: map[string]string{"retention.ms": "1"}}
	}
	for _, name := range rapid.SliceOf(rapid.SampledFrom([]string{"admin", "ADMIN", "billing", "armslog-old", "NCB-BR"})).Draw(t, "other users") {
		s.Users[name] = []kafka.ScramMechanism{kafka.ScramMechanismSha256}
	}
	names := []string{"*", "a", "armslog.", "armslog.in.", "armslog.in.NCB-G", "armslog.in.gateway", "armslog.out.NCB-G", "armslog.out.x",
		"armslog.journal", "armslog.leader", "armslog.metrics", "armslog.checkpoints", "orders", "kafka-cluster"}
	draw := rapid.Custom(func(t *rapid.T) Rule {
		return Rule{
			ResourceType:        rapid.SampledFrom([]kafka.ResourceType{kafka.ResourceTypeTopic, kafka.ResourceTypeGroup, kafka.ResourceTypeCluster, kafka.ResourceTypeTransactionalID}).Draw(t, "type"),
			ResourceName:        rapid.SampledFrom(names).Draw(t, "name"),
			ResourcePatternType: rapid.SampledFrom([]kafka.PatternType{kafka.PatternTypeLiteral, kafka.PatternTypePrefixed}).Draw(t, "pattern"),
			Principal:           rapid.SampledFrom([]string{"User:NCB-G", "User:armslog", "User:billing", "User:*"}).Draw(t, "principal"),
			Host:                rapid.SampledFrom([]string{"*", "192.0.2.7"}).Draw(t, "host"),
			Operation:           rapid.SampledFrom([]kafka.ACLOperationType{kafka.ACLOperationTypeAll, kafka.ACLOperationTypeRead, kafka.ACLOperationTypeWrite, kafka.ACLOperationTypeAlter}).Draw(t, "operation"),
			PermissionType:      rapid.SampledFrom([]kafka.ACLPermissionType{kafka.ACLPermissionTypeAllow, kafka.ACLPermissionTypeDeny}).Draw(t, "permission"),
		}
	})
	for _, r := range rapid.SliceOf(draw).Draw(t, "other rules") {
		s.Rules[r] = true
	}
}

// drawHave is a cluster as it may be found: set up for another directory, parts
// of that missing, settings changed by hand, and things of others.
func drawHave(t *rapid.T) State {
	s := drawWant(t, "had").State()
	for name, topic := range s.Topics {
		if rapid.IntRange(0, 9).Draw(t, "setting") == 0 {
			topic.Settings["retention.ms"] = "42"
		}
		if rapid.IntRange(0, 9).Draw(t, "lost topic") == 0 {
			delete(s.Topics, name)
		}
	}
	maps.DeleteFunc(s.Users, func(string, []kafka.ScramMechanism) bool { return rapid.IntRange(0, 9).Draw(t, "lost user") == 0 })
	drawOthers(t, s)
	return s
}

// foreignRule is the test's own idea of what apply may not take away.
func foreignRule(r Rule) bool {
	name := r.ResourceName
	ours := slices.Contains([]string{"armslog.journal", "armslog.checkpoints", "armslog.leader"}, name)
	for _, p := range []string{"armslog.in.", "armslog.out."} {
		rest, ok := strings.CutPrefix(name, p)
		ours = ours || ok && (rest == "" || rest == "gateway" || strings.ToUpper(rest) == rest)
	}
	ours = ours || name == "armslog."
	return !ours || r.PermissionType == kafka.ACLPermissionTypeDeny ||
		r.ResourceType != kafka.ResourceTypeTopic && r.ResourceType != kafka.ResourceTypeGroup
}

// TestPlan holds what Diff promises, for any cluster and any directory.
func TestPlan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want, have := drawWant(t, "wanted").State(), drawHave(t)
		plan := Diff(want, have)
		after := carriedOut(plan, have)

		require.Empty(t, Diff(want, after).Changes, "a second plan is empty")
		for name, topic := range want.Topics {
			require.Subset(t, after.Topics[name].Settings, topic.Settings)
		}
		for name := range want.Users {
			require.Contains(t, after.Users, name)
		}
		for r := range want.Rules {
			require.True(t, after.Rules[r], "granted: %s", r)
		}
		for name := range have.Topics {
			require.Contains(t, after.Topics, name, "topics are never deleted")
			if _, ours := want.Topics[name]; !ours {
				require.Equal(t, have.Topics[name], after.Topics[name], "not wanted, not touched")
			}
		}
		for _, name := range []string{"admin", "ADMIN", "billing", "armslog-old"} {
			require.Equal(t, have.Users[name], after.Users[name], "foreign users")
		}
		for r := range have.Rules {
			if foreignRule(r) {
				require.True(t, after.Rules[r], "a foreign rule was taken away: %s", r)
			}
		}
		for r := range after.Rules {
			require.True(t, want.Rules[r] || foreignRule(r) || !r.reaches(), "a right on armslog's that nobody wants: %s", r)
		}
		for _, org := range orgs {
			_, wanted := want.Users[org]
			_, mailbox := have.Topics[events.MailboxTopic(org)]
			if !wanted && mailbox {
				require.NotContains(t, after.Users, org, "a removed organisation signs in no more")
			}
		}
		for _, c := range plan.Changes {
			require.NotEmpty(t, c.String())
			require.NotEmpty(t, c.Subject())
		}
	})
}

// Every rule that is made is about one thing by its whole name.
func TestOnlyLiteral(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawWant(t, "wanted").State()
		for r := range want.Rules {
			require.Equal(t, kafka.PatternTypeLiteral, r.ResourcePatternType)
			require.NotContains(t, r.ResourceName, "*")
			require.NotEqual(t, kafka.ResourceTypeCluster, r.ResourceType)
			require.Contains(t, []kafka.ACLOperationType{kafka.ACLOperationTypeRead, kafka.ACLOperationTypeWrite}, r.Operation)
			require.True(t, r.ours(), "made and not known again: %s", r)
		}
	})
}

func TestSentences(t *testing.T) {
	w := Want{Organisations: []events.OrgID{"NCB-BR"}, Replication: producers.Replication{Factor: 3, MinInSync: 2}}
	have := Want{Organisations: []events.OrgID{"NCB-G"}}.State()
	have.Topics[events.JournalTopic].Settings["retention.ms"] = "604800000"
	have.Topics[events.JournalTopic].Settings["min.insync.replicas"] = "2"
	have.Rules[Rule{kafka.ResourceTypeTopic, "armslog.in.", kafka.PatternTypePrefixed, "User:x", "192.0.2.7", kafka.ACLOperationTypeAll, kafka.ACLPermissionTypeAllow}] = true
	have.Rules[Rule{kafka.ResourceTypeTopic, "*", kafka.PatternTypeLiteral, "User:backup", "*", kafka.ACLOperationTypeRead, kafka.ACLPermissionTypeAllow}] = true
	have.Rules[Rule{kafka.ResourceTypeTopic, "armslog.in.NCB-BR", kafka.PatternTypeLiteral, "User:NCB-BR", "*", kafka.ACLOperationTypeWrite, kafka.ACLPermissionTypeDeny}] = true
	var says []string
	p := Diff(w.State(), have)
	for _, c := range p.Changes {
		says = append(says, c.String())
	}
	require.Equal(t, []string{
		"create topic armslog.in.NCB-BR with 3 copies, each message kept for 90 days",
		"create topic armslog.out.NCB-BR with 3 copies, each message kept for 90 days",
		"set min.insync.replicas from 1 to 2 of topic armslog.checkpoints",
		"set min.insync.replicas from 1 to 2 of topic armslog.in.gateway",
		"set retention.ms from 604800000 to -1 of topic armslog.journal",
		"no longer let NCB-G read group armslog.out.NCB-G",
		"no longer let NCB-G read topic armslog.out.NCB-G",
		"no longer let NCB-G write to topic armslog.in.NCB-G",
		"no longer let x from 192.0.2.7 do anything with every topic that begins with armslog.in.",
		"remove user NCB-G: no organisation of the directory",
		"let NCB-BR read group armslog.out.NCB-BR",
		"let NCB-BR read topic armslog.out.NCB-BR",
		"let NCB-BR write to topic armslog.in.NCB-BR",
		"create user NCB-BR",
	}, says)
	require.Equal(t, []string{
		"a rule forbids that NCB-BR write to topic armslog.in.NCB-BR: it is left as it is",
		"a rule of others lets backup read every topic, which reaches armslog's: take it away if it is not meant to",
		"topic armslog.checkpoints has 1 copies, not 3: reassign its partition with Kafka's own tools",
		"topic armslog.in.gateway has 1 copies, not 3: reassign its partition with Kafka's own tools",
		"topic armslog.journal has 1 copies, not 3: reassign its partition with Kafka's own tools",
	}, p.Warnings)
	require.ErrorContains(t, p.Rotate("NCB-BR", w.State(), have), "NCB-BR is no user of armslog's")
	require.NoError(t, p.Rotate("NCB-G", have, have))
	require.Equal(t, "give user NCB-G a new password", p.Changes[len(p.Changes)-1].String())
}

func TestParseNode(t *testing.T) {
	n, err := ParseNode("armslog-1=registry,gateway")
	require.NoError(t, err)
	require.Equal(t, Node{"armslog-1", []Role{Registry, Gateway}}, n)
	for _, bad := range []string{"", "armslog", "armslog=", "armslog=king", "NCB-BR=registry", "Armslog=registry", "=registry", "a/b=registry", "armslog=registry,"} {
		_, err := ParseNode(bad)
		require.Error(t, err, bad)
	}
}

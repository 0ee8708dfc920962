package access

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/segmentio/kafka-go"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/producers"
)

// Role is what a process of armslog does. One that does several signs in as one
// user, who may do what all of them may.
type Role string

// The roles.
const (
	Registry  Role = "registry"  // may lead: decides, and writes the journal
	Gateway   Role = "gateway"   // takes requests in by HTTP
	Projector Role = "projector" // fills the tables
	Courier   Role = "courier"   // fills the outboxes
	Ledger    Role = "ledger"    // signs checkpoints
	Auditor   Role = "auditor"   // reads the journal and the checkpoints
)

// Roles are all roles there are.
func Roles() []Role { return []Role{Registry, Gateway, Projector, Courier, Ledger, Auditor} }

// Node is a user as whom processes of armslog sign in.
type Node struct {
	User  string
	Roles []Role
}

// An organisation's id holds capitals, so no node can be taken for one.
var nodeName = regexp.MustCompile(`^[a-z][a-z0-9._-]{0,62}$`)

// ParseNode reads user=role,role.
func ParseNode(text string) (Node, error) {
	user, roles, _ := strings.Cut(text, "=")
	n := Node{User: user}
	if !nodeName.MatchString(user) {
		return n, fmt.Errorf("%q is no name of a node's user: it begins with a small letter, and small letters, digits, dots, hyphens and underscores follow", user)
	}
	for name := range strings.SplitSeq(roles, ",") {
		if !slices.Contains(Roles(), Role(name)) {
			return n, fmt.Errorf("%q is no role: there are %v", name, Roles())
		}
		n.Roles = append(n.Roles, Role(name))
	}
	return n, nil
}

// Want is what the desired state follows from.
type Want struct {
	Organisations []events.OrgID // that have a mailbox
	Nodes         []Node
	Replication   producers.Replication
}

// State is the desired state. It holds what is armslog's and nothing else.
//
// Each rule is needed: Kafka's Describe comes with Read and with Write and is
// not asked for again. Nobody may create, delete or alter anything: topics are
// made by who carries this out.
func (w Want) State() State {
	s := State{Topics: map[string]Topic{}, Users: map[string][]kafka.ScramMechanism{}, Rules: map[Rule]bool{}}
	for _, t := range w.topics() {
		s.Topics[t.Name] = Topic{Partitions: 1, Copies: max(w.Replication.Factor, 1), Settings: t.Settings(w.Replication)}
	}
	for _, org := range w.Organisations {
		s.user(org)
		s.allow(org, kafka.ACLOperationTypeWrite, events.MailboxTopic(org))
		s.allow(org, kafka.ACLOperationTypeRead, events.OutboxTopic(org))
		s.allowGroup(org, Group(org))
	}
	for _, n := range w.Nodes {
		s.user(n.User)
		for _, role := range n.Roles {
			s.role(n.User, role, w.Organisations)
		}
	}
	return s
}

func (w Want) topics() []producers.Topic {
	topics := []producers.Topic{producers.JournalTopic(), producers.CheckpointsTopic(), producers.MailboxTopic(events.SourceGateway)}
	for _, org := range w.Organisations {
		topics = append(topics, producers.MailboxTopic(org), producers.OutboxTopic(org))
	}
	return topics
}

// role adds what a role may do. Every node follows the journal.
func (s State) role(user string, role Role, orgs []events.OrgID) {
	const read, write = kafka.ACLOperationTypeRead, kafka.ACLOperationTypeWrite
	s.allow(user, read, events.JournalTopic)
	switch role {
	case Registry:
		s.allow(user, write, events.JournalTopic)
		s.allowGroup(user, LeaderGroup)
		s.allow(user, read, events.MailboxTopic(events.SourceGateway))
		for _, org := range orgs {
			s.allow(user, read, events.MailboxTopic(org))
		}
	case Gateway:
		s.allow(user, write, events.MailboxTopic(events.SourceGateway))
		for _, org := range orgs {
			s.allow(user, write, events.MailboxTopic(org))
		}
	case Courier: // its memory is the last message of each outbox
		for _, org := range orgs {
			s.allow(user, write, events.OutboxTopic(org))
			s.allow(user, read, events.OutboxTopic(org))
		}
	case Ledger: // it goes on after the last checkpoint
		s.allow(user, write, Checkpoints)
		s.allow(user, read, Checkpoints)
	case Auditor:
		s.allow(user, read, Checkpoints)
	case Projector: // the journal is all it needs
	}
}

func (s State) user(name string) { s.Users[name] = []kafka.ScramMechanism{mechanism} }

func (s State) allow(user string, op kafka.ACLOperationType, topic string) {
	s.Rules[allow(user, op, kafka.ResourceTypeTopic, topic)] = true
}

// allowGroup lets a user be a member of a consumer group and commit for it.
func (s State) allowGroup(user, group string) {
	s.Rules[allow(user, kafka.ACLOperationTypeRead, kafka.ResourceTypeGroup, group)] = true
}

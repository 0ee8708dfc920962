package access

import (
	"fmt"
	"strings"

	"github.com/segmentio/kafka-go"
)

// State is what a cluster knows of who may do what: all of it, of armslog and
// of others.
type State struct {
	Topics map[string]Topic
	Users  map[string][]kafka.ScramMechanism // by which each may sign in
	Rules  map[Rule]bool
}

// Topic is how a topic is kept.
type Topic struct {
	Partitions int
	Copies     int // of each partition
	Settings   map[string]string
}

// Rule is one ACL: who may, or may not, do one thing with what is named.
type Rule kafka.ACLEntry

// allow is the only kind of rule that apply makes: for one user, from anywhere,
// on one thing by its whole name.
func allow(user string, op kafka.ACLOperationType, resource kafka.ResourceType, name string) Rule {
	return Rule{
		ResourceType: resource, ResourceName: name, ResourcePatternType: kafka.PatternTypeLiteral,
		Principal: principals + user, Host: "*", Operation: op, PermissionType: kafka.ACLPermissionTypeAllow,
	}
}

func (r Rule) allows() bool { return r.PermissionType == kafka.ACLPermissionTypeAllow }

// user is the name of who is meant.
func (r Rule) user() string { return strings.TrimPrefix(r.Principal, principals) }

// What is allowed, in words: "NCB-BR read topic armslog.out.NCB-BR".
func (r Rule) String() string {
	what := strings.ToLower(r.ResourceType.String()) + " " + r.ResourceName
	switch {
	case r.ResourceType == kafka.ResourceTypeCluster:
		what = "the cluster"
	case r.ResourcePatternType != kafka.PatternTypeLiteral:
		what = fmt.Sprintf("every %s that begins with %s", strings.ToLower(r.ResourceType.String()), r.ResourceName)
	case r.ResourceName == "*":
		what = "every " + strings.ToLower(r.ResourceType.String())
	}
	from := ""
	if r.Host != "*" {
		from = " from " + r.Host
	}
	return fmt.Sprintf("%s%s %s %s", r.user(), from, operationWords(r.Operation), what)
}

func operationWords(op kafka.ACLOperationType) string {
	switch op {
	case kafka.ACLOperationTypeAll:
		return "do anything with"
	case kafka.ACLOperationTypeWrite:
		return "write to"
	case kafka.ACLOperationTypeDescribeConfigs:
		return "see the settings of"
	case kafka.ACLOperationTypeAlterConfigs:
		return "change the settings of"
	default:
		return strings.ToLower(op.String())
	}
}

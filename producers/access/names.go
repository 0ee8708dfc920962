package access

import (
	"strings"

	"github.com/segmentio/kafka-go"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/producers"
)

const (
	prefix     = "armslog."
	inPrefix   = "armslog.in."
	outPrefix  = "armslog.out."
	principals = "User:"
)

// Checkpoints is the topic of the ledger's signed tree heads.
var Checkpoints = producers.CheckpointsTopic().Name

// LeaderGroup is the consumer group among whose members the leader is elected.
const LeaderGroup = "armslog.leader"

// Group is the one consumer group of an organisation. Its name is that of the
// organisation's outbox, which is what it is for.
func Group(org events.OrgID) string { return events.OutboxTopic(org) }

// ourTopic says whether a topic can be one of armslog's. Everything else is
// foreign and never touched.
func ourTopic(name string) bool {
	switch name {
	case events.JournalTopic, Checkpoints, events.MailboxTopic(events.SourceGateway):
		return true
	}
	return ourOrg(name, inPrefix) || ourOrg(name, outPrefix)
}

func ourGroup(name string) bool { return name == LeaderGroup || ourOrg(name, outPrefix) }

func ourOrg(name, prefix string) bool {
	org, ok := strings.CutPrefix(name, prefix)
	return ok && events.ValidOrg(org)
}

// ours says whether a rule is about things of armslog alone: then apply may
// take it away. A rule for a beginning of names is ours when it begins as our
// names do.
func (r Rule) ours() bool { return r.reaches() && strings.HasPrefix(r.ResourceName, prefix) }

// reaches says whether a rule is about anything of armslog's.
func (r Rule) reaches() bool {
	name, wild := r.ResourceName, r.ResourceName == "*"
	switch {
	case r.ResourceType == kafka.ResourceTypeTopic && r.ResourcePatternType == kafka.PatternTypeLiteral:
		return wild || ourTopic(name)
	case r.ResourceType == kafka.ResourceTypeTopic:
		return begins(name, events.JournalTopic, Checkpoints, events.MailboxTopic(events.SourceGateway), inPrefix, outPrefix)
	case r.ResourceType == kafka.ResourceTypeGroup && r.ResourcePatternType == kafka.PatternTypeLiteral:
		return wild || ourGroup(name)
	case r.ResourceType == kafka.ResourceTypeGroup:
		return begins(name, LeaderGroup, outPrefix)
	}
	return false
}

// begins says whether a name of ours can begin so. What ends in a dot goes on
// with an organisation's id.
func begins(start string, names ...string) bool {
	for _, name := range names {
		if strings.HasPrefix(name, start) {
			return true
		}
		org, ok := strings.CutPrefix(start, name)
		if ok && strings.HasSuffix(name, ".") && (events.ValidOrg(org) || events.ValidOrg(org+"0")) {
			return true
		}
	}
	return false
}

// former says whether a user was an organisation: its mailbox is still there,
// since topics are never deleted.
func (s State) former(user string) bool {
	_, mailbox := s.Topics[events.MailboxTopic(user)]
	return mailbox && events.ValidOrg(user)
}

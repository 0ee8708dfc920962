package access

import (
	"context"
	"errors"
	"fmt"

	"github.com/segmentio/kafka-go"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/producers"
)

// mechanism is how the users that are made here sign in.
const mechanism = kafka.ScramMechanismSha512

// ErrNoRules is returned when the brokers have no authorizer: whoever reaches
// them may do everything.
var ErrNoRules = errors.New("the brokers hold nobody to any rule: they have no authorizer")

// Refused says whether an error means that the user may not do this, or could
// not sign in.
func Refused(err error) bool {
	for _, code := range []kafka.Error{kafka.ClusterAuthorizationFailed, kafka.TopicAuthorizationFailed, kafka.SASLAuthenticationFailed} {
		if errors.Is(err, code) {
			return true
		}
	}
	return false
}

// Cluster is a cluster whose rules are read and changed, as one of its super
// users.
type Cluster struct{ Client *kafka.Client }

// Open connects when the first question is asked. Close disconnects.
func Open(c producers.Cluster) Cluster { return Cluster{producers.Connect(c)} }

// Close ends the connections.
func (c Cluster) Close() { producers.Disconnect(c.Client) }

// Read asks the brokers for the actual state: of foreign topics the names, of
// armslog's all. It returns ErrNoRules where there is nothing to read.
func (c Cluster) Read(ctx context.Context) (State, error) {
	s := State{Topics: map[string]Topic{}, Users: map[string][]kafka.ScramMechanism{}, Rules: map[Rule]bool{}}
	// Topics first: only this request tells of a wrong password, others of "no broker".
	for _, read := range []func(context.Context, *kafka.Client) error{s.readTopics, s.readRules, s.readUsers} {
		if err := read(ctx, c.Client); err != nil {
			return State{}, err
		}
	}
	return s, nil
}

func (s State) readRules(ctx context.Context, client *kafka.Client) error {
	res, err := client.DescribeACLs(ctx, &kafka.DescribeACLsRequest{Filter: kafka.ACLFilter{
		ResourceTypeFilter: kafka.ResourceTypeAny, ResourcePatternTypeFilter: kafka.PatternTypeAny,
		Operation: kafka.ACLOperationTypeAny, PermissionType: kafka.ACLPermissionTypeAny,
	}})
	if err == nil {
		err = res.Error
	}
	if errors.Is(err, kafka.SecurityDisabled) {
		return ErrNoRules
	}
	if err != nil {
		return fmt.Errorf("read rules: %w", err)
	}
	for _, resource := range res.Resources {
		for _, a := range resource.ACLs {
			s.Rules[Rule{
				ResourceType: resource.ResourceType, ResourceName: resource.ResourceName, ResourcePatternType: resource.PatternType,
				Principal: a.Principal, Host: a.Host, Operation: a.Operation, PermissionType: a.PermissionType,
			}] = true
		}
	}
	return nil
}

func (s State) readTopics(ctx context.Context, client *kafka.Client) error {
	res, err := client.Metadata(ctx, &kafka.MetadataRequest{})
	if err != nil {
		return fmt.Errorf("read topics: %w", err)
	}
	var ask kafka.DescribeConfigsRequest
	for _, t := range res.Topics {
		topic := Topic{Partitions: len(t.Partitions), Settings: map[string]string{}}
		if len(t.Partitions) > 0 {
			topic.Copies = len(t.Partitions[0].Replicas)
		}
		s.Topics[t.Name] = topic
		if ourTopic(t.Name) {
			ask.Resources = append(ask.Resources, kafka.DescribeConfigRequestResource{ResourceType: kafka.ResourceTypeTopic, ResourceName: t.Name})
		}
	}
	if len(ask.Resources) == 0 {
		return nil
	}
	settings, err := client.DescribeConfigs(ctx, &ask)
	if err != nil {
		return fmt.Errorf("read settings of topics: %w", err)
	}
	for _, r := range settings.Resources {
		if r.Error != nil {
			return fmt.Errorf("read settings of topic %s: %w", r.ResourceName, r.Error)
		}
		for _, e := range r.ConfigEntries {
			s.Topics[r.ResourceName].Settings[e.ConfigName] = e.ConfigValue
		}
	}
	return nil
}

func (s State) readUsers(ctx context.Context, client *kafka.Client) error {
	res, err := client.DescribeUserScramCredentials(ctx, &kafka.DescribeUserScramCredentialsRequest{})
	if err == nil {
		err = res.Error
	}
	if err != nil {
		return fmt.Errorf("read users: %w", err)
	}
	for _, u := range res.Results {
		for _, c := range u.CredentialInfos {
			s.Users[u.User] = append(s.Users[u.User], c.Mechanism)
		}
	}
	return nil
}

// Messages says how many messages the mailboxes, the outboxes and the
// checkpoints of a cluster hold: none where no registry has ever run.
func (c Cluster) Messages(ctx context.Context, have State) (n int64, err error) {
	ask := kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{}}
	for name := range have.Topics {
		if ourTopic(name) && name != events.JournalTopic {
			ask.Topics[name] = []kafka.OffsetRequest{kafka.FirstOffsetOf(0), kafka.LastOffsetOf(0)}
		}
	}
	if len(ask.Topics) == 0 {
		return 0, nil
	}
	res, err := c.Client.ListOffsets(ctx, &ask)
	if err != nil {
		return 0, fmt.Errorf("count messages: %w", err)
	}
	for name, parts := range res.Topics {
		for _, p := range parts {
			if p.Error != nil {
				return 0, fmt.Errorf("count messages of %s: %w", name, p.Error)
			}
			n += p.LastOffset - max(p.FirstOffset, 0)
		}
	}
	return n, nil
}

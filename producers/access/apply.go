package access

import (
	"context"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha512"
	"errors"
	"fmt"
	"slices"

	"github.com/segmentio/kafka-go"
)

// Apply carries a plan out, in order, and stops at the first error: what was
// done stays done, and the next plan is the rest. It returns when the brokers
// have accepted the changes, which is a little before all of them hold.
func (c Cluster) Apply(ctx context.Context, p Plan, secrets Secrets) error {
	a := applier{c.Client, secrets}
	for _, kind := range order() {
		var changes []Change
		for _, c := range p.Changes {
			if c.Kind == kind {
				changes = append(changes, c)
			}
		}
		for part := range slices.Chunk(changes, together) {
			if err := a.carryOut(ctx, kind, part); err != nil {
				return fmt.Errorf("apply: %w", err)
			}
		}
	}
	return nil
}

// together is how many changes go into one request. Kafka's controller takes
// no more than 10,000 records of one request.
const together = 200

type applier struct {
	client  *kafka.Client
	secrets Secrets
}

func (a applier) carryOut(ctx context.Context, kind Kind, changes []Change) error {
	switch kind {
	case CreateTopic:
		return a.createTopics(ctx, changes)
	case SetTopic:
		return a.setTopics(ctx, changes)
	case Revoke:
		return a.revoke(ctx, changes)
	case Grant:
		return a.grant(ctx, changes)
	case RemoveUser:
		return a.removeUsers(ctx, changes)
	default:
		return a.setPasswords(ctx, changes)
	}
}

func (a applier) createTopics(ctx context.Context, changes []Change) error {
	var req kafka.CreateTopicsRequest
	for _, c := range changes {
		topic := kafka.TopicConfig{Topic: c.Name, NumPartitions: c.Topic.Partitions, ReplicationFactor: c.Topic.Copies}
		for name, value := range c.Topic.Settings {
			topic.ConfigEntries = append(topic.ConfigEntries, kafka.ConfigEntry{ConfigName: name, ConfigValue: value})
		}
		req.Topics = append(req.Topics, topic)
	}
	res, err := a.client.CreateTopics(ctx, &req)
	if err != nil {
		return err
	}
	for name, err := range res.Errors {
		if err != nil && !errors.Is(err, kafka.TopicAlreadyExists) {
			return fmt.Errorf("create topic %s: %w", name, err)
		}
	}
	return nil
}

func (a applier) setTopics(ctx context.Context, changes []Change) error {
	var req kafka.IncrementalAlterConfigsRequest
	for _, c := range changes {
		r := kafka.IncrementalAlterConfigsRequestResource{ResourceType: kafka.ResourceTypeTopic, ResourceName: c.Name}
		for name, value := range c.Topic.Settings {
			r.Configs = append(r.Configs, kafka.IncrementalAlterConfigsRequestConfig{Name: name, Value: value, ConfigOperation: kafka.ConfigOperationSet})
		}
		req.Resources = append(req.Resources, r)
	}
	res, err := a.client.IncrementalAlterConfigs(ctx, &req)
	if err != nil {
		return err
	}
	for _, r := range res.Resources {
		if r.Error != nil {
			return fmt.Errorf("set topic %s: %w", r.ResourceName, r.Error)
		}
	}
	return nil
}

func (a applier) grant(ctx context.Context, changes []Change) error {
	var req kafka.CreateACLsRequest
	for _, c := range changes {
		req.ACLs = append(req.ACLs, kafka.ACLEntry(c.Rule))
	}
	res, err := a.client.CreateACLs(ctx, &req)
	if err != nil {
		return err
	}
	for i, err := range res.Errors {
		if err != nil {
			return fmt.Errorf("%s: %w", changes[i], err)
		}
	}
	return nil
}

func (a applier) revoke(ctx context.Context, changes []Change) error {
	var req kafka.DeleteACLsRequest
	for _, c := range changes {
		req.Filters = append(req.Filters, kafka.DeleteACLsFilter{
			ResourceTypeFilter: c.Rule.ResourceType, ResourceNameFilter: c.Rule.ResourceName, ResourcePatternTypeFilter: c.Rule.ResourcePatternType,
			PrincipalFilter: c.Rule.Principal, HostFilter: c.Rule.Host, Operation: c.Rule.Operation, PermissionType: c.Rule.PermissionType,
		})
	}
	res, err := a.client.DeleteACLs(ctx, &req)
	if err != nil {
		return err
	}
	for i, r := range res.Results {
		if r.Error != nil {
			return fmt.Errorf("%s: %w", changes[i], r.Error)
		}
	}
	return nil
}

func (a applier) removeUsers(ctx context.Context, changes []Change) error {
	var req kafka.AlterUserScramCredentialsRequest
	for _, c := range changes {
		for _, m := range c.User {
			req.Deletions = append(req.Deletions, kafka.UserScramCredentialsDeletion{Name: c.Name, Mechanism: m})
		}
	}
	return a.alterUsers(ctx, &req)
}

// setPasswords makes users, or gives them other passwords, one at a time: a new
// password takes its place when Kafka has taken it.
func (a applier) setPasswords(ctx context.Context, changes []Change) error {
	for _, c := range changes {
		password, keep, err := "", func() error { return nil }, error(nil)
		if c.Kind == RotateUser {
			password, keep, err = a.secrets.rotate(c.Name)
		} else {
			password, err = a.secrets.password(c.Name)
		}
		if err != nil {
			return err
		}
		credential, err := salted(c.Name, password)
		if err != nil {
			return err
		}
		req := kafka.AlterUserScramCredentialsRequest{Upsertions: []kafka.UserScramCredentialsUpsertion{credential}}
		if err := a.alterUsers(ctx, &req); err != nil {
			return err
		}
		if err := keep(); err != nil {
			return err
		}
	}
	return nil
}

// iterations is Kafka's least. More would slow down guessing, and nobody
// guesses 256 random bits; clients pay it with every connection.
const iterations = 4096

// salted is what Kafka is told of a password (RFC 5802): not the password.
func salted(user, password string) (c kafka.UserScramCredentialsUpsertion, err error) {
	salt := make([]byte, 32)
	_, _ = rand.Read(salt) // never fails
	key, err := pbkdf2.Key(sha512.New, password, salt, iterations, sha512.Size)
	if err != nil {
		return c, fmt.Errorf("derive credential: %w", err)
	}
	return kafka.UserScramCredentialsUpsertion{Name: user, Mechanism: mechanism, Iterations: iterations, Salt: salt, SaltedPassword: key}, nil
}

func (a applier) alterUsers(ctx context.Context, req *kafka.AlterUserScramCredentialsRequest) error {
	res, err := a.client.AlterUserScramCredentials(ctx, req)
	if err != nil {
		return err
	}
	for _, r := range res.Results {
		if r.Error != nil {
			return fmt.Errorf("alter user %s: %w", r.User, r.Error)
		}
	}
	return nil
}

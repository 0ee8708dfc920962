package realkafka

import (
	"context"
	"fmt"

	"github.com/segmentio/kafka-go"

	"github.com/armslog/armslog/producers"
)

// As is how a user reaches the cluster, signed in by SCRAM-SHA-512 where the
// cluster wants that. A user whom it does not know gets a wrong password.
func (c *Cluster) As(user string) (producers.Cluster, error) {
	password := c.password(user)
	if password == "" {
		password = "nobody knows me"
	}
	return c.With("SCRAM-SHA-512", user, password)
}

// With is As with a mechanism and a password of the caller's choice.
func (c *Cluster) With(mechanism, user, password string) (to producers.Cluster, err error) {
	to.Brokers = c.Addrs()
	if c.CA != nil {
		to.TLS = c.CA.Trust()
	}
	if c.cfg.SASL {
		to.SASL, err = producers.SASL(mechanism, user, password)
	}
	return to, err
}

// Right lets a user do something; Kafka's Describe comes with Read, Write,
// Create and Alter.
type Right struct {
	User       string
	Resource   kafka.ResourceType
	Name       string // of the resource
	Prefix     bool   // the name is the beginning of many
	Operations []kafka.ACLOperationType
}

// Allow adds ACLs, as the administrator.
func (c *Cluster) Allow(ctx context.Context, rights ...Right) error {
	to, err := c.As(Admin)
	if err != nil {
		return err
	}
	client := producers.Connect(to)
	defer producers.Disconnect(client)
	var req kafka.CreateACLsRequest
	for _, r := range rights {
		pattern := kafka.PatternTypeLiteral
		if r.Prefix {
			pattern = kafka.PatternTypePrefixed
		}
		for _, op := range r.Operations {
			req.ACLs = append(req.ACLs, kafka.ACLEntry{
				ResourceType: r.Resource, ResourceName: r.Name, ResourcePatternType: pattern,
				Principal: "User:" + r.User, Host: "*", Operation: op, PermissionType: kafka.ACLPermissionTypeAllow,
			})
		}
	}
	res, err := client.CreateACLs(ctx, &req)
	if err != nil {
		return fmt.Errorf("add acls: %w", err)
	}
	for _, err := range res.Errors {
		if err != nil {
			return fmt.Errorf("add acls: %w", err)
		}
	}
	return nil
}

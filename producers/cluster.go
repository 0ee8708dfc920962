package producers

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/plain"
	"github.com/segmentio/kafka-go/sasl/scram"
)

// Cluster says where Kafka is and how it is reached. It holds a secret: it is
// not for printing.
type Cluster struct {
	Brokers []string       // host:port of one or more brokers
	TLS     *tls.Config    // nil = plain text
	SASL    sasl.Mechanism // signs in; nil = nobody does

	// Dial opens every connection in place of the network, for a cluster that
	// is simulated within the process; nil = TCP.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Mechanisms are the ways to sign in that SASL knows, the best first.
func Mechanisms() []string { return []string{"SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"} }

// SASL signs a user in. By SCRAM the password does not leave this process; PLAIN
// sends it as it is, so it needs TLS.
//
// An error is returned when the mechanism is none of Mechanisms, or SCRAM
// cannot encode the name or the password.
func SASL(mechanism, user, password string) (sasl.Mechanism, error) {
	var algorithm scram.Algorithm
	switch mechanism {
	case "SCRAM-SHA-512":
		algorithm = scram.SHA512
	case "SCRAM-SHA-256":
		algorithm = scram.SHA256
	case "PLAIN":
		return plain.Mechanism{Username: user, Password: password}, nil
	default:
		return nil, fmt.Errorf("sign in: no mechanism %q, there are %s", mechanism, strings.Join(Mechanisms(), ", "))
	}
	m, err := scram.Mechanism(algorithm, user, password)
	if err != nil { // whose text holds the password
		return nil, fmt.Errorf("sign in: the user's name or the password has a character that %s does not allow, such as a control character", mechanism)
	}
	return m, nil
}

// metadataTTL bounds how long a topic's leader is believed to be what it was.
const metadataTTL = 2 * time.Second

const dialTimeout = 3 * time.Second

// Connect is a client of the cluster with connections of its own, opened when
// they are needed. Disconnect closes them.
func Connect(c Cluster) *kafka.Client {
	return &kafka.Client{
		Addr: kafka.TCP(c.Brokers...),
		Transport: &kafka.Transport{
			MetadataTTL: metadataTTL, DialTimeout: dialTimeout, TLS: c.TLS, SASL: c.SASL, Dial: c.Dial, ClientID: "armslog",
		},
	}
}

// Dialer is Connect for what keeps connections of its own: the election.
func Dialer(c Cluster) *kafka.Dialer {
	return &kafka.Dialer{Timeout: dialTimeout, DualStack: true, TLS: c.TLS, SASLMechanism: c.SASL, DialFunc: c.Dial, ClientID: "armslog"}
}

// Disconnect closes the connections of a client that Connect returned.
func Disconnect(c *kafka.Client) {
	if t, ok := c.Transport.(*kafka.Transport); ok {
		t.CloseIdleConnections()
	}
}

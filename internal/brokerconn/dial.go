// Package brokerconn opens connections to brokers that the client library does
// not manage, the way the library would: over TLS, and signed in. Appending and
// fetching in bulk speak one request each on such a connection.
package brokerconn

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol/metadata"
)

// Conn is a connection to one broker.
type Conn struct {
	net.Conn
	until time.Time // zero = for ever
}

// Spent says that the broker will soon want to know again who is there
// (connections.max.reauth.ms). A request after that ends the connection, and
// leaves unknown what became of it: dial again instead.
func (c *Conn) Spent() bool { return !c.until.IsZero() && time.Now().After(c.until) }

// within bounds a dial with all that is said before the connection is of use.
const within = 10 * time.Second

// ErrNotKafka is returned for a client whose transport is none of the library:
// nothing is known about how it connects.
var ErrNotKafka = errors.New("the client connects in a way of its own")

// Dial connects to addr, host:port, as client would.
func Dial(ctx context.Context, client *kafka.Client, addr string) (*Conn, error) {
	t, ok := client.Transport.(*kafka.Transport)
	if !ok {
		return nil, ErrNotKafka
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	dial := t.Dial
	if dial == nil {
		dial = (&net.Dialer{Timeout: t.DialTimeout}).DialContext
	}
	raw, err := dial(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("dial broker: %w", err)
	}
	c := &Conn{Conn: raw}
	if err := c.greet(ctx, t, addr); err != nil {
		_ = c.Close()
		return nil, fmt.Errorf("dial broker: %w", err)
	}
	return c, nil
}

// greet makes the connection of use: TLS first, then who is there.
func (c *Conn) greet(ctx context.Context, t *kafka.Transport, addr string) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return err
	}
	if t.TLS != nil {
		cfg := t.TLS
		if cfg.ServerName == "" {
			cfg = cfg.Clone()
			cfg.ServerName = host
		}
		secure := tls.Client(c.Conn, cfg)
		if err := secure.HandshakeContext(ctx); err != nil {
			return err
		}
		c.Conn = secure
	}
	if t.SASL == nil {
		return nil
	}
	return c.signIn(ctx, t, host, port)
}

// Leader is the address of the broker that leads a topic's one partition, as
// the client's cache has it.
func Leader(ctx context.Context, client *kafka.Client, topic string) (string, error) {
	res, err := client.Transport.RoundTrip(ctx, client.Addr, &metadata.Request{TopicNames: []string{topic}})
	if err != nil {
		return "", fmt.Errorf("find leader: %w", err)
	}
	m := res.(*metadata.Response)
	for _, t := range m.Topics {
		for _, p := range t.Partitions {
			for _, b := range m.Brokers {
				if t.Name == topic && b.NodeID == p.LeaderID {
					return net.JoinHostPort(b.Host, strconv.Itoa(int(b.Port))), nil
				}
			}
		}
	}
	return "", fmt.Errorf("find leader: %w", kafka.LeaderNotAvailable)
}

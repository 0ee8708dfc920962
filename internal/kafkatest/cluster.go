// Package kafkatest gives tests real Apache Kafka: one broker or three, with or
// without SASL, ACLs and TLS, gone with the test. What is not a test starts the
// same with realkafka.
package kafkatest

import (
	"errors"
	"testing"

	"github.com/segmentio/kafka-go"

	"github.com/armslog/armslog/internal/embedded/embeddedtest"
	"github.com/armslog/armslog/internal/realkafka"
	"github.com/armslog/armslog/producers"
)

// Config of a cluster.
type Config = realkafka.Config

// Admin is the user whom ACLs do not bind.
const Admin = realkafka.Admin

// Cluster is realkafka's, whose errors fail the test.
type Cluster struct {
	*realkafka.Cluster
	t testing.TB
}

// Start runs a cluster that ends with the test, and waits until it serves.
// Without java, or without mvn on the first use, the test is skipped; with
// ARMSLOG_REQUIRE_ENGINES=1 it fails.
func Start(t testing.TB, cfg Config) *Cluster {
	t.Helper()
	c, err := realkafka.Start(t.Context(), cfg)
	if errors.Is(err, realkafka.ErrMissing) {
		embeddedtest.Missing(t, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return &Cluster{Cluster: c, t: t}
}

// RestartBroker starts broker i again after KillBroker and waits until it serves.
func (c *Cluster) RestartBroker(i int) {
	c.t.Helper()
	if err := c.Cluster.RestartBroker(c.t.Context(), i); err != nil {
		c.t.Fatal(err)
	}
}

// PauseBroker stops broker i without ending it, ResumeBroker lets it go on.
func (c *Cluster) PauseBroker(i int) {
	c.t.Helper()
	if err := c.Cluster.PauseBroker(i); err != nil {
		c.t.Fatalf("pause kafka broker %d: %v", i, err)
	}
}

// ResumeBroker lets broker i go on after PauseBroker.
func (c *Cluster) ResumeBroker(i int) {
	c.t.Helper()
	if err := c.Cluster.ResumeBroker(i); err != nil {
		c.t.Fatalf("resume kafka broker %d: %v", i, err)
	}
}

// As is how a user reaches the cluster; one whom it does not know is refused.
func (c *Cluster) As(user string) producers.Cluster {
	c.t.Helper()
	to, err := c.Cluster.As(user)
	if err != nil {
		c.t.Fatal(err)
	}
	return to
}

// Client is connected as a user until the test ends.
func (c *Cluster) Client(user string) *kafka.Client {
	c.t.Helper()
	client := producers.Connect(c.As(user))
	c.t.Cleanup(func() { producers.Disconnect(client) })
	return client
}

// Allow adds ACLs, as the administrator.
func (c *Cluster) Allow(rights ...realkafka.Right) {
	c.t.Helper()
	if err := c.Cluster.Allow(c.t.Context(), rights...); err != nil {
		c.t.Fatal(err)
	}
}

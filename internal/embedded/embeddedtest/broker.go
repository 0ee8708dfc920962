// Package embeddedtest gives tests the real engines: a Kafka broker each, and
// one ClickHouse server that all tests of a package share.
package embeddedtest

import (
	"testing"

	"github.com/armslog/armslog/internal/embedded"
)

// Broker starts a broker that ends with the test. The zero config is a broker
// in memory on a free port.
func Broker(t testing.TB, cfg embedded.BrokerConfig) *embedded.Broker {
	t.Helper()
	b, err := embedded.StartBroker(cfg)
	if err != nil {
		t.Fatalf("start broker: %v", err)
	}
	t.Cleanup(b.Close)
	return b
}

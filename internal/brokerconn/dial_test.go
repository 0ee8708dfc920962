package brokerconn_test

import (
	"crypto/tls"
	"os"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/metadata"
	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/internal/brokerconn"
	"github.com/armslog/armslog/internal/embedded/embeddedtest"
	"github.com/armslog/armslog/internal/kafkatest"
	"github.com/armslog/armslog/internal/testca"
	"github.com/armslog/armslog/producers"
)

func TestMain(m *testing.M) { os.Exit(embeddedtest.NoneLeft(m.Run())) }

// TestDial connects to a real broker that wants TLS and SASL, and to know again
// every few seconds who is there.
func TestDial(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real broker")
	}
	cluster := kafkatest.Start(t, kafkatest.Config{
		SASL: true, TLS: true, Users: map[string]string{"node-1": "a secret"},
		Properties: map[string]string{"connections.max.reauth.ms": "4000"},
	})
	dial := func(to producers.Cluster) (*brokerconn.Conn, error) {
		client := producers.Connect(to)
		t.Cleanup(func() { producers.Disconnect(client) })
		c, err := brokerconn.Dial(t.Context(), client, cluster.Addrs()[0])
		if err == nil {
			t.Cleanup(func() { _ = c.Close() })
		}
		return c, err
	}
	for _, mechanism := range producers.Mechanisms() {
		to, err := cluster.With(mechanism, "node-1", "a secret")
		require.NoError(t, err)
		c, err := dial(to)
		require.NoError(t, err, mechanism)
		require.NoError(t, ask(c), mechanism)
		require.False(t, c.Spent())
		to, err = cluster.With(mechanism, "node-1", "another secret")
		require.NoError(t, err)
		_, err = dial(to)
		require.ErrorIs(t, err, kafka.SASLAuthenticationFailed, mechanism)
	}

	c, err := dial(cluster.As("node-1"))
	require.NoError(t, err)
	require.Eventually(t, c.Spent, 20*time.Second, time.Millisecond)
	require.NoError(t, ask(c), "it is spent before the broker ends it")
	require.Eventually(t, func() bool { return ask(c) != nil }, 20*time.Second, 50*time.Millisecond, "and then the broker does")

	other, err := testca.New()
	require.NoError(t, err)
	deceived := cluster.As("node-1")
	deceived.TLS = other.Trust()
	_, err = dial(deceived)
	var untrusted *tls.CertificateVerificationError
	require.ErrorAs(t, err, &untrusted)
	anonymous := cluster.As("node-1")
	anonymous.SASL = nil
	silent, err := dial(anonymous)
	require.NoError(t, err)
	require.Error(t, ask(silent), "who did not sign in is not answered")
}

// ask says whether the broker answers on the connection.
func ask(c *brokerconn.Conn) error {
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return err
	}
	pc := protocol.NewConn(c, "test")
	pc.SetVersions(map[protocol.ApiKey]int16{protocol.Metadata: 1})
	_, err := pc.RoundTrip(new(metadata.Request))
	return err
}

package realkafka_test

import (
	"crypto/tls"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/metadata"
	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/internal/brokerconn"
	"github.com/armslog/armslog/internal/realkafka"
	"github.com/armslog/armslog/internal/testca"
	"github.com/armslog/armslog/producers"
)

// lifetime is after what time the brokers want to know again who is there: long
// enough for a busy machine to ask something between the moment from which a
// connection is to be left and that at which it ends, a fifth later.
const lifetime = "8000"

// dials connects as the nodes do for their appends and bulk fetches: signed in
// by every mechanism, over TLS, and until the broker would ask again.
func dials(t *testing.T, cluster *realkafka.Cluster, user, password string) {
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
		to, err := cluster.With(mechanism, user, password)
		require.NoError(t, err)
		c, err := dial(to)
		require.NoError(t, err, mechanism)
		require.NoError(t, ask(c), mechanism)
		to, err = cluster.With(mechanism, user, "another secret")
		require.NoError(t, err)
		_, err = dial(to)
		require.ErrorIs(t, err, kafka.SASLAuthenticationFailed, mechanism)
	}

	to, err := cluster.As(user)
	require.NoError(t, err)
	c, err := dial(to)
	require.NoError(t, err)
	require.False(t, c.Spent())
	require.Eventually(t, c.Spent, 20*time.Second, time.Millisecond)
	require.NoError(t, ask(c), "it is spent before the broker ends it")
	require.Eventually(t, func() bool { return ask(c) != nil }, 20*time.Second, 50*time.Millisecond, "and then the broker does")

	other, err := testca.New()
	require.NoError(t, err)
	deceived := to
	deceived.TLS = other.Trust()
	_, err = dial(deceived)
	var untrusted *tls.CertificateVerificationError
	require.ErrorAs(t, err, &untrusted)
	anonymous := to
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

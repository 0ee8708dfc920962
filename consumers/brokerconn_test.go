package consumers

import (
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/sasl/scram"
	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/internal/embedded/embeddedtest"
)

// Who signs in reads in bulk, too, not through the library.
func TestBulkSignsIn(t *testing.T) {
	addr, trust := embeddedtest.SecureBroker(t, "SCRAM-SHA-512", "node-1", "a secret", "journal")
	login, err := scram.Mechanism(scram.SHA512, "node-1", "a secret")
	require.NoError(t, err)
	transport := &kafka.Transport{TLS: trust, SASL: login}
	defer transport.CloseIdleConnections()
	client := &kafka.Client{Addr: kafka.TCP(addr), Transport: transport}
	stored, err := client.Produce(t.Context(), &kafka.ProduceRequest{
		Topic: "journal", RequiredAcks: kafka.RequireAll, Records: kafka.NewRecordReader(kafka.Record{Value: kafka.NewBytes([]byte("entry"))}),
	})
	require.NoError(t, err)
	require.NoError(t, stored.Error)

	c := &brokerConn{client: client, addr: addr}
	defer c.hangUp()
	for range 2 {
		got, ok := c.inBulk(t.Context(), []wanted{{"journal", 0, fetchBytes, all}}, fetchBytes, time.Second)
		require.True(t, ok)
		require.Len(t, got[0].records, 1)
		require.Equal(t, "entry", string(got[0].records[0].Value))
		require.NotNil(t, c.conn)
	}
}

package producers

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/embedded/embeddedtest"
)

// Who signs in appends on a connection of its own, too, not through the library.
func TestDirectSignsIn(t *testing.T) {
	for _, mechanism := range Mechanisms() {
		addr, trust := embeddedtest.SecureBroker(t, mechanism, "node-1", "a secret", "journal")
		login, err := SASL(mechanism, "node-1", "a secret")
		require.NoError(t, err)
		client := Connect(Cluster{Brokers: []string{addr}, TLS: trust, SASL: login})
		d := newDirect(client, "journal")
		for i := range 3 {
			at, err := d.produce(t.Context(), []events.Message{{Value: []byte("entry")}})
			require.NoError(t, err)
			require.EqualValues(t, i, at.Offset)
			require.NotNil(t, d.conn, mechanism)
		}
		d.hangUp()
		Disconnect(client)
	}
}

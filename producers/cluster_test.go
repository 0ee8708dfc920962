package producers_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/producers"
)

func TestMechanisms(t *testing.T) {
	for _, name := range producers.Mechanisms() {
		m, err := producers.SASL(name, "node-1", "a secret")
		require.NoError(t, err)
		require.Equal(t, name, m.Name())
	}
	_, err := producers.SASL("GSSAPI", "node-1", "a secret")
	require.ErrorContains(t, err, `no mechanism "GSSAPI", there are SCRAM-SHA-512`)
	_, err = producers.SASL("SCRAM-SHA-512", "node-1", "a\x00secret")
	require.ErrorContains(t, err, "does not allow")
	require.NotContains(t, err.Error(), "secret")
}

package realkafka_test

import (
	"context"
	"crypto/tls"
	"errors"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/internal/embedded/embeddedtest"
	"github.com/armslog/armslog/internal/realkafka"
	"github.com/armslog/armslog/internal/testca"
	"github.com/armslog/armslog/producers"
)

func TestMain(m *testing.M) { os.Exit(embeddedtest.NoneLeft(m.Run())) }

// topics asks for the topics that a user may see.
func topics(t *testing.T, to producers.Cluster) ([]string, error) {
	t.Helper()
	client := producers.Connect(to)
	defer producers.Disconnect(client)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	meta, err := client.Metadata(ctx, &kafka.MetadataRequest{})
	if err != nil {
		return nil, err
	}
	var names []string
	for _, topic := range meta.Topics {
		names = append(names, topic.Name)
	}
	return names, nil
}

// TestSecured starts one broker with everything on: who may come in and in which
// ways, who may not, and that nothing is left.
func TestSecured(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real broker")
	}
	c, err := realkafka.Start(t.Context(), realkafka.Config{
		SASL: true, TLS: true, Users: map[string]string{"ncb-cl": "chile", "ncb-py": "paraguay"},
		Properties: map[string]string{"connections.max.reauth.ms": lifetime},
	})
	if errors.Is(err, realkafka.ErrMissing) {
		embeddedtest.Missing(t, err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })

	admin, err := c.As(realkafka.Admin)
	require.NoError(t, err)
	client := producers.Connect(admin)
	t.Cleanup(func() { producers.Disconnect(client) })
	made, err := client.CreateTopics(t.Context(), &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{
		{Topic: "for-chile", NumPartitions: 1, ReplicationFactor: 1}, {Topic: "for-nobody", NumPartitions: 1, ReplicationFactor: 1},
	}})
	require.NoError(t, err)
	require.NoError(t, errors.Join(made.Errors["for-chile"], made.Errors["for-nobody"]))
	require.NoError(t, c.Allow(t.Context(), realkafka.Right{
		User: "ncb-cl", Resource: kafka.ResourceTypeTopic, Name: "for-chile", Operations: []kafka.ACLOperationType{kafka.ACLOperationTypeRead},
	}))

	for _, mechanism := range producers.Mechanisms() {
		to, err := c.With(mechanism, "ncb-cl", "chile")
		require.NoError(t, err)
		require.Eventually(t, func() bool { // an ACL takes a moment to be known
			names, err := topics(t, to)
			return err == nil && len(names) == 1 && names[0] == "for-chile"
		}, 20*time.Second, 20*time.Millisecond, mechanism)
		to, err = c.With(mechanism, "ncb-cl", "paraguay")
		require.NoError(t, err)
		_, err = topics(t, to)
		require.ErrorIs(t, err, kafka.SASLAuthenticationFailed, mechanism)
	}
	neighbour, err := c.As("ncb-py")
	require.NoError(t, err)
	names, err := topics(t, neighbour)
	require.NoError(t, err)
	require.Empty(t, names, "without an ACL nothing is seen")

	anonymous := admin
	anonymous.SASL = nil
	_, err = topics(t, anonymous)
	require.Error(t, err)
	other, err := testca.New()
	require.NoError(t, err)
	deceived := admin
	deceived.TLS = other.Trust()
	_, err = topics(t, deceived)
	var untrusted *tls.CertificateVerificationError
	require.ErrorAs(t, err, &untrusted)
	inTheClear := admin
	inTheClear.TLS = nil
	_, err = topics(t, inTheClear)
	require.Error(t, err)

	dials(t, c, "ncb-cl", "chile")

	pid, dir := c.PID(0), c.Dir()
	require.NoError(t, syscall.Kill(pid, 0))
	require.DirExists(t, dir)
	require.NoError(t, c.Close())
	require.ErrorIs(t, syscall.Kill(pid, 0), syscall.ESRCH, "no process is left")
	_, err = os.Stat(dir)
	require.ErrorIs(t, err, os.ErrNotExist, "no directory is left")
}

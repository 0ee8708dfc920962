package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/internal/testca"
)

// connectionOf reads flags as serve does, and what is said about them.
func connectionOf(t *testing.T, args ...string) (*app, *connection, *bytes.Buffer) {
	t.Helper()
	var said bytes.Buffer
	c, flags := new(connection), pflag.NewFlagSet("test", pflag.ContinueOnError)
	c.addFlags(flags)
	require.NoError(t, flags.Parse(args))
	return &app{err: &said}, c, &said
}

func secret(t *testing.T, name, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), mode))
	require.NoError(t, os.Chmod(path, mode)) // whatever the umask
	return path
}

func TestKafkaConnection(t *testing.T) {
	ca, err := testca.New()
	require.NoError(t, err)
	cert, key, err := ca.Issue("node-1")
	require.NoError(t, err)
	authorities, password := secret(t, "ca.pem", string(ca.PEM), 0o600), secret(t, "password", "a secret\n", 0o600)
	certFile, keyFile := secret(t, "cert.pem", string(cert), 0o600), secret(t, "key.pem", string(key), 0o600)

	a, at, said := connectionOf(t, "--brokers=k1:9092,k2:9092", "--kafka-user=node-1", "--kafka-password-file="+password,
		"--kafka-ca-file="+authorities, "--kafka-cert-file="+certFile, "--kafka-key-file="+keyFile)
	got, err := a.cluster(&at.kafka)
	require.NoError(t, err)
	require.Equal(t, []string{"k1:9092", "k2:9092"}, got.Brokers)
	require.Equal(t, "SCRAM-SHA-512", got.SASL.Name())
	require.NotNil(t, got.TLS.RootCAs)
	require.NotNil(t, got.TLS.GetClientCertificate)
	require.Empty(t, said.String())

	a, at, _ = connectionOf(t, "--brokers=k1:9092")
	got, err = a.cluster(&at.kafka)
	require.NoError(t, err)
	require.Nil(t, got.TLS)
	require.Nil(t, got.SASL)

	a, at, said = connectionOf(t, "--brokers=k1:9092", "--kafka-tls", "--kafka-user=n", "--kafka-mechanism=plain", "--kafka-password-file="+secret(t, "open", "x", 0o644))
	got, err = a.cluster(&at.kafka)
	require.NoError(t, err)
	require.Equal(t, "PLAIN", got.SASL.Name())
	require.Nil(t, got.TLS.RootCAs, "the system's")
	require.Contains(t, said.String(), "warning: every user of this machine can read the secret in ")

	t.Setenv(passwordVariable, "from the environment")
	for _, broker := range []string{"localhost:9092", "127.0.0.1:9092", "[::1]:9092"} {
		a, at, _ = connectionOf(t, "--brokers="+broker, "--kafka-user=n", "--kafka-mechanism=plain")
		_, err = a.cluster(&at.kafka)
		require.NoError(t, err, broker)
	}
	a, at, _ = connectionOf(t, "--brokers=k1:9092", "--kafka-user=n", "--kafka-mechanism=plain", "--kafka-password-in-clear")
	_, err = a.cluster(&at.kafka)
	require.NoError(t, err)
}

func TestKafkaConnectionThatIsNone(t *testing.T) {
	t.Setenv(passwordVariable, "")
	password := secret(t, "password", "a secret", 0o600)
	for says, args := range map[string][]string{
		"there is a password for Kafka and no user":    {"--kafka-password-file=" + password},
		"there is no password for Kafka's user node-1": {"--kafka-user=node-1"},
		`"md5" is no way to sign in to Kafka`:          {"--kafka-user=node-1", "--kafka-password-file=" + password, "--kafka-mechanism=md5"},
		"plain would send the password to k2:9092":     {"--brokers=localhost:9092,k2:9092", "--kafka-user=node-1", "--kafka-password-file=" + password, "--kafka-mechanism=plain"},
		"no such file":                {"--kafka-user=node-1", "--kafka-password-file=" + password + ".old"},
		"holds no certificate in PEM": {"--kafka-ca-file=" + password},
		"a certificate needs its key": {"--kafka-cert-file=" + password},
	} {
		a, at, said := connectionOf(t, args...)
		_, err := a.cluster(&at.kafka)
		require.ErrorContains(t, err, says)
		require.NotContains(t, err.Error()+said.String(), "a secret")
	}
}

func TestTablesByTLS(t *testing.T) {
	ca, err := testca.New()
	require.NoError(t, err)
	key := secret(t, "mark-key", "00112233445566778899aabbccddeeff", 0o600)
	flags := []string{"--tables=c:9440", "--tables-http=c:8443", "--mark-key-file=" + key}
	a, at, _ := connectionOf(t, flags...)
	got, err := a.tables(at)
	require.NoError(t, err)
	require.Nil(t, got.TLS)
	a, at, _ = connectionOf(t, append(flags, "--tables-ca-file="+secret(t, "ca.pem", string(ca.PEM), 0o600))...)
	got, err = a.tables(at)
	require.NoError(t, err)
	require.NotNil(t, got.TLS.RootCAs)
}

package main

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/armslog/armslog/internal/tlsfiles"
	"github.com/armslog/armslog/producers"
)

// kafkaFlags are how Kafka is reached: by TLS or not, signed in or not.
type kafkaFlags struct {
	brokers           []string
	user              string
	mechanism         string
	passwordFile      string
	passwordInClear   bool
	tls               bool
	caFile            string
	certFile, keyFile string
}

// passwordVariable holds the password where there is no file.
const passwordVariable = "ARMSLOG_KAFKA_PASSWORD"

func (k *kafkaFlags) addFlags(f *pflag.FlagSet) {
	f.StringSliceVar(&k.brokers, "brokers", splitList(os.Getenv("ARMSLOG_BROKERS")), "Kafka brokers, host:port (ARMSLOG_BROKERS)")
	f.StringVar(&k.user, "kafka-user", os.Getenv("ARMSLOG_KAFKA_USER"), "sign in to Kafka (SASL) as this user (ARMSLOG_KAFKA_USER)")
	f.StringVar(&k.mechanism, "kafka-mechanism", strings.ToLower(producers.Mechanisms()[0]), "how to sign in: "+strings.ToLower(strings.Join(producers.Mechanisms(), ", ")))
	f.StringVar(&k.passwordFile, "kafka-password-file", os.Getenv(passwordVariable+"_FILE"), "file that holds the password; without one, "+passwordVariable+" holds it")
	f.BoolVar(&k.passwordInClear, "kafka-password-in-clear", false, "let plain send the password over an unencrypted network")
	f.BoolVar(&k.tls, "kafka-tls", false, "TLS to the brokers")
	f.StringVar(&k.caFile, "kafka-ca-file", os.Getenv("ARMSLOG_KAFKA_CA_FILE"), "authorities of the brokers' certificates, PEM (default the system's); means TLS")
	f.StringVar(&k.certFile, "kafka-cert-file", "", "certificate to show to the brokers, PEM; means TLS")
	f.StringVar(&k.keyFile, "kafka-key-file", "", "its key")
}

// cluster is how Kafka is reached. Nothing is sent yet.
func (a *app) cluster(k *kafkaFlags) (c producers.Cluster, err error) {
	c.Brokers = k.brokers
	if k.tls || k.caFile != "" || k.certFile != "" || k.keyFile != "" {
		if c.TLS, err = tlsfiles.Client(k.caFile, k.certFile, k.keyFile); err != nil {
			return c, fmt.Errorf("prepare TLS to Kafka: %w", err)
		}
		if k.keyFile != "" {
			a.warnOfReaders(k.keyFile)
		}
	}
	if k.user == "" {
		if k.passwordFile != "" {
			return c, &usageError{"there is a password for Kafka and no user", "--kafka-user says whose it is"}
		}
		return c, nil
	}
	password, err := a.kafkaPassword(k)
	if err != nil {
		return c, err
	}
	mechanism := strings.ToUpper(k.mechanism)
	if !slices.Contains(producers.Mechanisms(), mechanism) {
		return c, &usageError{fmt.Sprintf("%q is no way to sign in to Kafka", k.mechanism), "one of " + strings.ToLower(strings.Join(producers.Mechanisms(), ", "))}
	}
	if far := firstFar(k.brokers); mechanism == "PLAIN" && c.TLS == nil && far != "" && !k.passwordInClear {
		return c, &usageError{
			"the mechanism plain would send the password to " + far + " for everybody on the way to read",
			"--kafka-tls or --kafka-ca-file encrypts the connection, scram-sha-512 does not send the password; --kafka-password-in-clear does it all the same",
		}
	}
	c.SASL, err = producers.SASL(mechanism, k.user, password)
	return c, err
}

func (a *app) kafkaPassword(k *kafkaFlags) (string, error) {
	password, err := a.secretFile(k.passwordFile)
	if err != nil {
		return "", err
	}
	if k.passwordFile == "" {
		password = os.Getenv(passwordVariable)
	}
	if password == "" {
		return "", &usageError{"there is no password for Kafka's user " + k.user, "--kafka-password-file names a file that holds it, or set " + passwordVariable}
	}
	return password, nil
}

// firstFar is the first broker that is not on this machine.
func firstFar(brokers []string) string {
	for _, broker := range brokers {
		host, _, err := net.SplitHostPort(broker)
		if err != nil {
			host = broker
		}
		ip, err := netip.ParseAddr(host)
		if host != "localhost" && (err != nil || !ip.IsLoopback()) {
			return broker
		}
	}
	return ""
}

package producers

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"syscall"

	"github.com/segmentio/kafka-go"
)

// Trouble says in one sentence why brokers do not let this process in, and what
// an operator can do about it; "" for what passes by itself. It names neither
// users nor topics.
func Trouble(err error) string {
	var untrusted *tls.CertificateVerificationError
	var notTLS tls.RecordHeaderError
	var alert tls.AlertError
	switch {
	case err == nil:
		return ""
	case errors.Is(err, kafka.SASLAuthenticationFailed):
		return "the brokers refuse the user or the password: check --kafka-user, --kafka-password-file and --kafka-mechanism"
	case errors.Is(err, kafka.UnsupportedSASLMechanism):
		return "the brokers do not offer this way to sign in: check --kafka-mechanism against sasl.enabled.mechanisms"
	case errors.As(err, &untrusted):
		return "the brokers' certificate cannot be trusted: check --kafka-ca-file and the name in --brokers (" + untrusted.Err.Error() + ")"
	case errors.As(err, &notTLS):
		return "the brokers do not speak TLS at this port: check the port in --brokers, or leave --kafka-tls and --kafka-ca-file out"
	case errors.As(err, &alert):
		return "the brokers refuse the TLS handshake: check --kafka-cert-file and --kafka-key-file (" + alert.Error() + ")"
	case isAny(err, kafka.TopicAuthorizationFailed, kafka.GroupAuthorizationFailed, kafka.ClusterAuthorizationFailed):
		return "the brokers' access lists do not allow this node what it needs: run armslog cluster plan"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nobody listens where the brokers should be: check --brokers, and whether they run"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the brokers end the connection at once: they may want TLS (--kafka-ca-file) or somebody to sign in (--kafka-user)"
	case errors.Is(err, context.DeadlineExceeded):
		return "the brokers do not answer: check --brokers, and whether they run"
	}
	return ""
}

func isAny(err error, codes ...kafka.Error) bool {
	for _, code := range codes {
		if errors.Is(err, code) {
			return true
		}
	}
	return false
}

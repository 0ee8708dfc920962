package producers

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"syscall"

	"github.com/segmentio/kafka-go"
)

// Trouble is why brokers do not let this process in, for an operator. The zero
// value is no trouble, or one that passes by itself.
type Trouble struct {
	Code   string // kafka_away: nobody answers; kafka_refuses: somebody does, and says no
	Says   string // what is wrong, in one sentence that names nobody and no place
	Do     string // what helps
	Detail string // what the library adds, which may name hosts; "" = nothing
}

// Codes of a Trouble.
const (
	BrokersAway   = "kafka_away"
	BrokersRefuse = "kafka_refuses"
)

// String is all of it in one line, "" for none.
func (t Trouble) String() string {
	text := t.Says
	if t.Do != "" {
		text += ": " + t.Do
	}
	if t.Detail != "" {
		text += " (" + t.Detail + ")"
	}
	return text
}

// TroubleOf reads an error of a Kafka client. It tells neither users nor topics.
func TroubleOf(err error) Trouble {
	var untrusted *tls.CertificateVerificationError
	var notTLS tls.RecordHeaderError
	var alert tls.AlertError
	switch {
	case err == nil:
		return Trouble{}
	case errors.Is(err, kafka.SASLAuthenticationFailed):
		return denied("the brokers refuse the user or the password", "check --kafka-user, --kafka-password-file and --kafka-mechanism", nil)
	case errors.Is(err, kafka.UnsupportedSASLMechanism):
		return denied("the brokers do not offer this way to sign in", "check --kafka-mechanism against sasl.enabled.mechanisms", nil)
	case errors.As(err, &untrusted):
		return denied("the brokers' certificate cannot be trusted", "check --kafka-ca-file and the name in --brokers", untrusted.Err)
	case errors.As(err, &notTLS):
		return denied("the brokers do not speak TLS at this port", "check the port in --brokers, or leave --kafka-tls and --kafka-ca-file out", nil)
	case errors.As(err, &alert):
		return denied("the brokers refuse the TLS handshake", "check --kafka-cert-file and --kafka-key-file", alert)
	case isAny(err, kafka.TopicAuthorizationFailed, kafka.GroupAuthorizationFailed, kafka.ClusterAuthorizationFailed):
		return denied("the brokers' access lists do not allow this node what it needs", "run armslog cluster plan", nil)
	case errors.Is(err, syscall.ECONNREFUSED):
		return Trouble{Code: BrokersAway, Says: "nobody listens where the brokers should be", Do: "check --brokers, and whether they run"}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return denied("the brokers end the connection at once", "they may want TLS (--kafka-ca-file) or somebody to sign in (--kafka-user)", nil)
	case errors.Is(err, context.DeadlineExceeded):
		return Trouble{Code: BrokersAway, Says: "the brokers do not answer", Do: "check --brokers, and whether they run"}
	}
	return Trouble{}
}

func denied(says, do string, detail error) Trouble {
	t := Trouble{Code: BrokersRefuse, Says: says, Do: do}
	if detail != nil {
		t.Detail = detail.Error()
	}
	return t
}

func isAny(err error, codes ...kafka.Error) bool {
	for _, code := range codes {
		if errors.Is(err, code) {
			return true
		}
	}
	return false
}

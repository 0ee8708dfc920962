// Package tlsfiles makes TLS configurations from PEM files, as an operator
// gives them. A certificate that is renewed on disk is used from the next
// connection on, without a restart.
package tlsfiles

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// minVersion is what Kafka, ClickHouse and every browser of the last ten years
// speak.
const minVersion = tls.VersionTLS12

// errHalf is returned when of certificate and key only one was given.
var errHalf = errors.New("a certificate needs its key, and a key its certificate")

// Client trusts the authorities of caFile, or the system's where it is "", and
// shows the certificate of certFile where there is one.
//
// An error is returned when a file cannot be read, holds no certificate, or a
// key does not belong to its certificate.
func Client(caFile, certFile, keyFile string) (*tls.Config, error) {
	cfg := &tls.Config{MinVersion: minVersion}
	if caFile != "" {
		text, err := os.ReadFile(caFile)
		if err != nil {
			return nil, fmt.Errorf("read authorities: %w", err)
		}
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("read authorities: %s holds no certificate in PEM", caFile)
		}
	}
	if certFile == "" && keyFile == "" {
		return cfg, nil
	}
	p, err := open(certFile, keyFile)
	if err != nil {
		return nil, err
	}
	cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return p.current(), nil }
	return cfg, nil
}

// Server shows the certificate of certFile.
//
// An error is returned when a file cannot be read, or the key does not belong
// to the certificate.
func Server(certFile, keyFile string) (*tls.Config, error) {
	p, err := open(certFile, keyFile)
	if err != nil {
		return nil, err
	}
	return &tls.Config{
		MinVersion:     minVersion,
		NextProtos:     []string{"http/1.1"}, // a bound on connections bounds requests
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return p.current(), nil },
	}, nil
}

// pair is a certificate and its key, as the files had them when last looked at.
type pair struct {
	certFile, keyFile string

	mu     sync.Mutex
	loaded *tls.Certificate
	seen   [2]version
}

// version tells one content of a file from the next.
type version struct {
	changed time.Time
	size    int64
}

func open(certFile, keyFile string) (*pair, error) {
	if certFile == "" || keyFile == "" {
		return nil, errHalf
	}
	p := &pair{certFile: certFile, keyFile: keyFile}
	var err error
	if p.seen, err = p.versions(); err != nil {
		return nil, fmt.Errorf("read certificate: %w", err)
	}
	if err := p.load(); err != nil {
		return nil, fmt.Errorf("read certificate %s with key %s: %w", certFile, keyFile, err)
	}
	return p, nil
}

func (p *pair) load() error {
	cert, err := tls.LoadX509KeyPair(p.certFile, p.keyFile)
	if err != nil {
		return err
	}
	p.loaded = &cert
	return nil
}

func (p *pair) versions() (v [2]version, err error) {
	for i, path := range []string{p.certFile, p.keyFile} {
		info, err := os.Stat(path)
		if err != nil {
			return v, err
		}
		v[i] = version{info.ModTime(), info.Size()}
	}
	return v, nil
}

// current is the pair of now. While a renewal is half done, or wrong, the last
// that was whole goes on: a handshake is no place to report it, and the old
// certificate is good until it expires.
func (p *pair) current() *tls.Certificate {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now, err := p.versions(); err == nil && now != p.seen && p.load() == nil {
		p.seen = now
	}
	return p.loaded
}

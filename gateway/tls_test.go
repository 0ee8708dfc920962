package gateway

import (
	"crypto/tls"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/internal/testca"
)

// TestTLS answers by TLS alone, to whoever trusts its authority.
func TestTLS(t *testing.T) {
	ca, err := testca.New()
	require.NoError(t, err)
	certPEM, keyPEM, err := ca.Issue("api")
	require.NoError(t, err)
	cert, err := tls.X509KeyPair(certPEM, keyPEM)
	require.NoError(t, err)
	w := newWorld(t, func(c *Config) {
		c.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	})
	secure := strings.Replace(w.url, "http://", "https://", 1) + "/healthz"

	trusting := &http.Transport{TLSClientConfig: ca.Trust()}
	defer trusting.CloseIdleConnections()
	res, err := (&http.Client{Transport: trusting}).Get(secure)
	require.NoError(t, err)
	defer res.Body.Close()
	require.Equal(t, http.StatusOK, res.StatusCode)

	other, err := testca.New()
	require.NoError(t, err)
	_, err = (&http.Client{Transport: &http.Transport{TLSClientConfig: other.Trust()}}).Get(secure) //nolint:bodyclose // there is none
	var untrusted *tls.CertificateVerificationError
	require.ErrorAs(t, err, &untrusted)
	plain, err := w.client.Get(w.url + "/healthz")
	if err == nil {
		defer plain.Body.Close()
		require.Equal(t, http.StatusBadRequest, plain.StatusCode, "nothing is answered in the clear")
	}
}

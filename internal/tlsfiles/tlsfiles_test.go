package tlsfiles_test

import (
	"crypto/tls"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/internal/testca"
	"github.com/armslog/armslog/internal/tlsfiles"
)

type files struct {
	t    *testing.T
	ca   *testca.CA
	dir  string
	cert string
	key  string
}

func newFiles(t *testing.T) *files {
	ca, err := testca.New()
	require.NoError(t, err)
	dir := t.TempDir()
	f := &files{t, ca, dir, filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")}
	f.write("ca.pem", ca.PEM)
	return f
}

func (f *files) write(name string, text []byte) {
	require.NoError(f.t, os.WriteFile(filepath.Join(f.dir, name), text, 0o600))
}

func (f *files) issue(name string) {
	cert, key, err := f.ca.Issue(name)
	require.NoError(f.t, err)
	f.write("cert.pem", cert)
	f.write("key.pem", key)
}

// shake connects client and server, and gives the names that each showed.
func shake(t *testing.T, server, client *tls.Config) (ofServer, ofClient string) {
	l, err := tls.Listen("tcp", "127.0.0.1:0", server)
	require.NoError(t, err)
	defer l.Close()
	accepted := make(chan tls.ConnectionState, 1)
	go func() {
		defer close(accepted)
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		if conn := c.(*tls.Conn); conn.Handshake() == nil {
			accepted <- conn.ConnectionState()
		}
	}()
	client = client.Clone()
	client.ServerName = "127.0.0.1"
	raw, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	defer raw.Close()
	c := tls.Client(raw, client)
	require.NoError(t, c.Handshake())
	seen, ok := <-accepted
	require.True(t, ok, "the server shook hands, too")
	if len(seen.PeerCertificates) > 0 {
		ofClient = seen.PeerCertificates[0].Subject.CommonName
	}
	return c.ConnectionState().PeerCertificates[0].Subject.CommonName, ofClient
}

func TestRenewal(t *testing.T) {
	f := newFiles(t)
	f.issue("first")
	server, err := tlsfiles.Server(f.cert, f.key)
	require.NoError(t, err)
	server.ClientAuth = tls.RequireAnyClientCert
	client, err := tlsfiles.Client(filepath.Join(f.dir, "ca.pem"), f.cert, f.key)
	require.NoError(t, err)
	is := func(name string) {
		ofServer, ofClient := shake(t, server, client)
		require.Equal(t, name, ofServer)
		require.Equal(t, name, ofClient)
	}
	is("first")
	f.issue("the second one")
	is("the second one")
	f.write("key.pem", []byte("half a renewal"))
	is("the second one")
	require.NoError(t, os.Remove(f.cert))
	is("the second one")
	f.issue("the third")
	is("the third")
}

func TestFilesThatAreWrong(t *testing.T) {
	f := newFiles(t)
	f.issue("mine")
	_, err := tlsfiles.Client(filepath.Join(f.dir, "none.pem"), "", "")
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = tlsfiles.Client(f.key, "", "")
	require.ErrorContains(t, err, "holds no certificate in PEM")
	_, err = tlsfiles.Client("", f.cert, "")
	require.ErrorContains(t, err, "a certificate needs its key")
	_, err = tlsfiles.Server(f.cert, filepath.Join(f.dir, "none.pem"))
	require.ErrorIs(t, err, os.ErrNotExist)
	_, other, err := f.ca.Issue("another")
	require.NoError(t, err)
	f.write("key.pem", other)
	_, err = tlsfiles.Server(f.cert, f.key)
	require.ErrorContains(t, err, "private key does not match public key")
}

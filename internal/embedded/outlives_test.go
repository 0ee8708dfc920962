package embedded_test

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/internal/embedded"
)

// TestClickHouseOutlivesItsClients: whatever a client does to its connection, or
// whoever kills it, harms nobody else.
func TestClickHouseOutlivesItsClients(t *testing.T) {
	dir := t.TempDir()
	c := start(t, dir)
	for range 20 {
		stranger := signIn(t, c, "a wrong password")
		require.ErrorContains(t, stranger.Ping(t.Context()), "Authentication failed")
		require.NoError(t, stranger.Close())

		leave(t, c.TCPAddr(), "", false) // often before it is accepted
		leave(t, c.TCPAddr(), "no greeting", true)
		leave(t, c.TCPAddr(), "\x00\x0ahalf a gr", true)
		leave(t, c.HTTPAddr(), "GET /ping HTTP/1.1\r\nHost: x\r\n\r\n", false)
		leave(t, c.HTTPAddr(), "no request\r\n\r\n", true)
		diesBetweenQueries(t, c)
	}
	require.Equal(t, "1", query(t, c, "SELECT 1"))

	// An abort takes seconds, but says at once that it has begun.
	c.Close()
	text, err := os.ReadFile(filepath.Join(dir, "crash.log"))
	require.NoError(t, err)
	require.Empty(t, string(text))
}

func signIn(t *testing.T, c *embedded.ClickHouse, password string) clickhouse.Conn {
	t.Helper()
	conn, err := clickhouse.Open(&clickhouse.Options{
		Addr: []string{c.TCPAddr()}, Auth: clickhouse.Auth{Username: embedded.User, Password: password},
	})
	require.NoError(t, err)
	return conn
}

// leave says something and goes: in order once the server has hung up, or at
// once and with a reset, as a process does that is killed with unread answers.
func leave(t *testing.T, addr, text string, inOrder bool) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	_, err = io.WriteString(conn, text)
	require.NoError(t, err)
	tcp := conn.(*net.TCPConn)
	if inOrder {
		_ = tcp.CloseWrite() // the server may have hung up already
		_, _ = io.Copy(io.Discard, conn)
	} else {
		require.NoError(t, tcp.SetLinger(0))
	}
	require.NoError(t, conn.Close())
}

// diesBetweenQueries resets the connection of a client that has been answered,
// while the server waits for its next question.
func diesBetweenQueries(t *testing.T, c *embedded.ClickHouse) {
	t.Helper()
	conn, err := net.Dial("tcp", c.TCPAddr())
	require.NoError(t, err)
	word := func(s string) string { return string(rune(len(s))) + s }
	const revision = "\xb2\xa9\x03" // 54450: after the greeting comes nothing but queries
	hello := "\x00" + word("test") + "\x01\x01" + revision + word("") + word(embedded.User) + word(c.Password())
	_, err = io.WriteString(conn, hello)
	require.NoError(t, err)
	one := make([]byte, 1)
	_, err = io.ReadFull(conn, one)
	require.NoError(t, err)
	require.Zero(t, one[0], "the greeting is answered by one")
	require.NoError(t, conn.(*net.TCPConn).SetLinger(0))
	require.NoError(t, conn.Close())
}

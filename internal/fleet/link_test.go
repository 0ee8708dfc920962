package fleet

import (
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const limit = 10 * time.Second

// echo answers whatever comes in with the same, and counts who comes.
func echo(t *testing.T) (addr string, came chan struct{}) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	came = make(chan struct{}, 10)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			came <- struct{}{}
			go func() {
				defer c.Close()
				_, _ = io.Copy(c, c)
			}()
		}
	}()
	return l.Addr().String(), came
}

func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	require.NoError(t, c.SetDeadline(time.Now().Add(limit)))
	return c
}

func say(t *testing.T, c net.Conn, word string) {
	t.Helper()
	_, err := io.WriteString(c, word)
	require.NoError(t, err)
}

func hear(t *testing.T, c net.Conn, word string) {
	t.Helper()
	got := make([]byte, len(word))
	_, err := io.ReadFull(c, got)
	require.NoError(t, err)
	require.Equal(t, word, string(got))
}

func TestCut(t *testing.T) {
	target, came := echo(t)
	n := newNetwork()
	t.Cleanup(func() { require.NoError(t, n.close()) })
	ab, err := n.connect("a", "b", target)
	require.NoError(t, err)
	cb, err := n.connect("c", "b", target)
	require.NoError(t, err)
	cd, err := n.connect("c", "d", target)
	require.NoError(t, err)

	alice, carol := dial(t, ab), dial(t, cb)
	for _, c := range []net.Conn{alice, carol} {
		say(t, c, "before")
		hear(t, c, "before")
		<-came
	}

	n.cut("a")
	say(t, alice, "late")
	say(t, carol, "other ways are whole")
	hear(t, carol, "other ways are whole")
	never := dial(t, ab)
	say(t, never, "never")
	require.True(t, timeout(silence(t, alice)), "what is cut answered")

	n.cut("b") // both ends
	n.heal("a")
	require.True(t, timeout(silence(t, alice)), "one end is still cut off")
	require.Empty(t, came, "a connection crossed a cut")
	free := dial(t, cd)
	say(t, free, "d is nobody's business")
	hear(t, free, "d is nobody's business")
	<-came

	n.heal("b")
	hear(t, alice, "late")
	_, err = never.Read(make([]byte, 1))
	require.Error(t, err, "a connection that was opened in a cut lives on")
	require.False(t, timeout(err), "it must be told: %v", err)
	again := dial(t, ab)
	say(t, again, "after")
	hear(t, again, "after")
	require.Len(t, came, 1)
}

// silence is how reading ends from somebody who is to say nothing.
func silence(t *testing.T, c net.Conn) error {
	t.Helper()
	require.NoError(t, c.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
	_, err := c.Read(make([]byte, 1))
	require.NoError(t, c.SetReadDeadline(time.Now().Add(limit)))
	return err
}

func timeout(err error) bool {
	var e net.Error
	return errors.As(err, &e) && e.Timeout()
}

func TestNobodyThere(t *testing.T) {
	addrs, err := ports{}.addrs(1)
	require.NoError(t, err)
	n := newNetwork()
	t.Cleanup(func() { require.NoError(t, n.close()) })
	at, err := n.connect("a", "b", addrs[0])
	require.NoError(t, err)
	c, err := net.Dial("tcp", at)
	if err == nil {
		defer c.Close()
		require.NoError(t, c.SetDeadline(time.Now().Add(limit)))
		_, err = c.Read(make([]byte, 1))
	}
	require.Error(t, err)
	require.False(t, timeout(err), "who calls somebody dead is told")
}

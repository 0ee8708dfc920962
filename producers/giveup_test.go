package producers

import (
	"context"
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/brokerconn"
)

// breaking is a connection that is lost at the very moment at which the caller
// gives up.
type breaking struct {
	net.Conn
	giveUp context.CancelFunc
}

func (c *breaking) Read([]byte) (int, error) {
	c.giveUp()
	return 0, io.EOF
}

// What a caller's giving up sets off must not fall over the connection that the
// attempt has closed meanwhile. Seen in the fortieth minute of the chaos run.
func TestConnectionLostAsTheCallerGivesUp(t *testing.T) {
	for range 500 {
		near, far := net.Pipe()
		go func() { _, _ = io.Copy(io.Discard, far) }()
		ctx, cancel := context.WithCancel(t.Context())
		d := &direct{topic: "t", conn: &brokerconn.Conn{Conn: &breaking{near, cancel}}}
		_, err := d.send(ctx, []events.Message{{Value: []byte("x")}})
		d.hangUp()
		require.ErrorIs(t, err, context.Canceled)
		require.NoError(t, far.Close())
	}
}

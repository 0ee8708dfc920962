package fleet_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/gateway"
	"github.com/armslog/armslog/internal/embedded/embeddedtest"
	"github.com/armslog/armslog/internal/fleet"
	"github.com/armslog/armslog/internal/realkafka"
)

func TestMain(m *testing.M) { embeddedtest.Main(m) }

const (
	limit = 100 * time.Second // of one wait: the machine may be busy
	tick  = 100 * time.Millisecond
)

// TestFleet kills, pauses and cuts each kind of member off, and holds that the
// others miss it and that it comes back.
func TestFleet(t *testing.T) {
	if testing.Short() {
		t.Skip("three brokers and two nodes take a minute")
	}
	key, token := gateway.NewKey("admin", fleet.Secretariat, gateway.Roles()...)
	f, err := fleet.Start(t.Context(), fleet.Config{
		Dir: t.TempDir(), Brokers: 3, Nodes: make([]fleet.NodeConfig, 2), Engine: embeddedtest.Engine(t), Keys: []gateway.Key{key},
	})
	if errors.Is(err, realkafka.ErrMissing) {
		embeddedtest.Missing(t, err)
	}
	require.NoError(t, err)
	pids := f.PIDs()
	t.Cleanup(func() {
		pids = append(pids, f.PIDs()...)
		require.NoError(t, f.Close())
		for _, pid := range pids {
			require.ErrorIs(t, syscall.Kill(pid, 0), syscall.ESRCH, "a process was left behind")
		}
	})
	x := &trial{t: t, Fleet: f, token: token}
	require.Len(t, pids, 6)
	x.decides(0, "first")
	x.decides(1, "second")
	t.Run("brokers", x.brokers)
	t.Run("nodes", x.nodes)
	t.Run("tables", x.tables)
}

type trial struct {
	*fleet.Fleet
	t     *testing.T
	token string
}

// ask asks a node to enrol an organisation.
func (x *trial) ask(node int, org string, wait time.Duration) (status int) {
	ctx, cancel := context.WithTimeout(x.t.Context(), wait)
	defer cancel()
	body := `{"organisation_id":"NCB-` + strings.ToUpper(org) + `","kind":"ncb","country":"FJ","name":"Invented"}`
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, x.Nodes[node].URL+"/v1/organisations", strings.NewReader(body))
	require.NoError(x.t, err)
	r.Header.Set("Authorization", "Bearer "+x.token)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", events.RequestIDFrom(fleet.Secretariat, org).String())
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

func (x *trial) decides(node int, org string) {
	x.t.Helper()
	require.Eventually(x.t, func() bool { return x.ask(node, org, 15*time.Second)/100 == 2 }, limit, tick, "%s decides nothing", x.Nodes[node].Name())
}

// leader is the broker that leads the journal, as one of them says; counted
// from 0, -1 if it does not say.
func (x *trial) leader(asked int) int {
	ctx, cancel := context.WithTimeout(x.t.Context(), 2*time.Second)
	defer cancel()
	transport := &kafka.Transport{}
	defer transport.CloseIdleConnections()
	c := &kafka.Client{Addr: kafka.TCP(x.Addrs()[asked]), Transport: transport}
	res, err := c.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{events.JournalTopic}})
	if err != nil || len(res.Topics) == 0 || len(res.Topics[0].Partitions) == 0 {
		return -1
	}
	return res.Topics[0].Partitions[0].Leader.ID - 1
}

// whole waits until another broker may be lost.
func (x *trial) whole(after string) {
	x.t.Helper()
	ctx, cancel := context.WithTimeout(x.t.Context(), limit)
	defer cancel()
	require.NoError(x.t, x.WaitInSync(ctx), after)
}

// brokers lets the leader of the journal be missed in each way.
func (x *trial) brokers(t *testing.T) {
	for name, way := range map[string]struct{ down, up func(fleet.Member) error }{
		"killed": {func(m fleet.Member) error { m.Kill(); return nil }, func(m fleet.Member) error { return m.Start(t.Context()) }},
		"paused": {fleet.Member.Pause, fleet.Member.Resume},
		"cut":    {func(m fleet.Member) error { m.Cut(); return nil }, func(m fleet.Member) error { m.Heal(); return nil }},
	} {
		old := -1
		require.Eventually(t, func() bool { old = x.leader(0); return old >= 0 }, limit, tick)
		other := (old + 1) % 3
		require.NoError(t, way.down(x.Brokers[old]))
		require.Eventually(t, func() bool { l := x.leader(other); return l >= 0 && l != old }, limit, tick, "%s and not missed", name)
		require.Equal(t, -1, x.leader(old), "%s and it answers", name)
		x.decides(0, name)
		require.NoError(t, way.up(x.Brokers[old]))
		x.whole(name)
	}
}

// nodes lets each be missed while the other decides.
func (x *trial) nodes(t *testing.T) {
	x.Nodes[0].Cut()
	require.NotEqual(t, 2, x.ask(0, "isolated", 5*time.Second)/100, "a node decides that reaches nobody")
	x.decides(1, "cut")
	x.Nodes[0].Heal()
	x.decides(0, "healed")
	require.NoError(t, x.Nodes[1].Pause())
	require.Zero(t, x.ask(1, "paused", time.Second))
	x.decides(0, "alone")
	require.NoError(t, x.Nodes[1].Resume())
	x.decides(1, "resumed")
	x.Nodes[0].Kill()
	require.Zero(t, x.ask(0, "killed", time.Second))
	require.Error(t, x.Nodes[0].Pause())
	x.decides(1, "left")
	require.NoError(t, x.Nodes[0].Start(t.Context()))
	x.decides(0, "restarted")
}

func (x *trial) tables(t *testing.T) {
	x.Tables.Kill()
	require.False(t, x.Tables.Running())
	require.NoError(t, x.Tables.Start(t.Context()))
	require.NoError(t, x.Tables.Pause())
	require.NoError(t, x.Tables.Resume())
	require.True(t, x.Tables.Running())
}

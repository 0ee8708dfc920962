package consumers_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/consumers"
	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/sim"
)

// losing is a mailbox of which retention takes the head.
type losing struct {
	t *testing.T
	c *sim.Cluster
	m *consumers.Mailboxes
}

const loser = "NCB-AA"

// newLosing holds n messages, those before start gone, and is opened at from.
func newLosing(t *testing.T, n int, start, from int64) losing {
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	mailbox(c, loser)
	send(t, c, loser, 0, n)
	l := losing{t, c, reading(t, c.Client, consumers.MailboxesConfig{OldLog: time.Millisecond})}
	l.lose(start)
	l.m.Open(loser, from)
	return l
}

func (l losing) lose(start int64) {
	l.t.Helper()
	require.NoError(l.t, l.c.Cluster().DeleteRecords(events.MailboxTopic(loser), 0, start))
}

// stops waits until the mailbox says that it has lost [from, to).
func (l losing) stops(from, to int64) {
	l.t.Helper()
	want := []consumers.Loss{{Org: loser, From: from, To: to}}
	require.Eventually(l.t, func() bool { return fmt.Sprint(l.m.Losses()) == fmt.Sprint(want) }, waitLimit, tick)
	require.Zero(l.t, l.m.Waiting())
}

// takes holds that what is there comes in its order, and that its spans leave no
// offset from at on out: who is behind a gap covers it.
func (l losing) takes(at int64, offsets ...int64) {
	l.t.Helper()
	require.Eventually(l.t, func() bool { return l.m.Waiting() >= len(offsets) }, waitLimit, tick)
	for i, r := range takeAll(l.t, l.m, len(offsets)) {
		require.Equal(l.t, fmt.Sprint(offsets[i]), string(r.Value))
		require.Equal(l.t, at, r.Off)
		require.Equal(l.t, offsets[i]+1-at, r.Span)
		at = r.Off + r.Span
	}
	require.Empty(l.t, l.m.Losses())
}

func TestPassOverCoversExactlyWhatIsLost(t *testing.T) {
	l := newLosing(t, 8, 5, 3)
	l.stops(3, 5)
	l.m.PassOver(loser, 5)
	l.takes(3, 5, 6, 7)
	send(t, l.c, loser, 8, 10)
	l.takes(8, 8, 9)
}

// What is there is decided, also where more was permitted.
func TestPassOverLeavesWhatIsThere(t *testing.T) {
	l := newLosing(t, 8, 5, 3)
	l.m.PassOver(loser, 7)
	l.takes(3, 5, 6, 7)
	require.Empty(t, l.m.Take(10, 1<<20))
}

func TestPassOverWhatIsPermittedBefore(t *testing.T) {
	l := newLosing(t, 8, 3, 3)
	l.m.PassOver(loser, 100)
	l.takes(3, 3, 4, 5, 6, 7)
}

// More is lost than was permitted: the mailbox stays as it is, until that is
// permitted as well.
func TestPassOverStopsAtALargerLoss(t *testing.T) {
	l := newLosing(t, 8, 5, 3)
	l.stops(3, 5)
	l.m.PassOver(loser, 4)
	l.stops(3, 5)
	l.lose(7)
	l.m.PassOver(loser, 5) // comes too late
	l.stops(3, 7)
	l.m.PassOver(loser, 7)
	l.takes(3, 7)
}

// Everything is lost, and nothing comes: nothing is to be decided. Whatever
// comes some time covers all of it.
func TestPassOverOfEverything(t *testing.T) {
	l := newLosing(t, 8, 8, 3)
	l.stops(3, 8)
	l.m.PassOver(loser, 8)
	require.Empty(t, l.m.Losses())
	require.Empty(t, l.m.Take(10, 1<<20))
	send(t, l.c, loser, 8, 9)
	l.takes(3, 8)
}

// What is permitted in advance holds for what is lost later.
func TestPassOverOfWhatIsLostLater(t *testing.T) {
	l := newLosing(t, 8, 8, 8)
	l.m.PassOver(loser, 20)
	send(t, l.c, loser, 8, 9)
	l.takes(8, 8)
	send(t, l.c, loser, 9, 10)
	require.Eventually(t, func() bool { return l.m.Waiting() == 1 }, waitLimit, tick)
	l.lose(10) // it has been read: it is decided
	send(t, l.c, loser, 10, 11)
	l.takes(9, 9, 10)
}

// A mailbox that ends before what is decided has not lost its head: what is sent
// next takes offsets that are decided, and may not be passed over unread.
func TestPassOverLeavesAMailboxThatEndsTooEarly(t *testing.T) {
	l := newLosing(t, 8, 0, 12)
	want := consumers.Loss{Org: loser, From: 12, To: 13, Ends: true}
	l.m.PassOver(loser, 100)
	require.Eventually(t, func() bool { return len(l.m.Losses()) == 1 }, waitLimit, tick)
	require.Equal(t, want, l.m.Losses()[0])
	l.m.PassOver(loser, 200)
	require.Equal(t, want, l.m.Losses()[0])
}

func TestPassOverOfAMailboxThatIsNotOpen(t *testing.T) {
	l := newLosing(t, 8, 5, 3)
	l.m.PassOver("NCB-ZZ", 5)
	l.stops(3, 5)
}

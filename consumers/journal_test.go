package consumers_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/consumers"
	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/embedded/embeddedtest"
	"github.com/armslog/armslog/internal/sim"
	"github.com/armslog/armslog/producers"
)

var errEnough = errors.New("enough")

func newJournal(c *sim.Cluster) *consumers.Journal {
	return consumers.NewJournal(c.Client, consumers.JournalConfig{Log: sim.Quiet()})
}

// followUntil follows until seq has been accepted, and returns what was.
func followUntil(t *testing.T, j *consumers.Journal, pos consumers.Position, seq uint64) (entries []*events.Entry, offsets []int64, last consumers.Position) {
	t.Helper()
	err := j.Follow(t.Context(), pos, func(b *consumers.Batch) error {
		entries = append(entries, b.Entries...)
		offsets = append(offsets, b.Offsets...)
		last = b.Position
		if last.Reader.Next > seq {
			return errEnough
		}
		return nil
	})
	require.ErrorIs(t, err, errEnough)
	return entries, offsets, last
}

// disputed writes entries [from, to) of two mailboxes by leaders that replace
// one another every 700 entries, with stale entries and doubled batches between.
func disputed(c *sim.Cluster, owner string, from, to int) {
	prev := ""
	var batch []events.Item
	flush := func() {
		c.Journal(batch...)
		batch = nil
	}
	for seq := from; seq < to; seq++ {
		if seq%700 == 0 {
			owner, prev = fmt.Sprint("n", seq), owner
			batch = append(batch, fence(owner, prev), fence("late", "nobody"))
		}
		if seq%13 == 0 && prev != "" {
			batch = append(batch, entry(prev, uint64(seq), "NCB-AA", 999))
		}
		batch = append(batch, entry(owner, uint64(seq), []string{"NCB-AA", "NCB-BB"}[seq%2], int64(seq/2)))
		if len(batch) > 300 {
			again := batch[len(batch)-50:]
			flush()
			c.Journal(again...)
		}
	}
	flush()
}

func TestFollowReadsWhatCountsInOrder(t *testing.T) {
	const n = 20_000 // more than one stretch, so that workers read side by side
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	disputed(c, "", 0, n)
	entries, offsets, _ := followUntil(t, newJournal(c), consumers.Position{}, n-1)
	require.Len(t, entries, n)
	for i, e := range entries {
		require.EqualValues(t, i, e.Seq)
		require.Contains(t, string(e.Value), e.Owner)
		require.NotContains(t, string(e.Value), "late")
		if i > 0 {
			require.Greater(t, offsets[i], offsets[i-1])
		}
	}
}

func TestFollowGoesOnFromItsPosition(t *testing.T) {
	const half, n = 1_000, 2_000
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	disputed(c, "", 0, half)
	_, _, pos := followUntil(t, newJournal(c), consumers.Position{}, half-1)
	disputed(c, pos.Reader.Owner, half, n)
	rest, _, _ := followUntil(t, newJournal(c), pos, n-1)
	require.Len(t, rest, n-half)
	require.EqualValues(t, half, rest[0].Seq)
}

func TestFollowStopsWhereNobodyMayReadOn(t *testing.T) {
	follow := func(c *sim.Cluster, from int64) error {
		pos := consumers.Position{Offset: from}
		j := consumers.NewJournal(c.Client, consumers.JournalConfig{OldLog: time.Millisecond, Log: sim.Quiet()})
		return j.Follow(t.Context(), pos, func(b *consumers.Batch) error {
			if len(b.Entries) > 2 {
				return errEnough
			}
			return nil
		})
	}
	t.Run("a hole", func(t *testing.T) {
		c := sim.NewCluster(t, embedded.BrokerConfig{})
		c.Journal(fence("n", ""), entry("n", 0, "NCB-AA", 0), entry("n", 2, "NCB-AA", 1))
		require.ErrorIs(t, follow(c, 0), events.ErrDamaged)
	})
	t.Run("something else", func(t *testing.T) {
		c := sim.NewCluster(t, embedded.BrokerConfig{})
		_, err := producers.NewJournal(c.Client, sim.Quiet()).Append(t.Context(), []events.Message{{Value: []byte("x")}})
		require.NoError(t, err)
		require.ErrorIs(t, follow(c, 0), events.ErrNotJournal)
	})
	t.Run("the beginning is gone", func(t *testing.T) {
		c := sim.NewCluster(t, embedded.BrokerConfig{})
		c.Journal(fence("n", ""), entry("n", 0, "NCB-AA", 0))
		require.NoError(t, c.Cluster().DeleteRecords(events.JournalTopic, 0, 1))
		require.ErrorIs(t, follow(c, 0), consumers.ErrLost)
	})
	t.Run("history went backwards", func(t *testing.T) {
		c := sim.NewCluster(t, embedded.BrokerConfig{})
		c.Journal(fence("n", ""))
		require.ErrorIs(t, follow(c, 7), consumers.ErrLost)
	})
}

func TestFollowOutlivesItsBroker(t *testing.T) {
	cfg := embedded.BrokerConfig{Dir: t.TempDir(), Sync: true}
	c := sim.NewCluster(t, cfg)
	c.Journal(fence("n", ""), entry("n", 0, "NCB-AA", 0))
	restarted := false
	err := newJournal(c).Follow(t.Context(), consumers.Position{}, func(b *consumers.Batch) error {
		if b.Position.Reader.Next == 1 && !restarted {
			restarted = true
			c.Close()
			cfg.Listen = c.Addr()
			embeddedtest.Broker(t, cfg)
			c.Journal(entry("n", 1, "NCB-AA", 1))
		}
		if b.Position.Reader.Next == 2 {
			return errEnough
		}
		return nil
	})
	require.ErrorIs(t, err, errEnough)
}

func TestFollowEndsWithItsContext(t *testing.T) {
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	ctx, cancel := context.WithCancel(t.Context())
	err := newJournal(c).Follow(ctx, consumers.Position{}, func(*consumers.Batch) error {
		cancel()
		return nil
	})
	require.ErrorIs(t, err, context.Canceled)
}

func TestEntriesReadsBySeq(t *testing.T) {
	const n = 3_000
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	disputed(c, "", 0, n)
	j := newJournal(c)
	x := consumers.NewEntries(j, 1<<20)
	entries, offsets, _ := followUntil(t, j, consumers.Position{}, n-1)
	_, err := x.Entry(t.Context(), 0)
	require.ErrorIs(t, err, consumers.ErrNotFollowed)
	for i, e := range entries {
		x.Accepted(e, offsets[i])
		x.Accepted(e, offsets[i]+1) // a second reader of the same journal
	}
	for range 200 {
		seq := rand.Uint64N(n)
		e, err := x.Entry(t.Context(), seq)
		require.NoError(t, err)
		require.Equal(t, entries[seq], e, "the accepted one, not a stale one of the same seq")
	}
	again, err := x.Entry(t.Context(), 5)
	require.NoError(t, err)
	require.Equal(t, entries[5], again)
	_, err = x.Entry(t.Context(), n)
	require.ErrorIs(t, err, consumers.ErrNotFollowed)
}

// An entry that is kept must not keep the batch that it came with: a thousand
// times its size.
func TestEntriesKeepsNoMoreThanAsked(t *testing.T) {
	const n = 1000
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	items := []events.Item{fence("leader", "")}
	for seq := range uint64(n) {
		it := entry("leader", seq, "NCB-AA", int64(seq))
		it.Entry.Value = bytes.Repeat([]byte("x"), 4000)
		items = append(items, it)
	}
	c.Journal(items...)
	j := newJournal(c)
	x := consumers.NewEntries(j, 64<<20)
	entries, offsets, _ := followUntil(t, j, consumers.Position{}, n-1)
	for i, e := range entries {
		x.Accepted(e, offsets[i])
	}
	entries = nil
	_, err := x.Entry(t.Context(), 1) // what a connection keeps, it keeps once
	require.NoError(t, err)
	before := heap()
	for seq := uint64(0); seq < n; seq += 10 {
		_, err := x.Entry(t.Context(), seq)
		require.NoError(t, err)
	}
	require.Less(t, heap()-before, int64(2<<20), "a hundred entries of 4 kB, in a batch of 4 MB, nor those that were read on the way")
	runtime.KeepAlive(x)
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestEntriesFromAnySeq(t *testing.T) {
	const n = 3_000
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	disputed(c, "", 0, n)
	j := newJournal(c)
	x := consumers.NewEntries(j, 1<<20)
	entries, offsets, _ := followUntil(t, j, consumers.Position{}, n-1)
	for i, e := range entries {
		x.Accepted(e, offsets[i])
	}
	var got []*events.Entry
	require.NoError(t, x.From(t.Context(), 1_234, 2_500, func(part []*events.Entry) error {
		got = append(got, part...)
		return nil
	}))
	require.Equal(t, entries[1_234:2_500], got)
}

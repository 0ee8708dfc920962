package producers_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/producers"
)

func mailboxes(t *testing.T, cfg producers.MailboxConfig) (*kfake.Cluster, *kafka.Client, *producers.Mailboxes) {
	t.Helper()
	b, c := connect(t)
	require.NoError(t, producers.CreateTopics(t.Context(), c, producers.Replication{}, producers.MailboxTopic(org)))
	cfg.Log = quiet()
	m := producers.NewMailboxes(c, cfg)
	t.Cleanup(m.Close)
	return b.Cluster(), c, m
}

func TestMailboxGroupsWhatWaits(t *testing.T) {
	cluster, c, m := mailboxes(t, producers.MailboxConfig{})
	produced := cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Observe: true, Count: -1})
	const callers, each = 200, 3
	var wg sync.WaitGroup
	firsts := make([]int64, callers)
	for i := range callers {
		wg.Go(func() {
			id := fmt.Sprint(i)
			first, err := m.Append(t.Context(), org, messages(id+"/0", id+"/1", id+"/2"))
			require.NoError(t, err)
			firsts[i] = first
		})
	}
	wg.Wait()
	values := stored(t, c, events.MailboxTopic(org))
	require.Len(t, values, callers*each)
	for i, first := range firsts {
		for k := range each {
			require.Equal(t, fmt.Sprintf("%d/%d", i, k), values[first+int64(k)], "contiguous")
		}
	}
	require.Less(t, produced.Hits(), callers, "callers share batches")
}

func TestMailboxKeepsOrderWhateverFails(t *testing.T) {
	cluster, c, m := mailboxes(t, producers.MailboxConfig{})
	var want []string
	var appends []*producers.Append
	for i := range 60 {
		switch i {
		case 10:
			failProduce(cluster, kerr.RequestTimedOut, 1)
		case 20:
			failProduce(cluster, kerr.NotEnoughReplicas, 2)
		case 40:
			failProduce(cluster, kerr.NotLeaderForPartition, 2)
		}
		want = append(want, fmt.Sprint(i))
		a, err := m.Queue(org, messages(fmt.Sprint(i)))
		require.NoError(t, err)
		appends = append(appends, a)
		if i%7 == 0 {
			_, err := a.Wait(t.Context())
			require.NoError(t, err)
		}
	}
	values := stored(t, c, events.MailboxTopic(org))
	again := 0
	for i, a := range appends {
		at, err := a.Wait(t.Context())
		require.NoError(t, err)
		if at.Again {
			again++
		}
		values = stored(t, c, events.MailboxTopic(org))
		require.Equal(t, want[i], values[at.Offset])
	}
	require.Positive(t, again, "the caller learns that an earlier copy may be there")
	require.Equal(t, want, firstOfEach(values), "a batch that was stored twice never lets a later one overtake")
}

func firstOfEach(values []string) (first []string) {
	seen := map[string]bool{}
	for _, v := range values {
		if !seen[v] {
			first = append(first, v)
		}
		seen[v] = true
	}
	return first
}

func TestMailboxPushesBackWhenFull(t *testing.T) {
	cluster, _, m := mailboxes(t, producers.MailboxConfig{QueueMessages: 10})
	failProduce(cluster, kerr.NotEnoughReplicas, -1)
	var busy *producers.BusyError
	for i := 0; ; i++ {
		_, err := m.Queue(org, messages("a", "b", "c"))
		if errors.As(err, &busy) {
			break
		}
		require.NoError(t, err)
		require.Less(t, i, 6, "bounded")
	}
	require.ErrorIs(t, busy, producers.ErrBusy)
	require.Positive(t, busy.RetryAfter)
	_, err := m.Queue("NCB-BB", messages("a"))
	require.NoError(t, err, "one organisation never fills another's queue")
}

func TestMailboxSaysWhenNothingWasStored(t *testing.T) {
	_, c, m := mailboxes(t, producers.MailboxConfig{Patience: 30 * time.Millisecond})
	first, err := m.Queue("NCB-ZZ", messages("a"))
	require.NoError(t, err)
	second, err := m.Queue("NCB-ZZ", messages("b"))
	require.NoError(t, err)
	_, err = first.Wait(t.Context())
	require.ErrorIs(t, err, producers.ErrUnavailable)
	require.NotErrorIs(t, err, producers.ErrOutcomeUnknown)
	_, err = second.Wait(t.Context())
	require.ErrorIs(t, err, producers.ErrUnavailable, "what waited behind is given up too: it must not overtake")

	require.NoError(t, producers.CreateTopics(t.Context(), c, producers.Replication{}, producers.MailboxTopic("NCB-ZZ")))
	_, err = m.Append(t.Context(), "NCB-ZZ", messages("a"))
	require.NoError(t, err, "a mailbox that was not there yet")
}

func TestMailboxOutcomeIsUnknownWhenTheCallerLeaves(t *testing.T) {
	cluster, _, m := mailboxes(t, producers.MailboxConfig{})
	failProduce(cluster, kerr.RequestTimedOut, 3)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := m.Append(ctx, org, messages("a"))
	require.ErrorIs(t, err, producers.ErrOutcomeUnknown)
	require.ErrorIs(t, err, context.Canceled)
}

func TestMailboxRefusesWhatIsTooLarge(t *testing.T) {
	_, _, m := mailboxes(t, producers.MailboxConfig{})
	_, err := m.Append(t.Context(), org, messages(strings.Repeat("x", producers.MaxAppend)))
	require.ErrorIs(t, err, producers.ErrRefused)
	_, err = m.Append(t.Context(), org, messages(strings.Repeat("x", producers.MaxAppend-200)))
	require.NoError(t, err)
}

func TestMailboxCloseEndsWhatWaits(t *testing.T) {
	cluster, _, m := mailboxes(t, producers.MailboxConfig{})
	failProduce(cluster, kerr.RequestTimedOut, -1)
	first, err := m.Queue(org, messages("a"))
	require.NoError(t, err)
	m.Close()
	_, err = first.Wait(t.Context())
	require.Error(t, err)
	_, err = m.Queue(org, messages("b"))
	require.ErrorIs(t, err, producers.ErrUnavailable)
}

package e2e

import (
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/consumers"
	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/projections"
)

// outbox is what an organisation finds on armslog.out.<org>.
type outbox struct {
	replies []events.Reply
	notes   []events.Notification
}

// readOutbox reads all of it, and holds that nothing is there twice: the seqs
// rise from message to message, an entry has one reply, and n is dense.
func readOutbox(t testing.TB, client *kafka.Client, org events.OrgID) (box outbox) {
	t.Helper()
	seq := uint64(0)
	replied := map[uint64]bool{}
	for _, m := range readTopic(t, client, events.OutboxTopic(org)) {
		at, err := strconv.ParseUint(headerOf(m, projections.HeaderSeq), 10, 64)
		require.NoError(t, err)
		require.GreaterOrEqual(t, at, seq, "the outbox of %s goes back", org)
		seq = at
		switch headerOf(m, projections.HeaderKind) {
		case "reply":
			var r events.Reply
			require.NoError(t, json.Unmarshal(m.Value, &r))
			require.False(t, replied[at], "%s was replied to twice at %d", org, at)
			replied[at] = true
			box.replies = append(box.replies, r)
		case "notification":
			var n events.Notification
			require.NoError(t, json.Unmarshal(m.Value, &n))
			require.EqualValues(t, len(box.notes)+1, n.N, "the notifications to %s are not dense", org)
			box.notes = append(box.notes, n)
		default:
			t.Fatalf("what is this? %v", m.Headers)
		}
	}
	return box
}

func headerOf(m kafka.Message, key string) string {
	for _, h := range m.Headers {
		if h.Key == key {
			return string(h.Value)
		}
	}
	return ""
}

// readTopic is everything that a topic holds now.
func readTopic(t testing.TB, client *kafka.Client, topic string) (all []kafka.Message) {
	t.Helper()
	var end int64
	eventually(t, "the end of "+topic+" is known", func() bool { // it may just have been made
		var err error
		_, end, err = consumers.Bounds(within(t), client, topic)
		return err == nil
	})
	for next := int64(0); next < end; {
		page, err := client.Fetch(within(t), &kafka.FetchRequest{Topic: topic, Offset: next, MinBytes: 1, MaxBytes: 1 << 20, MaxWait: time.Second})
		require.NoError(t, err)
		require.NoError(t, page.Error)
		for {
			r, err := page.Records.ReadRecord()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
			if r.Offset < next {
				continue
			}
			value, err := kafka.ReadAll(r.Value)
			require.NoError(t, err)
			all = append(all, kafka.Message{Headers: r.Headers, Value: value})
			next = r.Offset + 1
		}
	}
	return all
}

package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
)

// message is a request as a bureau's own system writes it into its mailbox.
func message(key, typ, value string, more ...string) kafka.Message {
	m := kafka.Message{Value: []byte(value)}
	add := func(key, value string) { m.Headers = append(m.Headers, kafka.Header{Key: key, Value: []byte(value)}) }
	add(events.HeaderSpecVersion, "1.0")
	if key != "" {
		add(events.HeaderID, events.RequestIDFrom("NCB-BR", key).String())
	}
	add(events.HeaderType, typ)
	for i := 0; i < len(more); i += 2 {
		add(more[i], more[i+1])
	}
	return m
}

// TestMailbox writes good and bad requests straight into a mailbox, without the
// edge: each has its verdict, its reply and, if it was bad, its row among the
// rejects, and none stops those behind it.
func TestMailbox(t *testing.T) { withTables(t).mailbox() }

func (w *world) mailbox() {
	t := w.t
	typ := string(events.TypeRecordSubmitted)
	path := func(id string) string {
		return "/v1/records/" + events.RecordID("NCB-BR", events.Source{System: "test", ID: id}).String()
	}
	body := func(n int) string { return record(fmt.Sprint("M-", n), fmt.Sprintf("MB%06d", n), "seized", "") }
	requests := []struct {
		message kafka.Message
		verdict events.Verdict
		code    string
	}{
		{message("good", typ, body(1)), events.Accepted, ""},
		{message("bytes", typ, "\xff\x00no JSON"), events.Undecodable, "not_json"},
		{message("type", "armslog.weapon.vanished.v1", body(2)), events.Rejected, "unknown_type"},
		{message("source", typ, body(2), events.HeaderSource, "NCB-CL"), events.Rejected, "source_mismatch"},
		{message("large", typ, strings.Repeat(" ", 20<<10)+body(2)), events.Rejected, "too_large"},
		{message("", typ, body(2)), events.Undecodable, "required"},
		{message("twice", typ, body(2), events.HeaderType, typ), events.Undecodable, "header_twice"},
		{message("field", typ, strings.Replace(body(2), `"seized"`, `"vanished"`, 1)), events.Rejected, "not_in_list"},
		{message("good", typ, body(1)), events.Duplicate, ""},
		{message("good", typ, body(2)), events.Rejected, "id_reused"},
		{message("same 1", typ, body(1)), events.Unchanged, ""},
		{message("same 2", typ, body(1)), events.Unchanged, ""},
		{message("same 3", typ, body(1)), events.Unchanged, ""},
		{message("last", typ, body(3)), events.Accepted, ""},
	}
	var messages []kafka.Message
	for _, r := range requests {
		messages = append(messages, r.message)
	}
	before := w.next()
	w.write("NCB-BR", messages...)
	eventually(t, "the last request is decided", func() bool { return w.get("NCB-BR", path("M-3")).status == http.StatusOK })

	var verdicts, want []string
	spans := map[events.Verdict]int64{}
	for _, e := range audit(t, w.kafka()).entries[before:] {
		if e.Src != "NCB-BR" {
			continue // it was looked at
		}
		text := string(e.Verdict)
		if len(e.Errors) > 0 {
			text += " " + e.Errors[0].Code
		}
		verdicts = append(verdicts, text)
		spans[e.Verdict] += e.Span
	}
	for i, r := range requests {
		if r.verdict != events.Unchanged || requests[i-1].verdict != events.Unchanged {
			want = append(want, strings.TrimSpace(string(r.verdict)+" "+r.code))
		}
	}
	require.Equal(t, want, verdicts, "the three unchanged are one entry")
	require.EqualValues(t, 3, spans[events.Unchanged])
	w.checkRejects(before, want)
	w.checkReplies(want)
	w.fsck()

	w.restart()
	w.write("NCB-BR", message("after", typ, body(4)))
	w.checkReplies(append(want, "accepted"))
}

// write appends to a mailbox as its owner does, all in one batch.
func write(t testing.TB, client *kafka.Client, org events.OrgID, messages ...kafka.Message) {
	t.Helper()
	out := &kafka.Writer{Addr: client.Addr, Transport: client.Transport, Topic: events.MailboxTopic(org), RequiredAcks: kafka.RequireAll, BatchSize: len(messages)}
	require.NoError(t, out.WriteMessages(within(t), messages...))
	require.NoError(t, out.Close())
}

// checkRejects: the table of rejects has each of them, and nothing else.
func (w *world) checkRejects(from uint64, verdicts []string) {
	w.t.Helper()
	w.settled()
	want := map[string]int{}
	for _, v := range verdicts {
		if verdict, code, bad := strings.Cut(v, " "); bad {
			want[verdict+" "+code]++
		}
	}
	require.Equal(w.t, want, w.counts(fmt.Sprintf(
		"SELECT concat(verdict, ' ', code) AS x, count() FROM analytics.rejects WHERE organisation = 'NCB-BR' AND ordinal = 0 AND seq >= %d GROUP BY x", from)))
}

// checkReplies: the outbox has a reply to each request, in order, but for those
// that changed nothing.
func (w *world) checkReplies(verdicts []string) {
	w.t.Helper()
	var want []string
	for _, v := range verdicts {
		switch verdict, code, _ := strings.Cut(v, " "); verdict {
		case "unchanged":
		case "accepted", "duplicate":
			want = append(want, "registered")
		default:
			want = append(want, verdict+" "+code)
		}
	}
	var got []string
	eventually(w.t, "the courier delivers", func() bool {
		got = nil
		for _, r := range w.outbox("NCB-BR").replies {
			text := r.Status
			if len(r.Errors) > 0 {
				text += " " + r.Errors[0].Code
			}
			got = append(got, text)
		}
		return len(got) >= len(want)
	})
	require.Equal(w.t, want, got)
}

package events

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// The golden bytes were written once and are in journals: never edit them.
func TestMailboxEffectsGolden(t *testing.T) {
	sample := []Effect{MailboxSkippedEffect{"NCB-BR", 900, 1042}, MailboxSkippedEffect{"NCB-CL", 0, maxCount}}
	want, err := os.ReadFile("testdata/effects.mailbox.v1.json")
	require.NoError(t, err)
	want = bytes.TrimSpace(want)
	require.Equal(t, string(want), string(AppendEffects(nil, sample)))
	got, err := ParseEffects(want)
	require.NoError(t, err)
	require.Equal(t, sample, got)
}

func TestParseMailboxEffectsRefuses(t *testing.T) {
	for _, text := range []string{
		`[{"mailbox_skipped":{"from":-1}}]`, `[{"mailbox_skipped":{"to":9223372036854775808}}]`, `[{"mailbox_skipped":{"id":"NCB-BR"}}]`,
	} {
		_, err := ParseEffects([]byte(text))
		require.ErrorIs(t, err, ErrNotJournal, text)
	}
}

// Which of the offsets that an entry covers held the request that it decides.
func TestEntryDecidesTheLastOfItsOffsets(t *testing.T) {
	envelope := NewEnvelope(UUID{1}, TypeRecordSubmitted)
	for name, c := range map[string]struct {
		entry    Entry
		decided  []int64
		requests int64
	}{
		"one request":                   {Entry{Verdict: Accepted, Envelope: envelope, Off: 5, Span: 1}, []int64{5}, 1},
		"behind what is lost":           {Entry{Verdict: Accepted, Envelope: envelope, Off: 5, Span: 3}, []int64{7}, 1},
		"undecodable":                   {Entry{Verdict: Undecodable, Off: 5, Span: 3}, []int64{7}, 1},
		"unchanged behind what is lost": {Entry{Verdict: Unchanged, Envelope: envelope, Off: 5, Span: 3}, []int64{7}, 1},
		"a run that changed nothing":    {Entry{Verdict: Unchanged, Off: 5, Span: 3}, []int64{5, 6, 7}, 3},
	} {
		var decided []int64
		for off := c.entry.Off; off < c.entry.Off+c.entry.Span; off++ {
			if c.entry.Decides(off) {
				decided = append(decided, off)
			}
		}
		require.Equal(t, c.decided, decided, name)
		require.Equal(t, c.requests, c.entry.Requests(), name)
	}
}

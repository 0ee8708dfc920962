package main

import (
	"bytes"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
)

// sample is a run in which everything held: two callers of two organisations
// over HTTP, one by mail who is asked again, and a match of which both are told.
func sample() *record {
	began := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	r := &record{Seen: &observed{
		Fold: position{"the fold", 14, "aa"}, Nodes: []position{{"node-1", 14, "aa"}, {"node-2", 14, "aa"}}, Fences: 1,
		Expected: map[events.OrgID][]note{}, Inboxes: map[string][]note{}, Outboxes: map[events.OrgID][]message{}, Mailed: map[events.UUID]bool{},
	}}
	offsets := map[events.OrgID]int64{}
	decide := func(org events.OrgID, id events.UUID, v events.Verdict, of uint64) decision {
		seq := uint64(len(r.Seen.Decisions))
		d := decision{
			Seq: seq, Src: string(org), Off: offsets[org], Span: 1, At: began.Add(time.Duration(seq) * time.Second), ID: id, Verdict: v, Of: of,
			Told: told{Seq: seq, Status: "registered", ID: id.String(), Revision: 1, Matches: "[]"},
		}
		if v != events.Accepted {
			d.Told = told{Seq: seq, Refused: string(v)}
		}
		offsets[org]++
		r.Seen.Decisions = append(r.Seen.Decisions, d)
		return d
	}
	ask := func(org events.OrgID, n int, mail bool) {
		q := &request{Caller: string(org), N: n, Org: org, Type: events.TypeRecordSubmitted, Tries: 1, Mail: mail, Begun: began, Acked: began.Add(time.Second)}
		q.ID = events.RequestIDFrom(org, q.key())
		q.Offset = offsets[org]
		d := decide(org, q.ID, events.Accepted, 0)
		if mail {
			r.Seen.Mailed[q.ID] = true
			r.Seen.Outboxes[org] = append(r.Seen.Outboxes[org], message{Seq: d.Seq, Reply: &d.Told, ID: q.ID})
		} else {
			q.Told = d.Told
		}
		r.Requests = append(r.Requests, q)
	}
	for n := range 4 {
		ask("NCB-BR", n+1, false)
		ask("WCO", n+1, false)
		ask("NCB-PY", n+1, true)
	}
	first := r.Seen.Decisions[2]
	again := decide("NCB-PY", first.ID, events.Duplicate, first.Seq)
	r.Seen.Outboxes["NCB-PY"] = append(r.Seen.Outboxes["NCB-PY"], message{Seq: again.Seq, Reply: &first.Told, ID: first.ID})
	decide(events.SourceRegistry, events.UUID{}, events.Accepted, 0)
	for _, org := range []events.OrgID{"NCB-PY", "WCO"} {
		list := []note{{1, 10, "match", "match a", "owner"}, {2, 12, "match_ended", "match a", "owner"}, {3, 13, "match", "match b", "owner"}}
		r.Seen.Expected[org] = list
		for _, n := range r.Seen.Nodes {
			r.Seen.Inboxes[n.Name+" "+string(org)] = list
		}
		for _, n := range list {
			at := 0
			box := r.Seen.Outboxes[org]
			for at < len(box) && box[at].Seq <= n.Seq {
				at++
			}
			r.Seen.Outboxes[org] = append(box[:at:at], append([]message{{Seq: n.Seq, Note: &n}}, box[at:]...)...)
		}
	}
	r.Faults = []*fault{{"node-1", killed, began.Add(2 * time.Second), began.Add(3 * time.Second)}}
	return r
}

func TestCheckIsContent(t *testing.T) {
	r := sample()
	require.Empty(t, check(r.Requests, r.Seen))
}

// TestCheckObjects: whatever a broken registry may leave behind is seen.
func TestCheckObjects(t *testing.T) {
	r := sample()
	seen, missed := tamper(r.Requests, r.Seen)
	require.Empty(t, missed)
	require.Equal(t, len(tamperings), seen)
	require.Empty(t, check(r.Requests, r.Seen), "tampering leaves what it was given")

	lost := *r.Requests[3]
	lost.ID = events.NewRequestID()
	require.Equal(t, 1, check(append(r.Requests, &lost), r.Seen).count(kindLost), "acknowledged and nowhere")
	lost.Acked = time.Time{}
	require.Empty(t, check(append(r.Requests, &lost), r.Seen), "nobody was promised anything")
}

// TestReport: a run that was kept is checked again to the same end.
func TestReport(t *testing.T) {
	r := sample()
	dir := t.TempDir()
	require.NoError(t, keep(dir, r))
	var first, again bytes.Buffer
	require.NoError(t, verdict(&first, r, nil))
	require.NoError(t, checkAgain(&again, filepath.Join(dir, "seen.json")))
	require.Equal(t, first.String(), again.String())
	require.Contains(t, again.String(), "lost: 0\n")
	require.Contains(t, again.String(), "faults 1: node killed 1\n")
	require.Contains(t, again.String(), "longest time without a decision: 1.0 s at 00:00:0")
	require.Contains(t, again.String(), fmt.Sprintf("objected to %d\n", len(tamperings)))
	require.ErrorIs(t, verdict(&first, r, errBlind), errBroken, "what fsck finds counts")
	r.Died = []string{"node-1"}
	require.ErrorIs(t, verdict(&first, r, nil), errBroken)
	r.Died = nil
	r.Requests[0].Told.Status = "amended"
	require.ErrorIs(t, verdict(&first, r, nil), errBroken)
	require.Contains(t, first.String(), "told otherwise: 1\n")
}

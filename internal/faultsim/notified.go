package faultsim

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/projections"
)

// telling is one notification.
type telling struct {
	match  events.UUID
	reason string
	org    events.OrgID
}

// tellings are the notifications that an entry makes, of the effects that these
// callers can cause.
func tellings(e *events.Entry) (all []telling, numbers []uint64) {
	add := func(id events.UUID, reason string, tell []events.Tell) {
		for _, t := range tell {
			all = append(all, telling{id, reason, t.Org})
			numbers = append(numbers, t.N)
		}
	}
	for _, x := range e.Effects {
		switch x := x.(type) {
		case *events.MatchEffect:
			add(x.ID, "match", x.Tell)
		case *events.MatchRenewedEffect:
			add(x.ID, fmt.Sprint("renewed ", e.Seq), x.Tell)
		case events.MatchEndedEffect:
			add(x.ID, fmt.Sprint("ended ", e.Seq), x.Tell)
		case events.MatchToldEffect:
			add(x.ID, "match", x.Tell)
		case events.NotifyEffect:
			add(events.UUID{}, fmt.Sprint(x.Reason, e.Seq), []events.Tell{{Org: x.Org, N: x.N}})
		}
	}
	return all, numbers
}

// checkNotified: each party is told once of each question and record, and the
// numbers of its notifications leave no gap.
func (w *world) checkNotified(h *history) {
	told, last := map[telling]uint64{}, map[events.OrgID]uint64{}
	for _, e := range h.entries {
		tells, numbers := tellings(e)
		for i, t := range tells {
			if was, twice := told[t]; twice {
				w.fail("%s is told twice of one pair: seq %d and %d", t.org, was, e.Seq)
			}
			told[t] = e.Seq
			if numbers[i] != last[t.org]+1 {
				w.fail("%s: notification %d follows %d", t.org, numbers[i], last[t.org])
			}
			last[t.org] = numbers[i]
		}
	}
}

// checkMeetings joins questions and records by their serial, as naively as can
// be: who should have been told of which pair, and was.
func (w *world) checkMeetings(h *history) {
	type thing struct {
		id     events.UUID
		org    events.OrgID
		search bool
	}
	bySerial := map[string][]thing{}
	told := map[[2]events.UUID][]events.OrgID{}
	want := map[[2]events.UUID][]events.OrgID{}
	for _, e := range h.entries {
		for _, x := range e.Effects {
			if x, ok := x.(*events.MatchEffect); ok {
				pair := pairOf(x.Question, x.Record)
				for _, t := range x.Tell {
					told[pair] = append(told[pair], t.Org)
				}
			}
		}
		if e.Verdict != events.Accepted || e.Value == nil {
			continue
		}
		body, _ := events.Read(e.Envelope.Type, e.Value)
		now, serial := thing{org: e.Src}, ""
		switch b := body.(type) {
		case *events.RecordSubmitted:
			now.id, serial = events.RecordID(e.Src, b.Source), b.Firearm.Marks[0].Text
		case *events.SearchMade:
			now.id, now.search, serial = events.SearchID(e.Src, e.Envelope.ID), true, b.Firearm.Marks[0].Text
		case *events.RecordWithdrawn:
			id := events.RecordID(e.Src, b.Source)
			for s, things := range bySerial {
				bySerial[s] = slices.DeleteFunc(things, func(t thing) bool { return t.id == id })
			}
			continue
		default:
			continue
		}
		for _, other := range bySerial[serial] {
			if other.id == now.id || other.search && now.search || other.org == now.org && !other.search && !now.search {
				continue
			}
			pair := pairOf(other.id, now.id)
			if want[pair] == nil {
				parties := []events.OrgID{secretariat, other.org, now.org}
				slices.Sort(parties)
				want[pair] = slices.Compact(parties)
			}
		}
		if !slices.Contains(bySerial[serial], now) {
			bySerial[serial] = append(bySerial[serial], now)
		}
	}
	for pair, parties := range want {
		got := told[pair]
		slices.Sort(got)
		if !slices.Equal(got, parties) {
			w.fail("of a pair that met %v should have been told, and %v were", parties, got)
		}
		delete(told, pair)
	}
	for _, parties := range told {
		w.fail("%v were told of a pair that never met", parties)
	}
}

func pairOf(a, b events.UUID) [2]events.UUID {
	if slices.Compare(a[:], b[:]) > 0 {
		a, b = b, a
	}
	return [2]events.UUID{a, b}
}

// checkOutboxes: every reply and every notification is in its outbox, once and
// in the order of the journal.
func (w *world) checkOutboxes(ctx context.Context, h *history) {
	want := map[events.OrgID][]string{}
	for _, e := range h.entries {
		if w.replied(h, e) {
			want[e.Src] = append(want[e.Src], fmt.Sprint(e.Seq, " reply"))
		}
		tells, numbers := tellings(e)
		for i, t := range tells {
			if numbers[i] > 0 {
				want[t.org] = append(want[t.org], fmt.Sprint(e.Seq, " notification ", numbers[i]))
			}
		}
	}
	for _, org := range append([]string{secretariat}, bureaus...) {
		box, _, err := w.topic(ctx, events.OutboxTopic(org))
		if err != nil {
			w.fail("%v", err)
			return
		}
		var got []string
		for _, m := range box {
			got = append(got, nameOf(m))
		}
		if !slices.Equal(got, want[org]) {
			w.fail("the outbox of %s holds %d messages instead of %d: %s", org, len(got), len(want[org]), firstDifference(got, want[org]))
		}
	}
}

// replied says whether an entry has a reply: what changes nothing, and the
// repeat of such a request, has none.
func (w *world) replied(h *history, e *events.Entry) bool {
	if e.Src == events.SourceRegistry || e.Src == events.SourceGateway || e.Envelope.NoReply || e.Verdict == events.Unchanged {
		return false
	}
	return e.Verdict != events.Duplicate || h.entries[e.Of].Verdict != events.Unchanged
}

func nameOf(m stored) string {
	seq, kind := "", ""
	for _, x := range m.Headers {
		switch x.Key {
		case projections.HeaderSeq:
			seq = string(x.Value)
		case projections.HeaderKind:
			kind = string(x.Value)
		}
	}
	if kind == "notification" {
		var note struct {
			N json.Number `json:"n"`
		}
		_ = json.Unmarshal(m.Value, &note) // what cannot be read has no number, and differs
		n, _ := strconv.ParseUint(note.N.String(), 10, 64)
		return fmt.Sprint(seq, " notification ", n)
	}
	return seq + " " + kind
}

func firstDifference(got, want []string) string {
	for i := range max(len(got), len(want)) {
		a, b := "nothing", "nothing"
		if i < len(got) {
			a = got[i]
		}
		if i < len(want) {
			b = want[i]
		}
		if a != b {
			return fmt.Sprintf("message %d is %s instead of %s", i, a, b)
		}
	}
	return ""
}

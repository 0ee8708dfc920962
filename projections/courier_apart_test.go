package projections

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
)

// absent are outboxes whose topics somebody has yet to make.
type absent struct {
	*outbox
	not map[events.OrgID]bool
}

func newAbsent(orgs ...events.OrgID) *absent {
	a := &absent{outbox: newOutbox(), not: map[events.OrgID]bool{}}
	for _, org := range orgs {
		a.not[org] = true
	}
	return a
}

func (a *absent) is(org events.OrgID) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.not[org]
}

// set makes a topic, or deletes it with what it holds.
func (a *absent) set(org events.OrgID, not bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.not[org] = not
	if not {
		delete(a.topics, org)
	}
}

func (a *absent) Append(ctx context.Context, org events.OrgID, messages []events.Message) error {
	if a.is(org) {
		return fmt.Errorf("append: %w", ErrNoOutbox)
	}
	return a.outbox.Append(ctx, org, messages)
}

func (a *absent) LastSeq(ctx context.Context, org events.OrgID) (uint64, bool, error) {
	if a.is(org) {
		return 0, false, fmt.Errorf("last: %w", ErrNoOutbox)
	}
	return a.outbox.LastSeq(ctx, org)
}

// delivering runs a courier over a journal that goes on, until the test ends.
func (j *journal) delivering(t *testing.T, a *absent) *Metrics {
	m := NewMetrics(nil)
	c := NewCourier(CourierConfig{
		Source: j, Entries: j, Outbox: a, Metrics: m, Renderer: registry.View{Read: j.read, Entries: j},
		Now: func() time.Time { return time.UnixMilli(1_790_000_000_000) }, LongestRest: time.Millisecond,
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
		require.Zero(t, m.absent(t), "a courier that has ended misses nothing")
	})
	return m
}

func (m *Metrics) absent(t *testing.T) float64 {
	var out dto.Metric
	require.NoError(t, m.missing.Write(&out))
	return out.GetGauge().GetValue()
}

// idle hands the courier batches without entries, as a node does, until it has
// told what the other has.
func (j *journal) idle(t *testing.T, o, like *outbox) {
	t.Helper()
	require.Eventually(t, func() bool {
		j.append(events.Item{Fence: &events.Fence{Nonce: "nobody", Prev: "nobody"}}) // too late: it moves readers and nothing else
		for org := range like.topics {
			if len(o.messages(org)) != len(like.messages(org)) {
				return false
			}
		}
		return true
	}, time.Minute, 5*time.Millisecond)
	for org := range like.topics {
		require.Equal(t, like.messages(org), o.messages(org), org)
	}
}

// cut takes off what follows the first n items; append brings it back.
func (j *journal) cut(n int) (rest []events.Item) {
	rest, j.items = j.items[n:], j.items[:n:n]
	return rest
}

// told is what everybody is told of the journal as it is; others is the same
// without one organisation.
func (j *journal) told(t *testing.T, but events.OrgID) (all, others *outbox) {
	all, others = newOutbox(), newOutbox()
	j.courier(t, all)
	j.courier(t, others)
	delete(others.topics, but)
	return all, others
}

// An outbox that is not there holds up no other. When it is made, it gets what
// the others have got, in order and once; when it is deleted and made anew, all
// of it again.
func TestMissingOutboxHoldsUpNobody(t *testing.T) {
	j := newJournal(t)
	j.fill()
	n := len(j.items)
	j.ask("IPSG", &events.AgreementGranted{AgreementID: "AGR-WCO-2", Grantee: "WCO", Rights: []string{"search"},
		LegalBasis: "agreement of 2022", ValidFrom: events.MustDate("2020"), ValidUntil: events.MustDate("2099")})
	require.Equal(t, events.Accepted, j.ask("WCO", question("AB98765")).Verdict)
	require.Equal(t, events.Accepted, j.ask("NCB-BR", record("77", "AB98765")).Verdict)
	in, othersIn := j.told(t, "WCO")
	rest := j.cut(n)
	before, othersBefore := j.told(t, "WCO")

	a := newAbsent("WCO")
	m := j.delivering(t, a)
	j.idle(t, a.outbox, othersBefore)
	require.Empty(t, a.messages("WCO"))
	require.Eventually(t, func() bool { return m.absent(t) == 1 }, time.Minute, time.Millisecond)
	a.set("WCO", false)
	j.idle(t, a.outbox, before)
	require.Eventually(t, func() bool { return m.absent(t) == 0 }, time.Minute, time.Millisecond)

	a.set("WCO", true)
	j.append(rest...)
	j.idle(t, a.outbox, othersIn)
	require.Eventually(t, func() bool { return m.absent(t) == 1 }, time.Minute, time.Millisecond)
	a.set("WCO", false)
	j.idle(t, a.outbox, in)
}

// parts is a journal of batches, and the renderer of what they tell.
type parts []Batch

func (p parts) JournalID(context.Context) (events.UUID, error) { return journalID, nil }
func (p parts) End(context.Context) (int64, error)             { return p[len(p)-1].Offset, nil }

func (p parts) Follow(ctx context.Context, from Position, handle func(Batch) error) error {
	for _, b := range p {
		if b.Offset > from.Offset {
			if err := handle(b); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p parts) Entry(_ context.Context, seq uint64) (*events.Entry, error) {
	return p[seq-1].Entries[0], nil
}

func (p parts) Reply(_ context.Context, e *events.Entry) (events.Reply, error) {
	return events.Reply{Seq: e.Seq, Status: "answered"}, nil
}

func (p parts) Continue(_ context.Context, _, more *events.Entry, r *events.Reply) error {
	r.Matches = append(r.Matches, events.MatchView{})
	return nil
}

func (p parts) Notification(context.Context, *events.Entry, events.OrgID, uint64) (events.Notification, error) {
	return events.Notification{}, nil
}

// An answer that takes several entries is whole, wherever the outbox is missed.
func TestMissingOutboxGetsWholeAnswers(t *testing.T) {
	goesOn := func(of uint64, more ...events.Effect) *events.Entry {
		value, err := json.Marshal(&events.EffectsContinued{Of: of})
		require.NoError(t, err)
		return &events.Entry{Src: events.SourceRegistry, Verdict: events.Accepted, Value: value, Effects: more,
			Envelope: events.NewEnvelope(events.UUID{}, events.TypeEffectsContinued)}
	}
	more := events.MoreEffect{Cursor: 1}
	entries := []*events.Entry{
		{Src: "WCO", Effects: []events.Effect{more}}, goesOn(1, more), {Src: "NCB-BR"}, goesOn(2), {Src: "WCO"},
	}
	p := parts{}
	for i, e := range entries {
		e.Seq, e.Verdict = uint64(i+1), events.Accepted
		b := Batch{Entries: []*events.Entry{e}}
		b.Offset, b.Reader.Next = int64(i+1), e.Seq+1
		p = append(p, b)
	}
	for missed := range entries {
		t.Run(fmt.Sprint("from batch ", missed), func(t *testing.T) {
			a := newAbsent()
			c := NewCourier(CourierConfig{Renderer: p, Entries: p, Outbox: a, Source: p, Now: func() time.Time { return time.UnixMilli(0) }})
			c.begin()
			for i, b := range p {
				a.set("WCO", i >= missed)
				_, err := c.send(t.Context(), b)
				require.NoError(t, err)
			}
			a.set("WCO", false)
			for _, x := range c.apart {
				require.NoError(t, x.catchUp(t.Context(), 6))
			}
			require.Equal(t, []string{"4 reply answered", "5 reply answered"}, a.messages("WCO"))
			var r events.Reply
			require.NoError(t, json.Unmarshal(a.topics["WCO"][0].Value, &r))
			require.Len(t, r.Matches, 2, "one for each entry that went on")
		})
	}
}

package projections

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
)

// outbox is every armslog.out topic in memory. It fails in both ways there are:
// stored and not acknowledged, and not stored.
type outbox struct {
	mu      sync.Mutex
	topics  map[events.OrgID][]events.Message
	fail    func() (stored, failed bool)
	changed chan struct{}
}

func newOutbox() *outbox {
	return &outbox{topics: map[events.OrgID][]events.Message{}, changed: make(chan struct{}, 1),
		fail: func() (bool, bool) { return true, false }}
}

func (o *outbox) Append(_ context.Context, org events.OrgID, messages []events.Message) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	stored, failed := o.fail()
	if stored {
		o.topics[org] = append(o.topics[org], messages...)
		select {
		case o.changed <- struct{}{}:
		default:
		}
	}
	if failed {
		return errors.New("timed out")
	}
	return nil
}

func (o *outbox) LastSeq(_ context.Context, org events.OrgID) (uint64, bool, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	all := o.topics[org]
	if len(all) == 0 {
		return 0, false, nil
	}
	return seqOf(all[len(all)-1]), true, nil
}

func seqOf(m events.Message) uint64 {
	for _, h := range m.Headers {
		if h.Key == HeaderSeq {
			n, _ := strconv.ParseUint(string(h.Value), 10, 64)
			return n
		}
	}
	return 0
}

// messages are what an organisation can read, as "seq kind n-or-status".
func (o *outbox) messages(org events.OrgID) (all []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, m := range o.topics[org] {
		var body struct {
			N      uint64 `json:"n"`
			Status string `json:"status"`
			Seq    uint64 `json:"seq"`
		}
		if err := json.Unmarshal(m.Value, &body); err != nil {
			panic(err)
		}
		if body.N > 0 {
			all = append(all, fmt.Sprintf("%d notification %d", seqOf(m), body.N))
		} else {
			all = append(all, fmt.Sprintf("%d reply %s", seqOf(m), body.Status))
		}
	}
	return all
}

func (j *journal) read(_ context.Context, f func(*registry.State)) error {
	f(j.state)
	return nil
}

// courier runs one over what the journal holds now.
func (j *journal) courier(t interface{ Fatalf(string, ...any) }, o *outbox) {
	end, _ := j.End(context.Background())
	c := NewCourier(CourierConfig{
		Source: upTo{j, end}, Entries: j, Outbox: o,
		Renderer: registry.View{Read: j.read, Entries: j},
		Now:      func() time.Time { return time.UnixMilli(j.at) },
	})
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := c.Run(ctx); err != nil || ctx.Err() != nil {
		t.Fatalf("courier: %v %v", err, ctx.Err())
	}
}

func TestCourierTellsEachOnce(t *testing.T) {
	j, o := newJournal(t), newOutbox()
	asked := j.ask("WCO", question("RV204187"))
	met := j.ask("NCB-BR", record("1", "RV204187"))
	j.ask("NCB-BR", record("1", "RV204187")) // unchanged
	j.ask("NCB-BR", record("2", "OT99887"), events.Header{Key: events.HeaderNoReply, Value: []byte("1")})
	refused := j.ask("WCO", record("9", "X1"))
	j.courier(t, o)
	require.Equal(t, []string{
		"4 notification 1", // its agreement
		fmt.Sprintf("%d reply answered", asked.Seq),
		fmt.Sprintf("%d notification 2", met.Seq),
		fmt.Sprintf("%d reply rejected", refused.Seq),
	}, o.messages("WCO"))
	require.Equal(t, []string{
		fmt.Sprintf("%d reply registered", met.Seq),
		fmt.Sprintf("%d notification 1", met.Seq),
	}, o.messages("NCB-BR"))
	before := o.messages("IPSG")
	j.courier(t, o)
	require.Equal(t, before, o.messages("IPSG"), "a restart repeats nothing")

	// A request that was sent twice is answered twice, the second time by the first's reply.
	twice := j.decide(&registry.Input{Src: "WCO", Span: 1, Value: asked.Value,
		Prepared: registry.Prepare("WCO", asked.Envelope.Headers, asked.Value)})
	require.Equal(t, events.Duplicate, twice.Verdict)
	j.courier(t, o)
	all := o.messages("WCO")
	require.Equal(t, fmt.Sprintf("%d reply answered", twice.Seq), all[len(all)-1])
}

func TestCourierSendsNothingThatWouldHaveExpired(t *testing.T) {
	j, o := newJournal(t), newOutbox()
	j.at += 100 * 24 * time.Hour.Milliseconds()
	j.ask("NCB-BR", record("1", "RV204187"))
	j.courier(t, o)
	require.Len(t, o.messages("NCB-BR"), 1)
	require.Empty(t, o.messages("IPSG"), "answered a hundred days ago")
}

// Whatever is stored without being acknowledged, not stored, or cut off by a
// restart: every message is there once and in order.
func TestCourierSurvivesFaults(t *testing.T) {
	j := newJournal(t)
	j.fill()
	want := newOutbox()
	j.courier(t, want)
	rapid.Check(t, func(rt *rapid.T) {
		o := newOutbox()
		faults := rapid.SliceOfN(rapid.IntRange(0, 3), 0, 4).Draw(rt, "faults")
		o.fail = func() (stored, failed bool) {
			if len(faults) == 0 {
				return true, false
			}
			f := faults[0]
			faults = faults[1:]
			return f != 1, f == 1 || f == 2
		}
		j.courier(rt, o)
		for org := range want.topics {
			require.Equal(rt, want.messages(org), o.messages(org), org)
		}
	})
}

// A decision that took several entries is answered by the last of them; what
// goes on for other reasons is not.
func TestContinuations(t *testing.T) {
	more := []events.Effect{events.MoreEffect{Cursor: 1}}
	next := func(seq, of uint64, effects []events.Effect) *events.Entry {
		value, err := json.Marshal(&events.EffectsContinued{Of: of})
		require.NoError(t, err)
		return &events.Entry{Seq: seq, Verdict: events.Accepted, Value: value, Effects: effects,
			Envelope: events.NewEnvelope(events.UUID{}, events.TypeEffectsContinued)}
	}
	c := newContinuations()
	require.Equal(t, uint64(7), c.take(&events.Entry{Seq: 7}))
	require.Equal(t, pending, c.take(&events.Entry{Seq: 8, Effects: more}))
	require.Equal(t, pending, c.take(next(9, 8, more)))
	require.Equal(t, uint64(10), c.take(&events.Entry{Seq: 10}))
	require.Equal(t, uint64(8), c.take(next(11, 9, nil)), "of the first, though it names the second")
	require.Equal(t, []uint64{9, 11}, c.parts[8])
	require.Equal(t, pending, c.take(next(12, 7, nil)), "was answered at once")
}

func TestAppendsAreBoundedAndKeepEntriesWhole(t *testing.T) {
	var out outgoing
	for seq := range uint64(40) {
		for range 3 {
			require.NoError(t, out.add("WCO", seq, "notification", string(make([]byte, 4<<10))))
		}
	}
	appends := inAppends(out.byOrg["WCO"])
	require.Greater(t, len(appends), 2)
	total := 0
	for i, a := range appends {
		total += len(a)
		require.Zero(t, len(a)%3, "what one entry tells is whole")
		require.True(t, i == 0 || seqOf(a[0]) > seqOf(appends[i-1][len(appends[i-1])-1]))
	}
	require.Equal(t, 120, total)
}

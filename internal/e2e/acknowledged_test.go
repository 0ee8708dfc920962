package e2e

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/embedded/embeddedtest"
	"github.com/armslog/armslog/internal/single"
)

// slowBroker is a broker whose acknowledgements of the journal can be held back.
type slowBroker struct {
	*embedded.Broker
	mu      sync.Mutex
	gate    chan struct{} // closed: nothing is held
	waiting chan struct{} // one token for each append that is held
}

func newSlowBroker(t *testing.T) *slowBroker {
	b := &slowBroker{Broker: embeddedtest.Broker(t, embedded.BrokerConfig{}), gate: make(chan struct{}), waiting: make(chan struct{}, 16)}
	close(b.gate)
	b.Cluster().ControlKey(int16(kmsg.Produce), func(r kmsg.Request) (kmsg.Response, error, bool) {
		b.Cluster().KeepControl()
		if r.(*kmsg.ProduceRequest).Topics[0].Topic == events.JournalTopic {
			b.Cluster().SleepControl(b.wait)
		}
		return nil, nil, false
	})
	return b
}

func (b *slowBroker) wait() {
	b.mu.Lock()
	gate := b.gate
	b.mu.Unlock()
	select {
	case <-gate:
	default:
		b.waiting <- struct{}{}
		<-gate
	}
}

// hold keeps every append to the journal back until the returned function lets
// it go.
func (b *slowBroker) hold() (release func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.gate = make(chan struct{})
	return sync.OnceFunc(func() { close(b.gate) })
}

// TestNobodySeesWhatIsNotAcknowledged: a decision that the leader has made, and
// the journal does not hold yet, is shown to nobody.
func TestNobodySeesWhatIsNotAcknowledged(t *testing.T) {
	b := newSlowBroker(t)
	w := begin(t, single.Config{Brokers: []string{b.Addr()}})
	w.post("WCO", "/v1/searches", question("AK204187")).reply(t)
	id := events.RecordID("NCB-BR", events.Source{System: "test", ID: "A-1"}).String()

	looks := []struct {
		org  events.OrgID
		path string
	}{{"NCB-BR", "/v1/records/" + id}, {"WCO", "/v1/inbox"}, {"NCB-BR", "/v1/inbox"}, {"IPSG", "/v1/inbox"}, {"IPSG", "/v1/inbox?wait=1"}}
	var before []answered
	for _, l := range looks {
		before = append(before, w.get(l.org, l.path))
	}

	release := b.hold()
	t.Cleanup(release) // or nothing would ever end
	replies := make(chan answered, 1)
	go func() { replies <- w.post("NCB-BR", "/v1/records", record("A-1", "AK204187", "seized", "")) }()
	<-b.waiting // decided, and not acknowledged
	for i, l := range looks {
		if a, ok := w.glance(l.org, l.path); ok {
			require.Equal(t, before[i].status, a.status, "%s at %s: %s", l.org, l.path, a.body)
			require.Equal(t, string(before[i].body), string(a.body), "%s at %s", l.org, l.path)
		}
	}
	require.Empty(t, replies, "its sender is told nothing")

	release()
	require.Equal(t, "registered", (<-replies).reply(t).Status)
	require.Equal(t, http.StatusOK, w.get("NCB-BR", "/v1/records/"+id).status)
	require.Equal(t, map[events.OrgID]int{"WCO": 1, "NCB-BR": 1, "NCB-CL": 0, "NCB-PY": 0, "IPSG": 1}, w.told())
	for _, org := range []events.OrgID{"WCO", "NCB-BR", "IPSG"} {
		eventually(t, "the courier delivers", func() bool {
			return len(readOutbox(t, w.KafkaAddr, org).notes) == len(w.inbox(org))
		})
	}
}

// glance looks for a moment: ok is false where no answer came, or only that
// there is none now.
func (w *world) glance(org events.OrgID, path string) (a answered, ok bool) {
	ctx, cancel := context.WithTimeout(w.t.Context(), 300*time.Millisecond)
	defer cancel()
	a, err := w.try(ctx, http.MethodGet, org, path, "", nil)
	if err != nil {
		require.ErrorIs(w.t, err, context.DeadlineExceeded)
	}
	return a, err == nil && a.status != http.StatusServiceUnavailable
}

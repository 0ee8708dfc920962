package e2e

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/embedded/embeddedtest"
	"github.com/armslog/armslog/internal/single"
)

// slowBroker is a broker whose acknowledgements of one topic can be held back.
type slowBroker struct {
	*embedded.Broker
	mu      sync.Mutex
	gate    chan struct{} // closed: nothing is held
	waiting chan struct{} // one token for each append that is held
}

func newSlowBroker(t *testing.T, topic string) *slowBroker {
	b := &slowBroker{Broker: embeddedtest.Broker(t, embedded.BrokerConfig{}), gate: make(chan struct{}), waiting: make(chan struct{}, 16)}
	close(b.gate)
	b.Cluster().ControlKey(int16(kmsg.Produce), func(r kmsg.Request) (kmsg.Response, error, bool) {
		b.Cluster().KeepControl()
		if r.(*kmsg.ProduceRequest).Topics[0].Topic == topic {
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

// hold keeps every append to the topic back until the returned function lets
// it go.
func (b *slowBroker) hold() (release func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.gate = make(chan struct{})
	return sync.OnceFunc(func() { close(b.gate) })
}

// TestNobodySeesWhatIsNotAcknowledged: a decision that the leader has made, and
// the journal does not hold yet, is shown to nobody. Who looks meanwhile is told
// to come again; the process says that it lives.
func TestNobodySeesWhatIsNotAcknowledged(t *testing.T) {
	b := newSlowBroker(t, events.JournalTopic)
	w := begin(t, single.Config{Brokers: []string{b.Addr()}})
	w.post("NCB-BR", "/v1/records", record("A-0", "AK204100", "seized", "")).reply(t)
	met := w.post("WCO", "/v1/searches", question("AK204100")).reply(t).Matches[0].MatchID.String()
	w.post("WCO", "/v1/searches", question("AK204187")).reply(t)
	id := events.RecordID("NCB-BR", events.Source{System: "test", ID: "A-1"}).String()

	looks := []struct {
		org  events.OrgID
		path string
	}{{"NCB-BR", "/v1/matches/" + met}, {"NCB-BR", "/v1/records/" + id}, {"WCO", "/v1/inbox"}, {"NCB-BR", "/v1/inbox"}, {"IPSG", "/v1/inbox"}, {"IPSG", "/v1/inbox?wait=1"}}
	var before []answered
	for _, l := range looks {
		before = append(before, w.get(l.org, l.path))
	}

	release := b.hold()
	t.Cleanup(release) // or nothing would ever end
	replies := make(chan answered, 1)
	go func() { replies <- w.post("NCB-BR", "/v1/records", record("A-1", "AK204187", "seized", "")) }()
	<-b.waiting // decided, and not acknowledged
	var looking sync.WaitGroup
	for _, l := range looks {
		looking.Go(func() {
			a, err := w.try(soon(t), http.MethodGet, l.org, l.path, "", nil)
			if assert.NoError(t, err, "%s waited for the acknowledgement", l.path) {
				assert.Equal(t, http.StatusServiceUnavailable, a.status, "%s at %s: %s", l.org, l.path, a.body)
				assert.Equal(t, "1", a.header.Get("Retry-After"), l.path)
			}
		})
	}
	for _, path := range []string{"/healthz", "/metrics"} {
		a, err := w.try(soon(t), http.MethodGet, "", path, "", nil)
		require.NoError(t, err, path)
		require.Equal(t, http.StatusOK, a.status, "%s: %s", path, a.body)
	}
	looking.Wait()
	require.Empty(t, replies, "its sender is told nothing")

	release()
	require.Equal(t, "registered", (<-replies).reply(t).Status)
	require.Equal(t, string(before[0].body), string(w.get(looks[0].org, looks[0].path).body), "the match is as it was")
	for i, l := range looks[1:] {
		require.NotEqual(t, string(before[i+1].body), string(w.get(l.org, l.path).body), "%s at %s sees it now", l.org, l.path)
	}
	require.Equal(t, http.StatusOK, w.get("NCB-BR", "/v1/records/"+id).status)
	require.Equal(t, map[events.OrgID]int{"WCO": 2, "NCB-BR": 2, "NCB-CL": 0, "NCB-PY": 0, "IPSG": 2}, w.told())
	for _, org := range []events.OrgID{"WCO", "NCB-BR", "IPSG"} {
		eventually(t, "the courier delivers", func() bool {
			return len(readOutbox(t, w.kafka(), org).notes) == len(w.inbox(org))
		})
	}
}

// soon ends far above what the edge waits for the state, and far below what
// anything else here waits.
func soon(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

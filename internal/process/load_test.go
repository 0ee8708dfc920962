package process_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/consumers"
	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/producers"
)

// load is callers who ask until the process stops.
type load struct {
	stops   atomic.Bool // who is not answered from now on asks no more
	running sync.WaitGroup

	mu     sync.Mutex
	told   map[events.UUID]uint64 // seq, by the request's id
	lines  int                    // of the batch that were told
	untold []asked
	wrong  []string // answers that nobody should get
}

// asked is one request.
type asked struct {
	path, key, body string
	want            int // status of its answer
}

func newLoad() *load { return &load{told: map[events.UUID]uint64{}} }

// answered is how many requests were told, one by one and in the batch.
func (l *load) answered() (one, lines int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.told) - l.lines, l.lines
}

// ask asks one thing after another, until one is not answered since the process
// stops.
func (l *load) ask(r *running, path, prefix string, want int, body func(string) string) {
	for i := 0; ; {
		id := fmt.Sprint(prefix, i)
		q := asked{path, id, body(id), want}
		switch {
		case l.note(q, r.post(bureau, path, id, q.body)):
			i++
		case l.stops.Load():
			l.mu.Lock()
			l.untold = append(l.untold, q)
			l.mu.Unlock()
			return
		default:
			<-time.After(tick) // on a busy machine callers are pushed back
		}
	}
}

// again are the answers that tell to ask again.
var again = []int{http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusGatewayTimeout}

// note says whether a request was told of. Otherwise its caller is told to ask
// again, or the connection has ended: anything else is wrong.
func (l *load) note(q asked, a answered) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	var reply events.Reply
	switch {
	case a.err != nil:
	case a.status == q.want && json.Unmarshal(a.body, &reply) == nil:
		l.told[events.RequestIDFrom(bureau, q.key)] = reply.Seq
		return true
	case a.header.Get("Retry-After") == "" || !slices.Contains(again, a.status):
		l.wrong = append(l.wrong, fmt.Sprintf("%s: %d %s", q.path, a.status, a.body))
	}
	return false
}

const endless = math.MaxInt

// ahead is how many lines of the batch wait for their verdicts: a flood would be
// told to come back later, and so would everybody beside it.
const ahead = 500

// batch streams records as lines from..to, until the process ends the stream.
func (l *load) batch(r *running, from, to int) {
	body, w := io.Pipe()
	defer body.Close()
	room, over := make(chan struct{}, ahead), make(chan struct{})
	defer close(over)
	go func() {
		for i := from; i <= to; i++ {
			select {
			case room <- struct{}{}:
			case <-over:
				return
			}
			if _, err := io.WriteString(w, record(fmt.Sprint("b-", i))+"\n"); err != nil {
				return
			}
		}
		_ = w.Close()
	}()
	resp, err := r.open(context.Background(), http.MethodPost, bureau, fmt.Sprint("/v1/records:batch?from=", from), "batch", body, "application/x-ndjson")
	if err != nil {
		l.line(err.Error(), batchLine{})
		return
	}
	defer resp.Body.Close()
	for lines := bufio.NewReader(resp.Body); ; {
		text, err := lines.ReadString('\n')
		if err != nil {
			return // a sender that goes on is cut off, perhaps within a line
		}
		var v batchLine
		_ = json.Unmarshal([]byte(text), &v) // what is none has no seq
		if l.line(text, v) {
			<-room
		}
	}
}

// batchLine is a verdict, or the last line: why the stream ends.
type batchLine struct {
	Line, Seq   uint64
	Error, Done json.RawMessage
}

// line says whether a line is told of.
func (l *load) line(text string, v batchLine) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case v.Seq > 0:
		l.told[events.RequestIDFrom(bureau, fmt.Sprint("batch:", v.Line))] = v.Seq
		l.lines++
		return true
	case v.Error == nil && v.Done == nil:
		l.wrong = append(l.wrong, "batch: "+text)
	}
	return false
}

// holds reads the journal and holds that it says what callers were told, and
// that nothing was decided twice.
func (h *host) holds(l *load) {
	h.t.Helper()
	client := producers.Connect(producers.Cluster{Brokers: []string{h.broker.Addr()}})
	defer producers.Disconnect(client)
	j := consumers.NewJournal(client, consumers.JournalConfig{Log: slog.New(slog.DiscardHandler)})
	end, err := j.End(h.t.Context())
	require.NoError(h.t, err)
	decided := map[events.UUID]uint64{}
	b := &consumers.Batch{}
	require.NoError(h.t, j.Read(h.t.Context(), 0, end, func(items []consumers.Item) error {
		err := b.Take(items)
		for _, e := range b.Entries {
			if e.Verdict != events.Accepted || e.Src != bureau {
				continue
			}
			if first, twice := decided[e.Envelope.ID]; twice {
				h.t.Errorf("seq %d decides what seq %d has decided", e.Seq, first)
			}
			decided[e.Envelope.ID] = e.Seq
		}
		return err
	}))
	for id, seq := range l.told {
		if decided[id] != seq {
			h.t.Errorf("told of seq %d, and the journal says %d", seq, decided[id])
		}
	}
}

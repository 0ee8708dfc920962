package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/sim"
	"github.com/armslog/armslog/producers"
)

// request is one request of the load, and what became of it.
type request struct {
	Caller string // whose requests are decided in their order
	N      int    // in the caller's order
	Org    events.OrgID
	ID     events.UUID
	Type   events.Type
	Tries  int
	Mail   bool  // straight to Kafka: acknowledged means stored, the verdict comes on the outbox
	Offset int64 // of mail, in the mailbox
	Told   told  // by HTTP
	Begun  time.Time
	Acked  time.Time // zero: never
	Last   error     `json:"-"` // why it was not acknowledged when it was last asked
}

// told is a verdict as its sender is told it, as far as it never changes.
type told struct {
	Seq      uint64
	Refused  string // code; "" = not refused
	Status   string
	ID       string
	Revision uint32
	Matches  string // ids
}

func toldOf(r *events.Reply) told {
	var ids []string
	for _, m := range slices.Concat(r.Matches, r.Candidates) {
		ids = append(ids, m.MatchID.String())
	}
	slices.Sort(ids)
	return told{Seq: r.Seq, Status: r.Status, ID: r.ID, Revision: r.Revision, Matches: fmt.Sprint(ids)}
}

func (a answer) told() told {
	if a.problem != nil {
		return told{Seq: a.seq, Refused: a.problem.Code}
	}
	return toldOf(a.reply)
}

// load is who works with the registry, all at once.
type load struct {
	*world
	stop    chan struct{} // closed: nobody begins anything new
	callers sync.WaitGroup

	mu       sync.Mutex
	requests []*request
	acked    int
}

// callers of each kind for each organisation.
const (
	registrars = 2
	searchers  = 2
	mailers    = 1
)

func (w *world) startLoad(ctx context.Context) *load {
	l := &load{world: w, stop: make(chan struct{})}
	for _, org := range parties[:4] {
		for k := range searchers {
			l.call(ctx, org, fmt.Sprintf("%s-asks-%d", org, k), true, l.byHTTP)
		}
		if org == "WCO" {
			continue // holds no records
		}
		for k := range registrars {
			l.call(ctx, org, fmt.Sprintf("%s-registers-%d", org, k), false, l.byHTTP)
		}
		for k := range mailers {
			l.call(ctx, org, fmt.Sprintf("%s-mails-%d", org, k), false, l.byMail)
		}
	}
	return l
}

// caller is one program of an organisation: it asks for one thing after the
// other.
type caller struct {
	load *load
	org  events.OrgID
	name string
	asks bool // questions only
	node int  // that answered last
	rand *rand.Rand
	n    int
	own  []owned
}

func (l *load) call(ctx context.Context, org events.OrgID, name string, asks bool, work func(context.Context, *caller) error) {
	seed := l.cfg.seed
	for _, b := range []byte(name) {
		seed = seed*31 + uint64(b)
	}
	r := rand.New(rand.NewPCG(l.cfg.seed, seed))
	c := &caller{load: l, org: org, name: name, asks: asks, node: r.IntN(len(l.fleet.Nodes)), rand: r}
	l.callers.Go(func() {
		for pause(ctx, time.Duration(c.rand.Int64N(int64(2*l.cfg.think)))) {
			select {
			case <-l.stop:
				return
			default:
			}
			if work(ctx, c) != nil {
				return // ctx has ended
			}
		}
	})
}

// next notes the caller's next request.
func (c *caller) next(t events.Type, mail bool) *request {
	c.n++
	r := &request{Caller: c.name, N: c.n, Org: c.org, Type: t, Mail: mail, Begun: time.Now()}
	r.ID = events.RequestIDFrom(c.org, r.key())
	c.load.mu.Lock()
	defer c.load.mu.Unlock()
	c.load.requests = append(c.load.requests, r)
	return r
}

func (r *request) key() string { return fmt.Sprintf("%s-%d", r.Caller, r.N) }

// byHTTP asks until it is told a decision: again under the same key, each time
// at another node.
func (l *load) byHTTP(ctx context.Context, c *caller) error {
	t, path, body := c.draw()
	r := c.next(t, false)
	for {
		a, err := l.post(ctx, c.node, c.org, path, r.key(), body)
		l.mu.Lock()
		r.Tries++
		r.Last = err
		if err == nil {
			r.Told, r.Acked = a.told(), time.Now()
			l.acked++
		}
		l.mu.Unlock()
		if err == nil {
			return nil
		}
		c.node = (c.node + 1) % len(l.fleet.Nodes)
		if !pause(ctx, 100*time.Millisecond) {
			return ctx.Err()
		}
	}
}

// byMail writes a few requests into the mailbox as one batch, as a bureau does
// with its own client: the same again until it is stored.
func (l *load) byMail(ctx context.Context, c *caller) error {
	var batch []*request
	var messages []events.Message
	for range 1 + c.rand.IntN(4) {
		t, body := c.drawMail()
		r := c.next(t, true)
		batch = append(batch, r)
		messages = append(messages, events.Message{Headers: events.NewEnvelope(r.ID, t).Headers, Value: body})
	}
	m := producers.NewMailboxes(l.kafka, producers.MailboxConfig{Log: sim.Quiet()})
	defer m.Close()
	for {
		first, err := m.Append(ctx, c.org, messages)
		l.mu.Lock()
		for i, r := range batch {
			r.Tries++
			r.Last = err
			if err == nil {
				r.Offset, r.Acked = first+int64(i), time.Now()
				l.acked++
			}
		}
		l.mu.Unlock()
		if err == nil {
			return nil
		}
		if !pause(ctx, 100*time.Millisecond) {
			return ctx.Err()
		}
	}
}

func (l *load) acknowledged() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.acked
}

// finish lets everybody end what they have begun.
func (l *load) finish(ctx context.Context) ([]*request, error) {
	close(l.stop)
	done := make(chan struct{})
	go func() {
		l.callers.Wait()
		close(done)
	}()
	select {
	case <-done:
		return l.requests, ctx.Err()
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(patience):
		return nil, l.unanswered()
	}
}

// unanswered says who waits in vain.
func (l *load) unanswered() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	errs := []error{errors.New("not answered long after all was mended")}
	for _, r := range l.requests {
		if r.Acked.IsZero() {
			errs = append(errs, fmt.Errorf("%s, request %d, asked %d times: %w", r.Caller, r.N, r.Tries, r.Last))
		}
	}
	return errors.Join(errs...)
}

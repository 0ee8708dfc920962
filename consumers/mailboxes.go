package consumers

import (
	"context"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
	"golang.org/x/sync/errgroup"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
)

// round is how many requests one mailbox may have decided before the next one
// has its turn, at most: where many wait, each has a share of the batch.
const round = 64

// MailboxesConfig bounds what waits decoded for its decision. A fetch may exceed
// a bound of bytes by what it brings, at most 1 MiB of each mailbox.
type MailboxesConfig struct {
	Messages int           // of one mailbox; 0 = 8,192
	Bytes    int           // of one mailbox; 0 = 8 MiB
	AllBytes int           // of all together, from which on only those are read of which nothing waits; 0 = 64 MiB
	OldLog   time.Duration // as in JournalConfig
	Log      *slog.Logger
	Fetched  func(time.Duration) // how long a fetch took that found something; nil = nobody asks
}

// Mailboxes reads the mailboxes of all organisations, ahead of the decisions:
// what Take returns is decoded already. Run does the work; the other methods
// are safe for concurrent use with it.
type Mailboxes struct {
	client *kafka.Client
	cfg    MailboxesConfig
	ready  chan struct{} // one token while something may wait
	came   chan struct{} // one token when a mailbox is new
	work   chan *chunk   // to be decoded

	mu      sync.Mutex
	boxes   []*mailbox // in the order in which they were opened
	byTopic map[string]*mailbox
	turn    int           // whose round is next
	bytes   int           // waiting, of all mailboxes
	opened  chan struct{} // closed and replaced when a mailbox is opened
}

// Request is one message of a mailbox, in its order.
type Request struct {
	Org      events.OrgID
	Off      int64 // first offset that it covers
	Span     int64 // > 1 where offsets before it hold no message, or have lost it
	Value    []byte
	Prepared *registry.Prepared

	headers []events.Header
	size    int
}

// Loss says what an organisation's mailbox no longer holds.
type Loss struct {
	Org      events.OrgID
	From, To int64 // offsets [From, To) that were never decided
	Ends     bool  // the mailbox ends before From: what is sent next takes offsets that are decided
}

// mailbox is one topic and what waits of it.
type mailbox struct {
	org     events.OrgID
	topic   string
	next    int64    // first offset that no request covers yet
	fetchAt int64    // next, or after it where only markers follow, or what is lost
	queue   []*chunk // in order
	waiting int      // messages
	bytes   int
	full    bool // until half of what may wait is taken
	new     bool // nothing waited before what waits, and nothing of it was taken

	fetching bool
	retryAt  time.Time // after an error of this mailbox alone
	loss     *Loss
	passable int64      // what is lost before this offset is passed over
	out      outOfRange // of its one fetch under way
}

// chunk is a run of requests that are decoded together.
type chunk struct {
	of       *mailbox
	requests []*Request
	decoded  bool
}

// NewMailboxes reads through client, which it does not close.
func NewMailboxes(client *kafka.Client, cfg MailboxesConfig) *Mailboxes {
	if cfg.Messages == 0 {
		cfg.Messages = 8 << 10
	}
	if cfg.Bytes == 0 {
		cfg.Bytes = 8 << 20
	}
	if cfg.AllBytes == 0 {
		cfg.AllBytes = 64 << 20
	}
	return &Mailboxes{
		client: client, cfg: cfg, ready: make(chan struct{}, 1), came: make(chan struct{}, 1), work: make(chan *chunk, 64),
		byTopic: map[string]*mailbox{}, opened: make(chan struct{}),
	}
}

// Run fetches and decodes until ctx ends.
func (m *Mailboxes) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() error { return m.decode(ctx) })
	}
	group.Go(func() error { return m.watchBrokers(ctx, group) })
	return group.Wait()
}

// Open starts to read a mailbox at offset from; one that is open stays as it
// is, and one whose topic does not exist is read as soon as it does. It says
// whether the mailbox was opened by this call.
func (m *Mailboxes) Open(org events.OrgID, from int64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	topic := events.MailboxTopic(org)
	if m.byTopic[topic] != nil {
		return false
	}
	b := &mailbox{org: org, topic: topic, next: from, fetchAt: from, out: outOfRange{limit: m.cfg.OldLog}}
	m.boxes = append(m.boxes, b)
	m.byTopic[topic] = b
	m.lookAnew()
	return true
}

// Look says that a topic may be there now that was not.
func (m *Mailboxes) Look() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lookAnew()
}

func (m *Mailboxes) lookAnew() {
	close(m.opened)
	m.opened = make(chan struct{})
}

// Ready holds a token when Take may have something to return.
func (m *Mailboxes) Ready() <-chan struct{} { return m.ready }

// Came holds a token when TakeNew may have something to return.
func (m *Mailboxes) Came() <-chan struct{} { return m.came }

// PassOver lets a mailbox go on where requests are gone that lay before offset
// to. What is there is not passed over. The first request behind the gap covers
// it with its span.
func (m *Mailboxes) PassOver(org events.OrgID, to int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := m.byTopic[events.MailboxTopic(org)]
	if b == nil || to <= b.passable {
		return
	}
	b.passable = to
	if b.loss != nil && b.passes(b.loss) {
		b.fetchAt, b.loss = b.loss.To, nil
		m.lookAnew()
	}
}

// passes says whether what is lost may be passed over. A mailbox that ends too
// early has not lost its head: behind the gap there is nothing to go on with.
func (b *mailbox) passes(l *Loss) bool { return l.To <= b.passable && !l.Ends }

// Losses are the mailboxes that have stopped because requests are gone that
// were never decided. They stay stopped until PassOver.
func (m *Mailboxes) Losses() (losses []Loss) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, b := range m.boxes {
		if b.loss != nil {
			losses = append(losses, *b.loss)
		}
	}
	return losses
}

// Waiting is how many requests are decoded and not taken.
func (m *Mailboxes) Waiting() (n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, b := range m.boxes {
		for _, c := range b.queue {
			if c.decoded {
				n += len(c.requests)
			}
		}
	}
	return n
}

// Take returns decoded requests in the order in which they are to be decided:
// rounds of 64 from each mailbox in turn, until nothing waits or a bound is
// reached. Rounds are shorter where that many do not fit: so whoever waits has
// something in the next batch, however much others have sent. At least one is
// returned if any waits.
func (m *Mailboxes) Take(messages, bytes int) (taken []*Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	most, largest := m.share(messages, bytes)
	for idle := 0; idle < len(m.boxes); {
		b := m.boxes[m.turn%len(m.boxes)]
		m.turn = (m.turn + 1) % len(m.boxes)
		n := 0
		for left := largest; n < most && (n == 0 || left > 0); n++ {
			r := b.front()
			if r == nil {
				break
			}
			if len(taken) > 0 && (len(taken) >= messages || bytes < r.size) {
				m.measure(b)
				m.signal()
				return taken
			}
			m.pop(b)
			taken = append(taken, r)
			bytes -= r.size
			left -= r.size
		}
		m.measure(b)
		if idle++; n > 0 {
			idle = 0
		}
	}
	return taken
}

// TakeNew returns one decoded request of each mailbox in which nothing waited
// before and of which nothing was taken since, at most so many: of those who do
// not flood.
func (m *Mailboxes) TakeNew(most int) (taken []*Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.boxes {
		b := m.boxes[(m.turn+i)%len(m.boxes)]
		if !b.new || len(taken) == most {
			continue
		}
		taken = append(taken, b.front())
		m.pop(b)
		m.measure(b)
	}
	m.signal() // for what was left to Take
	return taken
}

// share is the part of a batch that one mailbox has in each of its rounds.
func (m *Mailboxes) share(messages, bytes int) (most, largest int) {
	waiting := 0
	for _, b := range m.boxes {
		if b.front() != nil {
			waiting++
		}
	}
	waiting = max(waiting, 1)
	return max(1, min(round, messages/waiting)), bytes / waiting
}

// measure says whether a mailbox has room for another fetch.
func (m *Mailboxes) measure(b *mailbox) {
	switch {
	case b.waiting >= m.cfg.Messages || b.bytes >= m.cfg.Bytes:
		b.full = true
	case b.waiting <= m.cfg.Messages/2 && b.bytes <= m.cfg.Bytes/2:
		b.full = false
	}
}

// front is the next request, if it is decoded.
func (b *mailbox) front() *Request {
	if len(b.queue) == 0 || !b.queue[0].decoded {
		return nil
	}
	return b.queue[0].requests[0]
}

func (m *Mailboxes) pop(b *mailbox) {
	c := b.queue[0]
	b.new = false
	b.waiting--
	b.bytes -= c.requests[0].size
	m.bytes -= c.requests[0].size
	c.requests[0] = nil
	if c.requests = c.requests[1:]; len(c.requests) == 0 {
		b.queue[0] = nil
		b.queue = b.queue[1:]
	}
}

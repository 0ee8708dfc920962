package producers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/armslog/armslog/events"
)

// MaxAppend bounds one append to a mailbox, in bytes as Size counts them.
const MaxAppend = 1 << 20

var (
	// ErrOutcomeUnknown is returned when an append may or may not have been
	// stored. The same again under the same ce_id is safe: a request that is
	// there already is decided as its duplicate.
	ErrOutcomeUnknown = errors.New("outcome of the append is unknown")
	// ErrUnavailable is returned when nothing was stored because the mailbox
	// could not be reached for as long as Patience says.
	ErrUnavailable = errors.New("mailbox cannot be reached")
	// ErrBusy is what a BusyError is.
	ErrBusy = errors.New("mailbox queue is full")
)

// BusyError is returned when too much waits for a mailbox. Nothing was queued.
type BusyError struct{ RetryAfter time.Duration }

func (e *BusyError) Error() string { return ErrBusy.Error() }

// Is makes errors.Is(err, ErrBusy) true.
func (e *BusyError) Is(target error) bool { return target == ErrBusy }

// MailboxConfig bounds what a Mailboxes holds in memory.
type MailboxConfig struct {
	QueueMessages int           // that may wait for one mailbox; 0 = 16,384
	QueueBytes    int           // the same in bytes; 0 = 16 MiB
	Patience      time.Duration // how long an append that is surely not stored is tried again; 0 = 10 s
	Log           *slog.Logger
	Stored        func(time.Duration) // how long an append took, waits for its turn left out; nil = nobody asks
}

// Mailboxes appends requests to the mailboxes of all organisations. What waits
// for one mailbox goes out together, as one batch, one batch in flight: so the
// order of appends is kept, whatever fails, and an fsync is paid once for many.
type Mailboxes struct {
	client *kafka.Client
	cfg    MailboxConfig
	stop   context.CancelFunc
	ctx    context.Context
	lanes  sync.WaitGroup

	mu     sync.Mutex
	byOrg  map[events.OrgID]*lane
	closed bool
}

// NewMailboxes appends through client, which it does not close.
func NewMailboxes(client *kafka.Client, cfg MailboxConfig) *Mailboxes {
	if cfg.QueueMessages == 0 {
		cfg.QueueMessages = 16 << 10
	}
	if cfg.QueueBytes == 0 {
		cfg.QueueBytes = 16 << 20
	}
	if cfg.Patience == 0 {
		cfg.Patience = 10 * time.Second
	}
	ctx, stop := context.WithCancel(context.Background())
	return &Mailboxes{client: client, cfg: cfg, ctx: ctx, stop: stop, byOrg: map[events.OrgID]*lane{}}
}

// Close ends all appends: those in flight as unknown, those that wait as
// unavailable.
func (m *Mailboxes) Close() {
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
	m.stop()
	m.lanes.Wait()
}

// Append stores msgs in the mailbox of org, at contiguous offsets, and returns
// the first. Errors are those of Queue and Wait.
func (m *Mailboxes) Append(ctx context.Context, org events.OrgID, msgs []events.Message) (firstOffset int64, err error) {
	a, err := m.Queue(org, msgs)
	if err != nil {
		return 0, err
	}
	stored, err := a.Wait(ctx)
	return stored.Offset, err
}

// Queue takes msgs for the mailbox of org and returns at once; appends of one
// mailbox are stored in the order in which they were queued. The caller leaves
// msgs alone until the append is done. It returns ErrBusy when the queue is
// full and ErrRefused when msgs exceed MaxAppend; then nothing was queued.
func (m *Mailboxes) Queue(org events.OrgID, msgs []events.Message) (*Append, error) {
	a := &Append{msgs: msgs, size: sizeOf(msgs), done: make(chan struct{})}
	if a.size > MaxAppend {
		return nil, fmt.Errorf("append to mailbox: %w: %d bytes", ErrRefused, a.size)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil, fmt.Errorf("append to mailbox: %w", ErrUnavailable)
	}
	l := m.byOrg[org]
	if l == nil {
		l = &lane{Mailboxes: m, topic: newDirect(m.client, events.MailboxTopic(org)), wake: make(chan struct{}, 1)}
		m.byOrg[org] = l
		m.lanes.Go(l.run)
	}
	return a, l.push(a)
}

// Append is one append on its way.
type Append struct {
	msgs []events.Message
	size int
	done chan struct{}
	at   Stored
	err  error
}

// Stored says where an append is.
type Stored struct {
	Offset int64 // of the first message; the others follow without a gap
	Again  bool  // it was sent more than once, so that an earlier copy may be stored too
}

// Wait returns when the append is stored. It returns ErrUnavailable when it was
// not, and ErrOutcomeUnknown when ctx ends first or nobody can tell.
func (a *Append) Wait(ctx context.Context) (Stored, error) {
	select {
	case <-a.done:
		return a.at, a.err
	case <-ctx.Done():
		return Stored{}, fmt.Errorf("append to mailbox: %w: %w", ErrOutcomeUnknown, ctx.Err())
	}
}

func (a *Append) finish(at Stored, err error) {
	a.at, a.err = at, err
	close(a.done)
}

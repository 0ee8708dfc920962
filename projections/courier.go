package projections

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/armslog/armslog/events"
)

// Renderer writes what people are told: registry.View.
type Renderer interface {
	Reply(ctx context.Context, e *events.Entry) (events.Reply, error)
	// Continue adds to e's reply what due work found in entry more.
	Continue(ctx context.Context, e, more *events.Entry, r *events.Reply) error
	Notification(ctx context.Context, e *events.Entry, org events.OrgID, n uint64) (events.Notification, error)
}

// Entries reads accepted entries by seq.
type Entries interface {
	Entry(ctx context.Context, seq uint64) (*events.Entry, error)
}

// Outbox is where organisations fetch their messages: topics armslog.out.<org>.
type Outbox interface {
	// Append MUST store all messages in order or none of them, and return nil
	// only when they are durable. After an error either may be true; LastSeq
	// tells which. Both return ErrNoOutbox where there is none.
	Append(ctx context.Context, org events.OrgID, messages []events.Message) error
	// LastSeq is the seq header of the topic's last message; ok is false when it
	// holds none.
	LastSeq(ctx context.Context, org events.OrgID) (seq uint64, ok bool, err error)
}

// Header keys of a message on armslog.out, besides content-type.
const (
	HeaderSeq  = "seq"  // of the entry that is answered or tells, decimal
	HeaderKind = "kind" // reply or notification
)

// CourierConfig is what a courier needs.
type CourierConfig struct {
	Source   Source
	Renderer Renderer
	Entries  Entries
	Outbox   Outbox
	// Retention is how long messages are kept in an outbox; 0 = 90 days. What is
	// older than that when the courier starts is not sent: had it been, it would
	// be gone.
	Retention time.Duration
	// LongestRest bounds how much later a message may come so that it shares its
	// append with others; 0 = 50 ms. Where the broker fsyncs in one thread, each
	// append holds up those that a search waits for.
	LongestRest time.Duration
	Now         func() time.Time // nil = time.Now
	Metrics     *Metrics         // nil = none
	Log         *slog.Logger
}

// Courier takes replies and notifications to the organisations' outboxes,
// each once and in the order of the journal. Its only memory is the outbox
// itself: it goes on after the last seq that is there, so a restart repeats
// nothing and loses nothing.
//
// An outbox that is not there holds up no other (courier_apart.go).
type Courier struct {
	cfg    CourierConfig
	wait   *patience
	oldest int64                   // log time; older entries are not sent
	at     Position                // up to which everything is sent
	last   map[events.OrgID]uint64 // next seq to send, by organisation
	open   continuations
	before continuations // open as it was before the batch that is under way

	only  events.OrgID // the one outbox to send to; "" = all but those that are apart
	apart map[events.OrgID]*apart
	said  bool // that there are such
}

// NewCourier prepares a courier.
func NewCourier(cfg CourierConfig) *Courier {
	cfg.Retention = cmp.Or(cfg.Retention, 90*24*time.Hour)
	cfg.LongestRest = cmp.Or(cfg.LongestRest, 50*time.Millisecond)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Metrics == nil {
		cfg.Metrics = NewMetrics(nil)
	}
	return &Courier{cfg: cfg, wait: newPatience(cfg.Log, cfg.Metrics.retries.WithLabelValues("courier"))}
}

// Run delivers until ctx ends, and then returns nil; it returns an error only
// for a damaged journal. Everything else is tried again for ever.
func (c *Courier) Run(ctx context.Context) error {
	defer c.cfg.Metrics.missing.Set(0)
	err := c.wait.retry(ctx, func() error {
		c.begin()
		return c.cfg.Source.Follow(ctx, Position{}, func(b Batch) error { return c.deliver(ctx, b) })
	})
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// begin forgets everything: the outboxes know.
func (c *Courier) begin() {
	c.oldest = c.cfg.Now().Add(-c.cfg.Retention).UnixMilli()
	c.at, c.open = Position{}, newContinuations()
	c.last, c.apart = map[events.OrgID]uint64{}, map[events.OrgID]*apart{}
}

// deliver sends what a batch tells anybody. After an error the journal is
// followed again from its start, which sends nothing twice.
func (c *Courier) deliver(ctx context.Context, b Batch) error {
	start := time.Now()
	told, err := c.send(ctx, b)
	if err != nil {
		return err
	}
	if err := c.comeBack(ctx); err != nil {
		return err
	}
	c.cfg.Metrics.delivered.Store(b.Reader.Next)
	c.wait.over()
	if !told {
		return nil
	}
	return rest(ctx, time.Since(start), c.cfg.LongestRest, nil)
}

// send appends what a batch tells, at once for each organisation, and says
// whether there was anything. After an error the courier is where it was before.
func (c *Courier) send(ctx context.Context, b Batch) (told bool, err error) {
	c.before = c.open
	if continued(b.Entries) {
		c.open = c.open.clone()
	}
	defer func() {
		if err != nil {
			c.open = c.before
		}
	}()
	var out outgoing
	for _, e := range b.Entries {
		if err := c.entry(ctx, e, &out); err != nil {
			return false, fmt.Errorf("render entry %d: %w", e.Seq, err)
		}
	}
	for _, org := range out.order {
		if err := c.append(ctx, org, out.byOrg[org]); err != nil {
			return false, err
		}
	}
	c.at = b.Position
	return len(out.order) > 0, nil
}

func (c *Courier) append(ctx context.Context, org events.OrgID, all []events.Message) error {
	for _, messages := range inAppends(all) {
		err := c.cfg.Outbox.Append(ctx, org, messages)
		if errors.Is(err, ErrNoOutbox) && c.only == "" {
			c.leave(org)
			return nil
		}
		if err != nil {
			return fmt.Errorf("append to outbox: %w", err)
		}
		c.cfg.Metrics.messages.Add(float64(len(messages)))
	}
	return nil
}

// appendBytes is what one append holds before the next begins: Kafka's default
// bound of a record batch is 1 MiB.
const appendBytes = 256 << 10

// inAppends cuts messages into appends. What one entry tells stays together:
// the seq of the last message says that all of that seq are there.
func inAppends(messages []events.Message) (all [][]events.Message) {
	start, size := 0, 0
	for i, m := range messages {
		if size >= appendBytes && !bytes.Equal(m.Headers[0].Value, messages[i-1].Headers[0].Value) {
			all = append(all, messages[start:i])
			start, size = i, 0
		}
		size += len(m.Value)
	}
	return append(all, messages[start:])
}

// outgoing are the messages of a batch, by organisation in order of appearance.
type outgoing struct {
	order []events.OrgID
	byOrg map[events.OrgID][]events.Message
}

func (o *outgoing) add(org events.OrgID, seq uint64, kind string, body any) error {
	value, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encode %s: %w", kind, err)
	}
	if o.byOrg == nil {
		o.byOrg = map[events.OrgID][]events.Message{}
	}
	if o.byOrg[org] == nil {
		o.order = append(o.order, org)
	}
	o.byOrg[org] = append(o.byOrg[org], events.Message{
		Headers: []events.Header{
			{Key: HeaderSeq, Value: strconv.AppendUint(nil, seq, 10)}, // first: see inAppends
			{Key: HeaderKind, Value: []byte(kind)},
			{Key: events.HeaderContentType, Value: []byte("application/json")},
		},
		Value: value,
	})
	return nil
}

// entry adds what one entry tells: the reply first, then what is new in
// inboxes.
func (c *Courier) entry(ctx context.Context, e *events.Entry, out *outgoing) error {
	answered := c.open.take(e)
	if e.At < c.oldest {
		return nil
	}
	if err := c.reply(ctx, e, answered, out); err != nil {
		return err
	}
	for _, t := range tells(e) {
		if t.N == 0 {
			continue // it has no inbox
		}
		if sent, err := c.sent(ctx, t.Org, e.Seq); err != nil || sent {
			if err != nil {
				return err
			}
			continue
		}
		note, err := c.cfg.Renderer.Notification(ctx, e, t.Org, t.N)
		if err != nil {
			return err
		}
		if err := out.add(t.Org, e.Seq, "notification", note); err != nil {
			return err
		}
	}
	return nil
}

// sent says whether the outbox has what entry seq tells the organisation, or
// has it from another courier: all messages of an entry to one organisation are
// appended together.
func (c *Courier) sent(ctx context.Context, org events.OrgID, seq uint64) (bool, error) {
	if c.apart[org] != nil || c.only != "" && c.only != org {
		return true, nil
	}
	next, known := c.last[org]
	if !known {
		last, ok, err := c.cfg.Outbox.LastSeq(ctx, org)
		if errors.Is(err, ErrNoOutbox) && c.only == "" {
			c.leave(org)
			return true, nil
		}
		if err != nil {
			return false, fmt.Errorf("read last seq of outbox: %w", err)
		}
		if ok {
			next = last + 1
		}
		c.last[org] = next
	}
	return seq < next, nil
}

// tells are the inbox entries that an entry makes.
func tells(e *events.Entry) (all []events.Tell) {
	for _, x := range e.Effects {
		all = append(all, events.Told(x)...)
	}
	return all
}

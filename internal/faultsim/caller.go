package faultsim

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/producers"
)

// request is what an organisation asked, and what it has been told.
type request struct {
	org    events.OrgID
	id     events.UUID
	msg    events.Message
	serial int // of the weapon it is about
	after  *request

	answered bool
	seq      uint64 // of its decision
	stored   int64  // where the mailbox says it is; -1 = nobody said
}

// caller is one organisation's program: it asks through a node or sends to its
// mailbox itself, and asks again under the same ce_id what it has no answer to.
type caller struct {
	*world
	org    events.OrgID
	rand   *rand.Rand
	client *kafka.Client        // its own
	own    *producers.Mailboxes // through that client
	nodes  []*member            // that it asks
	last   *request             // the last one that was answered
	made   int
	ids    int
}

func (w *world) newCaller(org events.OrgID, n uint64) *caller {
	client := producers.Connect(w.cluster(org))
	return &caller{
		world: w, org: org, rand: rand.New(rand.NewPCG(w.plan.Seed, 100+n)),
		nodes: w.nodes, client: client, own: producers.NewMailboxes(client, producers.MailboxConfig{Log: w.log}),
	}
}

// weapons are few, so that questions and records meet.
const weapons = 6

func firearm(serial int, colour string) string {
	return fmt.Sprintf(`"firearm":{"type":"revolver","make":"taurus","model":"82","calibre":"38","marks":[{"kind":"serial","status":"readable","text":"RVQ%07d"}]},"remarks":"%s"`,
		4170231+serial*1111, colour)
}

// next draws what to ask.
func (c *caller) next() *request {
	serial := c.rand.IntN(weapons)
	source := fmt.Sprintf(`"source":{"system":"sim","id":"%d"}`, serial)
	switch c.rand.IntN(10) {
	case 0, 1, 2, 3: // a record, an amendment, or what is known already
		return c.request(events.TypeRecordSubmitted, serial, fmt.Sprintf(`{%s,"category":"stolen",%s,"incident":{"country":"CL"},"retain_until":"2035-01-01"}`,
			source, firearm(serial, fmt.Sprint("r", c.rand.IntN(3)))))
	case 4:
		return c.request(events.TypeRecordWithdrawn, serial, fmt.Sprintf(`{%s,"reason":"returned"}`, source))
	case 5:
		return c.request(events.TypeRecordSubmitted, serial, `{"category":`)
	default:
		return c.request(events.TypeSearchMade, serial, fmt.Sprintf(`{"purpose":"border_control","context":"recovered",%s}`, firearm(serial, "")))
	}
}

func (c *caller) request(t events.Type, serial int, body string) *request {
	c.ids++
	r := &request{org: c.org, id: events.RequestIDFrom(c.org, fmt.Sprint(c.ids)), serial: serial, stored: -1}
	r.msg = events.Message{Headers: events.NewEnvelope(r.id, t).Headers, Value: []byte(body)}
	c.mu.Lock()
	c.world.asked = append(c.world.asked, r)
	c.mu.Unlock()
	return r
}

// run asks all that it has to ask, as long as ctx lasts.
func (c *caller) run(ctx context.Context) {
	for c.made < c.plan.Requests && ctx.Err() == nil {
		c.rest(ctx)
		group := []*request{c.next()}
		for c.rand.IntN(3) == 0 && len(group) < 4 {
			group = append(group, c.next())
		}
		c.made += len(group)
		if c.rand.IntN(4) == 0 {
			c.send(ctx, group)
			continue
		}
		c.ask(ctx, group)
	}
}

// rest waits between two questions: for a random time, or for the next burst.
func (c *caller) rest(ctx context.Context) {
	if c.plan.Burst == 0 {
		c.pause(ctx, c.plan.Storm/time.Duration(c.plan.Requests))
		return
	}
	timer := time.NewTimer(time.Until(time.Now().Truncate(c.plan.Burst).Add(c.plan.Burst)))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (c *caller) pause(ctx context.Context, most time.Duration) {
	timer := time.NewTimer(time.Duration(c.rand.Int64N(int64(min(most, 20*time.Second)))))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// patience is how long a caller waits for an answer.
const patience = 15 * time.Second

// ask submits to some node and waits. What is not answered is asked again, of
// another node, until it is or ctx ends.
func (c *caller) ask(ctx context.Context, group []*request) {
	for ctx.Err() == nil {
		c.askOnce(ctx, group)
		for len(group) > 0 && group[0].answered {
			group[0].after, c.last = c.last, group[0]
			group = group[1:]
		}
		if len(group) == 0 {
			return
		}
		c.pause(ctx, 5*time.Second)
	}
}

func (c *caller) askOnce(ctx context.Context, group []*request) {
	n := c.nodes[c.rand.IntN(len(c.nodes))].now()
	if n == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	msgs := make([]events.Message, len(group))
	for i, r := range group {
		msgs[i] = r.msg
	}
	p, err := n.Submit(ctx, c.org, msgs)
	if err != nil {
		return
	}
	for _, r := range group {
		e, err := p.Next(ctx)
		if err != nil {
			return
		}
		c.told(r, e)
	}
}

// told notes an answer, and holds it against an earlier one.
func (c *caller) told(r *request, e *events.Entry) {
	seq := e.Seq
	if e.Verdict == events.Duplicate {
		seq = e.Of
	} else if e.Verdict != events.Unchanged && e.Envelope.ID != r.id {
		c.fail("%s was told the decision of another request: seq %d", c.org, e.Seq)
	}
	r.answered, r.seq = true, seq
}

// send appends to the mailbox with the organisation's own client; the same
// again where nobody says that it is stored.
func (c *caller) send(ctx context.Context, group []*request) {
	msgs := make([]events.Message, len(group))
	for i, r := range group {
		msgs[i] = r.msg
	}
	for ctx.Err() == nil {
		attempt, cancel := context.WithTimeout(ctx, patience)
		at, err := c.own.Append(attempt, c.org, msgs)
		cancel()
		if err == nil {
			for i, r := range group {
				r.stored = at + int64(i)
			}
			return
		}
		if errors.Is(err, producers.ErrRefused) {
			c.fail("%s: a mailbox refuses what it must take: %v", c.org, err)
			return
		}
		c.pause(ctx, 5*time.Second)
	}
}

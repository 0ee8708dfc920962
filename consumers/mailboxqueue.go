package consumers

import (
	"context"

	"github.com/armslog/armslog/registry"
)

// chunkSize is what one worker decodes at a time.
const chunkSize = 64

// put queues fetched records; their decoding goes on elsewhere, unless there
// are so few that handing them over would take longer.
func (m *Mailboxes) put(ctx context.Context, b *mailbox, records []record, next int64) {
	requests := b.requests(records)
	for len(requests) > 0 {
		n := min(chunkSize, len(requests))
		c := &chunk{of: b, requests: requests[:n:n]}
		requests = requests[n:]
		m.mu.Lock()
		b.queue = append(b.queue, c)
		for _, r := range c.requests {
			b.waiting++
			b.bytes += r.size
			m.bytes += r.size
			b.next = r.Off + r.Span
		}
		m.mu.Unlock()
		if n < 8 {
			m.prepare(c)
			continue
		}
		select {
		case m.work <- c:
		case <-ctx.Done():
			return
		}
	}
	m.mu.Lock()
	b.fetchAt = max(b.next, next, b.fetchAt) // which lies further on where what is lost was passed over
	m.measure(b)
	m.mu.Unlock()
}

// requests gives every record its place. Offsets before it that hold no record,
// or whose record is lost and passed over, are covered by its span.
func (b *mailbox) requests(records []record) []*Request {
	requests := make([]*Request, len(records))
	at := b.next
	for i, r := range records {
		size := 64 + len(r.Value)
		for _, h := range r.Headers {
			size += 40 + len(h.Key) + len(h.Value)
		}
		requests[i] = &Request{Org: b.org, Off: at, Span: r.offset + 1 - at, Value: r.Value, headers: r.Headers, size: size}
		at = r.offset + 1
	}
	return requests
}

func (m *Mailboxes) decode(ctx context.Context) error {
	for {
		select {
		case c := <-m.work:
			m.prepare(c)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (m *Mailboxes) prepare(c *chunk) {
	for _, r := range c.requests {
		r.Prepared = registry.Prepare(r.Org, r.headers, r.Value)
		r.headers = nil
	}
	m.mu.Lock()
	c.decoded = true
	b := c.of
	b.new = b.waiting == len(c.requests)
	if b.new {
		token(m.came)
	}
	m.mu.Unlock()
	m.signal()
}

func (m *Mailboxes) signal() { token(m.ready) }

// token puts one into c, unless one is there.
func token(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

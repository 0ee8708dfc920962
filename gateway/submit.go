package gateway

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
)

// maxWait is the longest that Prefer: wait may ask for.
const maxWait = 60 * time.Second

// submit appends one request to the caller's mailbox, waits for the entry that
// decides it and answers from that.
func (c *call) submit(t events.Type, value []byte) error {
	wait, err := c.wait()
	if err != nil {
		return err
	}
	id := c.requestID()
	headers := c.headers(t, id)
	var record events.UUID // in flight until it is decided; other requests concern none
	if t == events.TypeRecordSubmitted || t == events.TypeRecordWithdrawn {
		record = registry.Prepare(c.org(), headers, value).RecordID
	}
	c.flight.start(record)
	ctx, cancel := context.WithTimeout(c.r.Context(), wait)
	defer cancel()
	pending, err := c.cfg.Mailboxes.Submit(ctx, c.org(), []events.Message{{Headers: headers, Value: value}})
	if err != nil {
		c.flight.end(record)
		return err
	}
	e, err := c.decision(ctx, pending, record)
	if err == nil {
		err = c.answer(e, record)
		if !errors.As(err, new(*UnavailableError)) && !errors.Is(err, context.DeadlineExceeded) {
			return err
		}
		err = ErrOutcomeUnknown // it is decided; only its answer cannot be read now
	}
	p := problemOf(err)
	p.Instance = "urn:uuid:" + id.String()
	return p
}

// decision waits for the entry. A caller who waits no longer changes nothing:
// the request is on its way, and its record in flight until it is decided.
func (c *call) decision(ctx context.Context, p Pending, record events.UUID) (*events.Entry, error) {
	e, err := p.Next(ctx)
	if err == nil {
		c.flight.end(record)
		return e, nil
	}
	go c.settle(p, record)
	if ctx.Err() == context.DeadlineExceeded {
		return nil, ErrOutcomeUnknown
	}
	return nil, err
}

// settle waits for a decision that nobody else waits for any more. A record
// whose request is never heard of again stays in flight: its rows are appended
// from then on, which is always right.
func (g *Gateway) settle(p Pending, record events.UUID) {
	_, err := p.Next(g.life)
	if err == nil || errors.As(err, new(*UnavailableError)) {
		g.flight.end(record)
	}
}

// answer tells the verdict: a reply, or a problem. Where the request is a
// repeat, the first one's answer is told again.
func (c *call) answer(e *events.Entry, record events.UUID) error {
	replayed := e.Verdict == events.Duplicate
	if replayed {
		first, err := c.cfg.View.Entry(c.r.Context(), e.Of)
		if err != nil {
			return err
		}
		e = first
	}
	if refused(e.Verdict) {
		p := rejection(e, registry.Explain(e))
		p.replayed = replayed
		return p
	}
	reply, err := c.reply(e, record)
	if err != nil {
		return err
	}
	if replayed {
		c.w.Header().Set(headerReplayed, "true")
	}
	return c.json(statusOf(&reply), reply.Seq, reply)
}

func (c *call) reply(e *events.Entry, record events.UUID) (events.Reply, error) {
	if e.Verdict == events.Unchanged && len(e.Effects) == 0 {
		// The entry stands for a run of rows and names none of them.
		return c.unchanged(e.Seq, record)
	}
	ctx, cancel := context.WithTimeout(c.r.Context(), c.cfg.Bounds.Wait)
	defer cancel()
	replies, err := c.cfg.View.Replies(ctx, []*events.Entry{e})
	if err != nil {
		return events.Reply{}, err
	}
	return replies[0], nil
}

func (c *call) unchanged(seq uint64, record events.UUID) (events.Reply, error) {
	r := events.Reply{Seq: seq, Status: string(events.Unchanged), ID: record.String()}
	err := c.cfg.Registry.Read(c.r.Context(), func(s *registry.State) {
		if info, ok := s.Record(record); ok {
			r.Revision = info.Revision
		}
	})
	return r, err
}

// requestID is the ce_id: derived from the caller's key, so that the same key
// is the same request for ever, or fresh.
func (c *call) requestID() events.UUID {
	if key := c.text(headerKey); key != "" {
		return events.RequestIDFrom(c.org(), key)
	}
	return events.NewRequestID()
}

// headers is the envelope of a request that came through the gateway.
func (c *call) headers(t events.Type, id events.UUID) []events.Header {
	h, at := c.commonHeaders(t)
	h[at].Value = id.Append(nil)
	return h
}

// commonHeaders is the envelope without its id, which goes at; sorted by key, as
// an entry keeps them.
func (c *call) commonHeaders(t events.Type) (h []events.Header, at int) {
	h = []events.Header{
		{Key: events.HeaderID},
		{Key: events.HeaderSpecVersion, Value: []byte("1.0")},
		{Key: events.HeaderType, Value: []byte(t)},
		{Key: events.HeaderSource, Value: []byte(c.org())},
		{Key: events.HeaderContentType, Value: []byte(mediaJSON)},
		{Key: events.HeaderNoReply, Value: []byte("1")},
	}
	if c.who.Actor != "" {
		h = append(h, events.Header{Key: events.HeaderActor, Value: []byte(c.who.Actor)})
	}
	if principal := c.text(headerOnBehalfOf); principal != "" {
		h = append(h, events.Header{Key: events.HeaderOnBehalfOf, Value: []byte(principal)})
	}
	slices.SortFunc(h, func(a, b events.Header) int { return strings.Compare(a.Key, b.Key) })
	return h, slices.IndexFunc(h, func(h events.Header) bool { return h.Key == events.HeaderID })
}

// wait reads "Prefer: wait=N" (RFC 7240), in seconds.
func (c *call) wait() (time.Duration, error) {
	s, ok := strings.CutPrefix(c.text("Prefer"), "wait=")
	if !ok {
		return c.cfg.Bounds.Wait, nil // other preferences are not ours
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || time.Duration(n)*time.Second > maxWait {
		return 0, invalidParameter("invalid_parameter", "/header/Prefer", "wait must be 1 to 60 seconds", "Prefer: wait=30")
	}
	return time.Duration(n) * time.Second, nil
}

// post serves an endpoint whose body is the request as it is.
func post(t events.Type) func(*call) error {
	return func(c *call) error {
		body, err := c.body(events.MaxBody)
		if err != nil {
			return err
		}
		return c.submit(t, body)
	}
}

// splice puts a member that the gateway knows before those that the caller
// sent. A member that is there twice is the decoder's to refuse, as is a body
// that is no object.
func splice(body []byte, member string) []byte {
	rest := trimSpace(body)
	if len(rest) == 0 || rest[0] != '{' {
		return body
	}
	rest = trimSpace(rest[1:])
	out := append(make([]byte, 0, len(body)+len(member)+2), '{')
	out = append(out, member...)
	if len(rest) > 0 && rest[0] != '}' {
		out = append(out, ',')
	}
	return append(out, rest...)
}

// trimSpace takes JSON's white space from the front.
func trimSpace(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t' || b[0] == '\n' || b[0] == '\r') {
		b = b[1:]
	}
	return b
}

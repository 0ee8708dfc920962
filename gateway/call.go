package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/armslog/armslog/events"
)

// call is one request on its way through a route.
type call struct {
	*Gateway
	w      *responseWriter
	r      *http.Request
	route  *route
	who    Principal
	values values
}

// run lets the call in and serves it: who, may they, is there room, has the node
// begun, can the parameters be read. The body comes after all of that.
func (c *call) run() error {
	if c.route.open {
		return c.route.serve(c)
	}
	who, err := c.cfg.Credentials.Authenticate(c.r)
	if err != nil {
		return err
	}
	c.who = who
	if c.route.roles != nil && !who.has(c.route.roles) {
		return newProblem("no_role", "this key has none of the roles that this needs")
	}
	leave, ok := c.bounds.enter(c.who.Organisation, c.route.kind)
	if !ok {
		c.metrics.refused[c.route.kind.String()].Inc()
		return newProblem("too_many_requests", "too many "+c.route.kind.String()+" of your organisation are under way")
	}
	defer leave()
	if !c.route.early {
		if err := c.awaitReady(); err != nil {
			return err
		}
	}
	if err := c.parseParams(); err != nil {
		return err
	}
	return c.route.serve(c)
}

func (c *call) fail(err error) {
	if errors.Is(err, context.Canceled) && c.r.Context().Err() != nil {
		c.w.status = statusClientGone
		return
	}
	if errors.As(err, new(*BusyError)) {
		c.metrics.refused[backlogBound].Inc()
	}
	p := problemOf(err)
	if p.Code == "internal" && !errors.As(err, new(*Problem)) {
		c.cfg.Log.Error("request failed", "route", c.route.path, "error", err)
	}
	if c.w.status != 0 {
		return // too late: the answer has begun
	}
	p.write(c.w)
}

// statusClientGone stands in logs and metrics for a client that went away
// before it was answered.
const statusClientGone = 499

func (c *call) org() events.OrgID { return c.who.Organisation }

func (c *call) number(name string) uint64  { return c.value(name).number }
func (c *call) text(name string) string    { return c.value(name).text }
func (c *call) id(name string) events.UUID { return c.value(name).id }

// value panics on a parameter that the route does not declare: the document
// would not know it either.
func (c *call) value(name string) value {
	v, ok := c.values[name]
	if !ok {
		panic("gateway: " + c.route.id + " does not declare " + name)
	}
	return v
}

// body reads the whole body, at most limit bytes, within the read timeout.
func (c *call) body(limit int64) ([]byte, error) {
	if err := c.mediaType(mediaJSON); err != nil {
		return nil, err
	}
	if c.r.ContentLength > limit {
		return nil, &http.MaxBytesError{Limit: limit}
	}
	// net/http takes the deadline off again at the body's end: it does not bound
	// the wait for the decision.
	_ = http.NewResponseController(c.w).SetReadDeadline(time.Now().Add(c.cfg.Bounds.ReadTimeout))
	b, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, limit))
	if err != nil {
		return nil, c.bodyError(err)
	}
	return b, nil
}

// bodyError tells a body that broke off from one that was refused.
func (c *call) bodyError(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return newProblem("incomplete_body", "the body broke off before its end")
	}
	return err
}

func (c *call) mediaType(want string) error {
	got, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if err != nil || got != want {
		return newProblem("unsupported_media_type", "the body must be "+want)
	}
	return nil
}

// json answers with v; seq 0 says that no one entry is behind it.
func (c *call) json(status int, seq uint64, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	c.send(status, seq, b)
	return nil
}

func (c *call) send(status int, seq uint64, body []byte) {
	h := c.w.Header()
	h.Set("Content-Type", mediaJSON)
	h.Set("Cache-Control", "no-store")
	if seq > 0 {
		h.Set(headerSeq, strconv.FormatUint(seq, 10))
	}
	c.w.WriteHeader(status)
	_, _ = c.w.Write(append(body, '\n')) // who does not read the answer needs none
}

// waitSeq makes a read see at least the entry that the caller has seen.
func (c *call) waitSeq() error {
	seq := c.number("min_seq")
	if seq == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(c.r.Context(), c.cfg.Bounds.SeqWait)
	defer cancel()
	if err := c.cfg.Registry.WaitSeq(ctx, seq); err != nil {
		if c.r.Context().Err() != nil {
			return err
		}
		return &UnavailableError{Code: "lagging", RetryAfter: time.Second}
	}
	return nil
}

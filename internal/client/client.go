package client

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/armslog/armslog/events"
)

// Config says where the registry is and who asks.
type Config struct {
	URL            string // http://127.0.0.1:8080; several, with commas between, are nodes of one registry
	Key            string // ak_<id>_<secret>
	OnBehalfOf     string
	Purpose        string        // of a look at something in full
	IdempotencyKey string        // of the one POST that is made; "" = a fresh one
	MinSeq         uint64        // GETs answer from this seq on
	Wait           time.Duration // how long a POST is waited for; 0 = the server's default
	HTTP           *http.Client  // nil = one without a time limit of its own
	Agent          string        // User-Agent
}

// Client is safe for concurrent use.
type Client struct {
	config Config
	nodes  *nodes
	http   *http.Client
}

// Meta is what an answer says beside its body.
type Meta struct {
	Status   int
	Seq      uint64    // Armslog-Seq, 0 if there was none
	Replayed bool      // the same request had been decided before
	Date     time.Time // when the server says that it answered, to the second; zero = it does not
}

// New checks the address; it makes no connection.
func New(c Config) (*Client, error) {
	nodes, err := readNodes(c.URL)
	if err != nil {
		return nil, err
	}
	h := c.HTTP
	if h == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.ResponseHeaderTimeout = 0
		h = &http.Client{Transport: t}
	}
	return &Client{config: c, nodes: nodes, http: h}, nil
}

// Under is the same client for another request: one key is one request.
func (c *Client) Under(key string) *Client {
	other := *c
	other.config.IdempotencyKey = key
	return &other
}

// Get reads path (from /v1 on) into out, which is a *json.RawMessage for the
// body as it is, or any other pointer for encoding/json.
func (c *Client) Get(ctx context.Context, path string, query url.Values, out any) (Meta, error) {
	if c.config.MinSeq > 0 {
		query = withQuery(query, "min_seq", strconv.FormatUint(c.config.MinSeq, 10))
	}
	return c.retry(ctx, func() (*http.Request, error) {
		return c.request(ctx, http.MethodGet, path, query, nil)
	}, out)
}

// Post sends in as JSON; nil is no body. It is sent again, with the same idempotency key, as
// long as the outcome is unknown or the registry is busy, within Wait; to a
// registry that cannot be reached for some seconds, as long as a restart takes.
func (c *Client) Post(ctx context.Context, path string, in, out any) (Meta, error) {
	return c.send(ctx, http.MethodPost, path, "", in, out)
}

// Put sends the full state of a record; base is the revision it is based on.
func (c *Client) Put(ctx context.Context, path string, base uint32, in, out any) (Meta, error) {
	return c.send(ctx, http.MethodPut, path, fmt.Sprintf("%q", strconv.FormatUint(uint64(base), 10)), in, out)
}

func (c *Client) send(ctx context.Context, method, path, ifMatch string, in, out any) (Meta, error) {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return Meta{}, fmt.Errorf("write request: %w", err)
		}
	}
	key := c.config.IdempotencyKey
	if key == "" {
		key = events.NewRequestID().String()
	}
	return c.retry(ctx, func() (*http.Request, error) {
		r, err := c.request(ctx, method, path, nil, bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		if in != nil {
			r.Header.Set("Content-Type", "application/json")
		}
		r.Header.Set("Idempotency-Key", key)
		if ifMatch != "" {
			r.Header.Set("If-Match", ifMatch)
		}
		if c.config.Wait > 0 {
			r.Header.Set("Prefer", "wait="+strconv.Itoa(int(c.config.Wait.Seconds()+0.999)))
		}
		return r, nil
	}, out)
}

func (c *Client) request(ctx context.Context, method, path string, query url.Values, body io.Reader) (*http.Request, error) {
	target := c.nodes.now() + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, method, target, body)
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	if c.config.Key != "" {
		r.Header.Set("Authorization", "Bearer "+c.config.Key)
	}
	if c.config.OnBehalfOf != "" {
		r.Header.Set("Armslog-On-Behalf-Of", c.config.OnBehalfOf)
	}
	if c.config.Purpose != "" && method == http.MethodGet {
		r.Header.Set("Armslog-Purpose", c.config.Purpose)
	}
	if c.config.Agent != "" {
		r.Header.Set("User-Agent", c.config.Agent)
	}
	r.Header.Set("Accept", "application/json, application/problem+json, application/x-ndjson")
	return r, nil
}

// unreachable is how long a registry may be away that nobody can connect to: a
// node that is started again takes as long. Who gave a wrong address should not
// wait longer for the answer.
const unreachable = 3 * time.Second

// retry makes a request until it is answered, or what stands in its way will
// not pass.
func (c *Client) retry(ctx context.Context, make func() (*http.Request, error), out any) (Meta, error) {
	pause := backoff.NewExponentialBackOff(backoff.WithInitialInterval(100*time.Millisecond), backoff.WithMaxElapsedTime(0))
	patience := cmp.Or(c.config.Wait, 10*time.Second)
	for tried := 1; ; tried++ {
		r, err := make()
		if err != nil {
			return Meta{}, err
		}
		meta, after, err := c.once(r, out)
		if err == nil || !passes(err) {
			return meta, err
		}
		if c.nodes.next(r.URL) && tried%c.nodes.count() != 0 {
			continue // another node may answer at once
		}
		wait, left := max(pause.NextBackOff(), after), patience
		if errors.Is(err, ErrUnreachable) {
			left = min(patience, unreachable)
		}
		if pause.GetElapsedTime()+wait > left {
			return meta, err
		}
		select {
		case <-ctx.Done():
			return meta, ctx.Err()
		case <-time.After(wait):
		}
	}
}

// passes says whether the same request may go through a little later: the
// registry is busy, or a node is being replaced.
func passes(err error) bool {
	var p *Problem
	if errors.As(err, &p) {
		switch p.Status {
		case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable:
			return true
		}
	}
	return errors.Is(err, ErrOutcomeUnknown) || errors.Is(err, ErrUnreachable)
}

// once makes one request. after is when the server wants to be asked again.
func (c *Client) once(r *http.Request, out any) (meta Meta, after time.Duration, err error) {
	resp, err := c.http.Do(r)
	if err != nil {
		return meta, 0, transportError(r.Context(), err)
	}
	defer resp.Body.Close()
	meta = metaOf(resp)
	if resp.StatusCode/100 != 2 {
		seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
		return meta, time.Duration(seconds) * time.Second, refusal(resp)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return meta, 0, transportError(r.Context(), err)
	}
	if raw, ok := out.(*json.RawMessage); ok {
		*raw = body
		return meta, 0, nil
	}
	if out == nil {
		return meta, 0, nil
	}
	if err := json.Unmarshal(body, out); err != nil {
		return meta, 0, fmt.Errorf("read answer: %w", err)
	}
	return meta, 0, nil
}

// refusal is the problem of an answer; 504 says that the outcome is unknown.
func refusal(resp *http.Response) error {
	p := problemOf(resp)
	if resp.StatusCode == http.StatusGatewayTimeout {
		return errors.Join(ErrOutcomeUnknown, p)
	}
	return p
}

func metaOf(resp *http.Response) Meta {
	seq, _ := strconv.ParseUint(resp.Header.Get("Armslog-Seq"), 10, 64)
	date, _ := http.ParseTime(resp.Header.Get("Date"))
	return Meta{resp.StatusCode, seq, resp.Header.Get("Idempotent-Replayed") == "true", date}
}

// transportError tells a request that never left from one that may have
// arrived.
func transportError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("ask registry: %w", ctx.Err())
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return fmt.Errorf("ask registry: %w: %w", ErrUnreachable, op)
	}
	return fmt.Errorf("ask registry: %w: %w", ErrOutcomeUnknown, err)
}

func withQuery(q url.Values, key, value string) url.Values {
	out := url.Values{key: {value}}
	for k, v := range q {
		out[k] = v
	}
	return out
}

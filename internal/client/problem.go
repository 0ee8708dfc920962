package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"

	"github.com/armslog/armslog/events"
)

// Problem is a refusal by the registry (RFC 9457).
type Problem struct {
	Type     string              `json:"type,omitempty"`
	Title    string              `json:"title,omitempty"`
	Status   int                 `json:"status"`
	Detail   string              `json:"detail,omitempty"`
	Instance string              `json:"instance,omitempty"`
	Code     string              `json:"code"`
	Seq      *uint64             `json:"seq,omitempty"`
	Errors   []events.FieldError `json:"errors,omitempty"`
	Checks   []Check             `json:"checks,omitempty"` // of /readyz
}

func (p *Problem) Error() string {
	switch {
	case p.Detail != "":
		return p.Code + ": " + p.Detail
	case p.Title != "":
		return p.Code + ": " + p.Title
	}
	return p.Code
}

// ErrOutcomeUnknown is returned when a request was sent and no answer came: it
// may have been decided. Sending it again with the same idempotency key is
// safe.
var ErrOutcomeUnknown = errors.New("outcome unknown")

// ErrUnreachable is returned when no connection could be made: nothing was
// sent.
var ErrUnreachable = errors.New("registry unreachable")

// problemOf reads the refusal from an answer that is none of 2xx.
func problemOf(resp *http.Response) *Problem {
	p := new(Problem)
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil || kind != "application/problem+json" || json.Unmarshal(body, p) != nil {
		p = &Problem{Detail: fmt.Sprintf("the server answered %s without saying why: is this the registry?", resp.Status)}
	}
	p.Status = resp.StatusCode
	if p.Code == "" {
		p.Code = fmt.Sprintf("http_%d", resp.StatusCode)
	}
	return p
}

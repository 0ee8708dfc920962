package gateway

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/armslog/armslog/events"
)

// Problem is an error as the caller reads it: RFC 9457, with the registry's
// own members. It is the one error type at the edge.
type Problem struct {
	Type     string              `json:"type" doc:"Where this code is explained."`
	Title    string              `json:"title"`
	Status   int                 `json:"status"`
	Detail   string              `json:"detail,omitempty"`
	Instance string              `json:"instance,omitempty" doc:"The request's id as a URN."`
	Code     string              `json:"code" doc:"What programs act on; the list only grows."`
	Seq      *uint64             `json:"seq,omitempty" doc:"Entry that holds the request and its verdict; absent where it never reached the journal."`
	Errors   []events.FieldError `json:"errors,omitempty"`
	Warnings []events.FieldError `json:"warnings,omitempty"`

	Checks []Check `json:"checks,omitempty" doc:"Of /readyz: what this node finds in order and what not."`

	retryAfter time.Duration
	replayed   bool
}

func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// newProblem is the problem of a code that stands in the table of verdict.go.
func newProblem(code, detail string) *Problem {
	k := kindOf(code)
	return &Problem{Type: "/docs#" + code, Title: k.title, Status: k.status, Detail: detail, Code: code, retryAfter: k.retryAfter}
}

// invalidParameter names a query, path or header parameter that cannot be read.
func invalidParameter(code, pointer, message, hint string) *Problem {
	p := newProblem(code, message)
	p.Errors = []events.FieldError{{Pointer: pointer, Code: code, Message: message, Hint: hint}}
	return p
}

func notFound() *Problem { return newProblem("not_found", "there is nothing here that you may see") }

// problemOf says what the caller is told of an error. What is not expected is
// "internal", and its text stays here.
func problemOf(err error) *Problem {
	var (
		problem     *Problem
		busy        *BusyError
		unavailable *UnavailableError
		tooLarge    *http.MaxBytesError
	)
	switch {
	case errors.As(err, &problem):
		return problem
	case errors.As(err, &busy):
		p := newProblem("busy", "too much of your organisation waits to be decided; nothing was taken of this request")
		p.retryAfter = busy.RetryAfter
		return p
	case errors.As(err, &unavailable):
		return unavailableProblem(unavailable)
	case errors.As(err, &tooLarge):
		return newProblem("too_large", "a body holds at most "+strconv.FormatInt(tooLarge.Limit, 10)+" bytes")
	case errors.Is(err, ErrNoCredential):
		return newProblem("no_credential", "this needs a valid key")
	case errors.Is(err, ErrOutcomeUnknown):
		return newProblem("outcome_unknown", "the request was sent on and its decision has not been seen yet; send it again with the same Idempotency-Key")
	case errors.Is(err, os.ErrDeadlineExceeded):
		return newProblem("timeout", "the body did not arrive in time")
	case errors.Is(err, context.DeadlineExceeded):
		return newProblem("unavailable", "this took too long")
	case errors.Is(err, context.Canceled):
		return newProblem("unavailable", "this gateway is stopping")
	}
	return newProblem("internal", "")
}

func unavailableProblem(err *UnavailableError) *Problem {
	detail := "a part of the system that this needs is down; registration, search and inbox go on"
	if err.Code == "lagging" {
		detail = "this list has not got as far as you asked"
	}
	detail = cmp.Or(err.Detail, detail)
	p := newProblem(err.Code, detail)
	p.retryAfter = err.RetryAfter
	return p
}

// write sends the problem. It must be the first thing that is written.
func (p *Problem) write(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(max(1, (p.retryAfter+time.Second-1)/time.Second))))
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="armslog"`)
	}
	if p.Seq != nil {
		h.Set(headerSeq, strconv.FormatUint(*p.Seq, 10))
	}
	if p.replayed {
		h.Set(headerReplayed, "true")
	}
	body, err := json.Marshal(p)
	if err != nil {
		body = []byte(`{"code":"internal"}`)
	}
	w.WriteHeader(p.Status)
	_, _ = w.Write(append(body, '\n')) // who does not read the answer needs none
}

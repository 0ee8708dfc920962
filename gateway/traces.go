package gateway

import (
	"context"
	"net/http"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
)

// TraceDraft is a firearm that a trace may be requested for.
type TraceDraft struct {
	Firearm events.Firearm `json:"firearm"`
}

// Suggestions are whom a trace may ask, the likeliest to know first.
type Suggestions struct {
	Items []registry.Suggestion `json:"items"`
}

// showTrace answers from state and journal.
func (c *call) showTrace() error {
	if err := c.waitSeq(); err != nil {
		return err
	}
	t, found, err := c.cfg.View.Trace(c.r.Context(), c.org(), c.id("id"))
	if err != nil {
		return err
	}
	if !found {
		return notFound() // the same for one that is withheld as for none
	}
	if err := c.logAccess(whatTrace, c.id("id"), t.Seq, t.Role == "requester"); err != nil {
		return err
	}
	return c.json(http.StatusOK, t.Seq, t)
}

func (c *call) listTraces() error {
	return list(c, func(ctx context.Context, t Tables, q PageQuery) (Page[TraceRow], error) {
		return t.Traces(ctx, c.org(), TraceQuery{PageQuery: q, Direction: c.text("direction"), Status: c.text("status")})
	})
}

// ofTrace serves an endpoint whose body is the request but for the trace that
// the path names.
func ofTrace(t events.Type) func(*call) error {
	return func(c *call) error {
		body, err := c.body(events.MaxBody)
		if err != nil {
			return err
		}
		return c.submit(t, splice(body, `"trace_id":"`+c.id("id").String()+`"`))
	}
}

// suggestAddressees is a look at the directory and the reference table: nothing
// is requested by it.
func (c *call) suggestAddressees() error {
	body, err := c.body(events.MaxBody)
	if err != nil {
		return err
	}
	firearm, errs := events.DecodeFirearm(body)
	if len(errs) > 0 {
		p := newProblem("invalid", errs[0].Message)
		if errs[0].Code == "not_json" {
			p = newProblem("not_json", errs[0].Message)
		}
		p.Errors = errs
		return p
	}
	var found Suggestions
	allowed := false
	err = c.cfg.Registry.Read(c.r.Context(), func(s *registry.State) {
		allowed = s.MayTrace(c.org())
		found.Items = s.SuggestAddressees(c.org(), firearm)
	})
	switch {
	case err != nil:
		return err
	case !allowed:
		return newProblem("no_right", "your organisation has no right to trace")
	}
	return c.json(http.StatusOK, 0, found)
}

func traceRoutes() []*route {
	return []*route{
		{
			method: http.MethodGet, path: "/v1/traces", id: "list-traces", tag: "Traces",
			doc:   "Traces that your organisation requested or was asked; to the General Secretariat how each of them stands.",
			roles: traceReaders, params: listParams(
				queryCode("direction", "incoming: you were asked; outgoing: you ask.", "incoming", "outgoing"),
				queryCode("status", "Where it stands.", append([]string{"open"}, events.TraceOutcomes.Codes()...)...),
			),
			needs: tableCodes, ok: []answer{answers[Page[TraceRow]](200, "One page, newest first.")}, serve: (*call).listTraces,
		},
		{
			method: http.MethodPost, path: "/v1/traces", id: "request-trace", tag: "Traces",
			doc:   "Request a trace. Its addressees are asked; it is a question too, and stands until it is closed.",
			roles: tracers, params: postParams(), body: bodyOf[events.TraceRequested](), posts: true,
			needs: []string{"record_unknown"}, ok: []answer{answers[events.Reply](201, "Opened.")}, serve: post(events.TypeTraceRequested),
		},
		{
			method: http.MethodPost, path: "/v1/traces:suggest", id: "suggest-addressees", tag: "Traces",
			doc:   "Whom to ask about a firearm, and why: the newest import mark first, then the country of manufacture. Nothing is requested.",
			roles: tracers, body: bodyOf[TraceDraft](), needs: []string{"invalid", "not_json", "no_right", "too_large"},
			ok: []answer{answers[Suggestions](200, "The likeliest to know first.")}, serve: (*call).suggestAddressees,
		},
		{
			method: http.MethodGet, path: "/v1/traces/{id}", id: "show-trace", tag: "Traces",
			doc:   "One trace: to its requester all of it with the custody chain, to an addressee the request and its own answers, to the General Secretariat how it stands. The look is logged first.",
			roles: traceReaders, params: lookParams(pathUUID("id", "The trace's id."), minSeq()), needs: append(lookCodes, "not_found", "lagging"),
			ok: []answer{answers[registry.TraceView](200, "The trace.")}, serve: (*call).showTrace,
		},
		ofTraceRoute("responses", "respond-to-trace", "Answer a trace that you were asked.", *bodyWithout[events.TraceResponded]("trace_id"), events.TypeTraceResponded),
		ofTraceRoute("comments", "comment-on-trace", "Say something between request and answer.", *bodyWithout[events.TraceCommented]("trace_id"), events.TypeTraceCommented),
		ofTraceRoute("forwardings", "forward-trace", "Ask others too: the requester, or an addressee where the request lets it.", *bodyWithout[events.TraceForwarded]("trace_id"), events.TypeTraceForwarded),
		ofTraceRoute("closure", "close-trace", "End a trace of yours with your finding.", *bodyWithout[events.TraceClosed]("trace_id"), events.TypeTraceClosed),
	}
}

func ofTraceRoute(noun, id, doc string, body content, t events.Type) *route {
	return &route{
		method: http.MethodPost, path: "/v1/traces/{id}/" + noun, id: id, tag: "Traces", doc: doc,
		roles: tracers, params: postParams(pathUUID("id", "The trace's id.")), body: &body, posts: true,
		needs: []string{"trace_unknown", "trace_is_closed", "answer_final"}, ok: []answer{answers[events.Reply](200, "Taken.")}, serve: ofTrace(t),
	}
}

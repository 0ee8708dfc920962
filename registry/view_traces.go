package registry

import (
	"context"
	"fmt"
	"strings"

	"github.com/armslog/armslog/events"
)

// replyTrace is what the sender of a request about a trace is told.
func replyTrace(r *events.Reply, x events.Effect) {
	switch x := x.(type) {
	case events.TraceEffect:
		r.Status, r.ID = x.Status, x.ID.String()
		if x.Status == traceOpen {
			r.Truncated = &x.Truncated
			r.Matches, r.Candidates = []events.MatchView{}, []events.MatchView{}
		}
	case events.TraceNoteEffect:
		r.Status, r.ID = x.Code, x.ID.String()
	case events.TraceAddresseeEffect:
		if r.ID == "" { // what follows for others is theirs, or the requester's
			r.Status, r.ID = x.Status, x.ID.String()
		}
	}
}

// fillTrace gives each role what it may see of what happened to a trace.
func (v View) fillTrace(ctx context.Context, note *events.Notification, e *events.Entry, x events.Effect) error {
	var (
		news      events.TraceNews
		id        events.UUID
		requested uint64
	)
	switch x := x.(type) {
	case events.TraceEffect:
		id, requested, note.Reason, news.Status = x.ID, x.Requested, x.Reason(), x.Status
	case events.TraceAddresseeEffect:
		id, requested, note.Reason, news.Status = x.ID, x.Requested, x.Reason(), x.Status
		news.Organisation, news.Late, news.AnswerBy = x.Org, x.Late, x.By
	case events.TraceNoteEffect:
		id, requested, note.Reason = x.ID, x.Requested, x.Reason()
		news.Organisation = x.Org
	default:
		return fmt.Errorf("render notification %d: its effect tells nobody", note.N)
	}
	note.About, note.Body.Trace = events.About{Kind: "trace", ID: id.String()}, &news
	request, err := v.request(ctx, e, requested)
	if err != nil {
		return err
	}
	news.Requester, news.ActingFor = request.Src, request.Envelope.OnBehalfOf
	for role := range strings.SplitSeq(note.Role, "+") {
		fillContents(&news, role, request, e)
	}
	return nil
}

// request is the entry that holds the request of the trace that e is about.
func (v View) request(ctx context.Context, e *events.Entry, seq uint64) (*events.Entry, error) {
	if seq == e.Seq {
		return e, nil
	}
	request, err := v.Entries.Entry(ctx, seq)
	if err != nil {
		return nil, fmt.Errorf("read entry %d: %w", seq, err)
	}
	return request, nil
}

// fillContents: the requester reads what was said; an addressee what it is
// asked, and what the requester says to it; the General Secretariat neither.
func fillContents(news *events.TraceNews, role string, request, e *events.Entry) {
	body := bodyOf(e)
	switch {
	case role == roleAddressee && news.Status == stages[stageSent]:
		news.Request = askedOf(request, news.Organisation)
	case role == roleRequester || role == roleAddressee && e.Src == request.Src:
		news.Comment, _ = body.(*events.TraceCommented)
	}
	if role == roleRequester {
		news.Answer, _ = body.(*events.TraceResponded)
		news.Forwarded, _ = body.(*events.TraceForwarded)
	}
}

// bodyOf is what a request says, nil if that was erased.
func bodyOf(e *events.Entry) events.Body {
	if e.Commit != nil {
		return nil
	}
	body, _ := events.Read(e.Envelope.Type, e.Value)
	return body
}

// askedOf is the request as one addressee may see it: without who else is
// asked, and without the requester's own record.
func askedOf(request *events.Entry, org events.OrgID) *events.TraceRequested {
	b, ok := bodyOf(request).(*events.TraceRequested)
	if !ok {
		return nil
	}
	asked := *b
	asked.RecordID, asked.Addressees = events.UUID{}, []events.OrgID{org}
	return &asked
}

package registry

import (
	"context"
	"fmt"
	"slices"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry/custody"
)

// TraceView is a trace as one of its parties may see it: the requester all of
// it, an addressee the request and what it said itself, the General Secretariat
// how it stands.
type TraceView struct {
	ID          events.UUID            `json:"id"`
	Seq         uint64                 `json:"seq" doc:"Entry of its last change."`
	Role        string                 `json:"role" doc:"requester, addressee or general_secretariat: as what you see it."`
	Status      string                 `json:"status" doc:"open, established, not_established, cancelled"`
	Requester   events.OrgID           `json:"requester"`
	ActingFor   events.OrgID           `json:"acting_for,omitempty"`
	Urgency     string                 `json:"urgency,omitempty"`
	RequestedAt string                 `json:"requested_at,omitempty" doc:"RFC 3339, UTC"`
	ClosedAt    string                 `json:"closed_at,omitempty" doc:"RFC 3339, UTC"`
	Addressees  []TraceParty           `json:"addressees"`
	Request     *events.TraceRequested `json:"request,omitempty"`
	Answers     []TraceAnswer          `json:"answers,omitempty"`
	Comments    []TraceComment         `json:"comments,omitempty"`
	Forwardings []TraceForwarding      `json:"forwardings,omitempty"`
	Finding     *events.TraceClosed    `json:"finding,omitempty" doc:"The requester's; to itself alone."`
	Custody     *custody.Chain         `json:"custody,omitempty" doc:"Derived from the answers, to the requester alone."`
}

// TraceAnswer is an answer and when it came.
type TraceAnswer struct {
	Organisation events.OrgID          `json:"organisation"`
	At           string                `json:"at" doc:"RFC 3339, UTC"`
	Seq          uint64                `json:"seq"`
	Late         bool                  `json:"late,omitempty" doc:"After the trace was closed."`
	Answer       events.TraceResponded `json:"answer"`
}

// TraceComment is a comment and when it came.
type TraceComment struct {
	Organisation events.OrgID `json:"organisation"`
	At           string       `json:"at" doc:"RFC 3339, UTC"`
	Code         string       `json:"code"`
	Until        events.Day   `json:"until,omitempty"`
}

// TraceForwarding says who wanted which others asked, and why.
type TraceForwarding struct {
	Organisation events.OrgID   `json:"organisation"`
	At           string         `json:"at" doc:"RFC 3339, UTC"`
	Addressees   []events.OrgID `json:"addressees"`
	Because      string         `json:"because"`
}

// Trace renders a trace from the state and the journal; ok is false where
// viewer is no party of it.
func (v View) Trace(ctx context.Context, viewer events.OrgID, id events.UUID) (t TraceView, ok bool, err error) {
	r := traceReader{}
	err = v.Read(ctx, func(s *State) {
		r.info, ok = s.Trace(viewer, id)
		r.sees = func(org events.OrgID) bool { return slices.Contains(r.own, org) }
		for _, p := range r.info.Addressees {
			if s.Sees(viewer, p.Organisation) {
				r.own = append(r.own, p.Organisation)
			}
		}
	})
	if err != nil || !ok {
		return TraceView{}, false, err
	}
	i := &r.info
	r.view = TraceView{
		ID: id, Role: i.Role, Status: i.Status, Requester: i.Requester, ActingFor: i.ActingFor, Urgency: i.Urgency,
		Addressees: append([]TraceParty{}, i.Addressees...),
	}
	for _, seq := range i.Seqs {
		e, err := v.Entries.Entry(ctx, seq)
		if err != nil {
			return TraceView{}, false, fmt.Errorf("read entry %d: %w", seq, err)
		}
		r.read(e)
	}
	if i.Role == roleRequester && r.view.Request != nil {
		r.view.Custody = r.chain()
	}
	return r.view, true, nil
}

// traceReader gathers what a viewer may see of a trace's entries.
type traceReader struct {
	info TraceInfo
	own  []events.OrgID // addressees that the viewer speaks for
	sees func(events.OrgID) bool
	view TraceView
}

// all says whether the viewer sees what is said to the requester.
func (r *traceReader) all() bool { return r.info.Role == roleRequester }

func (r *traceReader) read(e *events.Entry) {
	for _, x := range e.Effects {
		if !r.visible(x) {
			continue
		}
		r.view.Seq = e.Seq
		if t, ok := x.(events.TraceEffect); ok && t.Status == traceOpen {
			r.view.RequestedAt = stamp(e.At)
		} else if ok {
			r.view.ClosedAt = stamp(e.At)
		}
	}
	if r.info.Role == roleGeneralSecretariat {
		return
	}
	ours := r.all() || r.sees(e.Src)
	switch b := bodyOf(e).(type) {
	case *events.TraceRequested:
		r.view.Request = b
		if !r.all() {
			r.view.Request = askedOf(e, "")
			r.view.Request.Addressees = r.own
		}
	case *events.TraceResponded:
		if ours {
			r.view.Answers = append(r.view.Answers, TraceAnswer{Organisation: e.Src, At: stamp(e.At), Seq: e.Seq, Late: isLate(e), Answer: *b})
		}
	case *events.TraceCommented:
		if ours || e.Src == r.info.Requester {
			r.view.Comments = append(r.view.Comments, TraceComment{Organisation: e.Src, At: stamp(e.At), Code: b.Code, Until: b.Until})
		}
	case *events.TraceForwarded:
		if ours {
			r.view.Forwardings = append(r.view.Forwardings, TraceForwarding{Organisation: e.Src, At: stamp(e.At), Addressees: b.Addressees, Because: b.Because})
		}
	case *events.TraceClosed:
		if r.all() {
			r.view.Finding = b
		}
	}
}

// visible says whether the viewer may know that this happened to the trace at
// all: an addressee must not learn of others.
func (r *traceReader) visible(x events.Effect) bool {
	all := r.info.Role != roleAddressee
	switch x := x.(type) {
	case events.TraceEffect:
		return x.ID == r.info.ID
	case events.TraceAddresseeEffect:
		return x.ID == r.info.ID && (all || r.sees(x.Org))
	case events.TraceNoteEffect:
		return x.ID == r.info.ID && (all || r.sees(x.Org) || x.Org == r.info.Requester && x.Code != noteForwarded)
	}
	return false
}

func isLate(e *events.Entry) bool {
	return slices.ContainsFunc(e.Effects, func(x events.Effect) bool {
		a, ok := x.(events.TraceAddresseeEffect)
		return ok && a.Late
	})
}

// chain is the weapon's way as the answers tell it.
func (r *traceReader) chain() *custody.Chain {
	i := r.view.Request.Incident
	c := custody.Case{Recovery: custody.Recovery{Category: r.info.Category, Date: i.Date, Country: i.Country, Place: i.Place}}
	for _, a := range r.view.Answers {
		for _, s := range a.Answer.Steps {
			c.Reports = append(c.Reports, custody.Report{TraceStep: s, By: a.Organisation, Seq: a.Seq})
		}
	}
	if f := r.view.Finding; f != nil {
		c.Finding, c.FirstSale = f.Diversion, f.FirstRetailSale
	}
	chain := custody.Of(c)
	return &chain
}

package registry

import (
	"strconv"

	"github.com/armslog/armslog/events"
)

// respondTrace takes an addressee's answer. After the trace was closed it is
// kept and told, and changes nothing else.
func (c *call) respondTrace(b *events.TraceResponded) decision {
	t, a, d := c.partyOf(b.TraceID)
	if d.verdict != "" {
		return d
	}
	if a == nil {
		return reject("/trace_id", "not_addressee")
	}
	if code := illegalAnswer(t, a, b.Status); code != "" {
		return reject("/status", code)
	}
	if errs := c.answerErrors(b); len(errs) > 0 {
		return decision{verdict: events.Rejected, errors: errs}
	}
	effects := []events.Effect{events.TraceAddresseeEffect{
		ID: t.id, Requested: t.seq, Org: c.org(a.org).OrganisationID, Status: b.Status, Late: !t.open(),
		Tell: c.tellParties(party{t.org, roleRequester}, c.generalSecretariat()),
	}}
	if t.open() {
		effects = append(effects, c.proposals(t, b.Next)...)
	}
	return accept(effects...)
}

// illegalAnswer is the code of what forbids an answer, "" for nothing.
func illegalAnswer(t *trace, a *addressee, status string) (code string) {
	switch {
	case !a.waits() || a.is(addresseeLate):
		return "answer_final"
	case status != stages[stageAcknowledged]:
		return ""
	case !t.open():
		return "trace_is_closed"
	case a.stage == stageAcknowledged:
		return "answer_acknowledged"
	}
	return ""
}

func (c *call) answerErrors(b *events.TraceResponded) (errs []events.FieldError) {
	for i, s := range b.Steps {
		if c.inFuture(s.Date) {
			errs = append(errs, events.FieldError{Pointer: "/steps/" + strconv.Itoa(i) + "/date", Code: "date_in_future"})
		}
	}
	ids := make([]events.OrgID, len(b.Next))
	for i, n := range b.Next {
		ids[i] = n.Organisation
	}
	for i, id := range ids {
		// Only what anybody may know: not who has the trace already, nor from whom it is withheld.
		if code := c.cannotAsk(&trace{}, nil, id); code != "" {
			errs = append(errs, events.FieldError{Pointer: "/next/" + strconv.Itoa(i) + "/organisation", Code: code})
		}
	}
	return errs
}

// proposals are the organisations of an answer's next that the requester may
// decide to ask, as far as there is room.
func (c *call) proposals(t *trace, next []events.TraceReferral) (effects []events.Effect) {
	room, named := maxTraceParties-c.parties(t), map[events.OrgID]bool{}
	for _, n := range next {
		ref := c.directory.byID[n.Organisation]
		a, _ := c.traces.addressee(t, ref)
		if a != nil || ref == t.org || named[n.Organisation] || c.denied(c.denyOf(t), ref, 0) || len(effects) == room {
			continue
		}
		named[n.Organisation] = true
		effects = append(effects, proposal(t, n.Organisation))
	}
	return effects
}

// closeTrace ends a trace. It needs no right but to have requested it, so that
// every trace can be ended at any time.
func (c *call) closeTrace(b *events.TraceClosed) decision {
	t, a, d := c.partyOf(b.TraceID)
	switch {
	case d.verdict != "":
		return d
	case a != nil:
		return reject("/trace_id", "not_requester")
	case !t.open():
		return reject("/trace_id", "trace_is_closed")
	case b.Diversion != nil && c.inFuture(b.Diversion.Date):
		return reject("/diversion/date", "date_in_future")
	case b.FirstRetailSale != nil && c.inFuture(b.FirstRetailSale.Date):
		return reject("/first_retail_sale/date", "date_in_future")
	}
	to := []party{c.generalSecretariat()}
	c.traces.each(t, func(_ uint32, a *addressee) {
		if a.asked() {
			to = append(to, party{a.org, roleAddressee})
		}
	})
	d = accept(events.TraceEffect{ID: t.id, Requested: t.seq, Status: b.Outcome, Tell: c.tellParties(to...)})
	if b.Outcome == traceCancelled && t.asks {
		d.effects = append(d.effects, c.endMatches(t.question, endedQuestion)...)
	}
	return d
}

// traceCancelled is the outcome that takes the question back: its matches end.
const traceCancelled = "cancelled"

// remind is the due work of an addressee that does not answer: it is told
// first; then the requester and the General Secretariat are.
func (c *call) remind(b *events.TraceOverdue) decision {
	i, known := c.traces.find(b.TraceID)
	if !known {
		return reject("/trace_id", "nothing_due")
	}
	t := c.traces.all.at(i)
	a, at := c.traces.addressee(t, c.directory.byID[b.Addressee])
	if first, ok := c.due.deadlines.first(); a == nil || !ok || first.kind != deadlineTrace || first.of != at || first.at > c.in.At {
		return reject("/addressee", "nothing_due")
	}
	e := events.TraceAddresseeEffect{ID: t.id, Requested: t.seq, Org: b.Addressee, Status: moveOverdue}
	if a.is(addresseeOverdue) {
		e.Status = moveEscalated
		e.Tell = c.tellParties(party{t.org, roleRequester}, c.generalSecretariat())
	} else {
		e.Tell = c.tellParties(party{a.org, roleAddressee})
	}
	return accept(e)
}

package registry

import (
	"cmp"
	"strconv"

	"github.com/armslog/armslog/events"
)

// maxTraceParties bounds the addressees of one trace, so that all that follows
// from its closing stands in one entry.
const maxTraceParties = 64

// requestTrace opens a trace: its addressees are asked, and its firearm meets
// the records that there are and will be.
func (c *call) requestTrace(b *events.TraceRequested) decision {
	acting := c.directory.byID[c.in.Envelope.OnBehalfOf]
	if _, d := c.allowed(rightTrace, "/intended_use", b.IntendedUse, acting); d.verdict != "" {
		return d
	}
	if errs := c.traceErrors(b); len(errs) > 0 {
		return decision{verdict: events.Rejected, errors: errs}
	}
	q := c.traceRow(c.in.Prepared, b, c.next, c.sender, acting)
	opened := events.TraceEffect{ID: q.id, Requested: c.next, Status: traceOpen, Tell: c.tellParties(c.generalSecretariat())}
	urgency, _ := events.Urgencies.Index(b.Urgency)
	t := &trace{id: q.id, seq: c.next, by: b.AnswerBy, urgency: urgency, org: c.sender}
	effects := make([]events.Effect, 1, 1+len(b.Addressees))
	for _, id := range b.Addressees {
		effects = append(effects, c.sendTo(t, c.directory.byID[id], cmp.Or(b.AnswerBy, c.answerBy(t))))
	}
	m := c.newMeeting(c.drafted(&q, &b.Firearm, nil))
	m.x.deny, m.x.about = c.denySets[q.deny], b.RecordID
	m.bounded, m.limit, m.room = true, defaultLimit, maxMeetings-8 // addressees take their room in the entry
	m.run()
	opened.Truncated = m.truncated
	effects[0] = opened
	d := accept(append(effects, m.effects...)...)
	d.warnings = append(c.weakMarks(b.Firearm.Marks), c.tagged(&b.Incident, true)...)
	return d
}

func (c *call) traceErrors(b *events.TraceRequested) (errs []events.FieldError) {
	add := func(wrong bool, pointer, code string) {
		if wrong {
			errs = append(errs, events.FieldError{Pointer: pointer, Code: code})
		}
	}
	_, known := c.traces.find(c.in.RecordID)
	add(known, "/headers/ce_id", "id_reused")
	add(c.inFuture(b.Firearm.Manufactured), "/firearm/manufactured", "date_in_future")
	add(c.inFuture(b.Incident.Date), "/incident/date", "date_in_future")
	add(b.AnswerBy != 0 && b.AnswerBy < events.DayOf(c.in.At), "/answer_by", "answer_by_past")
	var deny []orgRef
	if !b.RecordID.IsZero() {
		row, ok := c.findSubject(b.RecordID)
		ok = ok && c.subject(row).isRecord() && c.sees(c.sender, c.subject(row).org)
		add(!ok, "/record_id", "record_unknown")
		if ok {
			deny = c.denySets[c.subject(row).deny]
		}
	}
	return append(errs, c.addresseeErrors(&trace{}, deny, b.Addressees)...)
}

// addresseeErrors says who of these cannot be asked by the sender.
func (c *call) addresseeErrors(t *trace, deny []orgRef, ids []events.OrgID) (errs []events.FieldError) {
	for i, id := range ids {
		if code := c.cannotAsk(t, deny, id); code != "" {
			errs = append(errs, events.FieldError{Pointer: "/addressees/" + strconv.Itoa(i), Code: code})
		}
	}
	return errs
}

func (c *call) cannotAsk(t *trace, deny []orgRef, id events.OrgID) (code string) {
	o, ref := c.lookup(id)
	switch a, _ := c.traces.addressee(t, ref); {
	case o == nil || o.Kind == "":
		return "organisation_unknown"
	case ref == c.sender:
		return "addressee_self"
	case !c.directory.has(ref, rightTrace, c.in.At):
		return "addressee_unfit"
	case c.denied(deny, ref, 0):
		return "addressee_denied"
	case a != nil && a.asked():
		return "already_addressed"
	}
	return ""
}

// answerBy is the deadline of an addressee that is asked now: as the request
// says, but never sooner than its urgency allows.
func (c *call) answerBy(t *trace) events.Day {
	answer, _ := urgencyDays(t.urgency)
	return max(t.by, events.DayOf(c.in.At)+answer)
}

// sendTo asks one addressee. by is its deadline.
func (c *call) sendTo(t *trace, ref orgRef, by events.Day) events.Effect {
	tell := c.tellParties(party{ref, roleAddressee})
	return events.TraceAddresseeEffect{ID: t.id, Requested: t.seq, Org: c.org(ref).OrganisationID, Status: stages[stageSent], By: by, Tell: tell}
}

// partyOf finds a trace that the sender is a party of: its requester (and then
// a is nil), or an addressee. For everybody else it does not exist.
func (c *call) partyOf(id events.UUID) (t *trace, a *addressee, d decision) {
	i, known := c.traces.find(id)
	if known {
		t = c.traces.all.at(i)
		if t.org == c.sender {
			return t, nil, decision{}
		}
		if a, _ = c.traces.addressee(t, c.sender); a != nil && a.asked() {
			return t, a, decision{}
		}
	}
	return nil, nil, reject("/trace_id", "trace_unknown")
}

// forwardTrace adds addressees. The requester decides; an addressee sends the
// trace on where the request allows it, and proposes where it says ask. It is
// not told who has the trace already, nor from whom the record is withheld.
func (c *call) forwardTrace(b *events.TraceForwarded) decision {
	t, by, d := c.partyOf(b.TraceID)
	switch {
	case d.verdict != "":
		return d
	case !t.open():
		return reject("/trace_id", "trace_is_closed")
	case by == nil && !c.has(rightTrace):
		return reject("", "no_right")
	case by != nil && t.forwarding <= forwardingNever:
		return reject("/trace_id", "forwarding_not_allowed")
	}
	errs := c.addresseeErrors(t, c.denyOf(t), b.Addressees)
	if by != nil {
		errs = openErrors(errs)
	}
	if len(errs) > 0 {
		return decision{verdict: events.Rejected, errors: errs}
	}
	return c.addAddressees(t, by != nil, b.Addressees)
}

// openErrors are those that say nothing about the trace itself.
func openErrors(errs []events.FieldError) (open []events.FieldError) {
	for _, e := range errs {
		if e.Code != "addressee_denied" && e.Code != "already_addressed" {
			open = append(open, e)
		}
	}
	return open
}

func (c *call) addAddressees(t *trace, byAddressee bool, ids []events.OrgID) decision {
	note := events.TraceNoteEffect{ID: t.id, Requested: t.seq, Org: c.org(c.sender).OrganisationID, Code: noteForwarded}
	if byAddressee {
		note.Tell = c.tellParties(party{t.org, roleRequester})
	}
	effects := []events.Effect{note}
	sends := !byAddressee || t.forwarding == forwardingAllowed
	for _, id := range ids {
		ref := c.directory.byID[id]
		a, _ := c.traces.addressee(t, ref)
		denied := c.denied(c.denyOf(t), ref, 0)
		switch {
		case ref == t.org || a != nil && (a.asked() || !sends):
		case sends && !denied:
			effects = append(effects, c.sendTo(t, ref, c.answerBy(t)))
		case a == nil && !denied:
			effects = append(effects, proposal(t, id))
		}
	}
	if c.parties(t)+len(effects)-1 > maxTraceParties {
		return reject("/addressees", "too_many_addressees")
	}
	return accept(effects...)
}

func proposal(t *trace, id events.OrgID) events.Effect {
	return events.TraceAddresseeEffect{ID: t.id, Requested: t.seq, Org: id, Status: stages[stageProposed]}
}

func (c *call) parties(t *trace) (n int) {
	c.traces.each(t, func(uint32, *addressee) { n++ })
	return n
}

// denyOf is from whom the record that a trace is about is withheld.
func (c *call) denyOf(t *trace) []orgRef {
	if !t.asks {
		return nil
	}
	return c.denySets[c.subject(t.question).deny]
}

// The forwardings, as events.Forwardings has them; less is never.
const (
	forwardingNever   = 1
	forwardingAllowed = 3
)

// noteForwarded is the code of a note that no comment has.
const noteForwarded = "forwarded"

// commentTrace: the requester speaks to all who have not answered yet, an
// addressee to the requester.
func (c *call) commentTrace(b *events.TraceCommented) decision {
	t, a, d := c.partyOf(b.TraceID)
	switch {
	case d.verdict != "":
		return d
	case !t.open():
		return reject("/trace_id", "trace_is_closed")
	case b.Code == "more_time":
		return c.moreTime(t, a, b)
	}
	to := []party{{t.org, roleRequester}}
	if a == nil {
		to = nil
		c.traces.each(t, func(_ uint32, a *addressee) {
			if a.waits() {
				to = append(to, party{a.org, roleAddressee})
			}
		})
	}
	return accept(c.note(t, b.Code, to))
}

func (c *call) note(t *trace, code string, to []party) events.Effect {
	return events.TraceNoteEffect{ID: t.id, Requested: t.seq, Org: c.org(c.sender).OrganisationID, Code: code, Tell: c.tellParties(to...)}
}

// moreTime moves an addressee's deadline, once.
func (c *call) moreTime(t *trace, a *addressee, b *events.TraceCommented) decision {
	switch {
	case a == nil:
		return reject("/code", "not_addressee")
	case !a.waits():
		return reject("/code", "answer_final")
	case a.is(addresseeMoved):
		return reject("/code", "more_time_used")
	case b.Until <= a.by || b.Until < events.DayOf(c.in.At):
		return reject("/until", "until_not_later")
	case b.Until > a.by+maxMoreTime:
		return reject("/until", "until_too_far")
	}
	return accept(c.note(t, b.Code, []party{{t.org, roleRequester}}),
		events.TraceAddresseeEffect{ID: t.id, Requested: t.seq, Org: c.org(a.org).OrganisationID, Status: moveExtended, By: b.Until})
}

// Roles of the parties of a trace.
const (
	roleRequester          = "requester"
	roleAddressee          = "addressee"
	roleGeneralSecretariat = "general_secretariat"
)

// party is somebody who is told, and as what.
type party struct {
	ref  orgRef
	role string
}

func (c *call) generalSecretariat() party { return party{c.secretary, roleGeneralSecretariat} }

// tellParties gives each recipient one number, however many parties it is told
// for. Who has no inbox reads of it in its lists.
func (c *call) tellParties(parties ...party) (tells []events.Tell) {
	for _, p := range parties {
		to := c.recipient(p.ref)
		if to == 0 {
			continue
		}
		id := c.org(to).OrganisationID
		at := indexTell(tells, id)
		switch {
		case at < 0:
			tells = append(tells, events.Tell{Org: id, Role: p.role, N: c.number(to)})
		case tells[at].Role != p.role:
			tells[at].Role += "+" + p.role
		}
	}
	return tells
}

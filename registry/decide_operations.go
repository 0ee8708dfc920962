package registry

import (
	"slices"
	"strconv"

	"github.com/armslog/armslog/events"
)

// submitOperation opens or amends an operation: its lead does, or the General
// Secretariat for it.
func (c *call) submitOperation(b *events.OperationSubmitted) decision {
	if d := c.mayLead(b.Lead); d.verdict != "" {
		return d
	}
	old := c.operations[b.OperationID]
	switch {
	case old != nil && !c.isSecretary() && old.lead != c.sender:
		return reject("/operation_id", "operation_taken") // the same for a member and a stranger
	case old != nil && old.closed != 0:
		return reject("/operation_id", "operation_closed")
	}
	if errs := c.plan(b); len(errs) > 0 {
		return decision{verdict: events.Rejected, errors: errs}
	}
	concerned := []orgRef{c.directory.byID[b.Lead]}
	for _, id := range b.Members {
		concerned = append(concerned, c.directory.byID[id])
	}
	if old != nil {
		concerned = append(concerned, old.members...) // whoever is left out now is told as well
	}
	return accept(append(c.tellOfOperation(b.OperationID, concerned),
		events.DirectoryEffect{Kind: "operation", ID: b.OperationID, Outcome: outcome(old != nil)})...)
}

// mayLead: whoever has something to count may lead, in its own name.
func (c *call) mayLead(lead events.OrgID) decision {
	switch {
	case c.isSecretary():
		return decision{}
	case !c.has(rightRegister) && !c.has(rightSearch) && !c.has(rightTrace):
		return reject("", "no_right")
	case lead != c.org(c.sender).OrganisationID:
		return reject("/lead", "no_right")
	}
	return decision{}
}

// plan says what cannot be of an operation as planned.
func (c *call) plan(b *events.OperationSubmitted) (errs []events.FieldError) {
	fail := func(pointer, code string) { errs = append(errs, events.FieldError{Pointer: pointer, Code: code}) }
	switch programme := b.Kind == "programme"; {
	case programme && b.Programme == "":
		fail("/programme", "required")
	case !programme && b.Programme != "":
		fail("/programme", "not_a_programme")
	}
	if !c.named(b.Lead) {
		fail("/lead", "organisation_unknown")
	}
	for i, id := range b.Members {
		if !c.named(id) {
			fail("/members/"+strconv.Itoa(i), "organisation_unknown")
		}
	}
	if !b.Until.IsZero() && b.Until.Max() < b.From.Min() {
		fail("/until", "operation_ends_early")
	}
	return errs
}

func (c *call) named(id events.OrgID) bool {
	o, _ := c.lookup(id)
	return o != nil && o.Kind != ""
}

func (c *call) closeOperation(b *events.OperationClosed) decision {
	op := c.operations[b.OperationID]
	switch {
	case op == nil || !c.seesOperation(c.sender, op):
		return reject("/operation_id", "operation_unknown")
	case !c.isSecretary() && op.lead != c.sender:
		return reject("/operation_id", "operation_taken")
	case op.closed != 0:
		return reject("/operation_id", "operation_closed")
	}
	return accept(append(c.tellOfOperation(b.OperationID, op.members),
		events.DirectoryEffect{Kind: "operation", ID: b.OperationID, Outcome: "closed"})...)
}

// tellOfOperation tells those concerned of a change, but for its sender; who
// shares an inbox is told once.
func (c *call) tellOfOperation(id string, concerned []orgRef) (effects []events.Effect) {
	told := []orgRef{0, c.recipient(c.sender)}
	for _, ref := range concerned {
		if to := c.recipient(ref); !slices.Contains(told, to) {
			told = append(told, to)
			effects = append(effects, c.notify(to, "operation_changed", events.About{Kind: "operation", ID: id})...)
		}
	}
	return effects
}

// tagged warns where what is sent names an operation and will not count for
// it. An operation that is not the sender's warns as one that does not exist.
// dated is false where the day of log time says nothing of when it happened.
func (c *call) tagged(i *events.Incident, dated bool) []events.FieldError {
	if i.Operation == "" {
		return nil
	}
	warn := func(code string) []events.FieldError {
		return []events.FieldError{{Pointer: "/incident/operation", Code: code}}
	}
	op := c.operations[i.Operation]
	if op == nil || !c.takesPart(c.sender, op) {
		return warn("operation_not_yours")
	}
	first, last := events.DayOf(c.in.At), events.DayOf(c.in.At)
	if !i.Date.IsZero() {
		first, last, dated = i.Date.Min(), i.Date.Max(), true
	}
	if dated && !op.spans(first, last) {
		return warn("operation_not_then")
	}
	return nil
}

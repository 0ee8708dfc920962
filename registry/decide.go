package registry

import (
	"fmt"

	"github.com/armslog/armslog/events"
)

// Input is one request at its place in the order. Clock, salt and the
// interleaving of the mailboxes are recorded in it, so that the fold is pure.
type Input struct {
	Src   string // organisation of the mailbox, events.SourceRegistry or events.SourceGateway
	Off   int64  // offset in the mailbox
	Span  int64  // offsets covered, >= 1
	At    int64  // log time, Unix milliseconds, never falling
	Salt  [16]byte
	Value []byte
	*Prepared
}

// decision is what Decide arrives at; entry fills in the rest.
type decision struct {
	verdict  events.Verdict
	of       uint64
	errors   []events.FieldError
	warnings []events.FieldError
	effects  []events.Effect
}

// Decide says what follows from a request. It reads the state and changes
// nothing. What goes wrong in the deciding itself becomes the verdict "failed",
// which keeps the input: one request that our code cannot bear must not stop
// the order for everybody else.
func (s *State) Decide(in *Input) *events.Entry {
	d := s.decide(in)
	e := &events.Entry{
		Seq: s.next, Src: in.Src, Off: in.Off, Span: in.Span, At: in.At, Engine: Engine, Policy: s.policyName, Salt: in.Salt,
		Verdict: d.verdict, Of: d.of, Errors: d.errors, Warnings: d.warnings, Effects: d.effects,
		Envelope: in.Envelope, Value: in.Value,
	}
	switch d.verdict {
	case events.Accepted:
		e.Body = in.Body
	case events.Unchanged:
		e.Value = nil // stores nothing new
	}
	return e
}

func (s *State) decide(in *Input) (d decision) {
	defer func() {
		if r := recover(); r != nil {
			d = decision{verdict: events.Failed, errors: []events.FieldError{{Code: "failed", Message: fmt.Sprint(r)}}}
		}
	}()
	if in.Undecodable {
		return decision{verdict: events.Undecodable, errors: in.Errors}
	}
	if d, known := s.repeated(in); known {
		return d
	}
	if len(in.Errors) > 0 {
		return decision{verdict: events.Rejected, errors: in.Errors}
	}
	return s.route(in)
}

// repeated answers a request that was decided before.
func (s *State) repeated(in *Input) (decision, bool) {
	if in.Src == events.SourceRegistry {
		return decision{}, false
	}
	was, ok := s.requests.find(s.directory.byID[in.Src], in.Envelope.ID, in.At)
	if !ok {
		return decision{}, false
	}
	if was.body != in.Fingerprint {
		return reject("/headers/ce_id", "id_reused"), true
	}
	return decision{verdict: events.Duplicate, of: was.seq}, true
}

// route is the one place that says who may send what.
func (s *State) route(in *Input) decision {
	if in.Src == events.SourceRegistry {
		return s.decideDue(in)
	}
	if in.Src == events.SourceGateway {
		return s.decideAccess(in)
	}
	sender, ref := s.lookup(in.Src)
	if sender == nil || sender.Kind == "" {
		return reject("", "organisation_unknown")
	}
	if in.Envelope.Source != "" && in.Envelope.Source != in.Src {
		return reject("/headers/ce_source", "source_mismatch")
	}
	c := &s.call
	*c = call{State: s, in: in, sender: ref}
	switch b := in.Body.(type) {
	case *events.RecordSubmitted:
		return c.submitRecord(b)
	case *events.RecordWithdrawn:
		return c.withdrawRecord(b)
	case *events.SearchMade:
		return c.makeSearch(b)
	case *events.SearchWithdrawn:
		return c.withdrawSearch(b)
	case *events.NotificationAcknowledged:
		return c.acknowledge(b)
	case *events.ConfirmationRequested:
		return c.requestConfirmation(b)
	case *events.ConfirmationAnswered:
		return c.answerConfirmation(b)
	case *events.OrganisationSubmitted:
		return c.submitOrganisation(b)
	case *events.AgreementGranted:
		return c.grantAgreement(b)
	case *events.AgreementRevoked:
		return c.revokeAgreement(b)
	case *events.PolicySet:
		return c.setPolicy(b)
	case *events.ReferenceSubmitted:
		return c.submitReference(b)
	case *events.AccessMade:
		return reject("/headers/ce_type", "gateway_only")
	case *events.OperationSubmitted:
		return c.submitOperation(b)
	case *events.OperationClosed:
		return c.closeOperation(b)
	case *events.MailboxSkipped:
		return c.skipMailbox(b)
	}
	return c.routeTrace()
}

// routeTrace is the route of what concerns traces.
func (c *call) routeTrace() decision {
	switch b := c.in.Body.(type) {
	case *events.TraceRequested:
		return c.requestTrace(b)
	case *events.TraceResponded:
		return c.respondTrace(b)
	case *events.TraceForwarded:
		return c.forwardTrace(b)
	case *events.TraceCommented:
		return c.commentTrace(b)
	case *events.TraceClosed:
		return c.closeTrace(b)
	}
	return reject("/headers/ce_type", "unknown_type")
}

// call is one request while it is being decided.
type call struct {
	*State
	in     *Input
	sender orgRef
	tells  map[orgRef]uint64 // inbox numbers given out by this decision
}

func (c *call) has(right string) bool { return c.directory.has(c.sender, right, c.in.At) }

// number gives out the next number of a recipient's inbox.
func (c *call) number(ref orgRef) uint64 {
	if c.tells == nil {
		c.tells = make(map[orgRef]uint64)
	}
	n, ok := c.tells[ref]
	if !ok {
		n = uint64(len(c.org(ref).inbox))
	}
	c.tells[ref] = n + 1
	return n + 1
}

// notify tells one organisation of something other than a match; nothing
// follows if nobody reads that organisation's inbox.
func (c *call) notify(ref orgRef, reason string, about events.About) []events.Effect {
	to := c.recipient(ref)
	if to == 0 {
		return nil
	}
	return []events.Effect{events.NotifyEffect{Org: c.org(to).OrganisationID, N: c.number(to), Reason: reason, About: about}}
}

func accept(effects ...events.Effect) decision {
	return decision{verdict: events.Accepted, effects: effects}
}

func reject(pointer, code string) decision {
	return decision{verdict: events.Rejected, errors: []events.FieldError{{Pointer: pointer, Code: code}}}
}

// inFuture says whether a stated date lies more than 14 hours after log time:
// 14 hours is as far ahead of UTC as any place on Earth is.
func (c *call) inFuture(d events.Date) bool {
	return !d.IsZero() && d.Min().Start() > c.in.At+14*60*60*1000
}

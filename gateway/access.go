package gateway

import (
	"context"
	"encoding/json"
	"time"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
)

// Accesses is the gateway's own mailbox, where it says who is about to be shown
// what.
type Accesses interface {
	// LogAccess returns nil once the mailbox has acknowledged m, and an error
	// where it has not within ctx; it MUST NOT wait for the decision. What
	// concurrent callers log goes out in one append.
	LogAccess(ctx context.Context, m events.Message) error
}

// accessWithin bounds how long a look waits for the mailbox.
const accessWithin = 2 * time.Second

// lookParams are what a route that shows something in full takes, beside its
// own parameters.
func lookParams(more ...param) []param {
	return append(more,
		queryPurpose(),
		header(headerOnBehalfOf, "The organisation you look for; checked against your agreements."),
	)
}

func queryPurpose() param {
	return param{
		name: headerPurpose, in: "header", kind: code, enum: events.Purposes.Codes(),
		doc: "Why you look. Needed for what is not your own, where your agreement names more than one.",
	}
}

// lookCodes are the problems of a look.
var lookCodes = []string{"purpose_required", "wrong_purpose", "not_acting_for", "unavailable"}

const (
	whatRecord = "record"
	whatMatch  = "match"
	whatTrace  = "trace"
)

// logAccess is called right before something is shown in full: own says that it
// is the caller's own, seq which entry holds it. No log, no look: while the
// mailbox does not acknowledge, nothing is shown. It comes after whatever says
// that there is nothing to see, which is logged nowhere and takes no longer for
// what is withheld than for what is not there.
func (c *call) logAccess(what string, id events.UUID, seq uint64, own bool) error {
	purpose, err := c.purpose(own)
	if err != nil {
		return err
	}
	value, err := json.Marshal(&events.AccessMade{
		Organisation: c.org(), Actor: c.who.Actor, ActingFor: c.text(headerOnBehalfOf), What: what, ID: id, Seq: seq, Purpose: purpose,
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.r.Context(), accessWithin)
	defer cancel()
	noReply := events.Header{Key: events.HeaderNoReply, Value: []byte("1")}
	m := events.Message{Headers: events.NewEnvelope(events.NewRequestID(), events.TypeAccessMade, noReply).Headers, Value: value}
	if err := c.cfg.Accesses.LogAccess(ctx, m); err != nil {
		if c.r.Context().Err() != nil {
			return c.r.Context().Err()
		}
		return &UnavailableError{
			Code: "unavailable", RetryAfter: time.Second,
			Detail: "who looks is logged before anything is shown, and the log does not acknowledge; nothing was shown",
		}
	}
	return nil
}

// purpose is that of the look, if it may be made.
func (c *call) purpose(own bool) (purpose string, err error) {
	look := registry.Look{Organisation: c.org(), ActingFor: c.text(headerOnBehalfOf), Purpose: c.text(headerPurpose)}
	if own && look.ActingFor == "" {
		return look.Purpose, nil
	}
	var refusal string
	err = c.cfg.Registry.Read(c.r.Context(), func(s *registry.State) { purpose, refusal = s.MayLook(look) })
	switch refusal {
	case "purpose_required":
		err = newProblem(refusal, "your agreement names more than one purpose: say which in "+headerPurpose)
	case "wrong_purpose":
		err = newProblem(refusal, "no agreement of your organisation covers this purpose")
	case "not_acting_for":
		err = newProblem(refusal, "your organisation may not act for this one")
	}
	return purpose, err
}

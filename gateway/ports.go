package gateway

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
)

// Log appends requests to mailboxes and tells what was decided of them.
type Log interface {
	// Submit queues msgs for the mailbox of org, as one contiguous append. It
	// MUST NOT wait for the broker, and the appends of one caller MUST keep
	// their order. The caller leaves msgs and what they point to alone until
	// the last of them has been answered. The deadline of ctx is how long the
	// caller waits for the decision. It returns *BusyError when the mailbox's
	// queue is full, or the decision would take longer than that, and *UnavailableError when nothing can be
	// appended now; in both cases nothing was queued.
	Submit(ctx context.Context, org events.OrgID, msgs []events.Message) (Pending, error)
}

// Pending is an append whose decisions are on their way.
type Pending interface {
	// Next waits for the accepted entry that decided the next message, in the
	// order of the messages; an entry that covers several of them is returned
	// once for each. The state MUST have evolved past the entry before it is
	// returned. Where the outcome of the append is not known, the
	// implementation appends the same messages again and follows the
	// duplicate, so that Next only ever fails with ctx.Err, ErrOutcomeUnknown
	// (it gave up) or *UnavailableError (nothing was appended). After an error
	// Next may be called again: it goes on waiting for the same message.
	Next(ctx context.Context) (*events.Entry, error)
}

// ErrOutcomeUnknown is returned when a request may or may not have been
// appended: sending it again under the same id is safe.
var ErrOutcomeUnknown = errors.New("outcome unknown")

// BusyError is returned when a queue is full: the same again after RetryAfter.
type BusyError struct{ RetryAfter time.Duration }

func (e *BusyError) Error() string { return fmt.Sprintf("queue is full: retry in %s", e.RetryAfter) }

// UnavailableError is returned when a part of the system is down or behind.
type UnavailableError struct {
	Code       string // unavailable or lagging
	Detail     string // what the caller is told; "" = what the code says
	RetryAfter time.Duration
}

func (e *UnavailableError) Error() string { return e.Code }

// Registry is read access to the node's state, which follows the journal.
type Registry interface {
	// Read calls f with the state under the node's read lock. f MUST NOT keep
	// the state, block, or do I/O. An error says that f was not called: ctx's,
	// or *UnavailableError where the state cannot be shown soon, since it holds
	// what is not acknowledged.
	Read(ctx context.Context, f func(*registry.State)) error
	// WaitSeq returns once the state has folded the entry seq.
	WaitSeq(ctx context.Context, seq uint64) error
	// CatchUp returns once the state has folded everything that the journal
	// held at the moment CatchUp was called. It returns an error where that
	// end cannot be learned.
	CatchUp(ctx context.Context) error
}

// Trials folds history under another policy.
type Trials interface {
	// Try folds the journal, as far as it goes now, under a policy that
	// registry.PolicyProblems has nothing against. It appends nothing, and
	// MUST NOT hold the state's lock while it folds. It calls progress, in
	// order and never at once, with the entries folded and those there are,
	// and ends with what progress returns if that is an error. It returns
	// registry.ErrTooDifferent where the result would not fit.
	Try(ctx context.Context, policy []byte, progress func(folded, all uint64) error) (registry.TrialResult, error)
}

// View renders what people read, from the state and the journal.
type View interface {
	// Entry is the accepted entry seq. It, and all that renders, returns
	// *UnavailableError where state or journal cannot be read soon.
	Entry(ctx context.Context, seq uint64) (*events.Entry, error)
	// Meeting is what was compared when a pair met, and the record in short.
	Meeting(ctx context.Context, m *events.Meeting) (events.MatchView, error)
	// Replies is what the senders of the requests in entries are told of them,
	// after an error as far as it was rendered. Where a decision is continued by
	// due work it waits for the last of that.
	Replies(ctx context.Context, entries []*events.Entry) ([]events.Reply, error)
	// Confirmation is how the question stands whether the two of a match are one
	// weapon.
	Confirmation(ctx context.Context, match events.UUID, info *registry.ConfirmationInfo) (events.ConfirmationView, error)
	// Trace is a trace as viewer may see it; found is false where it may not.
	Trace(ctx context.Context, viewer events.OrgID, id events.UUID) (t registry.TraceView, found bool, err error)
	// Notification is entry n of the inbox of org, which e told.
	Notification(ctx context.Context, e *events.Entry, org events.OrgID, n uint64) (events.Notification, error)
}

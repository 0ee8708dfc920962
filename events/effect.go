package events

// Effect is one thing that follows from a decision: ids, numbers, grades and
// codes, never payload or text. What people read is rendered when they read
// it. On the wire an effect is an object with one key, its kind.
type Effect interface{ effectKind() string }

// RecordEffect: a record was registered, amended, withdrawn or expired.
type RecordEffect struct {
	ID       UUID   `json:"id"`
	Revision uint32 `json:"revision"`
	Outcome  string `json:"outcome"` // registered, amended, withdrawn, expired
}

// QuestionEffect: a search was answered and stands until the start of the day
// after StandsUntil; the zero date says that it does not stand.
type QuestionEffect struct {
	ID          UUID `json:"id"`
	StandsUntil Day  `json:"stands_until,omitempty"` // the last day on which it stands; 0 = it does not stand
	Truncated   bool `json:"truncated,omitempty"`    // more candidates than the asker's limit
}

// QuestionEndedEffect: a question stands no more.
type QuestionEndedEffect struct {
	ID      UUID   `json:"id"`
	Because string `json:"because"` // withdrawn, lapsed, agreement_ended, organisation_changed
}

// Tell is one party that is told, and the number in its inbox.
type Tell struct {
	Org  OrgID  `json:"org"`
	Role string `json:"role"` // general_secretariat, asker, owner, requester, addressee; merged roles joined by "+"
	N    uint64 `json:"n"`    // 0 = it may know, and has no inbox: its reply and its lists say so
}

// Results says how the descriptions compare: agree, unknown, conflict.
type Results struct {
	Make    string `json:"make"`
	Model   string `json:"model"`
	Calibre string `json:"calibre"`
	Type    string `json:"type"`
}

// Meeting is what is known of a pair when it met.
type Meeting struct {
	ID          UUID    `json:"id"`           // MatchID of question and record
	Class       string  `json:"class"`        // alert, custody, duplicate, prior_sighting
	Question    UUID    `json:"question"`     // a search, or the record that asks
	QuestionSeq uint64  `json:"question_seq"` // entry that holds the question as it was compared
	Asker       OrgID   `json:"asker"`
	ActingFor   OrgID   `json:"acting_for,omitempty"`
	Record      UUID    `json:"record"`
	RecordSeq   uint64  `json:"record_seq"` // entry that holds the record's revision
	Owner       OrgID   `json:"owner"`
	Marks       [2]int  `json:"marks"` // index of the mark in question and record
	Grade       string  `json:"grade"`
	Bits        uint32  `json:"bits"` // strength in thousandths of a bit
	Strength    string  `json:"strength"`
	Shared      bool    `json:"shared,omitempty"` // a shared number
	Results     Results `json:"results"`
	Policy      string  `json:"policy"`
	Rule        int     `json:"rule"` // index of the policy's rule that decided, -1 = its else
}

// MatchEffect: a pair met and its parties are told. A second one for the same
// id tells parties that had not been told (a deny lifted, a candidate that an
// amendment made sure).
type MatchEffect struct {
	Meeting
	Tell []Tell `json:"tell"`
}

// CandidateEffect: a pair may have met; shown to Seen alone, nobody is told.
type CandidateEffect struct {
	Meeting
	Seen OrgID `json:"seen"` // the asker, or, for a prior sighting, the owner of the loss
}

// MatchEndedEffect: a match or candidate is over; those who were told are told.
type MatchEndedEffect struct {
	ID      UUID   `json:"id"`
	Because string `json:"because"` // record_withdrawn, record_expired, question_withdrawn, mark_removed, denied, not_same_weapon, record_outdated, question_outdated
	Tell    []Tell `json:"tell,omitempty"`
}

// MatchRenewedEffect: an ended match met again.
type MatchRenewedEffect struct {
	Meeting
	Tell []Tell `json:"tell"`
}

// NotifyEffect: one inbox entry that no match carries.
type NotifyEffect struct {
	Org    OrgID  `json:"org"`
	N      uint64 `json:"n"`
	Reason string `json:"reason"` // agreement_changed, daily_digest, record_review_due, operation_changed, mailbox_skipped
	About  About  `json:"about"`
}

// About names what a notification is about.
type About struct {
	Kind  string `json:"kind"` // match, agreement, digest, trace, review, operation, mailbox
	ID    string `json:"id"`
	Count uint32 `json:"count,omitempty"` // candidates of a digest, records of a review
}

// DirectoryEffect: an organisation, agreement, policy, reference entry or
// operation changed.
type DirectoryEffect struct {
	Kind    string `json:"kind"` // organisation, agreement, policy, reference, operation
	ID      string `json:"id"`
	Outcome string `json:"outcome"` // registered, amended, revoked, ended, set, closed
}

// AcknowledgedEffect: a recipient has read its inbox up to N.
type AcknowledgedEffect struct {
	Org OrgID  `json:"org"`
	N   uint64 `json:"n"`
}

// TraceEffect: a trace was opened, or closed with an outcome.
type TraceEffect struct {
	ID        UUID   `json:"id"`
	Requested uint64 `json:"requested"` // entry that holds the request
	Status    string `json:"status"`    // open, established, not_established, cancelled
	Truncated bool   `json:"truncated,omitempty"`
	Tell      []Tell `json:"tell,omitempty"`
}

// TraceAddresseeEffect: how a trace stands with one addressee.
type TraceAddresseeEffect struct {
	ID        UUID   `json:"id"`
	Requested uint64 `json:"requested"` // entry that holds the request
	Org       OrgID  `json:"org"`
	Status    string `json:"status"`         // proposed, sent, acknowledged, interim, completed, failed, refused, referred, extended, overdue, escalated
	By        Day    `json:"by,omitempty"`   // last day of its answer, where that is set or moved
	Late      bool   `json:"late,omitempty"` // an answer after the trace was closed: kept and told, it changes nothing else
	Tell      []Tell `json:"tell,omitempty"`
}

// TraceNoteEffect: a party said something that moves nobody: a comment's code,
// or forwarded.
type TraceNoteEffect struct {
	ID        UUID   `json:"id"`
	Requested uint64 `json:"requested"` // entry that holds the request
	Org       OrgID  `json:"org"`       // who said it
	Code      string `json:"code"`
	Tell      []Tell `json:"tell,omitempty"`
}

// MoreEffect: the decision has more effects; due work goes on at Cursor.
type MoreEffect struct {
	Cursor uint64 `json:"cursor"`
}

// ReexaminedEffect: so many standing questions were looked at again; the next
// step begins at subject Next.
type ReexaminedEffect struct {
	Questions uint32 `json:"questions"`
	Next      uint32 `json:"next"` // number of a subject, in the order in which they came
	Left      uint32 `json:"left"` // subjects to go; 0 = all standing questions have been looked at
}

func (RecordEffect) effectKind() string        { return "record" }
func (QuestionEffect) effectKind() string      { return "question" }
func (QuestionEndedEffect) effectKind() string { return "question_ended" }
func (*MatchEffect) effectKind() string        { return "match" }
func (*CandidateEffect) effectKind() string    { return "candidate" }
func (MatchEndedEffect) effectKind() string    { return "match_ended" }
func (*MatchRenewedEffect) effectKind() string { return "match_renewed" }
func (NotifyEffect) effectKind() string        { return "notify" }
func (DirectoryEffect) effectKind() string     { return "directory" }
func (AcknowledgedEffect) effectKind() string  { return "acknowledged" }
func (MoreEffect) effectKind() string          { return "more" }
func (ReexaminedEffect) effectKind() string    { return "reexamined" }

func (TraceEffect) effectKind() string          { return "trace" }
func (TraceAddresseeEffect) effectKind() string { return "trace_addressee" }
func (TraceNoteEffect) effectKind() string      { return "trace_note" }

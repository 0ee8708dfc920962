package events

// Reply is what the sender of a request is told. Over HTTP a rejection is
// problem+json instead.
type Reply struct {
	Seq          uint64            `json:"seq"`
	Status       string            `json:"status"` // registered, amended, unchanged, withdrawn, answered, asked, the answer of a confirmation, accepted, rejected
	ID           string            `json:"id,omitempty"`
	Revision     uint32            `json:"revision,omitempty"`
	StandsUntil  string            `json:"stands_until,omitempty"`
	Truncated    *bool             `json:"truncated,omitempty"` // searches only
	Policy       string            `json:"policy,omitempty"`
	OnBehalfOf   OrgID             `json:"on_behalf_of,omitempty"`
	Matches      []MatchView       `json:"matches,omitempty"`
	Candidates   []MatchView       `json:"candidates,omitempty"`
	Confirmation *ConfirmationView `json:"confirmation,omitempty"`
	Errors       []FieldError      `json:"errors,omitempty"`
	Warnings     []FieldError      `json:"warnings,omitempty"`
	Request      UUID              `json:"request,omitzero"` // ce_id, on armslog.out
}

// MatchView is a meeting as one of its parties may see it.
type MatchView struct {
	MatchID  UUID       `json:"match_id"`
	Class    string     `json:"class"`
	Grade    string     `json:"grade"`
	Strength string     `json:"strength"`
	Compared []Compared `json:"compared"`
	Summary  Summary    `json:"summary"`
}

// Compared is one field of the two descriptions beside each other.
type Compared struct {
	Field    string `json:"field"`
	Question string `json:"question,omitempty"`
	Record   string `json:"record,omitempty"`
	Result   string `json:"result"`
}

// Summary is the other side of a match in short: enough to know whom to ask.
type Summary struct {
	Owner           OrgID  `json:"owner"`
	ActingFor       OrgID  `json:"acting_for,omitempty"`
	Category        string `json:"category,omitempty"`
	Type            string `json:"type,omitempty"`
	Make            string `json:"make,omitempty"`
	Model           string `json:"model,omitempty"`
	Calibre         string `json:"calibre,omitempty"`
	IncidentCountry string `json:"incident_country,omitempty"`
	IncidentDate    string `json:"incident_date,omitempty"`
	Place           string `json:"place,omitempty"`
	CaseNumber      string `json:"case_number,omitempty"` // of a question, to the owner
}

// Notification is one entry of an inbox: only what that recipient may see.
type Notification struct {
	N              uint64           `json:"n"`
	NotificationID UUID             `json:"notification_id"`
	To             OrgID            `json:"to"`
	Role           string           `json:"role"`
	Reason         string           `json:"reason"`
	About          About            `json:"about"`
	Seq            uint64           `json:"seq"`
	At             string           `json:"at"` // RFC 3339, milliseconds, UTC
	Body           NotificationBody `json:"body"`
}

// NotificationBody holds the views that its recipient's roles allow.
type NotificationBody struct {
	Match      *MatchView `json:"match,omitempty"`       // the record, to the asker; both, to the General Secretariat
	Question   *Summary   `json:"question,omitempty"`    // who asks: to the owner, the General Secretariat, and the asker of a search itself
	YourRecord *Source    `json:"your_record,omitempty"` // the owner's own reference
	YourSearch UUID       `json:"your_search,omitzero"`  // the asker's own question
	Late       bool       `json:"late,omitempty"`        // the question came before the record
	Because    string     `json:"because,omitempty"`
	Agreement  string     `json:"agreement,omitempty"`
	Candidates uint32     `json:"candidates,omitempty"`
	YourTrace  UUID       `json:"your_trace,omitzero"` // the asker's own trace
	Trace      *TraceNews `json:"trace,omitempty"`
	Records    uint32     `json:"records,omitempty"` // that are kept until a day and no longer
	Owner      OrgID      `json:"owner,omitempty"`   // whose records these are: the recipient, or one whose parent it is

	Confirmation *ConfirmationView `json:"confirmation,omitempty"` // to the parties and the General Secretariat
	Mailbox      *MailboxNews      `json:"mailbox,omitempty"`
}

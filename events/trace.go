package events

// International trace requests: where was this weapon last held by right, and
// by whom? The words follow the International Tracing Instrument (A/60/88,
// sections 17 to 24). A trace is a question too, and meets records.

// TraceRequested asks addressees for what they know of a weapon's way.
type TraceRequested struct {
	RecordID      UUID     `json:"record_id,omitzero"` // the sender's record of the weapon, which the trace never meets
	Urgency       string   `json:"urgency"`
	IllicitBasis  []string `json:"illicit_basis"`
	IntendedUse   string   `json:"intended_use"`   // a purpose
	DomesticCheck string   `json:"domestic_check"` // of the sender's own records, which comes first
	Firearm       Firearm  `json:"firearm"`        // only marks are required
	Incident      Incident `json:"incident"`       // where it was recovered
	Addressees    []OrgID  `json:"addressees"`
	Forwarding    string   `json:"forwarding,omitempty"` // whether addressees may send it on; absent = never
	AnswerBy      Day      `json:"answer_by,omitempty"`  // absent = by urgency: 7, 30 or 90 days
}

// TraceResponded is what an addressee answers.
type TraceResponded struct {
	TraceID    UUID            `json:"trace_id"`
	Status     string          `json:"status"`
	CaseNumber string          `json:"case_number,omitempty"` // the addressee's own
	Steps      []TraceStep     `json:"steps,omitempty"`
	Next       []TraceReferral `json:"next,omitempty"` // whom to ask; the requester decides
	Failure    string          `json:"failure,omitempty"`
	Refusal    string          `json:"refusal,omitempty"`
	Use        []string        `json:"use,omitempty"` // what the requester may do with the answer
}

// TraceStep is one thing that happened to the weapon. Holder is the kind of
// whoever had it afterwards, never a name.
type TraceStep struct {
	Kind        string `json:"kind"`
	Date        Date   `json:"date,omitzero"`
	Country     string `json:"country"`
	ToCountry   string `json:"to_country,omitempty"` // of an export or a transfer
	Holder      string `json:"holder,omitempty"`
	LicenceHeld bool   `json:"licence_held,omitempty"` // the addressee holds the licence or the register's page
}

// TraceReferral names an organisation that may know more.
type TraceReferral struct {
	Organisation OrgID  `json:"organisation"`
	Because      string `json:"because"`
}

// TraceForwarded adds addressees: the requester's own decision, or an
// addressee's where the request lets it.
type TraceForwarded struct {
	TraceID    UUID    `json:"trace_id"`
	Addressees []OrgID `json:"addressees"`
	Because    string  `json:"because"`
}

// TraceCommented says something between request and answer.
type TraceCommented struct {
	TraceID UUID   `json:"trace_id"`
	Code    string `json:"code"`
	Until   Day    `json:"until,omitempty"` // of more_time: the addressee's new deadline
}

// TraceClosed ends a trace with the requester's finding.
type TraceClosed struct {
	TraceID         UUID       `json:"trace_id"`
	Outcome         string     `json:"outcome"`
	Diversion       *Diversion `json:"diversion,omitempty"`
	FirstRetailSale *Sale      `json:"first_retail_sale,omitempty"`
}

// Sale is where and when a weapon first left the trade.
type Sale struct {
	Country string `json:"country,omitempty"`
	Date    Date   `json:"date,omitzero"`
}

// TraceOverdue is due work: an addressee has not answered in time. It is told
// first, and when it still does not answer, the requester and the General
// Secretariat are.
type TraceOverdue struct {
	TraceID   UUID  `json:"trace_id"`
	Addressee OrgID `json:"addressee"`
}

// TraceNews is what a notification says about a trace: its status to all, its
// contents to the requester, and to an addressee what it is asked.
type TraceNews struct {
	Requester    OrgID           `json:"requester"`
	ActingFor    OrgID           `json:"acting_for,omitempty"`
	Status       string          `json:"status,omitempty"`       // of the trace, or of one addressee
	Organisation OrgID           `json:"organisation,omitempty"` // the addressee, or whoever speaks
	Late         bool            `json:"late,omitempty"`
	AnswerBy     Day             `json:"answer_by,omitempty"`
	Request      *TraceRequested `json:"request,omitempty"`
	Answer       *TraceResponded `json:"answer,omitempty"`
	Comment      *TraceCommented `json:"comment,omitempty"`
	Forwarded    *TraceForwarded `json:"forwarded,omitempty"`
}

func (*TraceRequested) Type() Type { return TypeTraceRequested }
func (*TraceResponded) Type() Type { return TypeTraceResponded }
func (*TraceForwarded) Type() Type { return TypeTraceForwarded }
func (*TraceCommented) Type() Type { return TypeTraceCommented }
func (*TraceClosed) Type() Type    { return TypeTraceClosed }
func (*TraceOverdue) Type() Type   { return TypeTraceOverdue }

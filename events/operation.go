package events

// OperationSubmitted opens or amends an operation, or a programme: what several
// organisations do together in a span of time, and what their records,
// questions and traces name as incident.operation. Always its full state.
type OperationSubmitted struct {
	OperationID string  `json:"operation_id"` // the word that is put on records, such as TRIGGER-X
	Kind        string  `json:"kind"`         // operation, programme
	Programme   string  `json:"programme,omitempty"`
	Name        string  `json:"name"`
	Lead        OrgID   `json:"lead"` // amends and closes it, and is a member
	Members     []OrgID `json:"members,omitempty"`
	From        Date    `json:"from"`
	Until       Date    `json:"until,omitzero"` // absent = until it is closed
}

// OperationClosed ends an operation: what happens later does not count for it.
type OperationClosed struct {
	OperationID string `json:"operation_id"`
	Reason      string `json:"reason"`
}

func (*OperationSubmitted) Type() Type { return TypeOperationSubmitted }
func (*OperationClosed) Type() Type    { return TypeOperationClosed }

// The lists of operations.
var (
	OperationKinds        = newList("operation_kind", "operation programme")
	Programmes            = newList("programme", "airport_control seaport_control land_border_control postal_control precursor_control firearms_control other")
	OperationCloseReasons = newList("operation_close_reason", "completed cancelled merged")
)

var operationSubmitted = []field[OperationSubmitted]{
	{"operation_id", required, func(d *decoder, o *OperationSubmitted) { o.OperationID = d.text(&ruleToken) }},
	{"kind", required, func(d *decoder, o *OperationSubmitted) { o.Kind = d.code(OperationKinds) }},
	{"programme", optional, func(d *decoder, o *OperationSubmitted) { o.Programme = d.code(Programmes) }},
	{"name", required, func(d *decoder, o *OperationSubmitted) { o.Name = d.text(&ruleTitle) }},
	{"lead", required, func(d *decoder, o *OperationSubmitted) { o.Lead = d.text(&ruleOrg) }},
	{"members", optional, func(d *decoder, o *OperationSubmitted) { o.Members = d.texts(maxOrganisations, &ruleOrg) }},
	{"from", required, func(d *decoder, o *OperationSubmitted) { o.From = d.date() }},
	{"until", optional, func(d *decoder, o *OperationSubmitted) { o.Until = d.date() }},
}

var operationClosed = []field[OperationClosed]{
	{"operation_id", required, func(d *decoder, o *OperationClosed) { o.OperationID = d.text(&ruleToken) }},
	{"reason", required, func(d *decoder, o *OperationClosed) { o.Reason = d.code(OperationCloseReasons) }},
}

package events

// ConfirmationRequested asks the other party of a match whether the two
// descriptions are of one weapon: a match is a lead until that is answered.
type ConfirmationRequested struct {
	MatchID    UUID     `json:"match_id"`
	Urgency    string   `json:"urgency"`
	Compared   []string `json:"compared,omitempty"` // what the sender has held side by side
	CaseNumber string   `json:"case_number,omitempty"`
}

// ConfirmationAnswered answers as the owner of the record that was asked about.
type ConfirmationAnswered struct {
	MatchID    UUID   `json:"match_id"`
	Answer     string `json:"answer"`
	Action     string `json:"action,omitempty"` // what the one who asked is to do
	CaseNumber string `json:"case_number,omitempty"`
}

// ConfirmationOverdue is due work: nobody has answered by the due time.
type ConfirmationOverdue struct {
	MatchID  UUID `json:"match_id"`
	Escalate bool `json:"escalate,omitempty"` // the reminder was in vain: tell the General Secretariat
}

func (*ConfirmationRequested) Type() Type { return TypeConfirmationRequested }
func (*ConfirmationAnswered) Type() Type  { return TypeConfirmationAnswered }
func (*ConfirmationOverdue) Type() Type   { return TypeConfirmationOverdue }

// Answers of a confirmation.
const (
	AnswerConfirmed      = "confirmed"
	AnswerNotSameWeapon  = "not_same_weapon"
	AnswerRecordOutdated = "record_outdated"
	AnswerNeedMoreTime   = "need_more_time"
	AnswerCannotConfirm  = "cannot_confirm"
)

// The lists of a confirmation.
var (
	ComparedFields      = newList("compared_field", "serial import_mark proof_mark make model calibre type country_of_manufacture manufactured barrel_length features")
	ConfirmationAnswers = newList("confirmation_answer", AnswerConfirmed+" "+AnswerNotSameWeapon+" "+AnswerRecordOutdated+" "+AnswerNeedMoreTime+" "+AnswerCannotConfirm)
	ConfirmationActions = newList("confirmation_action", "hold_and_contact return_through_ncb no_action")
)

var confirmationRequested = []field[ConfirmationRequested]{
	{"match_id", required, func(d *decoder, c *ConfirmationRequested) { c.MatchID = d.uuid() }},
	{"urgency", required, func(d *decoder, c *ConfirmationRequested) { c.Urgency = d.code(Urgencies) }},
	{"compared", optional, func(d *decoder, c *ConfirmationRequested) { c.Compared = d.codes(ComparedFields) }},
	{"case_number", optional, func(d *decoder, c *ConfirmationRequested) { c.CaseNumber = d.text(&ruleCase) }},
}

var confirmationAnswered = []field[ConfirmationAnswered]{
	{"match_id", required, func(d *decoder, c *ConfirmationAnswered) { c.MatchID = d.uuid() }},
	{"answer", required, func(d *decoder, c *ConfirmationAnswered) { c.Answer = d.code(ConfirmationAnswers) }},
	{"action", optional, func(d *decoder, c *ConfirmationAnswered) { c.Action = d.code(ConfirmationActions) }},
	{"case_number", optional, func(d *decoder, c *ConfirmationAnswered) { c.CaseNumber = d.text(&ruleCase) }},
}

var confirmationOverdue = []field[ConfirmationOverdue]{
	{"match_id", required, func(d *decoder, c *ConfirmationOverdue) { c.MatchID = d.uuid() }},
	{"escalate", optional, func(d *decoder, c *ConfirmationOverdue) { c.Escalate = d.bool() }},
}

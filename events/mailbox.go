package events

// TypeMailboxSkipped is sent by the General Secretariat alone.
const TypeMailboxSkipped Type = "armslog.mailbox.skipped.v1"

// MailboxSkipped lets a mailbox go on whose head is gone: what is lost of it
// before the offset To may be passed over. What is still there is decided.
type MailboxSkipped struct {
	Organisation OrgID `json:"organisation"`
	To           int64 `json:"to"`
}

// Type is the request's type.
func (*MailboxSkipped) Type() Type { return TypeMailboxSkipped }

var mailboxSkipped = []field[MailboxSkipped]{
	{"organisation", required, func(d *decoder, m *MailboxSkipped) { m.Organisation = d.text(&ruleOrg) }},
	{"to", required, func(d *decoder, m *MailboxSkipped) { m.To = int64(d.uint(1, maxCount)) }},
}

// MailboxSkippedEffect: of the requests of Org at the offsets [From, To) those
// that its mailbox has lost may be passed over.
type MailboxSkippedEffect struct {
	Org  OrgID `json:"org"`
	From int64 `json:"from"` // the first that was not decided then
	To   int64 `json:"to"`
}

func (MailboxSkippedEffect) effectKind() string { return "mailbox_skipped" }

func (w *effectWriter) mailboxSkipped(e MailboxSkippedEffect) {
	w.str("org", e.Org)
	w.num("from", uint64(e.From))
	w.num("to", uint64(e.To))
}

func (r *effectReader) mailboxSkipped() (e MailboxSkippedEffect) {
	r.object(func(name string) bool {
		switch name {
		case "org":
			e.Org = r.str()
		case "from":
			e.From = int64(r.uint(63))
		case "to":
			e.To = int64(r.uint(63))
		default:
			return false
		}
		return true
	})
	return e
}

// MailboxNews is what is told of a mailbox that may have lost requests.
type MailboxNews struct {
	Organisation OrgID `json:"organisation"` // whose it is: the recipient, or one whose parent it is
	From         int64 `json:"from"`         // requests at the offsets [from, to) may be lost undecided
	To           int64 `json:"to"`
}

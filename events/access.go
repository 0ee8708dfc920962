package events

// SourceGateway is the src of the gateway's own mailbox, armslog.in.gateway:
// what it saw people look at. No organisation can have this id (ValidOrg takes
// capitals alone), so no entry of the directory can take the mailbox over.
const SourceGateway = "gateway"

// TypeAccessMade is written by the gateway alone, to its own mailbox.
const TypeAccessMade Type = "armslog.access.made.v1"

// AccessMade says that somebody is about to be shown a record, a match or a
// trace in full. The mailbox has acknowledged it before anything is shown, so a
// look that failed afterwards may stand here, and none is missing. One look is
// one ce_id; stored twice it is still one look.
type AccessMade struct {
	Organisation OrgID  `json:"organisation"` // that looked
	Actor        string `json:"actor,omitempty"`
	ActingFor    OrgID  `json:"acting_for,omitempty"`
	What         string `json:"what"` // record, match, trace
	ID           UUID   `json:"id"`
	Seq          uint64 `json:"seq"` // entry that holds what was shown
	Purpose      string `json:"purpose,omitempty"`
}

// Type is the request's type.
func (*AccessMade) Type() Type { return TypeAccessMade }

var accessMade = []field[AccessMade]{
	{"organisation", required, func(d *decoder, a *AccessMade) { a.Organisation = d.text(&ruleOrg) }},
	{"actor", optional, func(d *decoder, a *AccessMade) { a.Actor = d.text(&ruleActor) }},
	{"acting_for", optional, func(d *decoder, a *AccessMade) { a.ActingFor = d.text(&ruleOrg) }},
	{"what", required, func(d *decoder, a *AccessMade) { a.What = d.code(AccessKinds) }},
	{"id", required, func(d *decoder, a *AccessMade) { a.ID = d.uuid() }},
	{"seq", required, func(d *decoder, a *AccessMade) { a.Seq = d.uint(1, maxCount) }},
	{"purpose", optional, func(d *decoder, a *AccessMade) { a.Purpose = d.code(Purposes) }},
}

var ruleActor = textRule{max: maxActor, form: isActor, says: "an opaque id: letters, digits, colon, dot, hyphen and underscore"}

// AccessEffect: Org looked at something. Parties are those whose it is, and who
// may therefore know of the look: a record's owner, the sides of a match that
// know of it, a trace's requester.
type AccessEffect struct {
	Org     OrgID   `json:"org"`
	What    string  `json:"what"` // record, match, trace
	ID      UUID    `json:"id"`
	Parties []OrgID `json:"parties,omitempty"`
}

func (AccessEffect) effectKind() string { return "access" }

func (w *effectWriter) access(e AccessEffect) {
	w.str("org", e.Org)
	w.str("what", e.What)
	w.id("id", e.ID)
	if len(e.Parties) == 0 {
		return
	}
	w.key("parties")
	w.b = append(w.b, '[')
	for i, p := range e.Parties {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		w.b = appendString(w.b, p)
	}
	w.b = append(w.b, ']')
}

func (r *effectReader) access() (e AccessEffect) {
	r.object(func(name string) bool {
		switch name {
		case "org":
			e.Org = r.str()
		case "what":
			e.What = r.str()
		case "id":
			e.ID = r.id()
		case "parties":
			r.take('[')
			for n := 0; r.item(n, ']'); n++ {
				e.Parties = append(e.Parties, r.str())
			}
		default:
			return false
		}
		return true
	})
	return e
}

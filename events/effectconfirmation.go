package events

// MatchToldEffect: parties are told of a pair that met before, because it is
// asked about: a candidate becomes a match by that.
type MatchToldEffect struct {
	ID   UUID   `json:"id"`
	Met  uint64 `json:"met"` // entry that holds the meeting
	Tell []Tell `json:"tell"`
}

// ConfirmationEffect: how the question stands whether the two of a match are
// one weapon.
type ConfirmationEffect struct {
	ID         UUID   `json:"id"`        // of the match
	Met        uint64 `json:"met"`       // entry that holds the meeting
	Requested  uint64 `json:"requested"` // entry that holds the request
	Status     string `json:"status"`    // requested, answered, overdue, escalated
	Asking     OrgID  `json:"asking"`
	Asked      OrgID  `json:"asked"` // who has to answer
	Side       string `json:"side"`  // the role of that party: owner, or asker where it owns the record that asks
	Urgency    string `json:"urgency"`
	Due        uint64 `json:"due,omitempty"`    // log time at which the next deadline passes, Unix milliseconds; 0 = none is set
	Answer     string `json:"answer,omitempty"` // of an answer
	Located    UUID   `json:"located,omitzero"` // the wanted record that the answer marks as located
	LocatedBy  OrgID  `json:"located_by,omitempty"`
	LocatedFor OrgID  `json:"located_for,omitempty"` // body that it acted for
	Tell       []Tell `json:"tell,omitempty"`
}

func (MatchToldEffect) effectKind() string     { return "match_told" }
func (*ConfirmationEffect) effectKind() string { return "confirmation" }

func (w *effectWriter) confirmation(e *ConfirmationEffect) {
	w.id("id", e.ID)
	w.num("met", e.Met)
	w.num("requested", e.Requested)
	w.str("status", e.Status)
	w.str("asking", e.Asking)
	w.str("asked", e.Asked)
	w.str("side", e.Side)
	w.str("urgency", e.Urgency)
	if e.Due > 0 {
		w.num("due", e.Due)
	}
	w.optional("answer", e.Answer)
	if !e.Located.IsZero() {
		w.id("located", e.Located)
	}
	w.optional("located_by", e.LocatedBy)
	w.optional("located_for", e.LocatedFor)
	if len(e.Tell) > 0 {
		w.tell(e.Tell)
	}
}

func (r *effectReader) matchTold() (e MatchToldEffect) {
	r.object(func(name string) bool {
		switch name {
		case "id":
			e.ID = r.id()
		case "met":
			e.Met = r.uint(64)
		case "tell":
			e.Tell = r.tell()
		default:
			return false
		}
		return true
	})
	return e
}

func (r *effectReader) confirmation() *ConfirmationEffect {
	e := &ConfirmationEffect{}
	r.object(func(name string) bool { return r.confirmationField(e, name) })
	return e
}

func (r *effectReader) confirmationField(e *ConfirmationEffect, name string) (known bool) {
	switch name {
	case "id":
		e.ID = r.id()
	case "met":
		e.Met = r.uint(64)
	case "requested":
		e.Requested = r.uint(64)
	case "status":
		e.Status = r.str()
	case "asking":
		e.Asking = r.str()
	case "asked":
		e.Asked = r.str()
	case "side":
		e.Side = r.str()
	case "urgency":
		e.Urgency = r.str()
	case "due":
		e.Due = r.uint(64)
	case "answer":
		e.Answer = r.str()
	case "located":
		e.Located = r.id()
	case "located_by":
		e.LocatedBy = r.str()
	case "located_for":
		e.LocatedFor = r.str()
	case "tell":
		e.Tell = r.tell()
	default:
		return false
	}
	return true
}

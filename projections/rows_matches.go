package projections

import "github.com/armslog/armslog/events"

func (r *Rows) match(e *events.Entry, kind string, m events.Meeting) {
	s := &r.sheets[matchSheet]
	s.uuid(m.ID)
	s.when(e)
	s.strs(kind, m.Class)
	s.uuid(m.Question)
	s.u64(m.QuestionSeq)
	s.strs(m.Asker, m.ActingFor)
	s.uuid(m.Record)
	s.u64(m.RecordSeq)
	s.str(m.Owner)
	s.u16(uint16(m.Marks[0]))
	s.u16(uint16(m.Marks[1]))
	s.str(m.Grade)
	s.u32(m.Bits)
	s.str(m.Strength)
	s.boolean(m.Shared)
	s.strs(m.Results.Make, m.Results.Model, m.Results.Calibre, m.Results.Type, m.Policy)
	s.i32(int32(m.Rule))
	s.end(e.Seq)
}

func (r *Rows) matchEnded(e *events.Entry, f events.MatchEndedEffect) {
	s := &r.sheets[matchStatusSheet]
	s.uuid(f.ID)
	s.when(e)
	s.strs("ended", f.Because)
	s.end(e.Seq)
}

// told adds what the parties of a match are told: who may see it from now on,
// and their inbox entries.
func (r *Rows) told(e *events.Entry, id events.UUID, reason string, tell []events.Tell) {
	for _, t := range tell {
		r.tell(e, id, t, reason)
		if t.N > 0 { // else it has no inbox
			r.inbox(e, t.Org, t.N, t.Role, reason, events.About{Kind: "match", ID: id.String()})
		}
	}
}

// shown adds who may see a candidate; nobody is told.
func (r *Rows) shown(e *events.Entry, f *events.CandidateEffect) {
	role := "asker"
	if f.Seen != f.Asker {
		role = "owner"
	}
	r.tell(e, f.ID, events.Tell{Org: f.Seen, Role: role}, "candidate")
}

func (r *Rows) tell(e *events.Entry, id events.UUID, t events.Tell, reason string) {
	s := &r.sheets[matchTellSheet]
	s.str(t.Org)
	s.uuid(id)
	s.u64(t.N)
	s.when(e)
	s.strs(t.Role, reason)
	s.end(e.Seq)
}

func (r *Rows) inbox(e *events.Entry, org events.OrgID, n uint64, role, reason string, about events.About) {
	s := &r.sheets[inboxSheet]
	s.str(org)
	s.u64(n)
	s.when(e)
	s.strs(role, reason, about.Kind, about.ID)
	s.u32(about.Count)
	s.end(e.Seq)
}

func (r *Rows) acknowledged(e *events.Entry, f events.AcknowledgedEffect) {
	s := &r.sheets[acknowledgedSheet]
	s.str(f.Org)
	s.when(e)
	s.u64(f.N)
	s.end(e.Seq)
}

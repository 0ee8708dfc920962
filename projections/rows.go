package projections

import "github.com/armslog/armslog/events"

// Rows are encoded rows of all tables. The zero value lacks the key of mark
// ids; use NewRows.
type Rows struct {
	sheets  [sheets]sheet
	marks   markIDs
	Entries int // how many entries were added
}

// NewRows are no rows yet. key is the deployment's secret for mark ids.
func NewRows(key [16]byte) *Rows { return &Rows{marks: markIDs{key: key}} }

// Reset drops the rows and keeps the memory.
func (r *Rows) Reset() {
	for i := range r.sheets {
		r.sheets[i].reset()
	}
	r.Entries = 0
}

// Add adds the rows that follow from one accepted entry: a pure function of
// the entry, so that any worker may add it again at any time. It is total: an
// entry whose value was erased gives the rows of its effects.
func (r *Rows) Add(e *events.Entry) {
	r.Entries++
	r.entry(e)
	if e.Verdict != events.Accepted {
		r.rejects(e)
		return
	}
	body := bodyOf(e)
	r.directory(e, body)
	for _, f := range e.Effects {
		switch f := f.(type) {
		case events.RecordEffect:
			r.record(e, f, body)
		case events.QuestionEffect:
			r.search(e, f, body)
		case events.QuestionEndedEffect:
			r.searchEnded(e, f, body)
		case *events.MatchEffect:
			r.match(e, "match", f.Meeting)
			r.told(e, f.ID, "match", f.Tell)
		case *events.MatchRenewedEffect:
			r.match(e, "match", f.Meeting)
			r.told(e, f.ID, "match_renewed", f.Tell)
		case *events.CandidateEffect:
			r.match(e, "candidate", f.Meeting)
			r.shown(e, f)
		case events.MatchToldEffect:
			r.told(e, f.ID, "match", f.Tell)
		case *events.ConfirmationEffect:
			r.confirmation(e, f, body)
		case events.MatchEndedEffect:
			r.matchEnded(e, f)
			r.told(e, f.ID, "match_ended", f.Tell)
		case events.NotifyEffect:
			r.inbox(e, f.Org, f.N, "", f.Reason, f.About)
		case events.AcknowledgedEffect:
			r.acknowledged(e, f)
		case events.TraceEffect:
			r.trace(e, f, body)
		case events.TraceAddresseeEffect:
			r.traceAddressee(e, f, body)
		case events.TraceNoteEffect:
			r.traceNote(e, f, body)
		case events.AccessEffect:
			r.access(e, f, body)
		}
	}
}

// AddAll adds the rows of each entry.
func (r *Rows) AddAll(entries []*events.Entry) {
	for _, e := range entries {
		r.Add(e)
	}
}

// bodyOf decodes the values that rows are made of. nil = there is none, or it
// was erased.
func bodyOf(e *events.Entry) events.Body {
	switch e.Envelope.Type {
	case events.TypeRecordSubmitted, events.TypeRecordWithdrawn, events.TypeRecordExpired, events.TypeSearchMade, events.TypeSearchWithdrawn,
		events.TypeOrganisationSubmitted, events.TypeAgreementGranted, events.TypeAgreementRevoked, events.TypeReferenceSubmitted,
		events.TypeGenesis,
		events.TypeTraceRequested, events.TypeTraceResponded, events.TypeTraceForwarded, events.TypeTraceCommented, events.TypeTraceClosed,
		events.TypeConfirmationRequested, events.TypeConfirmationAnswered,
		events.TypeOperationSubmitted, events.TypeOperationClosed,
		events.TypeAccessMade:
	default:
		return nil
	}
	if e.Commit != nil {
		return nil
	}
	if e.Body != nil {
		return e.Body
	}
	body, errs := events.Read(e.Envelope.Type, e.Value)
	if len(errs) > 0 {
		return nil // the rows of its effects remain
	}
	return body
}

func (r *Rows) entry(e *events.Entry) {
	s := &r.sheets[entrySheet]
	s.when(e)
	s.str(e.Src)
	s.i64(e.Off)
	s.i64(e.Span)
	s.str(string(e.Envelope.Type))
	s.uuid(e.Envelope.ID)
	s.str(string(e.Verdict))
	s.u64(e.Of)
	s.codes(e.Errors)
	s.codes(e.Warnings)
	s.u32(uint32(len(e.Effects)))
	s.u32(uint32(len(e.Value)))
	s.boolean(e.Commit != nil)
	s.str(e.Envelope.Actor)
	s.str(e.Envelope.OnBehalfOf)
	s.u32(e.Engine)
	s.str(e.Policy)
	s.end(e.Seq)
}

// when is the two columns that every table has: seq and at.
func (s *sheet) when(e *events.Entry) {
	s.u64(e.Seq)
	s.i64(e.At)
}

func (s *sheet) codes(errs []events.FieldError) {
	s.length(len(errs))
	for _, e := range errs {
		s.str(e.Code)
	}
}

func (r *Rows) rejects(e *events.Entry) {
	s := &r.sheets[rejectSheet]
	for i, x := range e.Errors {
		s.u64(e.Seq)
		s.u16(uint16(i))
		s.i64(e.At)
		s.strs(e.Src, string(e.Envelope.Type), string(e.Verdict), x.Pointer, x.Code)
		s.end(e.Seq)
	}
}

// Each hands every row to f: its table, its key there, the entry that it
// follows from, and the row as it is inserted. Of the rows with one key in one
// table the one with the highest seq stands. f MUST NOT keep key or row.
func (r *Rows) Each(f func(table string, key []byte, seq uint64, row []byte)) {
	for _, t := range tables {
		s := &r.sheets[t.sheet]
		for i := range s.rows {
			row := s.row(i)
			f(t.Name, t.keyOf(row), s.rows[i].seq, row)
		}
	}
}

package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/armslog/armslog/events"
)

// Entries reads accepted entries of the journal by seq. Implementations MUST
// return the entry that the reader rule accepted under that seq, and are safe
// for concurrent use.
type Entries interface {
	Entry(ctx context.Context, seq uint64) (*events.Entry, error)
}

// View renders what people are told: replies and notifications. The journal
// holds ids, grades and codes; words and descriptions are put to them here, the
// same for the gateway and the courier. What is described in the state is taken
// from there, the rest from the journal at the seq that the effect names, so
// that a notification read late says what was true when it was sent.
type View struct {
	// Read calls its argument under the state's read lock. An error says that it
	// was not called.
	Read    func(context.Context, func(*State)) error
	Entries Entries
	// Recent is the accepted entry seq where it is in memory, or nil; it does not
	// wait. A nil Recent knows none.
	Recent func(seq uint64) *events.Entry
}

// Explain renders what was wrong with a request, with message and hint.
func Explain(e *events.Entry) []events.FieldError {
	return events.Explain(e.Envelope.Type, e.Value, e.Errors)
}

// Replies is Reply for each of the entries, under one look at the state as far
// as that goes: a leader shows it only between two batches. After an error it
// returns the replies before.
func (v View) Replies(ctx context.Context, entries []*events.Entry) ([]events.Reply, error) {
	replies, late := make([]events.Reply, len(entries)), make([]error, len(entries))
	err := v.Read(ctx, func(s *State) {
		at := View{Entries: recent(v.Recent), Read: func(_ context.Context, f func(*State)) error { f(s); return nil }}
		for i, e := range entries {
			replies[i], late[i] = at.Reply(ctx, e)
		}
	})
	if err != nil {
		return nil, err
	}
	for i, e := range entries {
		if late[i] == nil {
			continue
		}
		if replies[i], err = v.Reply(ctx, e); err != nil {
			return replies[:i], err
		}
	}
	return replies, nil
}

// recent are the entries in memory: all that may be read under the state's lock.
type recent func(uint64) *events.Entry

var errNotRecent = errors.New("entry is not in memory")

func (r recent) Entry(_ context.Context, seq uint64) (*events.Entry, error) {
	if r != nil {
		if e := r(seq); e != nil {
			return e, nil
		}
	}
	return nil, errNotRecent
}

// Reply is what the sender of an entry's request is told. A duplicate's reply
// is that of the entry Of; the caller renders that one.
func (v View) Reply(ctx context.Context, e *events.Entry) (events.Reply, error) {
	r := events.Reply{
		Seq: e.Seq, Status: string(e.Verdict), Policy: "", OnBehalfOf: e.Envelope.OnBehalfOf,
		Warnings: events.Explain(e.Envelope.Type, e.Value, e.Warnings),
	}
	if e.Verdict != events.Accepted {
		r.Errors = Explain(e)
	}
	for _, x := range e.Effects {
		switch x := x.(type) {
		case events.RecordEffect:
			r.Status, r.ID, r.Revision = x.Outcome, x.ID.String(), x.Revision
		case events.QuestionEndedEffect:
			r.Status, r.ID = x.Because, x.ID.String()
		case events.QuestionEffect:
			r.Status, r.ID, r.Policy = "answered", x.ID.String(), e.Policy
			r.Truncated = &x.Truncated
			r.Matches, r.Candidates = []events.MatchView{}, []events.MatchView{}
			if x.StandsUntil != 0 {
				r.StandsUntil = x.StandsUntil.String()
			}
		case events.DirectoryEffect:
			r.Status, r.ID = x.Outcome, x.ID
		case events.MailboxSkippedEffect:
			r.Status, r.ID = "skipped", x.Org
		case events.TraceEffect, events.TraceAddresseeEffect, events.TraceNoteEffect:
			replyTrace(&r, x)
		case *events.ConfirmationEffect:
			if err := v.replyConfirmation(ctx, e, x, &r); err != nil {
				return r, err
			}
		}
	}
	return r, v.addMatches(ctx, e, e.Effects, &r)
}

// Continue adds to a reply what due work found after the first entry was full.
func (v View) Continue(ctx context.Context, e *events.Entry, more *events.Entry, r *events.Reply) error {
	return v.addMatches(ctx, e, more.Effects, r)
}

// addMatches shows the sender the meetings that it was told of or may see: the
// asker sees the record, the owner of a record the question.
func (v View) addMatches(ctx context.Context, e *events.Entry, effects []events.Effect, r *events.Reply) error {
	for _, x := range effects {
		var met *events.Meeting
		var told bool
		list := &r.Matches
		switch x := x.(type) {
		case *events.MatchEffect:
			met, told = &x.Meeting, isTold(x.Tell, x.Asker, e.Src)
		case *events.MatchRenewedEffect:
			met, told = &x.Meeting, isTold(x.Tell, x.Asker, e.Src)
		case *events.CandidateEffect:
			met, told, list = &x.Meeting, x.Seen == e.Src, &r.Candidates
		}
		if !told {
			continue
		}
		m, err := v.matchFor(ctx, met, e.Src)
		if err != nil {
			return err
		}
		*list = append(*list, m)
	}
	return nil
}

// isTold says whether the sender is a party that is told. An asker without an
// inbox is told by its reply, whoever has the inbox.
func isTold(tells []events.Tell, asker, sender events.OrgID) bool {
	return slices.ContainsFunc(tells, func(t events.Tell) bool {
		as := strings.Split(t.Role, "+")
		return asker == sender && slices.Contains(as, "asker") || t.Org == sender && slices.Contains(as, "owner")
	})
}

// matchFor is a meeting as the sender sees it, with the summary of the other
// side.
func (v View) matchFor(ctx context.Context, m *events.Meeting, sender events.OrgID) (events.MatchView, error) {
	view, err := v.match(ctx, m)
	if err != nil || m.Asker == sender {
		return view, err
	}
	question, err := v.describe(ctx, m.Question, m.QuestionSeq, true)
	view.Summary = question.summary
	view.Summary.ActingFor = m.ActingFor
	return view, err
}

// Notification renders notification n of org, which entry e carries.
func (v View) Notification(ctx context.Context, e *events.Entry, org events.OrgID, n uint64) (events.Notification, error) {
	for _, x := range e.Effects {
		if t, ok := tellOf(x, org, n); ok {
			note := events.Notification{
				N: n, NotificationID: events.NotificationID(org, n), To: org, Role: t.Role, Seq: e.Seq, At: stamp(e.At),
			}
			if b, ok := reviewOf(e); ok {
				note.Body.Owner = b.Organisation
			}
			return note, v.fill(ctx, &note, e, x)
		}
	}
	return events.Notification{}, fmt.Errorf("render notification %d: entry %d does not carry it", n, e.Seq)
}

func stamp(at int64) string { return time.UnixMilli(at).UTC().Format("2006-01-02T15:04:05.000Z") }

func tellOf(x events.Effect, org events.OrgID, n uint64) (events.Tell, bool) {
	for _, t := range events.Told(x) {
		if t.Org == org && t.N == n {
			return t, true
		}
	}
	return events.Tell{}, false
}

func (v View) fill(ctx context.Context, note *events.Notification, e *events.Entry, x events.Effect) error {
	switch x := x.(type) {
	case *events.MatchEffect:
		note.Reason, note.About = "match", aboutMatch(x.ID)
		return v.fillMatch(ctx, note, &x.Meeting)
	case *events.MatchRenewedEffect:
		note.Reason, note.About = "match_renewed", aboutMatch(x.ID)
		return v.fillMatch(ctx, note, &x.Meeting)
	case events.MatchEndedEffect:
		note.Reason, note.About, note.Body.Because = "match_ended", aboutMatch(x.ID), x.Because
	case events.NotifyEffect:
		note.Reason, note.About = x.Reason, x.About
		switch x.About.Kind {
		case "agreement":
			note.Body.Agreement = x.About.ID
		case "review":
			note.Body.Records = x.About.Count
		case "mailbox":
			note.Body.Mailbox = mailboxNews(e)
		default:
			note.Body.Candidates = x.About.Count
		}
	case events.TraceEffect, events.TraceAddresseeEffect, events.TraceNoteEffect:
		return v.fillTrace(ctx, note, e, x)
	case events.MatchToldEffect:
		note.Reason, note.About = "match", aboutMatch(x.ID)
		return v.fillMet(ctx, note, x.ID, x.Met)
	case *events.ConfirmationEffect:
		return v.fillConfirmation(ctx, note, e, x)
	}
	return nil
}

// mailboxNews says what may be lost of a mailbox, by the entry that permits that
// it is passed over.
func mailboxNews(e *events.Entry) *events.MailboxNews {
	for _, x := range e.Effects {
		if x, ok := x.(events.MailboxSkippedEffect); ok {
			return &events.MailboxNews{Organisation: x.Org, From: x.From, To: x.To}
		}
	}
	return nil
}

// reviewOf is the reminder that an entry gives, if it gives one.
func reviewOf(e *events.Entry) (*events.RecordReviewDue, bool) {
	if e.Envelope.Type != events.TypeRecordReviewDue || e.Commit != nil {
		return nil, false
	}
	body, _ := events.Read(e.Envelope.Type, e.Value)
	b, ok := body.(*events.RecordReviewDue)
	return b, ok
}

func aboutMatch(id events.UUID) events.About { return events.About{Kind: "match", ID: id.String()} }

// fillMatch gives each role what it may see: the asker the record and its own
// question, the owner who asks, the General Secretariat both.
func (v View) fillMatch(ctx context.Context, note *events.Notification, m *events.Meeting) error {
	view, err := v.match(ctx, m)
	if err != nil {
		return err
	}
	note.Body.Match, note.Body.Late = &view, m.QuestionSeq < m.RecordSeq
	question, err := v.describe(ctx, m.Question, m.QuestionSeq, true)
	if err != nil {
		return err
	}
	question.summary.ActingFor = m.ActingFor
	for role := range strings.SplitSeq(note.Role, "+") {
		switch role {
		case "asker":
			switch {
			case question.source != nil:
				note.Body.YourRecord = question.source
			case question.trace:
				note.Body.YourTrace, note.Body.Question = m.Question, &question.summary
			default:
				note.Body.YourSearch, note.Body.Question = m.Question, &question.summary
			}
		case "owner":
			record, err := v.describe(ctx, m.Record, m.RecordSeq, true)
			if err != nil {
				return err
			}
			note.Body.Question, note.Body.YourRecord = &question.summary, record.source
		default:
			note.Body.Question = &question.summary
		}
	}
	return nil
}

// match is a meeting as its parties see it, with the record's summary.
func (v View) match(ctx context.Context, m *events.Meeting) (events.MatchView, error) {
	question, err := v.describe(ctx, m.Question, m.QuestionSeq, false)
	if err != nil {
		return events.MatchView{}, err
	}
	record, err := v.describe(ctx, m.Record, m.RecordSeq, false)
	if err != nil {
		return events.MatchView{}, err
	}
	return events.MatchView{
		MatchID: m.ID, Class: m.Class, Grade: m.Grade, Strength: m.Strength, Summary: record.summary,
		Compared: []events.Compared{
			{Field: "mark", Question: question.mark(m.Marks[0]), Record: record.mark(m.Marks[1]), Result: m.Grade},
			{Field: "make", Result: m.Results.Make},
			{Field: "model", Result: m.Results.Model},
			{Field: "calibre", Result: m.Results.Calibre},
			{Field: "type", Result: m.Results.Type},
		},
	}, nil
}

// description is what is said of one side of a match.
type description struct {
	summary events.Summary
	marks   []events.Mark
	source  *events.Source // of a record, its owner's own reference; only in full
	trace   bool           // a trace's question; only in full
}

func (d description) mark(i int) string {
	if i >= len(d.marks) {
		return ""
	}
	return strings.TrimSpace(d.marks[i].Series + " " + d.marks[i].Text)
}

// describe says what a record or question was at seq. full asks for what only
// the journal holds: the owner's own reference, the asker's case.
func (v View) describe(ctx context.Context, id events.UUID, seq uint64, full bool) (d description, err error) {
	found := false
	if !full {
		err = v.Read(ctx, func(s *State) { d, found = s.describe(id, seq) })
	}
	if found || err != nil {
		return d, err
	}
	e, err := v.Entries.Entry(ctx, seq)
	if err != nil {
		return d, fmt.Errorf("read entry %d: %w", seq, err)
	}
	return describeEntry(e), nil
}

// describe is the short description from the state, if the state still holds
// what was said at seq.
func (s *State) describe(id events.UUID, seq uint64) (description, bool) {
	row, ok := s.findSubject(id)
	if !ok || s.subject(row).seq != seq || s.subject(row).marks == 0 {
		return description{}, false
	}
	r := s.subject(row)
	return description{marks: s.storedMarks(row), summary: events.Summary{
		Owner: s.org(r.org).OrganisationID, ActingFor: s.org(r.acting).OrganisationID,
		Category: events.Categories.At(r.category), Type: events.FirearmTypes.At(r.typ),
		Make: s.makes.texts[r.make], Model: s.models.texts[r.model], Calibre: s.calibres.texts[r.calibre],
		IncidentCountry: events.Countries.At(uint8(r.country)), IncidentDate: r.dateText(), Place: s.places.texts[r.place],
	}}, true
}

// dateText is the incident's date in the shortest form that means the same
// days.
func (r *subject) dateText() string {
	if !r.is(flagDated) {
		return ""
	}
	return events.DateOfDays(r.from, r.to).String()
}

func describeEntry(e *events.Entry) (d description) {
	body, errs := events.Read(e.Envelope.Type, e.Value)
	d.summary.Owner = e.Src
	if len(errs) > 0 || e.Commit != nil {
		return d // erased: that there was something remains
	}
	switch b := body.(type) {
	case *events.RecordSubmitted:
		d.summary.Category = b.Category
		d.source = &events.Source{System: b.Source.System, ID: b.Source.ID}
		d.describe(&b.Firearm, &b.Incident)
	case *events.SearchMade:
		d.summary.ActingFor, d.summary.CaseNumber = e.Envelope.OnBehalfOf, b.Incident.CaseNumber
		d.describe(&b.Firearm, &b.Incident)
	case *events.TraceRequested:
		d.trace = true
		d.summary.ActingFor, d.summary.CaseNumber = e.Envelope.OnBehalfOf, b.Incident.CaseNumber
		d.describe(&b.Firearm, &b.Incident)
	}
	return d
}

func (d *description) describe(f *events.Firearm, i *events.Incident) {
	s := &d.summary
	s.Type, s.Make, s.Model, s.Calibre = f.Type, f.Make, f.Model, f.Calibre
	s.IncidentCountry, s.Place = i.Country, i.Place
	if !i.Date.IsZero() {
		s.IncidentDate = events.DateOfDays(i.Date.Min(), i.Date.Max()).String()
	}
	d.marks = f.Marks
}

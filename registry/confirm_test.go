package registry_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/armslog/armslog/events"
)

// moves is what random moves about matches are drawn from.
type moves struct {
	met     []*events.Meeting // every pair that met
	going   []*events.Meeting // those that have not ended
	asked   []*events.ConfirmationEffect
	scanned int // entries of the journal that were looked through
}

func (m *moves) scan(journal []*events.Entry) {
	for ; m.scanned < len(journal); m.scanned++ {
		for _, x := range journal[m.scanned].Effects {
			switch x := x.(type) {
			case *events.MatchEffect:
				m.meet(&x.Meeting)
			case *events.CandidateEffect:
				m.meet(&x.Meeting)
			case *events.ConfirmationEffect:
				m.forget(x.ID, false)
				m.asked = append(m.asked, x)
			case events.MatchEndedEffect:
				m.forget(x.ID, true)
			}
		}
	}
}

func (m *moves) meet(x *events.Meeting) {
	m.met = append(m.met, x)
	m.going = append(m.going, x)
}

func (m *moves) forget(id events.UUID, ended bool) {
	m.asked = slices.DeleteFunc(m.asked, func(x *events.ConfirmationEffect) bool { return x.ID == id })
	if ended {
		m.going = slices.DeleteFunc(m.going, func(x *events.Meeting) bool { return x.ID == id })
	}
}

// confirm makes a move about a match, at once or after a while: by one of the
// two that may, mostly, and else by anybody.
func (w *world) confirm(t *rapid.T) {
	w.moves.scan(w.journal)
	w.at += pick[int64](t, "minutes", 0, 0, 0, 1, 9, 10, 61, 800) * 60_000
	w.drain()
	w.moves.scan(w.journal)
	if len(w.asked) > 0 && chance(t, "answers", 60) {
		x := pick(t, "asked", w.asked...)
		w.answer(t, x.ID, pick(t, "who", x.Asked, x.Asked, x.Asked, x.Asking, pick(t, "anybody", everyone...)))
		return
	}
	m := &events.Meeting{ID: events.MatchID(events.UUID{1}, events.UUID{2}), Asker: "WCO", Owner: "NCB-AA"}
	switch from := rapid.IntRange(0, 19).Draw(t, "from"); {
	case from > 3 && len(w.going) > 0:
		m = pick(t, "going", w.going...)
	case from > 0 && len(w.met) > 0:
		m = pick(t, "met", w.met...)
	}
	org := pick(t, "who", m.Asker, m.Asker, m.Asker, m.Owner, m.Owner, pick(t, "anybody", everyone...))
	if chance(t, "answers unasked", 10) {
		w.answer(t, m.ID, org)
		return
	}
	var options []option
	if m.ActingFor != "" && rapid.Bool().Draw(t, "names the body") || chance(t, "names any body", 3) {
		options = append(options, onBehalfOf("FJ-CUSTOMS"))
	}
	w.send(org, &events.ConfirmationRequested{MatchID: m.ID, Urgency: pick(t, "urgency", events.Urgencies.Codes()...)}, options...)
}

func (w *world) answer(t *rapid.T, id events.UUID, org events.OrgID) {
	w.send(org, &events.ConfirmationAnswered{MatchID: id, Answer: pick(t, "answer", events.ConfirmationAnswers.Codes()...)})
}

// hints says what must stand in the hint of a refused move: what would be legal.
var hints = map[string]string{
	"match_unknown": "armslog match list", "not_a_party": "armslog match ask", "match_over": "ask then", "already_asked": "wait for the answer",
	"already_confirmed": "withdrawn", "asker_has_no_record": "armslog match answer", "withheld_from_other": "deny list", "not_acting_for": "agreement",
	"no_right": "agreement", "not_owner": "armslog match ask", "not_asked": "armslog match ask",
	"no_more_time": "confirmed, not_same_weapon, record_outdated or cannot_confirm",
}

// For random legal and illegal moves by random organisations in random order,
// what is refused and who is told equals the naive model; a refusal says what
// would be legal; each deadline passes once; and every match can end, however
// far it has come.
func TestConfirmationMoves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		a := newAuditor(w)
		for range rapid.IntRange(30, 120).Draw(t, "steps") {
			w.stepOrConfirm(t)
			a.audit(t)
		}
		w.endAll(t)
		a.audit(t)
	})
}

func (w *world) stepOrConfirm(t *rapid.T) {
	if rapid.IntRange(0, 2).Draw(t, "other") == 0 {
		w.step(t)
		return
	}
	w.confirm(t)
}

// Every refusal of a move happens, in random orders that are the same each
// time, and its hint says what would be legal.
func TestRefusedMovesSayWhatIsLegal(t *testing.T) {
	refused := map[string]int{}
	for seed := range 60 {
		w := rapid.Custom(func(t *rapid.T) *world {
			w := newWorld(t)
			for i := range 100 {
				if w.stepOrConfirm(t); i == 60 {
					w.send(secretary, revocation("AGR-WCO", "end"))
				}
			}
			return w
		}).Example(seed)
		for _, e := range w.journal {
			checkHints(t, e, refused)
		}
	}
	for code := range hints {
		require.NotZero(t, refused[code], "the moves never show %s; they show %v", code, refused)
	}
}

func checkHints(t *testing.T, e *events.Entry, refused map[string]int) {
	if !strings.HasPrefix(string(e.Envelope.Type), "armslog.confirmation.") || e.Verdict != events.Rejected || e.Src == "NCB-ZZ" {
		return // the last is not in the directory
	}
	for _, x := range events.Explain(e.Envelope.Type, e.Value, e.Errors) {
		refused[x.Code]++
		require.NotEmpty(t, hints[x.Code], "%s is no refusal of a move", x.Code)
		require.Contains(t, x.Hint, hints[x.Code], x.Code)
	}
}

// endAll withdraws every record: no match is left that goes on, and no deadline.
func (w *world) endAll(t *rapid.T) {
	for _, id := range []string{"AGR-NE", "AGR-DD"} {
		w.accept(secretary, grants[id]())
	}
	for _, org := range owners {
		for source := 1; source <= 6; source++ {
			w.send(org, withdrawal(string(rune('0'+source))))
		}
	}
	w.pass(40)
	w.drain()
	for _, m := range w.met {
		for _, org := range append(everyone, secretary) {
			if info, ok := w.s.Match(org, m.ID); ok {
				require.Equal(t, "ended", info.Status, "%s", m.ID)
				require.Nil(t, info.Asked)
			}
		}
	}
}

// askedTown is a match between a stolen pistol of NCB-AA and what WCO found for
// FJ-CUSTOMS, of which NCB-AA answers urgent questions within 7 minutes.
func askedTown(t *testing.T) (l *leader, match events.UUID) {
	l = newTown(t)
	quick := ncb("NCB-AA", "AR")
	quick.Clocks = &events.ClockMinutes{Urgent: 7}
	l.accept(secretary, quick)
	l.accept("NCB-AA", dated(glock(record("stolen", "D-1", serial("NXPA30718"))), "2018"))
	q := search(serial("NXPA30718"))
	q.Firearm.Make, q.Incident = "GLOCK", events.Incident{Country: "FJ", CaseNumber: "FJ-881"}
	met := effectsOf[*events.MatchEffect](l.accept("WCO", q, onBehalfOf("FJ-CUSTOMS")))
	require.Len(t, met, 1)
	return l, met[0].ID
}

// Asked, answered and located: each is told to whom it concerns, in its words.
func TestConfirmedWithinTheClock(t *testing.T) {
	l, match := askedTown(t)
	ask := &events.ConfirmationRequested{MatchID: match, Urgency: "urgent", Compared: []string{"serial", "make"}, CaseNumber: "FJ-881"}
	id := events.RequestIDFrom("WCO", "once")
	asked := l.accept("WCO", ask, withID(id), onBehalfOf("FJ-CUSTOMS"))
	require.JSONEq(t, `{"seq":`+seqText(asked)+`,"status":"asked","id":"`+match.String()+`","on_behalf_of":"FJ-CUSTOMS","confirmation":{
		"match_id":"`+match.String()+`","status":"asked","asked_by":"WCO","asked":"NCB-AA","asked_at":"2026-11-23T12:00:00.000Z","urgency":"urgent",
		"due_at":"2026-11-23T12:07:00.000Z","compared":["serial","make"],"case_number":"FJ-881"}}`, l.reply(l.view(), asked))
	require.Len(t, l.notes(l.view(), asked), 2, "the owner and the General Secretariat")
	inbox := l.s.InboxLen("NCB-AA")
	require.Equal(t, events.Duplicate, l.send("WCO", ask, withID(id), onBehalfOf("FJ-CUSTOMS")).Verdict)
	require.Equal(t, inbox, l.s.InboxLen("NCB-AA"), "nobody is told twice")
	note := l.note(l.view(), "NCB-AA", inbox)
	require.Equal(t, "confirmation_requested", note.Reason)
	require.Equal(t, "D-1", note.Body.YourRecord.ID)
	require.Equal(t, "FJ-CUSTOMS", note.Body.Question.ActingFor)
	require.Equal(t, "2026-11-23T12:07:00.000Z", note.Body.Confirmation.DueAt)

	l.at += 72_000
	info, _ := l.s.Match("WCO", match)
	require.Equal(t, "asked", info.Status)
	answered := l.accept("NCB-AA", &events.ConfirmationAnswered{MatchID: match, Answer: "confirmed", Action: "hold_and_contact", CaseNumber: "AR-1"})
	note = l.note(l.view(), "WCO", l.s.InboxLen("WCO"))
	require.Equal(t, "confirmation_answered", note.Reason)
	require.EqualValues(t, 72, *note.Body.Confirmation.ResponseSeconds)
	require.Equal(t, []string{"confirmed", "hold_and_contact", "AR-1"},
		[]string{note.Body.Confirmation.Status, note.Body.Confirmation.Action, note.Body.Confirmation.AnswerCase})
	record := events.RecordID("NCB-AA", events.Source{System: "desk", ID: "D-1"})
	require.Equal(t, &events.Location{RecordID: record, MatchID: match, By: "WCO", ActingFor: "FJ-CUSTOMS"}, note.Body.Confirmation.Located)
	require.Equal(t, secretary, l.note(l.view(), secretary, l.s.InboxLen(secretary)).To)
	require.Len(t, l.notes(l.view(), answered), 2)
	at, ok := l.s.Record(record)
	require.True(t, ok)
	require.Equal(t, "located", at.Status)
	require.Equal(t, &events.Location{RecordID: record, MatchID: match, By: "WCO", ActingFor: "FJ-CUSTOMS"}, at.Located)

	l.pass(2)
	l.drain()
	require.Equal(t, answered.Seq+1, l.s.Next(), "no deadline is left")
	gone := l.accept("NCB-AA", withdrawal("D-1"))
	require.Equal(t, []string{"ended IPSG general_secretariat", "ended NCB-AA owner", "ended WCO asker"}, toldBy(gone))
}

func seqText(e *events.Entry) string { return strconv.FormatUint(e.Seq, 10) }

// Unanswered, the owner is reminded at the due time, the General Secretariat
// told as long again after; more time, taken once, moves both.
func TestConfirmationDeadlines(t *testing.T) {
	l, match := askedTown(t)
	begin := l.at
	l.accept("WCO", &events.ConfirmationRequested{MatchID: match, Urgency: "urgent"})
	told := func() (all []string) {
		from := len(l.journal)
		l.drain()
		for _, x := range effectsOf[*events.ConfirmationEffect](l.journal[from:]...) {
			for _, tell := range x.Tell {
				all = append(all, x.Status+" "+tell.Org)
			}
		}
		return all
	}
	l.at = begin + 7*60_000 - 1
	require.Empty(t, told(), "not before its time")
	l.at++
	require.Equal(t, []string{"overdue NCB-AA"}, told())
	require.Empty(t, told())
	l.accept("NCB-AA", &events.ConfirmationAnswered{MatchID: match, Answer: "need_more_time"})
	l.at = begin + 14*60_000 - 1
	require.Empty(t, told())
	l.at++
	require.Equal(t, []string{"overdue NCB-AA"}, told())
	l.at = begin + 30*60_000
	require.Equal(t, []string{"escalated IPSG"}, told())
	require.Equal(t, []string{"no_more_time"}, codesOf(l.send("NCB-AA", &events.ConfirmationAnswered{MatchID: match, Answer: "need_more_time"})))
	info, _ := l.s.Match("NCB-AA", match)
	require.Equal(t, []string{"asked", "escalated"}, []string{info.Status, info.Asked.Status})
	note := l.note(l.view(), secretary, l.s.InboxLen(secretary))
	require.Equal(t, []string{"confirmation_overdue", "escalated"}, []string{note.Reason, note.Body.Confirmation.Status})

	l.accept("NCB-AA", &events.ConfirmationAnswered{MatchID: match, Answer: "not_same_weapon"})
	amended := dated(glock(record("stolen", "D-1", serial("NXPA30718"))), "2018")
	amended.Firearm.Model = "22"
	require.Empty(t, effectsOf[*events.MatchRenewedEffect](l.accept("NCB-AA", amended)), "silent for ever")
}

package registry_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
)

// Entry reads the leader's journal.
func (l *leader) Entry(_ context.Context, seq uint64) (*events.Entry, error) {
	if seq >= uint64(len(l.journal)) {
		return nil, errors.New("no such entry")
	}
	return l.journal[seq], nil
}

// view renders with what the leader knows, bare from the journal alone.
func (l *leader) view() registry.View {
	return registry.View{Read: reading(l.s), Entries: l}
}

func (l *leader) bare() registry.View {
	return registry.View{Read: reading(registry.New()), Entries: l}
}

func reading(s *registry.State) func(context.Context, func(*registry.State)) error {
	return func(_ context.Context, f func(*registry.State)) error {
		f(s)
		return nil
	}
}

// reply is the whole answer to a request, due work included, as JSON.
func (l *leader) reply(v registry.View, e *events.Entry) string {
	r, err := v.Reply(context.Background(), e)
	require.NoError(l.t, err)
	for _, more := range l.decision(e)[1:] {
		require.NoError(l.t, v.Continue(context.Background(), e, more, &r))
	}
	return l.json(r)
}

func (l *leader) json(v any) string {
	b, err := json.Marshal(v)
	require.NoError(l.t, err)
	return string(b)
}

// notes are the notifications that an entry makes, as JSON.
func (l *leader) notes(v registry.View, e *events.Entry) (list []string) {
	for _, o := range l.s.Organisations() {
		for n := range l.s.InboxLen(o.OrganisationID) {
			if seq, _ := l.s.InboxSeq(o.OrganisationID, n+1); seq == e.Seq {
				list = append(list, l.json(l.note(v, o.OrganisationID, n+1)))
			}
		}
	}
	return list
}

func (l *leader) note(v registry.View, org events.OrgID, n uint64) events.Notification {
	seq, ok := l.s.InboxSeq(org, n)
	require.True(l.t, ok)
	note, err := v.Notification(context.Background(), l.journal[seq], org, n)
	require.NoError(l.t, err)
	return note
}

// What is told is the same whether it is rendered at once or a year later, from
// the state or from the journal alone.
func TestViewFromStateAndFromJournal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		texts := map[uint64][]string{}
		for range rapid.IntRange(10, 60).Draw(t, "steps") {
			from := len(w.journal)
			w.step(t)
			for _, e := range w.journal[from:] {
				texts[e.Seq] = append(w.notes(w.view(), e), w.reply(w.view(), e))
			}
		}
		for seq, want := range texts {
			e := w.journal[seq]
			require.Equal(t, want, append(w.notes(w.view(), e), w.reply(w.view(), e)), "seq %d, later", seq)
			require.Equal(t, want, append(w.notes(w.bare(), e), w.reply(w.bare(), e)), "seq %d, from the journal", seq)
		}
	})
}

// town of a meeting with everything that could be said of it.
func meetingTown(t *testing.T) (l *leader, asked *events.Entry) {
	l = newTown(t)
	b := dated(glock(record("stolen", "D-1", events.Mark{Kind: "import", Status: "readable", Text: "CAI"}, serial("KTO 44170"))), "2018-05")
	b.Firearm.Model, b.Firearm.Calibre, b.Incident.Place, b.Incident.CaseNumber = "17", "9MM", "SANTOS", "OWNER-CASE"
	l.accept("NCB-AA", b)
	q := search(serial("KTO44170"))
	q.Firearm.Make = "GLOCK"
	q.Incident = events.Incident{Country: "FJ", CaseNumber: "FJ-881", Place: "SUVA"}
	return l, l.accept("WCO", q, onBehalfOf("FJ-CUSTOMS"))
}

func TestReplyOfASearch(t *testing.T) {
	l, e := meetingTown(t)
	var r events.Reply
	require.NoError(t, json.Unmarshal([]byte(l.reply(l.view(), e)), &r))
	require.Equal(t, "answered", r.Status)
	require.Equal(t, "FJ-CUSTOMS", r.OnBehalfOf)
	require.Equal(t, "2031-11-23", r.StandsUntil)
	require.Equal(t, searchID(e).String(), r.ID)
	require.False(t, *r.Truncated)
	require.Len(t, r.Matches, 1)
	m := r.Matches[0]
	require.Equal(t, []string{"alert", "normalised", "strong"}, []string{m.Class, m.Grade, m.Strength})
	require.Equal(t, events.Summary{
		Owner: "NCB-AA", Category: "stolen", Type: "pistol", Make: "Glock", Model: "17", Calibre: "9MM",
		IncidentCountry: "BR", IncidentDate: "2018-05", Place: "SANTOS",
	}, m.Summary)
	require.Equal(t, events.Compared{Field: "mark", Question: "KTO44170", Record: "KTO 44170", Result: "normalised"}, m.Compared[0])
	require.Equal(t, events.Compared{Field: "make", Result: "agree"}, m.Compared[1])
	require.NotContains(t, l.reply(l.view(), e), "OWNER-CASE", "the owner's case is its own")
}

// Each role reads what it may see, and no more.
func TestNotificationsByRole(t *testing.T) {
	l, e := meetingTown(t)
	asker := l.note(l.view(), "WCO", 2) // 1 is its agreement
	require.Equal(t, []any{"asker", "match", false}, []any{asker.Role, asker.Reason, asker.Body.Late})
	require.Equal(t, searchID(e), asker.Body.YourSearch)
	require.Equal(t, "NCB-AA", asker.Body.Match.Summary.Owner)
	require.Nil(t, asker.Body.YourRecord, "the owner's own reference is not for the asker")
	require.Equal(t, "FJ-CUSTOMS", asker.Body.Question.ActingFor, "its own question")
	require.NotContains(t, l.json(asker), "OWNER-CASE")
	require.NotContains(t, l.json(asker), "D-1")

	owner := l.note(l.view(), "NCB-AA", 1)
	require.Equal(t, "owner", owner.Role)
	require.Equal(t, &events.Source{System: "desk", ID: "D-1"}, owner.Body.YourRecord)
	require.Equal(t, &events.Summary{
		Owner: "WCO", ActingFor: "FJ-CUSTOMS", Make: "GLOCK", IncidentCountry: "FJ", Place: "SUVA", CaseNumber: "FJ-881",
	}, owner.Body.Question)
	require.True(t, owner.Body.YourSearch.IsZero())

	gs := l.note(l.view(), secretary, 1)
	require.Equal(t, "general_secretariat", gs.Role)
	require.Equal(t, "WCO", gs.Body.Question.Owner)
	require.Equal(t, "NCB-AA", gs.Body.Match.Summary.Owner)
	require.Nil(t, gs.Body.YourRecord)
	require.NotContains(t, l.json(gs), "D-1")
	require.Equal(t, events.NotificationID(secretary, 1), gs.NotificationID)

	over := l.accept("NCB-AA", withdrawal("D-1"))
	end := l.note(l.view(), "WCO", 3)
	require.Equal(t, []any{"match_ended", "record_withdrawn", over.Seq}, []any{end.Reason, end.Body.Because, end.Seq})
	require.Nil(t, end.Body.Match)

	_, err := l.view().Notification(context.Background(), e, "NCB-BB", 1)
	require.Error(t, err, "an entry carries nobody else's notification")
}

func TestLateNotification(t *testing.T) {
	l := newTown(t)
	l.accept("WCO", search(serial("KTO44170")))
	l.accept("NCB-AA", record("stolen", "1", serial("KTO44170")))
	require.True(t, l.note(l.view(), "WCO", 2).Body.Late)
	l.accept("NCB-BB", record("seized", "7", serial("KTO44170")))
	found := l.note(l.view(), "NCB-BB", l.s.InboxLen("NCB-BB"))
	require.Equal(t, &events.Source{System: "desk", ID: "7"}, found.Body.YourRecord, "the finder's own record")
	require.Equal(t, "NCB-AA", found.Body.Match.Summary.Owner)
}

// The reply to a record says whom it met: the other side, as its owner is told.
func TestReplyOfARecord(t *testing.T) {
	l := newTown(t)
	q := search(serial("KTO44170"))
	q.Incident = events.Incident{Country: "FJ", CaseNumber: "FJ-881"}
	l.accept("WCO", q, onBehalfOf("FJ-CUSTOMS"))
	l.accept("NCB-BB", record("seized", "7", serial("KTO44170")))
	e := l.accept("NCB-AA", record("stolen", "1", serial("KTO44170")))
	var r events.Reply
	require.NoError(t, json.Unmarshal([]byte(l.reply(l.view(), e)), &r))
	require.Len(t, r.Matches, 2)
	others := map[string]events.Summary{}
	for _, m := range r.Matches {
		others[m.Summary.Owner] = m.Summary
	}
	require.Equal(t, "seized", others["NCB-BB"].Category)
	require.Equal(t, events.Summary{Owner: "WCO", ActingFor: "FJ-CUSTOMS", IncidentCountry: "FJ", CaseNumber: "FJ-881"}, others["WCO"])
}

// Whoever has no inbox is answered all the same.
func TestAskerWithoutInbox(t *testing.T) {
	l := newTown(t)
	l.accept(secretary, agreement("AGR-FJ", "FJ-CUSTOMS", "search"))
	l.accept("NCB-AA", record("stolen", "1", serial("KTO44170")))
	e := l.accept("FJ-CUSTOMS", search(serial("KTO44170")))
	var r events.Reply
	require.NoError(t, json.Unmarshal([]byte(l.reply(l.view(), e)), &r))
	require.Len(t, r.Matches, 1)
	require.Zero(t, l.s.InboxLen("FJ-CUSTOMS"))
	require.Len(t, l.s.MatchesOfSubject("FJ-CUSTOMS", searchID(e)), 1)
}

func TestReplies(t *testing.T) {
	l := newTown(t)
	b := record("stolen", "1", serial("KTO44170"))
	status := func(e *events.Entry) string {
		r, err := l.view().Reply(context.Background(), e)
		require.NoError(t, err)
		return r.Status
	}
	require.Equal(t, "registered", status(l.send("NCB-AA", b)))
	require.Equal(t, "unchanged", status(l.send("NCB-AA", b)))
	b.Category = "lost"
	require.Equal(t, "amended", status(l.send("NCB-AA", b)))
	require.Equal(t, "withdrawn", status(l.send("NCB-AA", withdrawal("1"))))
	require.Equal(t, "revoked", status(l.send(secretary, revocation("AGR-WCO", "end"))))
	require.Equal(t, "unchanged", status(l.send(secretary, &events.PolicySet{Raw: genesis(t).Policy})))
	require.Equal(t, "set", status(l.send(secretary, loud("loud"))))
	e := l.send("NCB-AA", withdrawal("1"))
	r, err := l.view().Reply(context.Background(), e)
	require.NoError(t, err)
	require.Equal(t, "rejected", r.Status)
	require.NotEmpty(t, r.Errors[0].Message)
	require.NotEmpty(t, r.Errors[0].Hint)
	require.Equal(t, r.Errors, registry.Explain(e))
	_, err = l.view().Reply(context.Background(), &events.Entry{Verdict: events.Accepted, Src: "WCO", Effects: []events.Effect{
		&events.CandidateEffect{Meeting: events.Meeting{QuestionSeq: 99999}, Seen: "WCO"},
	}})
	require.ErrorContains(t, err, "read entry 99999")
}

// Many replies are what each of them is, and take one look at the state: a
// leader shows it only between two batches. What is not in memory is not waited
// for under that look.
func TestManyRepliesTakeOneLook(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		for range rapid.IntRange(10, 40).Draw(t, "steps") {
			w.step(t)
		}
		known := rapid.IntRange(0, len(w.journal)).Draw(t, "in memory from")
		looks, looking := 0, false
		v := w.view()
		v.Read = func(_ context.Context, f func(*registry.State)) error {
			require.False(t, looking, "a look inside a look")
			looks, looking = looks+1, true
			f(w.s)
			looking = false
			return nil
		}
		v.Entries = entriesOf(func(seq uint64) (*events.Entry, error) {
			require.False(t, looking, "the journal is read while the state is held")
			return w.Entry(context.Background(), seq)
		})
		v.Recent = func(seq uint64) *events.Entry {
			if seq < uint64(known) || seq >= uint64(len(w.journal)) {
				return nil
			}
			return w.journal[seq]
		}
		replies, err := v.Replies(context.Background(), w.journal)
		require.NoError(t, err)
		require.Len(t, replies, len(w.journal))
		for i, e := range w.journal {
			want, err := w.view().Reply(context.Background(), e)
			require.NoError(t, err)
			require.Equal(t, w.json(want), w.json(replies[i]), "seq %d", i)
		}
		if known == 0 {
			require.Equal(t, 1, looks)
		}
	})
}

// After an error what was rendered before stands.
func TestRepliesUpToAnError(t *testing.T) {
	l := newTown(t)
	e := l.send("NCB-AA", record("stolen", "1", serial("KTO44170")))
	lost := &events.Entry{Verdict: events.Accepted, Src: "WCO", Effects: []events.Effect{
		&events.CandidateEffect{Meeting: events.Meeting{QuestionSeq: 99999}, Seen: "WCO"},
	}}
	replies, err := l.view().Replies(context.Background(), []*events.Entry{e, lost, e})
	require.ErrorContains(t, err, "read entry 99999")
	require.Len(t, replies, 1)
	require.Equal(t, "registered", replies[0].Status)
}

type entriesOf func(uint64) (*events.Entry, error)

func (f entriesOf) Entry(_ context.Context, seq uint64) (*events.Entry, error) { return f(seq) }

// A body's texts lie in the value that was received: the state has copies of
// what it keeps, or it would hold every request in memory.
func TestStateKeepsNothingOfARequest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		for range rapid.IntRange(10, 60).Draw(t, "steps") {
			w.step(t)
		}
		before := w.s.Hash()
		for _, in := range w.inputs {
			for i := range in.Value {
				in.Value[i] = 'x'
			}
		}
		require.Equal(t, before, w.s.Hash())
	})
}

var (
	ids  = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	seqs = regexp.MustCompile(`"(seq|at)":("[^"]*"|\d+)`)
)

func masked(text string) string { return seqs.ReplaceAllString(ids.ReplaceAllString(text, "ID"), "$1") }

// Withheld means withheld: what an organisation is answered, listed and told is
// byte for byte what it would be if the records withheld from it did not exist;
// the owner and the General Secretariat are told.
func TestWithheldEqualsAbsent(t *testing.T) {
	hidden := 0
	rapid.Check(t, func(t *rapid.T) {
		with, without := newLeader(t), newLeader(t)
		both := func(org events.OrgID, b events.Body, o ...option) (x, y *events.Entry) {
			without.sent = with.sent
			return with.send(org, b, o...), without.send(org, b, o...)
		}
		for _, b := range []events.Body{ncb("NCB-AA", "AR"), ncb("NCB-BB", "BR"), ncb("NCB-CC", "CL"), international("WCO"), customs("FJ-CUSTOMS", "FJ"),
			national("NE-AA", "AR", "NCB-AA"), agreement("AGR-NE", "NE-AA", "search"), grants["AGR-WCO"]()} {
			both(secretary, b)
		}
		asker := pick(t, "asker", "NCB-AA", "NE-AA", "WCO")
		var options []option
		denied := map[string][]events.OrgID{"NCB-AA": {"NCB-AA"}, "NE-AA": {"NE-AA", "NCB-AA"}, "WCO": {"WCO"}}[asker]
		if asker == "WCO" && chance(t, "acts", 70) {
			options, denied = append(options, onBehalfOf("FJ-CUSTOMS")), append(denied, "FJ-CUSTOMS")
		}
		w := &world{}
		for i := range rapid.IntRange(1, 12).Draw(t, "steps") {
			if chance(t, "asks", 40) {
				q := search(w.marks(t)...)
				q.Context, q.Limit = pick(t, "context", "recovered", "routine_control"), pick[uint32](t, "limit", 0, 1, 2)
				q.Firearm.Type, q.Firearm.Make, q.Incident.Date = pick(t, "type", types...), pick(t, "make", makes...), w.date(t)
				x, y := both(asker, q, options...)
				require.Equal(t, masked(without.reply(without.view(), y)), masked(with.reply(with.view(), x)))
				require.Equal(t, len(without.s.MatchesOfSubject(asker, searchID(y))), len(with.s.MatchesOfSubject(asker, searchID(x))))
				continue
			}
			b := record(pick(t, "category", "stolen", "seized"), fmt.Sprint(i), w.marks(t)...)
			b.Firearm.Type, b.Firearm.Make, b.Incident.Date = pick(t, "type", types...), pick(t, "make", makes...), w.date(t)
			if owner := pick(t, "owner", "NCB-BB", "NCB-CC"); chance(t, "withheld", 50) {
				b.Deny = []events.OrgID{pick(t, "deny", denied...), "NCB-ZZ"}
				told := toldBy(with.send(owner, b))
				if len(told) > 0 {
					hidden++
					require.False(t, slices.ContainsFunc(told, func(s string) bool { return regexp.MustCompile(` (NCB-AA|WCO) asker`).MatchString(s) }))
				}
				without.offs[owner], without.sent = with.offs[owner], with.sent
			} else {
				both(owner, b)
			}
		}
		for _, org := range []events.OrgID{asker, "NCB-AA"} {
			require.Equal(t, without.s.InboxLen(org), with.s.InboxLen(org), org)
			for n := range with.s.InboxLen(org) {
				require.Equal(t, masked(without.json(without.note(without.view(), org, n+1))), masked(with.json(with.note(with.view(), org, n+1))))
			}
		}
	})
	require.NotZero(t, hidden, "nothing was ever withheld")
}

// A reply that several entries answer is complete when nothing is continued,
// and the same from the journal alone.
func TestReplyOverSeveralEntries(t *testing.T) {
	c := newCrowd(t)
	c.records(many, serial("KTO44170"))
	for name, limit := range map[string]uint32{"KTO44170": 1, "KTO4417D": 150} {
		b := search(serial(name))
		b.Limit, b.NoStanding = limit, true
		e := c.accept(c.asker, b, onBehalfOf(c.body))
		require.False(t, c.s.Continued(e.Seq))
		var r events.Reply
		require.NoError(t, json.Unmarshal([]byte(c.reply(c.view(), e)), &r))
		require.Len(t, append(r.Matches, r.Candidates...), map[uint32]int{1: many, 150: 150}[limit])
		require.Equal(t, limit == 150, *r.Truncated)
		require.Equal(t, c.reply(c.view(), e), c.reply(c.bare(), e))
	}
}

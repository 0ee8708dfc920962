package registry_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
)

// traceModel is the state table of a trace, written down a second time: what the
// registry decides is held against it.
type traceModel struct {
	id         events.UUID
	requester  events.OrgID
	forwarding string
	closed     bool
	parties    map[events.OrgID]*partyModel
}

type partyModel struct {
	status string
	by     events.Day
	moved  bool
	late   bool // gave a final answer after the trace was closed
}

func final(status string) bool {
	return !slices.Contains([]string{"proposed", "sent", "acknowledged"}, status)
}

// answers says whether an addressee may answer so, and moves it.
func (m *traceModel) answers(org events.OrgID, b *events.TraceResponded) bool {
	p := m.parties[org]
	if p == nil || p.status == "proposed" || final(p.status) || p.late {
		return false
	}
	if m.closed {
		p.late = b.Status != "acknowledged" && b.Status != "interim"
		return b.Status != "acknowledged"
	}
	switch {
	case b.Status == "acknowledged" && p.status == "acknowledged":
		return false
	case b.Status == "interim":
		p.status = "acknowledged"
	default:
		p.status = b.Status
	}
	for _, n := range b.Next {
		if m.parties[n.Organisation] == nil && n.Organisation != m.requester {
			m.parties[n.Organisation] = &partyModel{status: "proposed"}
		}
	}
	return true
}

// forwards: to holds one organisation that answers traces.
func (m *traceModel) forwards(org, to events.OrgID, by events.Day) bool {
	p, asked := m.parties[org], m.parties[to]
	requester := org == m.requester
	sends := requester || m.forwarding == "allowed"
	switch {
	case m.closed, !requester && (p == nil || p.status == "proposed"), to == org:
		return false
	case requester && asked != nil && asked.status != "proposed":
		return false
	case !requester && m.forwarding != "ask" && m.forwarding != "allowed":
		return false
	case to == m.requester, asked != nil && (asked.status != "proposed" || !sends):
		return true // and nothing follows
	case sends:
		m.parties[to] = &partyModel{status: "sent", by: by}
	default:
		m.parties[to] = &partyModel{status: "proposed"}
	}
	return true
}

func (m *traceModel) comments(org events.OrgID, b *events.TraceCommented, today events.Day) bool {
	p := m.parties[org]
	if m.closed || org != m.requester && (p == nil || p.status == "proposed") {
		return false
	}
	if b.Code != "more_time" {
		return true
	}
	if p == nil || final(p.status) || p.moved || b.Until <= p.by || b.Until < today || b.Until > p.by+90 {
		return false
	}
	p.by, p.moved = b.Until, true
	return true
}

func (m *traceModel) closes(org events.OrgID) bool {
	ok := org == m.requester && !m.closed
	m.closed = m.closed || ok
	return ok
}

// traceRun is a registry, the model beside it, and what came of deadlines.
type traceRun struct {
	*leader
	models []*traceModel
	fired  map[string]int
	seen   int
}

var tracers = []events.OrgID{"NCB-AA", "NCB-BB", "NCB-CC", "NCB-UU"}

// Random moves, legal and illegal, by random organisations in random order: the
// registry takes those that the state table allows, and of the others its hint
// says what would be legal, and that is; every trace can be ended from every
// state; every deadline fires once; what a party may see is where the model
// stands; and the journal folds to the same state.
func TestTraceStateMachine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := &traceRun{leader: newTraceTown(t), fired: map[string]int{}}
		r.seen = len(r.journal)
		for range rapid.IntRange(5, 40).Draw(t, "moves") {
			r.move(t)
			r.check(t)
		}
		for range 2 { // who is reminded late has a day more before others are told
			r.pass(500)
			r.drain()
		}
		r.check(t)
		r.checkDeadlines(t)
		plain := registry.New()
		for _, e := range r.journal {
			plain.Evolve(stored(t, e), nil)
		}
		require.Equal(t, r.s.Hash(), plain.Hash())
	})
}

func (r *traceRun) move(t *rapid.T) {
	org := pick(t, "org", append(slices.Clone(tracers), "FJ-CUSTOMS", secretary)...)
	kind := pick(t, "kind", "request", "answer", "answer", "answer", "forward", "comment", "close", "time", "time")
	if kind == "time" {
		r.pass(pick(t, "days", 1, 5, 20, 50))
		r.drain()
		return
	}
	if kind == "request" || len(r.models) == 0 {
		r.request(t)
		return
	}
	m := pick(t, "trace", r.models...)
	today := events.DayOf(r.at)
	var body events.Body
	var legal bool
	switch kind {
	case "answer":
		b := answer(m.id, pick(t, "status", events.TraceAnswers.Codes()...))
		if b.Status == "referred" && org == "NCB-UU" {
			b.Next[0].Organisation = "NCB-AA" // nobody refers to itself
		}
		body, legal = b, m.answers(org, b)
	case "forward":
		to := pick(t, "to", tracers...)
		body, legal = &events.TraceForwarded{TraceID: m.id, Addressees: []events.OrgID{to}, Because: "exported"}, m.forwards(org, to, today+30)
	case "comment":
		b := &events.TraceCommented{TraceID: m.id, Code: pick(t, "code", events.TraceComments.Codes()...)}
		if b.Code == "more_time" {
			b.Until = today + pick[events.Day](t, "until", -3, 0, 10, 40, 100, 200)
		}
		body, legal = b, m.comments(org, b, today)
	case "close":
		body, legal = closingTrace(m.id, pick(t, "outcome", events.TraceOutcomes.Codes()...)), m.closes(org)
	}
	e := r.send(org, body)
	require.Equal(t, legal, e.Verdict == events.Accepted, "%s of %s: %v, on %+v", e.Value, org, e.Errors, m)
	if !legal {
		r.checkHint(t, m, e)
	}
}

func (r *traceRun) request(t *rapid.T) {
	org := pick(t, "requester", tracers...)
	m := &traceModel{requester: org, forwarding: pick(t, "forwarding", "", "never", "ask", "allowed"), parties: map[events.OrgID]*partyModel{}}
	b := traceRequest()
	b.Forwarding = m.forwarding
	for _, to := range tracers {
		if to != org && len(m.parties) < 2 {
			b.Addressees = append(b.Addressees, to)
			m.parties[to] = &partyModel{status: "sent", by: events.DayOf(r.at) + 30}
		}
	}
	m.id = traceID(r.accept(org, b))
	r.models = append(r.models, m)
}

// checkHint: whatever move the hint of a refusal names, the registry would take
// from that organisation now.
func (r *traceRun) checkHint(t *rapid.T, m *traceModel, e *events.Entry) {
	said := registry.Explain(e)[0]
	require.NotEmpty(t, said.Hint)
	try := func(body events.Body) {
		in := r.input(e.Src, body)
		in.At = r.at
		d := r.s.Decide(in)
		require.Equal(t, events.Accepted, d.Verdict, "%s says %q to %s, and then refuses %s: %v", said.Code, said.Hint, e.Src, in.Value, d.Errors)
	}
	p := m.parties[e.Src]
	switch said.Code {
	case "answer_acknowledged", "not_requester", "trace_is_closed", "more_time_used", "forwarding_not_allowed", "until_too_far":
		if p == nil || final(p.status) || p.late {
			return // nothing more is asked of it
		}
		named := 0
		for _, status := range events.TraceAnswers.Codes() {
			if strings.Contains(said.Hint, status) {
				named++
				b := answer(m.id, status)
				if status == "referred" && e.Src == "NCB-UU" {
					b.Next[0].Organisation = "NCB-AA"
				}
				try(b)
			}
		}
		require.NotZero(t, named, "%q names no move", said.Hint)
	case "answer_final", "not_addressee":
		if !m.closed {
			require.Contains(t, said.Hint, "comment")
			try(&events.TraceCommented{TraceID: m.id, Code: "photo_needed"})
		}
		if said.Code == "not_addressee" && !m.closed {
			try(closingTrace(m.id, "cancelled"))
		}
	}
}

// check holds what everybody sees against the model, and that each open trace
// could be ended now, with each outcome.
func (r *traceRun) check(t *rapid.T) {
	for ; r.seen < len(r.journal); r.seen++ {
		for _, x := range effectsOf[events.TraceAddresseeEffect](r.journal[r.seen]) {
			if x.Status == "overdue" || x.Status == "escalated" {
				r.fired[fmt.Sprint(x.ID, x.Org, x.Status, r.modelOf(x.ID).parties[x.Org].by)]++
			}
		}
	}
	for _, m := range r.models {
		for _, org := range tracers {
			r.checkSeen(t, m, org)
		}
		for _, outcome := range events.TraceOutcomes.Codes() {
			in := r.input(m.requester, closingTrace(m.id, outcome))
			in.At = r.at
			require.Equal(t, !m.closed, r.s.Decide(in).Verdict == events.Accepted, "an open trace can be ended, once")
		}
	}
}

func (r *traceRun) modelOf(id events.UUID) *traceModel {
	return r.models[slices.IndexFunc(r.models, func(m *traceModel) bool { return m.id == id })]
}

func (r *traceRun) checkSeen(t *rapid.T, m *traceModel, org events.OrgID) {
	info, sees := r.s.Trace(org, m.id)
	p := m.parties[org]
	require.Equal(t, org == m.requester || p != nil && p.status != "proposed", sees)
	if !sees {
		_, shown, err := r.view().Trace(context.Background(), org, m.id)
		require.NoError(t, err)
		require.False(t, shown)
		return
	}
	want := 1
	if org == m.requester {
		want = len(m.parties)
	}
	require.Len(t, info.Addressees, want)
	for _, a := range info.Addressees {
		require.Equal(t, m.parties[a.Organisation].status, a.Status)
		require.Equal(t, m.parties[a.Organisation].by, a.AnswerBy)
	}
	v, _, err := r.view().Trace(context.Background(), org, m.id)
	require.NoError(t, err)
	for _, x := range v.Answers {
		require.True(t, org == m.requester || x.Organisation == org, "%s reads the answer of %s", org, x.Organisation)
	}
	require.Equal(t, org == m.requester, v.Custody != nil)
}

// checkDeadlines: long after the last move, whoever was to answer an open trace
// and did not was reminded once, and others told once, by each of its deadlines;
// nobody else twice.
func (r *traceRun) checkDeadlines(t *rapid.T) {
	for key, n := range r.fired {
		require.Equal(t, 1, n, key)
	}
	for _, m := range r.models {
		for org, p := range m.parties {
			if m.closed || p.status == "proposed" || final(p.status) {
				continue
			}
			for _, what := range []string{"overdue", "escalated"} {
				require.Equal(t, 1, r.fired[fmt.Sprint(m.id, org, what, p.by)], "%s of %s", what, org)
			}
		}
	}
	at, _ := r.s.NextDue()
	require.Equal(t, events.MustDate("2040").End(), at, "nothing of a trace is due any more")
}

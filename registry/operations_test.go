package registry_test

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/armslog/armslog/events"
)

func operationOf(id, lead string, members ...string) *events.OperationSubmitted {
	return &events.OperationSubmitted{
		OperationID: id, Kind: "operation", Name: "Operation " + id, Lead: lead, Members: members,
		From: events.MustDate("2026-11-20"), Until: events.MustDate("2026-12-10"),
	}
}

func closing(id string) *events.OperationClosed {
	return &events.OperationClosed{OperationID: id, Reason: "completed"}
}

// plans is a naive model of operations: it keeps what was accepted, and asks
// who may do what in plain words.
type plans struct {
	ops    map[string]*events.OperationSubmitted
	closed map[string]events.Day
	parent map[string]string // of national entities
	right  map[string]bool   // may search or register
}

func (p *plans) member(id, org string) bool {
	op := p.ops[id]
	return op != nil && (op.Lead == org || slices.Contains(op.Members, org))
}

func (p *plans) takesPart(id, org string) bool {
	return p.member(id, org) || p.parent[org] != "" && p.member(id, p.parent[org])
}

func (p *plans) sees(id, org string) bool {
	if p.ops[id] == nil {
		return false
	}
	for child, parent := range p.parent {
		if parent == org && p.member(id, child) {
			return true
		}
	}
	return org == secretary || p.takesPart(id, org)
}

// mayPut is the code that refuses an operation; "" = it is taken.
func (p *plans) mayPut(org string, b *events.OperationSubmitted) string {
	was, known := p.ops[b.OperationID]
	_, closed := p.closed[b.OperationID]
	switch {
	case org != secretary && (!p.right[org] || b.Lead != org):
		return "no_right"
	case known && org != secretary && was.Lead != org:
		return "operation_taken"
	case closed:
		return "operation_closed"
	}
	return ""
}

func (p *plans) mayClose(org, id string) string {
	_, closed := p.closed[id]
	switch {
	case !p.sees(id, org):
		return "operation_unknown"
	case org != secretary && p.ops[id].Lead != org:
		return "operation_taken"
	case closed:
		return "operation_closed"
	}
	return ""
}

// warns is the code that a tag is warned of; "" = it counts.
func (p *plans) warns(org, id string, date events.Date, at int64) string {
	if !p.takesPart(id, org) {
		return "operation_not_yours"
	}
	first, last := events.DayOf(at), events.DayOf(at)
	if !date.IsZero() {
		first, last = date.Min(), date.Max()
	}
	op := p.ops[id]
	closed, ended := p.closed[id]
	if last < op.From.Min() || !op.Until.IsZero() && first > op.Until.Max() || ended && first > closed {
		return "operation_not_then"
	}
	return ""
}

// Random organisations open, amend, close and name operations in random order:
// what is refused, what is warned of, who sees what and who is told is what the
// naive model says.
func TestOperationsAgainstModel(t *testing.T) {
	orgs := []events.OrgID{secretary, "NCB-AA", "NCB-BB", "NE-AA", "WCO", "FJ-CUSTOMS"}
	rapid.Check(t, func(rt *rapid.T) {
		l := newLeader(rt)
		for _, b := range []events.Body{
			ncb("NCB-AA", "AR"), ncb("NCB-BB", "BR"), national("NE-AA", "AR", "NCB-AA"), international("WCO"), customs("FJ-CUSTOMS", "FJ"),
			agreement("AGR-WCO", "WCO", "search"), agreement("AGR-NE", "NE-AA", "search"),
		} {
			l.accept(secretary, b)
		}
		l.pure = true
		p := &plans{
			ops: map[string]*events.OperationSubmitted{}, closed: map[string]events.Day{},
			parent: map[string]string{"NE-AA": "NCB-AA"}, right: map[string]bool{"NCB-AA": true, "NCB-BB": true, "NE-AA": true, "WCO": true},
		}
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			org, id := pick(rt, "org", orgs...), pick(rt, "operation", "TRIGGER-X", "NEPTUNE-X")
			switch pick(rt, "move", "put", "put", "tag", "tag", "close", "wait") {
			case "put":
				b := operationOf(id, pick(rt, "lead", orgs[1:5]...))
				b.Members = rapid.SliceOfNDistinct(rapid.SampledFrom(orgs[1:]), 0, 2, rapid.ID).Draw(rt, "members")
				if code := p.mayPut(org, b); refusedWith(rt, l.send(org, b), code) {
					p.ops[id] = b
				}
			case "close":
				if code := p.mayClose(org, id); refusedWith(rt, l.send(org, closing(id)), code) {
					p.closed[id] = events.DayOf(l.at)
				}
			case "tag":
				q := search(serial("KTO44170"))
				q.Incident = events.Incident{Operation: id}
				if text := pick(rt, "date", "", "2026-11-19", "2026-11-20", "2026-11", "2019"); text != "" {
					q.Incident.Date = events.MustDate(text)
				}
				e := l.send(org, q)
				if e.Verdict == events.Accepted {
					want := []events.FieldError(nil)
					if code := p.warns(org, id, q.Incident.Date, l.at); code != "" {
						want = []events.FieldError{{Pointer: "/incident/operation", Code: code}}
					}
					require.Equal(rt, want, e.Warnings)
				}
			case "wait":
				l.pass(pick(rt, "days", 1, 20))
			}
			for _, viewer := range append(orgs, "NCB-XX") {
				var want, got []string
				for _, id := range slices.Sorted(maps.Keys(p.ops)) {
					if p.sees(id, viewer) {
						want = append(want, id)
					}
				}
				for _, info := range l.s.Operations(viewer) {
					got = append(got, info.OperationID)
				}
				require.Equal(rt, want, got, "seen by %s", viewer)
			}
		}
	})
}

// refusedWith checks a verdict against the code that the model refuses with,
// and says whether it was accepted.
func refusedWith(t *rapid.T, e *events.Entry, code string) bool {
	if code == "" {
		require.Equal(t, events.Accepted, e.Verdict, "%v", e.Errors)
		return true
	}
	require.Equal(t, events.Rejected, e.Verdict)
	require.Equal(t, []string{code}, codesOf(e))
	return false
}

func TestOperationAsPlanned(t *testing.T) {
	for name, c := range map[string]struct {
		change        func(*events.OperationSubmitted)
		pointer, code string
	}{
		"programme without its code": {func(b *events.OperationSubmitted) { b.Kind = "programme" }, "/programme", "required"},
		"operation with one":         {func(b *events.OperationSubmitted) { b.Programme = "airport_control" }, "/programme", "not_a_programme"},
		"unknown lead":               {func(b *events.OperationSubmitted) { b.Lead = "NCB-XX" }, "/lead", "organisation_unknown"},
		"unknown member":             {func(b *events.OperationSubmitted) { b.Members = []string{"WCO", "NCB-XX"} }, "/members/1", "organisation_unknown"},
		"over before it begins":      {func(b *events.OperationSubmitted) { b.Until = events.MustDate("2026-11-19") }, "/until", "operation_ends_early"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newTown(t)
			b := operationOf("TRIGGER-X", "NCB-AA")
			c.change(b)
			rejects(t, l.send(secretary, b), c.pointer, c.code)
		})
	}
}

// Whoever takes part is told of each change, once, and its sender is not; who
// is left out is told that.
func TestOperationIsTold(t *testing.T) {
	l := newTown(t)
	l.accept(secretary, national("NE-AA", "AR", "NCB-AA"))
	told := func(e *events.Entry) (orgs []string) {
		for _, x := range effectsOf[events.NotifyEffect](e) {
			require.Equal(t, "operation_changed", x.Reason)
			require.Equal(t, events.About{Kind: "operation", ID: "TRIGGER-X"}, x.About)
			orgs = append(orgs, x.Org)
		}
		return orgs
	}
	require.Equal(t, []string{"NCB-AA", "WCO"}, told(l.accept("NCB-BB", operationOf("TRIGGER-X", "NCB-BB", "NCB-AA", "NE-AA", "WCO", "FJ-CUSTOMS"))))
	require.Equal(t, []string{"WCO", "NCB-AA"}, told(l.accept("NCB-BB", operationOf("TRIGGER-X", "NCB-BB", "WCO"))))
	require.Equal(t, []string{"NCB-BB", "WCO"}, told(l.accept(secretary, closing("TRIGGER-X"))))
	repeated := l.inputs[len(l.inputs)-1]
	again := l.decide(repeated)
	require.Equal(t, events.Duplicate, again.Verdict)
	require.Empty(t, again.Effects)
}

// An operation stands where its dates and its closing put it.
func TestOperationStatus(t *testing.T) {
	l := newTown(t)
	b := operationOf("TRIGGER-X", "NCB-AA")
	b.From, b.Until = events.MustDate("2026-11-24"), events.MustDate("2026-11-25")
	l.accept("NCB-AA", b)
	for _, want := range []string{"planned", "running", "running", "over"} {
		l.send("NCB-BB", search(serial("KTO44170"))) // log time passes with entries
		info, ok := l.s.Operation("NCB-AA", "TRIGGER-X")
		require.True(t, ok)
		require.Equal(t, want, info.Status)
		l.pass(1)
	}
	l.accept("NCB-AA", closing("TRIGGER-X"))
	info, _ := l.s.Operation(secretary, "TRIGGER-X")
	require.Equal(t, "closed", info.Status)
	require.Equal(t, "completed", info.Because)
	text, err := json.Marshal(info)
	require.NoError(t, err)
	require.Contains(t, string(text), `"from":"2026-11-24"`)
	_, ok := l.s.Operation("NCB-BB", "TRIGGER-X")
	require.False(t, ok)
}

// An amended record without a date is not warned of: when it happened is not
// the day of its amendment.
func TestRecordNamesAnOperation(t *testing.T) {
	l := newTown(t)
	l.accept("NCB-AA", operationOf("TRIGGER-X", "NCB-AA"))
	b := record("seized", "1", serial("KTO44170"))
	b.Incident.Operation = "TRIGGER-X"
	require.Empty(t, l.accept("NCB-AA", b).Warnings)
	l.pass(100)
	b.Firearm.Model = "82"
	require.Empty(t, l.accept("NCB-AA", b).Warnings)
	b.Incident.Date = events.MustDate("2026-11-01")
	warning := events.FieldError{Pointer: "/incident/operation", Code: "operation_not_then"}
	require.Equal(t, []events.FieldError{warning}, l.accept("NCB-AA", b).Warnings)
	b.Source.ID, b.Incident.Date = "2", events.Date{}
	require.Equal(t, []events.FieldError{warning}, l.accept("NCB-AA", b).Warnings)
	warning.Code = "operation_not_yours"
	b.Incident.Operation = "NEPTUNE-X"
	require.Equal(t, []events.FieldError{warning}, l.accept("NCB-AA", b).Warnings, "amended")
}

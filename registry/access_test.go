package registry_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
)

func access(org, what string, id events.UUID) *events.AccessMade {
	return &events.AccessMade{Organisation: org, Actor: "u:7f3a", What: what, ID: id, Seq: 1, Purpose: "border_control"}
}

func recordID(owner, id string) events.UUID {
	return events.RecordID(owner, events.Source{System: "desk", ID: id})
}

// Only the gateway says who has looked, and it says nothing else.
func TestAccessIsTheGateways(t *testing.T) {
	l := newTown(t)
	id := recordID("NCB-AA", "1")
	for _, org := range []events.OrgID{"NCB-AA", "WCO", secretary} {
		e := l.send(org, access(org, "record", id))
		require.Equal(t, events.Rejected, e.Verdict, org)
		require.Equal(t, []string{"gateway_only"}, codesOf(e), org)
	}
	e := l.send(events.SourceGateway, record("stolen", "1", serial("KTO44170")))
	require.Equal(t, []string{"access_only"}, codesOf(e))
	_, known := l.s.Record(events.RecordID(events.SourceGateway, events.Source{System: "desk", ID: "1"}))
	require.False(t, known)
	require.False(t, events.ValidOrg(events.SourceGateway), "an organisation could take the mailbox over")
	require.NotContains(t, l.s.Mailboxes(), events.SourceGateway)
}

// A look says whose the thing is; whoever does not know of a match is no party
// to it.
func TestAccessParties(t *testing.T) {
	l := newTown(t)
	mark := serial("KTO44170")
	l.accept("NCB-AA", denying(record("stolen", "1", mark), "NCB-BB"))
	told := l.accept("WCO", search(mark), onBehalfOf("FJ-CUSTOMS"))
	withheld := l.accept("NCB-BB", search(mark))
	matchOf := func(e *events.Entry) events.UUID { return events.MatchID(searchID(e), recordID("NCB-AA", "1")) }
	parties := func(what string, id events.UUID) []events.OrgID {
		e := l.accept(events.SourceGateway, access("WCO", what, id))
		effects := effectsOf[events.AccessEffect](e)
		require.Len(t, effects, 1)
		require.Equal(t, events.AccessEffect{Org: "WCO", What: what, ID: id, Parties: effects[0].Parties}, effects[0])
		return effects[0].Parties
	}
	require.Equal(t, []events.OrgID{"NCB-AA"}, parties("record", recordID("NCB-AA", "1")))
	require.Equal(t, []events.OrgID{"WCO", "NCB-AA"}, parties("match", matchOf(told)))
	require.Equal(t, []events.OrgID{"NCB-AA"}, parties("match", matchOf(withheld)), "NCB-BB must not learn of it")
	require.Empty(t, parties("record", matchOf(told)), "what the gateway saw is kept, whatever it was")
	require.Empty(t, parties("record", searchID(told)))
	trace := l.accept("NCB-AA", traceRequest("NCB-BB"))
	require.Equal(t, []events.OrgID{"NCB-AA"}, parties("trace", effectsOf[events.TraceEffect](trace)[0].ID))
}

// Nothing is kept of a look: its rows are elsewhere.
func TestAccessesLeaveTheStateAsItIs(t *testing.T) {
	l := newTown(t)
	l.accept("NCB-AA", record("stolen", "1", serial("KTO44170")))
	before := l.s.Counts()
	for range 100 {
		l.accept(events.SourceGateway, access("WCO", "record", recordID("NCB-AA", "1")))
	}
	require.Equal(t, before, l.s.Counts())
	again := registry.New()
	for _, e := range l.journal {
		again.Evolve(e, nil)
	}
	require.Equal(t, l.s.Hash(), again.Hash())
}

// The other side's record is read in full by those who were told of a match
// with it, as long as it stands and nothing is withheld.
func TestToldMayReadInFull(t *testing.T) {
	mark := serial("KTO44170")
	id := recordID("NCB-AA", "1")
	lost := record("stolen", "1", mark)
	for name, c := range map[string]struct {
		make func(l *leader)
		told map[events.OrgID]bool
	}{
		"nobody asked": {func(l *leader) { l.accept("NCB-AA", lost) }, nil},
		"asked": {func(l *leader) {
			l.accept("NCB-AA", lost)
			l.accept("WCO", search(mark))
		}, map[events.OrgID]bool{"WCO": true}},
		"withheld": {func(l *leader) {
			l.accept("NCB-AA", denying(record("stolen", "1", mark), "WCO"))
			l.accept("WCO", search(mark))
		}, nil},
		"withheld since": {func(l *leader) {
			l.accept("NCB-AA", lost)
			l.accept("WCO", search(mark))
			l.accept("NCB-AA", denying(record("stolen", "1", mark), "WCO"))
		}, nil},
		"a candidate": {func(l *leader) {
			l.accept("NCB-AA", record("stolen", "1", serial("1234")))
			l.accept("WCO", search(serial("1234")))
		}, nil},
		"withdrawn": {func(l *leader) {
			l.accept("NCB-AA", lost)
			l.accept("WCO", search(mark))
			l.accept("NCB-AA", withdrawal("1"))
		}, nil},
		"no agreement any more": {func(l *leader) {
			l.accept("NCB-AA", lost)
			l.accept("WCO", search(mark))
			l.accept(secretary, revocation("AGR-WCO", "keep"))
		}, nil},
		"a record that asks": {func(l *leader) {
			l.accept("NCB-AA", lost)
			l.accept("NCB-BB", record("seized", "1", mark))
		}, map[events.OrgID]bool{"NCB-BB": true}},
	} {
		t.Run(name, func(t *testing.T) {
			l := newTown(t)
			c.make(l)
			for _, org := range []events.OrgID{"NCB-BB", "WCO", "FJ-CUSTOMS", secretary, "NCB-ZZ"} {
				require.Equal(t, c.told[org], l.s.Told(org, id), org)
			}
		})
	}
}

// The owner of a record that a record met reads that one; of a search there is
// nothing more to read.
func TestOtherRecord(t *testing.T) {
	l := newTown(t)
	mark := serial("KTO44170")
	lost, seized := recordID("NCB-AA", "1"), recordID("NCB-BB", "1")
	l.accept("NCB-AA", record("stolen", "1", mark))
	l.accept("NCB-BB", record("seized", "1", mark))
	question := searchID(l.accept("WCO", search(mark)))
	for _, c := range []struct {
		viewer events.OrgID
		match  events.UUID
		want   events.UUID
	}{
		{"NCB-AA", events.MatchID(lost, seized), seized},
		{"NCB-BB", events.MatchID(lost, seized), lost},
		{"WCO", events.MatchID(lost, question), lost},
		{"NCB-AA", events.MatchID(lost, question), events.UUID{}},
		{"WCO", events.MatchID(lost, seized), events.UUID{}},
		{secretary, events.MatchID(lost, seized), events.UUID{}},
		{"NCB-AA", lost, events.UUID{}},
	} {
		id, ok := l.s.OtherRecord(c.viewer, c.match)
		require.Equal(t, c.want != events.UUID{}, ok, "%s", c.viewer)
		if ok {
			require.Equal(t, c.want, id)
			require.True(t, l.s.Told(c.viewer, id))
		}
	}
}

func TestMayHandle(t *testing.T) {
	l := newTown(t)
	for handling, want := range map[string][3]bool{
		"": {true, true, false}, "official_use_only": {true, true, false}, "restricted": {true, false, false}, "confidential": {false, false, false},
	} {
		for i, org := range []events.OrgID{"NCB-BB", "WCO", "NCB-ZZ"} {
			require.Equal(t, want[i], l.s.MayHandle(org, handling), "%s %q", org, handling)
		}
	}
}

func TestPurposeOfALook(t *testing.T) {
	l := newTown(t)
	l.accept(secretary, ncb("NCB-FJ", "FJ"))
	one, two := agreement("AGR-ONE", "ONE", "search"), agreement("AGR-TWO", "TWO", "search")
	one.Purposes, two.Purposes = []string{"border_control"}, []string{"border_control", "security_check"}
	two.ActsFor = &events.ActsFor{Kinds: []string{"customs_administration"}}
	for _, b := range []events.Body{international("ONE"), international("TWO"), one, two} {
		l.accept(secretary, b)
	}
	for _, c := range []struct {
		look          registry.Look
		purpose, code string
	}{
		{registry.Look{Organisation: "NCB-AA"}, "", ""},
		{registry.Look{Organisation: "NCB-AA", Purpose: "threat_analysis"}, "threat_analysis", ""},
		{registry.Look{Organisation: secretary}, "", ""},
		{registry.Look{Organisation: "WCO"}, "", ""}, // its agreement names none
		{registry.Look{Organisation: "ONE"}, "border_control", ""},
		{registry.Look{Organisation: "ONE", Purpose: "threat_analysis"}, "", "wrong_purpose"},
		{registry.Look{Organisation: "TWO"}, "", "purpose_required"},
		{registry.Look{Organisation: "TWO", Purpose: "security_check"}, "security_check", ""},
		{registry.Look{Organisation: "TWO", Purpose: "security_check", ActingFor: "FJ-CUSTOMS"}, "security_check", ""},
		{registry.Look{Organisation: "ONE", ActingFor: "FJ-CUSTOMS"}, "", "not_acting_for"},
		{registry.Look{Organisation: "TWO", ActingFor: "NCB-AA", Purpose: "security_check"}, "", "not_acting_for"},
		{registry.Look{Organisation: "TWO", ActingFor: "NOBODY", Purpose: "security_check"}, "", "not_acting_for"},
	} {
		purpose, code := l.s.MayLook(c.look)
		require.Equal(t, c.code, code, "%+v", c.look)
		require.Equal(t, c.purpose, purpose, "%+v", c.look)
	}
}

package registry_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
	"github.com/armslog/armslog/registry/matching"
)

// leader orders and decides requests as the real one does, without a broker:
// what falls due is decided before the request that finds it due, what a
// decision leaves to do right after it.
type leader struct {
	t       require.TestingT
	s       *registry.State
	at      int64
	offs    map[string]int64
	sent    int
	lazy    bool              // leaves due work to the test
	pure    bool              // checks that deciding changes nothing
	inputs  []*registry.Input // what organisations sent
	journal []*events.Entry
}

const secretary = "IPSG"

// day is a log time at noon of a day.
func day(text string) int64 { return events.MustDate(text).Min().Start() + 12*60*60*1000 }

var start = day("2026-11-23")

// newLeader leads a new journal. It fails t when something is told out of turn.
func newLeader(t require.TestingT) *leader {
	l := &leader{t: t, s: registry.New(), at: start, offs: map[string]int64{}}
	l.decide(registry.GenesisInput(genesis(t), l.at))
	return l
}

func genesis(t require.TestingT) events.Genesis {
	policy, err := matching.DefaultPolicy().Encode()
	require.NoError(t, err)
	return events.Genesis{
		JournalID: events.RequestIDFrom(secretary, "journal"), GeneralSecretariat: secretary, Name: "General Secretariat", Policy: policy,
	}
}

type option func(*request)

type request struct {
	id    events.UUID
	typ   events.Type
	extra []events.Header
	value []byte
}

func onBehalfOf(org events.OrgID) option { return header(events.HeaderOnBehalfOf, org) }

func withID(id events.UUID) option { return func(r *request) { r.id = id } }

func withValue(value string) option { return func(r *request) { r.value = []byte(value) } }

func withType(t events.Type) option { return func(r *request) { r.typ = t } }

func header(key, value string) option {
	return func(r *request) { r.extra = append(r.extra, events.Header{Key: key, Value: []byte(value)}) }
}

// send puts a request into an organisation's mailbox and gives its entry; the
// entries of due work around it are in the journal.
func (l *leader) send(org events.OrgID, body events.Body, options ...option) *events.Entry {
	return l.decideNow(l.input(org, body, options...))
}

func (l *leader) input(org events.OrgID, body events.Body, options ...option) *registry.Input {
	l.sent++
	r := request{id: events.RequestIDFrom(org, time.Duration(l.sent).String())}
	if body != nil {
		value, err := json.Marshal(body)
		require.NoError(l.t, err)
		r.typ, r.value = body.Type(), value
	}
	for _, o := range options {
		o(&r)
	}
	headers := events.NewEnvelope(r.id, r.typ, r.extra...).Headers
	return &registry.Input{Src: org, Span: 1, Value: r.value, Prepared: registry.Prepare(org, headers, r.value)}
}

func (l *leader) decideNow(in *registry.Input) *events.Entry {
	l.drain()
	in.At = l.at
	l.inputs = append(l.inputs, in)
	e := l.decide(in)
	l.drain()
	return e
}

// drain decides what is due, until nothing is.
func (l *leader) drain() {
	for n := 0; !l.lazy && l.due() != nil; n++ {
		require.Less(l.t, n, 10_000, "due work without end")
	}
}

// due decides the first work that is due, nil if none is.
func (l *leader) due() *events.Entry {
	in := l.s.Due(l.at)
	if in == nil {
		return nil
	}
	return l.decide(in)
}

func (l *leader) decide(in *registry.Input) *events.Entry {
	in.Off = l.offs[in.Src]
	in.Salt[0] = byte(len(l.journal))
	var before [32]byte
	if l.pure {
		before = l.s.Hash()
	}
	e := l.s.Decide(in)
	if l.pure {
		require.Equal(l.t, before, l.s.Hash(), "deciding changed the state")
	}
	l.offs[in.Src] += in.Span
	l.journal = append(l.journal, e)
	l.s.Evolve(e, in.Prepared)
	return e
}

// pass lets log time pass.
func (l *leader) pass(days int) { l.at += int64(days) * events.MillisPerDay }

// accept sends a request that must be accepted.
func (l *leader) accept(org events.OrgID, body events.Body, options ...option) *events.Entry {
	e := l.send(org, body, options...)
	require.Equal(l.t, events.Accepted, e.Verdict, "%s by %s: %v", e.Envelope.Type, org, e.Errors)
	return e
}

// decision is an entry with those that continue it.
func (l *leader) decision(e *events.Entry) []*events.Entry {
	all := []*events.Entry{e}
	for _, more := range l.journal[e.Seq+1:] {
		var b events.EffectsContinued
		if more.Envelope.Type == events.TypeEffectsContinued && json.Unmarshal(more.Value, &b) == nil && b.Of == e.Seq {
			all = append(all, more)
		}
	}
	return all
}

// effectsOf are the effects of one kind of a decision.
func effectsOf[T events.Effect](entries ...*events.Entry) (list []T) {
	for _, e := range entries {
		for _, x := range e.Effects {
			if x, ok := x.(T); ok {
				list = append(list, x)
			}
		}
	}
	return list
}

// Organisations that most tests need.

func ncb(id, country string) *events.OrganisationSubmitted {
	return &events.OrganisationSubmitted{OrganisationID: id, Kind: "ncb", Country: country, Name: "Bureau " + country, Inbox: true}
}

func international(id string) *events.OrganisationSubmitted {
	return &events.OrganisationSubmitted{OrganisationID: id, Kind: "international_entity", Name: "Organisation " + id, Inbox: true}
}

func customs(id, country string) *events.OrganisationSubmitted {
	return &events.OrganisationSubmitted{OrganisationID: id, Kind: "customs_administration", Country: country, Name: "Customs " + country}
}

func national(id, country, parent string) *events.OrganisationSubmitted {
	return &events.OrganisationSubmitted{OrganisationID: id, Kind: "national_entity", Country: country, Name: "Entity " + id, Parent: parent}
}

func agreement(id, grantee string, rights ...string) *events.AgreementGranted {
	return &events.AgreementGranted{
		AgreementID: id, Grantee: grantee, Rights: rights, LegalBasis: "Agreement of 2021",
		ValidFrom: events.MustDate("2020"), ValidUntil: events.MustDate("2040"),
	}
}

func revocation(id, standing string) *events.AgreementRevoked {
	return &events.AgreementRevoked{AgreementID: id, Reason: "terminated", StandingSearches: standing}
}

// newTown is a leader with a few organisations: NCB-AA and NCB-BB, WCO that may
// search, also for customs administrations without access, and FJ-CUSTOMS.
func newTown(t *testing.T) *leader {
	l := newLeader(t)
	wco := agreement("AGR-WCO", "WCO", "search")
	wco.ActsFor = &events.ActsFor{Kinds: []string{"customs_administration"}, OnlyWithoutOwnAccess: true}
	for _, b := range []events.Body{ncb("NCB-AA", "AR"), ncb("NCB-BB", "BR"), international("WCO"), customs("FJ-CUSTOMS", "FJ"), wco} {
		l.accept(secretary, b)
	}
	return l
}

// serial is a readable serial number.
func serial(text string) events.Mark {
	return events.Mark{Kind: "serial", Status: "readable", Text: text}
}

func partial(text string) events.Mark {
	return events.Mark{Kind: "serial", Status: "partial", Text: text}
}

// record is a record of a pistol with these marks, kept until 2036.
func record(category, id string, marks ...events.Mark) *events.RecordSubmitted {
	return &events.RecordSubmitted{
		Source: events.Source{System: "desk", ID: id}, Category: category,
		Firearm: events.Firearm{Type: "pistol", Marks: marks}, Incident: events.Incident{Country: "BR"}, RetainUntil: events.MustDate("2036"),
	}
}

func withdrawal(id string) *events.RecordWithdrawn {
	return &events.RecordWithdrawn{Source: events.Source{System: "desk", ID: id}, Reason: "entered_in_error"}
}

// search is a question about a weapon that is held.
func search(marks ...events.Mark) *events.SearchMade {
	return &events.SearchMade{Purpose: "border_control", Context: "recovered", Firearm: events.Firearm{Marks: marks}}
}

func searchID(e *events.Entry) events.UUID { return events.SearchID(e.Src, e.Envelope.ID) }

// codesOf are the codes of an entry's errors.
func codesOf(e *events.Entry) (codes []string) {
	for _, x := range e.Errors {
		codes = append(codes, x.Code)
	}
	return codes
}

// toldBy is whom a decision tells of matches: organisation and role, sorted.
func toldBy(entries ...*events.Entry) (told []string) {
	add := func(kind string, tells []events.Tell) {
		for _, t := range tells {
			if t.N > 0 {
				told = append(told, kind+" "+t.Org+" "+t.Role)
			}
		}
	}
	for _, x := range effectsOf[*events.MatchEffect](entries...) {
		add(x.Class, x.Tell)
	}
	for _, x := range effectsOf[*events.MatchRenewedEffect](entries...) {
		add("renewed", x.Tell)
	}
	for _, x := range effectsOf[events.MatchEndedEffect](entries...) {
		add("ended", x.Tell)
	}
	slices.Sort(told)
	return told
}

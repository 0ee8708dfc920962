package registry_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
)

// want is what an entry must say.
func want(t *testing.T, e *events.Entry, verdict events.Verdict, errors ...events.FieldError) {
	t.Helper()
	require.Equal(t, verdict, e.Verdict, "%v", e.Errors)
	require.Equal(t, errors, e.Errors)
	if verdict != events.Accepted && verdict != events.Unchanged {
		require.Empty(t, e.Effects, "what is refused has no effects")
	}
}

func refused(pointer, code string) events.FieldError {
	return events.FieldError{Pointer: pointer, Code: code}
}

func rejects(t *testing.T, e *events.Entry, pointer, code string) {
	t.Helper()
	want(t, e, events.Rejected, refused(pointer, code))
}

// amended is a record of NCB-AA's after a change.
func amended(change func(*events.RecordSubmitted)) *events.RecordSubmitted {
	b := record("stolen", "1", serial("KTO44170"))
	change(b)
	return b
}

func TestRecordSubmitted(t *testing.T) {
	for name, c := range map[string]struct {
		send    func(l *leader) *events.Entry
		pointer string
		code    string // "" = accepted
	}{
		"registered": {send: func(l *leader) *events.Entry {
			return l.send("NCB-AA", record("stolen", "2", serial("KTO44170")))
		}},
		"without the right": {func(l *leader) *events.Entry {
			return l.send("WCO", record("stolen", "1", serial("KTO44170")))
		}, "", "no_right"},
		"the General Secretariat has none either": {func(l *leader) *events.Entry {
			return l.send(secretary, record("stolen", "1", serial("KTO44170")))
		}, "", "no_right"},
		"for another": {func(l *leader) *events.Entry {
			return l.send("NCB-AA", record("stolen", "1", serial("KTO44170")), onBehalfOf("NCB-BB"))
		}, "/headers/ce_onbehalfof", "not_acting_for"},
		"amended": {send: func(l *leader) *events.Entry {
			return l.send("NCB-AA", amended(func(b *events.RecordSubmitted) { b.Firearm.Make = "Glock" }))
		}},
		"amended from its revision": {send: func(l *leader) *events.Entry {
			return l.send("NCB-AA", amended(func(b *events.RecordSubmitted) { b.Firearm.Make, b.BaseRevision = "Glock", 1 }))
		}},
		"amended from another revision": {func(l *leader) *events.Entry {
			return l.send("NCB-AA", amended(func(b *events.RecordSubmitted) { b.Firearm.Make, b.BaseRevision = "Glock", 2 }))
		}, "/base_revision", "revision_conflict"},
		"amended though it does not exist": {func(l *leader) *events.Entry {
			b := record("stolen", "new", serial("KTO44170"))
			b.BaseRevision = 1
			return l.send("NCB-AA", b)
		}, "/base_revision", "revision_conflict"},
		"category within the family": {send: func(l *leader) *events.Entry {
			return l.send("NCB-AA", amended(func(b *events.RecordSubmitted) { b.Category = "smuggled" }))
		}},
		"category of the other family": {func(l *leader) *events.Entry {
			return l.send("NCB-AA", amended(func(b *events.RecordSubmitted) { b.Category = "seized" }))
		}, "/category", "family_changed"},
		"again after its withdrawal": {func(l *leader) *events.Entry {
			l.accept("NCB-AA", withdrawal("1"))
			return l.send("NCB-AA", amended(func(*events.RecordSubmitted) {}))
		}, "", "record_closed"},
		"amended after its withdrawal": {func(l *leader) *events.Entry {
			l.accept("NCB-AA", withdrawal("1"))
			return l.send("NCB-AA", amended(func(b *events.RecordSubmitted) { b.Firearm.Make = "Glock" }))
		}, "", "record_closed"},
		"to be kept until today": {send: func(l *leader) *events.Entry {
			return l.send("NCB-AA", amended(func(b *events.RecordSubmitted) { b.RetainUntil = events.MustDate("2026-11-23") }))
		}},
		"to be kept until yesterday": {func(l *leader) *events.Entry {
			return l.send("NCB-AA", amended(func(b *events.RecordSubmitted) { b.RetainUntil = events.MustDate("2026-11-22") }))
		}, "/retain_until", "retain_past"},
		"from another sender": {func(l *leader) *events.Entry {
			return l.send("NCB-AA", amended(func(*events.RecordSubmitted) {}), header(events.HeaderSource, "NCB-BB"))
		}, "/headers/ce_source", "source_mismatch"},
		"from its sender": {send: func(l *leader) *events.Entry {
			return l.send("NCB-AA", record("stolen", "2", serial("KTO44170")), header(events.HeaderSource, "NCB-AA"))
		}},
		"from nobody known": {func(l *leader) *events.Entry {
			return l.send("NCB-XX", amended(func(*events.RecordSubmitted) {}))
		}, "", "organisation_unknown"},
		"from one that a deny list alone names": {func(l *leader) *events.Entry {
			l.accept("NCB-AA", amended(func(b *events.RecordSubmitted) { b.Deny = []string{"NCB-XX"} }))
			return l.send("NCB-XX", amended(func(*events.RecordSubmitted) {}))
		}, "", "organisation_unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newTown(t)
			l.accept("NCB-AA", amended(func(*events.RecordSubmitted) {}))
			e := c.send(l)
			if c.code == "" {
				want(t, e, events.Accepted)
				require.Len(t, effectsOf[events.RecordEffect](e), 1)
				return
			}
			rejects(t, e, c.pointer, c.code)
		})
	}
}

// A date is in the future 14 hours after log time: it is that late somewhere.
func TestDatesInFuture(t *testing.T) {
	noon, ten := int64(12*60*60*1000), int64(10*60*60*1000)
	tomorrow := events.MustDate("2026-11-24")
	for name, c := range map[string]struct {
		set     func(*events.RecordSubmitted)
		pointer string
	}{
		"incident":     {func(b *events.RecordSubmitted) { b.Incident.Date = tomorrow }, "/incident/date"},
		"manufactured": {func(b *events.RecordSubmitted) { b.Firearm.Manufactured = tomorrow }, "/firearm/manufactured"},
		"diversion": {func(b *events.RecordSubmitted) {
			b.Origin = &events.Origin{Status: "established_by_tracing", Diversion: &events.Diversion{Date: tomorrow}}
		}, "/origin/diversion/date"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newTown(t)
			b := record("stolen", "1", serial("KTO44170"))
			c.set(b)
			l.at = start - noon + ten - 1
			l.lazy = true
			rejects(t, l.send("NCB-AA", b), c.pointer, "date_in_future")
			l.at++
			want(t, l.send("NCB-AA", b), events.Accepted)
			b.Incident.Date, b.Source.ID = events.MustDate("2026/2027"), "2"
			c.set(b)
			want(t, l.send("NCB-AA", b), events.Accepted)
		})
	}
	l := newTown(t)
	l.at = start - noon + ten - 1
	q := search(serial("KTO44170"))
	q.Incident.Date = tomorrow
	rejects(t, l.send("NCB-AA", q), "/incident/date", "date_in_future")
	q = search(serial("KTO44170"))
	q.Firearm.Manufactured = tomorrow
	rejects(t, l.send("NCB-AA", q), "/firearm/manufactured", "date_in_future")
}

func TestUnchangedContent(t *testing.T) {
	l := newTown(t)
	b := record("stolen", "1", serial("KTO44170"))
	b.Deny = []string{"NCB-BB", "WCO"}
	first := l.accept("NCB-AA", b)
	b.Deny = []string{"WCO", "NCB-BB"} // a set
	b.BaseRevision = 7                 // left out of the digest
	e := l.send("NCB-AA", b)
	want(t, e, events.Unchanged)
	require.Equal(t, []events.Effect{events.RecordEffect{ID: events.RecordID("NCB-AA", b.Source), Revision: 1, Outcome: "unchanged"}}, e.Effects)
	require.Nil(t, e.Value, "it stores nothing new")
	reply, ok := l.s.Unchanged("NCB-AA", l.input("NCB-AA", b).Prepared)
	require.True(t, ok)
	require.Equal(t, first.Seq, reply.Seq)

	b.RetainUntil = events.MustDate("2026-11-25")
	l.accept("NCB-AA", func() *events.RecordSubmitted { c := *b; c.BaseRevision = 0; return &c }())
	l.pass(2)
	b.BaseRevision = 0
	want(t, l.send("NCB-AA", b), events.Unchanged)
	l.pass(1)
	rejects(t, l.send("NCB-AA", b), "", "record_closed")
	_, ok = l.s.Unchanged("NCB-AA", l.input("NCB-AA", b).Prepared)
	require.False(t, ok, "an expired record is not as it was")
	b.RetainUntil = events.MustDate("2030")
	l.accept("NCB-AA", b)
}

// Nobody can reach another's record: the id is made of the owner.
func TestOwnershipIsStructural(t *testing.T) {
	l := newTown(t)
	l.accept("NCB-AA", record("stolen", "1", serial("KTO44170")))
	before := l.s.Hash()
	rejects(t, l.send("NCB-BB", withdrawal("1")), "/source", "record_unknown")
	e := l.accept("NCB-BB", record("stolen", "1", serial("KTO44170")))
	require.Equal(t, "registered", effectsOf[events.RecordEffect](e)[0].Outcome)
	require.NotEqual(t, before, l.s.Hash())
	info, ok := l.s.Record(events.RecordID("NCB-AA", events.Source{System: "desk", ID: "1"}))
	require.True(t, ok)
	require.Equal(t, []any{"NCB-AA", uint32(1), "active"}, []any{info.Owner, info.Revision, info.Status})
}

func TestRecordWithdrawn(t *testing.T) {
	l := newTown(t)
	e := l.accept("NCB-AA", record("stolen", "1", serial("KTO44170")))
	id := effectsOf[events.RecordEffect](e)[0].ID
	rejects(t, l.send("WCO", withdrawal("1")), "", "no_right")
	rejects(t, l.send("NCB-AA", withdrawal("2")), "/source", "record_unknown")
	hit := l.accept("WCO", search(serial("KTO44170")))
	require.Equal(t, []string{"alert IPSG general_secretariat", "alert NCB-AA owner", "alert WCO asker"}, toldBy(hit))
	over := l.accept("NCB-AA", withdrawal("1"))
	require.Equal(t, []string{"ended IPSG general_secretariat", "ended NCB-AA owner", "ended WCO asker"}, toldBy(over))
	rejects(t, l.send("NCB-AA", withdrawal("1")), "/source", "record_closed")
	info, _ := l.s.Record(id)
	require.Equal(t, "withdrawn", info.Status)
	require.Empty(t, toldBy(l.accept("WCO", search(serial("KTO44170")))))
	match, ok := l.s.Match("WCO", events.MatchID(searchID(hit), id))
	require.True(t, ok)
	require.Equal(t, []string{"ended", "record_withdrawn"}, []string{match.Status, match.Because})
}

func TestWeakMarksWarn(t *testing.T) {
	l := newTown(t)
	e := l.accept("NCB-AA", record("stolen", "1", serial("KTO44170"), serial("387"), events.Mark{Kind: "proof", Status: "readable", Text: "7"}))
	require.Equal(t, []events.FieldError{{Pointer: "/firearm/marks/1", Code: "weak_mark"}}, e.Warnings)
	e = l.accept("NCB-AA", search(serial("387")))
	require.Equal(t, []events.FieldError{{Pointer: "/firearm/marks/0", Code: "weak_mark"}}, e.Warnings)
}

// A request is decided once for 30 days of log time.
func TestRepeatedRequests(t *testing.T) {
	l := newTown(t)
	id := events.RequestIDFrom("NCB-AA", "key")
	first := l.send("NCB-AA", record("stolen", "1", serial("KTO44170")), withID(id))
	for _, days := range []int{0, 1, 29} {
		l.pass(days)
		e := l.send("NCB-AA", record("stolen", "1", serial("KTO44170")), withID(id))
		want(t, e, events.Duplicate)
		require.Equal(t, first.Seq, e.Of)
		seq, ok := l.s.Requested("NCB-AA", id)
		require.Equal(t, []any{first.Seq, true}, []any{seq, ok})
	}
	other := record("stolen", "2", serial("KTO44170"))
	rejects(t, l.send("NCB-AA", other, withID(id)), "/headers/ce_id", "id_reused")
	rejects(t, l.send("NCB-AA", nil, withID(id), withType(events.TypeSearchMade), withValue(`{}`)), "/headers/ce_id", "id_reused")
	want(t, l.send("NCB-BB", other, withID(id)), events.Accepted) // another's request, whatever its id
	l.pass(1)
	want(t, l.send("NCB-AA", other, withID(id)), events.Accepted)

	// What was refused is not decided again either.
	id = events.RequestIDFrom("NCB-AA", "refused")
	e := l.send("NCB-AA", withdrawal("9"), withID(id))
	rejects(t, e, "/source", "record_unknown")
	l.accept("NCB-AA", record("stolen", "9", serial("KTO44170")))
	again := l.send("NCB-AA", withdrawal("9"), withID(id))
	want(t, again, events.Duplicate)
	require.Equal(t, e.Seq, again.Of)
}

func TestUndecodable(t *testing.T) {
	l := newTown(t)
	want(t, l.send("NCB-AA", nil, withType(events.TypeRecordSubmitted), withValue("not json")), events.Undecodable, refused("", "not_json"))
	value := "\xff\xfe\x00"
	e := l.send("NCB-AA", nil, withType(events.TypeSearchMade), withValue(value))
	want(t, e, events.Undecodable, refused("", "not_json"))
	require.Equal(t, []byte(value), e.Value, "the entry is the dead letter")
	in := &registry.Input{Src: "NCB-AA", Span: 1, Value: []byte("{}"), Prepared: registry.Prepare("NCB-AA", nil, []byte("{}"))}
	want(t, l.decideNow(in), events.Undecodable, refused("/headers/ce_id", "required"), refused("/headers/ce_type", "required"))
	rejects(t, l.send("NCB-AA", nil, withType("armslog.record.lost.v9"), withValue("{}")), "/headers/ce_type", "unknown_type")
	e = l.send("NCB-AA", nil, withType(events.TypeRecordWithdrawn), withValue(`{"source":{"system":"desk","id":"1"},"reason":"tired"}`))
	rejects(t, e, "/reason", "not_in_list")
}

// What our own code cannot bear becomes a verdict, keeps the input, and the
// order goes on. A policy that an older engine let pass is the hostile value.
func TestFailed(t *testing.T) {
	g := genesis(t)
	g.Policy = []byte(`{"policy":"from an engine that knew more"}`)
	s := registry.New()
	in := registry.GenesisInput(g, start)
	refusal := s.Decide(in)
	want(t, refusal, events.Rejected, refused("/policy", "invalid_policy"))
	s.Evolve(&events.Entry{Src: in.Src, Span: 1, At: start, Verdict: events.Accepted, Envelope: in.Envelope, Value: in.Value}, nil)

	l := &leader{t: t, s: s, at: start, offs: map[string]int64{}}
	want(t, l.send(secretary, ncb("NCB-AA", "AR")), events.Accepted)
	e := l.send("NCB-AA", record("stolen", "1", serial("KTO44170")))
	require.Equal(t, events.Failed, e.Verdict)
	require.Equal(t, []string{"failed"}, codesOf(e))
	require.NotEmpty(t, e.Value)
	require.Empty(t, e.Effects)
	e = stored(t, e)
	require.Equal(t, []events.FieldError{{Code: "failed"}}, e.Errors, "what was thrown is not journaled")
	_, known := s.Record(events.RecordID("NCB-AA", events.Source{System: "desk", ID: "1"}))
	require.False(t, known)
}

func TestGenesisIsFirstAndOnly(t *testing.T) {
	l := newLeader(t)
	first := l.journal[0]
	require.Equal(t, uint64(0), first.Seq)
	require.Equal(t, events.SourceRegistry, first.Src)
	want(t, first, events.Accepted)
	require.Equal(t, genesis(t).JournalID, l.s.JournalID())
	require.Equal(t, secretary, l.s.Secretariat())

	again := registry.GenesisInput(genesis(t), l.at)
	rejects(t, l.decideNow(again), "", "genesis_is_first")
	l.accept(secretary, ncb("NCB-AA", "AR"))
	rejects(t, l.send("NCB-AA", nil, withType(events.TypeGenesis), withValue(string(again.Value))), "/headers/ce_type", "unknown_type")
	for _, b := range []events.Body{
		&events.RecordReviewDue{Organisation: "NCB-AA", Day: 1, Months: 6}, &events.RecordExpired{Organisation: "NCB-AA", Day: 1},
		&events.SearchLapsed{Day: 1}, &events.AgreementEnded{AgreementID: "A"}, &events.DigestDue{Organisation: "NCB-AA", Day: 1}, &events.EffectsContinued{},
	} {
		rejects(t, l.send("NCB-AA", b), "/headers/ce_type", "unknown_type") // the registry's own work comes from nobody's mailbox
	}
	s := registry.New()
	early := l.input("NCB-AA", record("stolen", "1", serial("KTO44170")))
	rejects(t, s.Decide(early), "", "organisation_unknown")
}

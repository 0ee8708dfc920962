package events

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

// genBody draws valid bodies of every type by filling the structs by the names
// of their fields.
type genBody struct{ t *rapid.T }

func (g genBody) maybe() bool { return rapid.Bool().Draw(g.t, "maybe") }

func (g genBody) code(l *List) string { return rapid.SampledFrom(l.Codes()).Draw(g.t, l.Name()) }

func (g genBody) codes(l *List, least int) []string {
	return rapid.SliceOfNDistinct(rapid.SampledFrom(l.Codes()), least, 3, rapid.ID).Draw(g.t, l.Name())
}

func (g genBody) optional(s string) string {
	if g.maybe() {
		return s
	}
	return ""
}

func (g genBody) like(pattern string) string {
	return rapid.StringMatching(pattern).Filter(func(s string) bool { return s != "" && !personal(s) }).Draw(g.t, pattern)
}

// line draws one line of text in several scripts, with signs that JSON escapes.
func (g genBody) line(most int) string {
	return rapid.Custom(func(t *rapid.T) string {
		s := rapid.StringOfN(rapid.RuneFrom([]rune(`abcXYZ019 -./"\&<>éßЖІїΩ漢字№½`)), 1, most, -1).Draw(t, "line")
		return norm.NFC.String(strings.TrimSpace(s))
	}).Filter(func(s string) bool { return s != "" && !personal(s) }).Draw(g.t, "line")
}

func (g genBody) org() OrgID { return g.like(`[A-Z0-9][A-Z0-9-]{1,31}`) }

func (g genBody) orgs(least int) []OrgID {
	return rapid.SliceOfNDistinct(rapid.StringMatching(`[A-Z]{3}-[A-Z]{2}`), least, 4, rapid.ID).Draw(g.t, "orgs")
}

func (g genBody) uuid() UUID {
	return genUUID().Filter(func(u UUID) bool { return !u.IsZero() }).Draw(g.t, "uuid")
}

func (g genBody) date() Date {
	return MustDate(rapid.SampledFrom([]string{"2019", "2019-05", "2019-05-14", "2018/2019-03", "1955", "2031-11-23"}).Draw(g.t, "date"))
}

func (g genBody) maybeDate() Date {
	if g.maybe() {
		return g.date()
	}
	return Date{}
}

func (g genBody) number(least, most uint64) uint64 {
	return rapid.Uint64Range(least, most).Draw(g.t, "n")
}

func (g genBody) source() Source { return Source{g.like(`[a-z][a-z0-9._-]{0,31}`), g.line(60)} }

func (g genBody) mark(kind string) Mark {
	m := Mark{Kind: kind, Status: g.code(MarkStatuses), Place: g.optional(g.code(MarkPlaces)), Country: g.optional(g.code(Countries)), Year: g.optional("1998")}
	if m.Bears() {
		m.Text = g.like(`[A-ZЖ]{1,3} ?[0-9]{3,6}/?[A-Z]?`)
		if m.Status == "partial" {
			m.Text = "?" + m.Text + "*"
		}
		m.Series = g.optional("AB")
	}
	return m
}

func (g genBody) firearm() Firearm {
	f := Firearm{
		Type: g.code(FirearmTypes), Action: g.optional(g.code(Actions)), Make: g.optional(g.line(40)), MakeCode: g.optional("TAS"),
		Model: g.optional(g.line(40)), Calibre: g.optional(g.line(20)), CalibreCode: g.optional("38"), CountryOfManufacture: g.optional(g.code(Countries)),
		Manufactured: g.maybeDate(), BarrelLengthMM: uint32(g.number(0, maxBarrelMM)), ReferenceID: g.optional("model:TAS/82"),
		Marks: []Mark{g.mark("serial")},
	}
	if g.maybe() {
		f.Features = g.codes(Features, 1)
	}
	for range g.number(0, 3) {
		f.Marks = append(f.Marks, g.mark(g.code(MarkKinds)))
	}
	return f
}

func (g genBody) incident() Incident {
	i := Incident{
		Date: g.maybeDate(), Country: g.code(Countries), Subdivision: g.optional("BR-SP"), Place: g.optional(g.line(30)), Locode: g.optional("BRSAO"),
		CaseNumber: g.optional(g.line(40)), Circumstance: g.optional(g.code(Circumstances)), Operation: g.optional(g.line(20)),
	}
	if g.maybe() {
		i.Customs = &Customs{g.code(CustomsChannels), g.optional("930200")}
	}
	for range g.number(0, 2) {
		i.Route = append(i.Route, Leg{g.code(Countries), g.optional(g.code(RouteRoles))})
	}
	return i
}

func (g genBody) record() *RecordSubmitted {
	r := &RecordSubmitted{
		Source: g.source(), BaseRevision: uint32(g.number(0, 9)), Category: g.code(Categories), Firearm: g.firearm(), Incident: g.incident(),
		Handling: g.optional(g.code(Handlings)), RetainUntil: g.date(),
	}
	if g.maybe() {
		r.IllicitBasis, r.Deny = g.codes(IllicitBases, 1), g.orgs(1)
	}
	if g.maybe() {
		r.Origin = &Origin{Status: g.code(OriginStatuses)}
		if g.maybe() {
			r.Origin.Diversion = &Diversion{g.optional(g.code(Countries)), g.maybeDate(), g.code(DiversionKinds)}
		}
	}
	return r
}

func (g genBody) search() *SearchMade {
	s := &SearchMade{
		Purpose: g.code(Purposes), Context: g.code(Contexts), Firearm: g.firearm(), StandUntil: g.maybeDate(), NoStanding: g.maybe(), Limit: uint32(g.number(0, maxLimit)),
	}
	s.Firearm.Type = g.optional(s.Firearm.Type)
	if g.maybe() {
		s.Incident = g.incident()
	}
	return s
}

func (g genBody) agreement() *AgreementGranted {
	a := &AgreementGranted{
		AgreementID: g.like(`[A-Z][A-Za-z0-9._-]{0,20}`), Grantee: g.org(), Rights: g.codes(Rights, 1), LegalBasis: g.line(100), ValidFrom: g.date(), ValidUntil: g.date(),
	}
	if g.maybe() {
		a.Purposes = g.codes(Purposes, 1)
		a.ActsFor = &ActsFor{g.codes(OrganisationKinds, 1), g.orgs(1), g.maybe()}
		a.Limits = &AgreementLimit{uint32(g.number(1, maxDailyLimit)), uint32(g.number(0, 9))}
	}
	return a
}

func (g genBody) organisation() *OrganisationSubmitted {
	o := &OrganisationSubmitted{
		OrganisationID: g.org(), Kind: g.code(OrganisationKinds), Country: g.optional(g.code(Countries)), Name: g.line(100), Parent: g.optional(g.org()),
		Inbox: g.maybe(), NotifyFloor: g.optional(g.code(NotifyFloors)),
	}
	if g.maybe() {
		o.Rights = g.codes(Rights, 1)
		o.Clocks = &ClockMinutes{uint32(g.number(1, maxClockMinutes)), uint32(g.number(0, 99)), 0}
	}
	return o
}

func (g genBody) reference() *ReferenceSubmitted {
	r := &ReferenceSubmitted{Name: g.line(40), Kind: g.code(ReferenceKinds), Country: g.optional(g.code(Countries)), Make: g.optional("make:TAS")}
	if g.maybe() {
		r.Aliases = []string{"a " + g.line(20), "b"}
		r.Codes = map[string]string{"local": g.like(`[A-Z0-9.][A-Z0-9.-]{0,20}`), "ncic": "TAS"}
		r.Related = []string{"make:FAMAE"}
		r.SerialForms = []SerialForm{{
			Pattern: g.like(`([A-Z0-9]|\[[A-Z]-[0-9]\]\{[0-9]{1,2}\}){1,5}`), From: g.optional("1990"), Until: g.optional("2005"),
			Year: &SerialCode{At: uint32(g.number(1, 32)), Length: uint32(g.number(0, 4)), Signs: g.optional("ABC1"), First: g.optional("1981"), Down: g.maybe()},
		}}
		r.FirearmType, r.Calibres = g.optional("pistol"), []string{"calibre:40"}
	}
	return r
}

func (g genBody) body() Body {
	switch rapid.IntRange(0, 25).Draw(g.t, "type") {
	case 0, 1:
		return g.record()
	case 2:
		return g.search()
	case 3:
		return g.agreement()
	case 4:
		return g.organisation()
	case 5:
		return g.reference()
	case 6:
		w := &RecordWithdrawn{Source: g.source(), Reason: g.code(WithdrawReasons)}
		if g.maybe() {
			w.ReplacedBy = g.uuid()
		}
		return w
	case 7:
		return &SearchWithdrawn{g.uuid(), g.code(SearchWithdrawReasons)}
	case 8:
		return &NotificationAcknowledged{g.number(1, maxCount)}
	case 9:
		return &AgreementRevoked{"AGR-1", g.code(RevokeReasons), g.code(StandingSearches)}
	case 10:
		return &PolicySet{Raw: json.RawMessage(`{"policy":"a","rules":[{"x":[1,{"x":null}]}]}`)}
	case 11:
		return &Genesis{JournalID: g.uuid(), GeneralSecretariat: g.org(), Name: g.line(50), AdminKeys: []string{"k1"}, Policy: json.RawMessage(`{"policy":"a"}`), CheckpointKey: g.optional("a+1+b=")}
	case 12:
		return &DigestDue{g.org(), g.day()}
	case 13:
		return &QuestionsReexamined{g.number(0, 1<<62)}
	case 23:
		return g.confirmation()
	case 24:
		return &MailboxSkipped{g.org(), int64(g.number(1, maxCount))}
	case 14, 15, 16, 17, 18, 19:
		return g.trace()
	case 20:
		a := &AccessMade{Organisation: g.org(), Actor: g.optional("u:7f3a"), What: g.code(AccessKinds), ID: g.uuid(), Seq: g.number(1, maxCount)}
		if g.maybe() {
			a.ActingFor, a.Purpose = g.org(), g.code(Purposes)
		}
		return a
	case 21:
		return &RecordReviewDue{g.org(), g.day(), uint32(rapid.IntRange(1, 12).Draw(g.t, "months"))}
	case 22:
		return &RecordExpired{g.org(), g.day()}
	default:
		return &EffectsContinued{g.number(0, 1<<62), g.number(0, 1<<63)}
	}
}

// What encoding/json makes of a body is decoded to the same body, strictly and
// when it is read again.
func TestDecodeMarshal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := genBody{t}.body()
		value := must(json.Marshal(want))
		got, errs := Decode(want.Type(), value)
		require.Empty(t, errs, "%s", value)
		require.Equal(t, want, got)
		again, errs := Read(want.Type(), value)
		require.Empty(t, errs)
		require.Equal(t, want, again)
	})
}

// Every field of every body is written by encoding/json under the name that
// the decoder reads.
func TestDecoderKnowsEveryField(t *testing.T) {
	for table, v := range map[any]any{
		names(recordSubmitted): RecordSubmitted{}, names(source): Source{}, names(firearmInRecord): Firearm{}, names(mark): Mark{},
		names(incidentInRecord): Incident{}, names(customs): Customs{}, names(leg): Leg{}, names(origin): Origin{}, names(diversion): Diversion{},
		names(recordWithdrawn): RecordWithdrawn{}, names(searchMade): SearchMade{}, names(searchWithdrawn): SearchWithdrawn{},
		names(notificationAcknowledged): NotificationAcknowledged{}, names(organisationSubmitted): OrganisationSubmitted{}, names(clocks): ClockMinutes{},
		names(agreementGranted): AgreementGranted{}, names(actsFor): ActsFor{}, names(agreementLimit): AgreementLimit{}, names(agreementRevoked): AgreementRevoked{},
		names(referenceSubmitted): ReferenceSubmitted{}, names(serialForm): SerialForm{}, names(serialCode): SerialCode{}, names(genesis): Genesis{}, names(searchLapsed): SearchLapsed{},
		names(recordReviewDue): RecordReviewDue{}, names(recordExpired): RecordExpired{},
		names(digestDue): DigestDue{}, names(effectsContinued): EffectsContinued{}, names(questionsReexamined): QuestionsReexamined{},
		names(traceRequested): TraceRequested{}, names(traceResponded): TraceResponded{}, names(traceStep): TraceStep{}, names(traceReferral): TraceReferral{},
		names(traceForwarded): TraceForwarded{}, names(traceCommented): TraceCommented{}, names(traceClosed): TraceClosed{}, names(sale): Sale{}, names(traceOverdue): TraceOverdue{},
		names(accessMade):            AccessMade{},
		names(mailboxSkipped):        MailboxSkipped{},
		names(confirmationRequested): ConfirmationRequested{}, names(confirmationAnswered): ConfirmationAnswered{}, names(confirmationOverdue): ConfirmationOverdue{},
	} {
		var tags []string
		for f := range reflect.TypeOf(v).Fields() {
			tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			tags = append(tags, tag)
		}
		require.Equal(t, strings.Join(tags, " "), table, "%T", v)
	}
}

func names[T any](fields []field[T]) string {
	var all []string
	for _, f := range fields {
		all = append(all, f.name)
	}
	return strings.Join(all, " ")
}

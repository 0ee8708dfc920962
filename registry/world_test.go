package registry_test

import (
	"fmt"

	"pgregory.net/rapid"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry/matching"
)

// world draws requests from a universe so small that things meet all the time.
type world struct {
	*leader
	searches []searchOf
	traces   []searchOf
	policies int
	calm     bool // the directory stays as it is
	moves
	unasked bool // nobody asks about a match

	lateLooks bool // other requests come between a change and the look at the questions
}

type searchOf struct {
	org events.OrgID
	id  events.UUID
}

// The same weapon in many spellings, and neighbours of it.
var serials = []events.Mark{
	serial("KTO44170"), serial("KT044170"), serial("kto-44170"), serial("КТО44170"), serial("KTO4417O"), serial("KTO4417D"),
	serial("12345"), serial("0012345"), serial("I2345"), serial("387"), serial("1"), serial("ALPHABETA"),
	{Kind: "serial", Status: "readable", Text: "44170", Series: "KTO"}, serial("44170"),
	{Kind: "owner_applied", Status: "restored", Text: "12345"}, {Kind: "import", Status: "readable", Text: "KTO44170"},
	partial("KTO44*"), partial("KTO441*"), partial("?TO44170"), partial("*4417?"), partial("12?45"), partial("1?3*"),
	{Kind: "serial", Status: "obliterated"},
}

var (
	makes    = []string{"", "FAMAE", "famae", "Taurus", "TAURUS S.A.", "Glock", "Nobody knows"}
	calibres = []string{"", ".40", ".40 S&W", "9MM", ".22"}
	types    = []string{"pistol", "rifle", "carbine", "unknown"}
	dates    = []string{"", "2019", "2020-05", "2026-11-01", "2018/2021"}
	askers   = []events.OrgID{"NCB-AA", "NCB-BB", "NCB-CC", "NE-AA", "NE-DD", "WCO", "INT-DEAF", "FJ-CUSTOMS"}
	owners   = []events.OrgID{"NCB-AA", "NCB-BB", "NCB-CC", "NE-AA", "NE-DD"}
	everyone = append([]events.OrgID{"NCB-ZZ", secretary}, askers...)
)

func newWorld(t *rapid.T) *world {
	w := &world{leader: newLeader(t)}
	strict := ncb("NCB-CC", "CL")
	strict.NotifyFloor = "strong"
	deaf := international("INT-DEAF")
	deaf.Inbox = false
	for _, b := range []events.Body{
		ncb("NCB-AA", "AR"), ncb("NCB-BB", "BR"), strict, national("NE-AA", "AR", "NCB-AA"), national("NE-DD", "DE", ""),
		international("WCO"), deaf, customs("FJ-CUSTOMS", "FJ"),
		grants["AGR-WCO"](), grants["AGR-NE"](), grants["AGR-DD"](), grants["AGR-DEAF"](),
		&events.ReferenceSubmitted{Name: "FAMAE", Kind: "make"},
		&events.ReferenceSubmitted{Name: "Taurus", Kind: "make", Aliases: []string{"TAURUS S.A."}, Related: []string{"make:FAMAE"}},
		&events.ReferenceSubmitted{Name: "Glock", Kind: "make"},
		&events.ReferenceSubmitted{Name: ".40", Kind: "calibre", Aliases: []string{".40 S&W"}},
		&events.ReferenceSubmitted{Name: "9MM", Kind: "calibre"},
	} {
		w.accept(secretary, b)
	}
	return w
}

// grants are the agreements that come and go.
var grants = map[string]func() *events.AgreementGranted{
	"AGR-WCO": func() *events.AgreementGranted {
		a := agreement("AGR-WCO", "WCO", "search", "trace")
		a.ActsFor = &events.ActsFor{Kinds: []string{"customs_administration"}, OnlyWithoutOwnAccess: true}
		return a
	},
	"AGR-NE":   func() *events.AgreementGranted { return agreement("AGR-NE", "NE-AA", "search", "register") },
	"AGR-DD":   func() *events.AgreementGranted { return agreement("AGR-DD", "NE-DD", "search", "register") },
	"AGR-DEAF": func() *events.AgreementGranted { return agreement("AGR-DEAF", "INT-DEAF", "search") },
	"AGR-FJ":   func() *events.AgreementGranted { return agreement("AGR-FJ", "FJ-CUSTOMS", "search") },
}

func pick[T any](t *rapid.T, label string, from ...T) T {
	return rapid.SampledFrom(from).Draw(t, label)
}

func chance(t *rapid.T, label string, percent int) bool {
	return rapid.IntRange(1, 100).Draw(t, label) <= percent
}

// step sends one request, or lets time pass.
func (w *world) step(t *rapid.T) {
	switch n := rapid.IntRange(0, 124).Draw(t, "kind"); {
	case n >= 100 && !w.unasked:
		w.confirm(t)
	case n < 36:
		w.send(pick(t, "owner", owners...), w.record(t))
	case n < 41:
		w.traceIt(t)
	case n < 46:
		w.send(pick(t, "owner", owners...), withdrawal(w.source(t)))
	case n < 72:
		w.ask(t)
	case n < 78 && len(w.searches) > 0:
		q := pick(t, "search", w.searches...)
		w.send(q.org, &events.SearchWithdrawn{SearchID: q.id, Reason: "mistyped"})
	case n < 88 && !w.calm:
		w.changeDirectory(t)
	default:
		w.pass(pick(t, "days", 0, 1, 1, 4, 30, 200, 370))
		w.drain()
	}
}

func (w *world) source(t *rapid.T) string { return fmt.Sprint(rapid.IntRange(1, 6).Draw(t, "source")) }

func (w *world) record(t *rapid.T) *events.RecordSubmitted {
	b := record(pick(t, "category", "lost", "stolen", "stolen", "seized", "seized", "found"), w.source(t), w.marks(t)...)
	b.Firearm.Type, b.Firearm.Make, b.Firearm.Calibre = pick(t, "type", types...), pick(t, "make", makes...), pick(t, "calibre", calibres...)
	b.Incident.CaseNumber = pick(t, "case", "", "", "C-1")
	b.Incident.Date = w.date(t)
	if chance(t, "denies", 30) {
		b.Deny = rapid.SliceOfNDistinct(rapid.SampledFrom(everyone), 1, 2, rapid.ID).Draw(t, "deny")
	}
	b.RetainUntil = events.DateOfDay(events.DayOf(w.at) + pick[events.Day](t, "retain", 0, 20, 300, 3000))
	return b
}

func (w *world) date(t *rapid.T) events.Date {
	if text := pick(t, "date", dates...); text != "" {
		return events.MustDate(text)
	}
	return events.Date{}
}

func (w *world) marks(t *rapid.T) []events.Mark {
	marks := rapid.SliceOfN(rapid.SampledFrom(serials), 1, 3).Draw(t, "marks")
	for _, m := range marks {
		if m.Kind == "serial" {
			return marks
		}
	}
	return append(marks, events.Mark{Kind: "serial", Status: "never_marked"})
}

func (w *world) ask(t *rapid.T) {
	b := search(w.marks(t)...)
	b.Context = pick(t, "context", "recovered", "in_sight", "routine_control")
	b.Firearm.Type, b.Firearm.Make, b.Firearm.Calibre = pick(t, "type", types...), pick(t, "make", makes...), pick(t, "calibre", calibres...)
	b.Incident.Date = w.date(t)
	b.NoStanding = chance(t, "no standing", 10)
	if chance(t, "shortened", 20) {
		b.StandUntil = events.DateOfDay(events.DayOf(w.at) + pick[events.Day](t, "stands", 0, 1, 40, 9000))
	}
	b.Limit = pick[uint32](t, "limit", 0, 1, 2)
	org := pick(t, "asker", askers...)
	var options []option
	if org == "WCO" && chance(t, "acts", 60) || chance(t, "acts wrongly", 3) {
		options = append(options, onBehalfOf("FJ-CUSTOMS"))
	}
	if e := w.send(org, b, options...); e.Verdict == events.Accepted {
		w.searches = append(w.searches, searchOf{org, searchID(e)})
	}
}

func (w *world) changeDirectory(t *rapid.T) {
	id := pick(t, "agreement", "AGR-WCO", "AGR-NE", "AGR-DD", "AGR-DEAF", "AGR-FJ")
	if !w.lateLooks {
		defer w.quiet()
	}
	switch pick(t, "change", "grant", "grant", "ending", "revoke", "organisation", "policy", "reference", "skip") {
	case "grant":
		w.send(secretary, grants[id]())
	case "ending":
		a := grants[id]()
		a.ValidUntil = events.DateOfDay(events.DayOf(w.at) + pick[events.Day](t, "valid", 0, 3, 100))
		w.send(secretary, a)
	case "revoke":
		w.send(secretary, revocation(id, pick(t, "standing", "end", "keep")))
	case "organisation":
		w.send(secretary, w.organisation(t))
	case "policy":
		w.send(secretary, w.policy(t))
	case "skip":
		to := w.offs["NCB-BB"] + int64(rapid.IntRange(-2, 5).Draw(t, "to"))
		w.send(secretary, skip(pick(t, "mailbox", "NCB-BB", "NE-AA"), max(1, to)))
	case "reference":
		w.send(secretary, &events.ReferenceSubmitted{
			Name: pick(t, "name", "FAMAE", "Taurus", "Glock"), Kind: "make",
			Aliases: []string{pick(t, "alias", "TAURUS S.A.", "Nobody knows", "other")}, Related: []string{"make:" + pick(t, "related", "GLOCK", "FAMAE")},
		})
	}
}

func (w *world) organisation(t *rapid.T) *events.OrganisationSubmitted {
	o := pick(t, "organisation", ncb("NCB-BB", "BR"), ncb("NCB-CC", "CL"), national("NE-AA", "AR", "NCB-AA"), national("NE-DD", "DE", ""), international("WCO"))
	o.Inbox = chance(t, "inbox", 60)
	o.NotifyFloor = pick(t, "floor", "", "weak", "fair", "strong")
	if o.Kind == "national_entity" {
		o.Parent = pick(t, "parent", "", "NCB-AA", "NCB-BB", "WCO")
	}
	return o
}

// policy is the default one, or one that alerts on nearly everything.
func (w *world) policy(t *rapid.T) *events.PolicySet {
	p := matching.DefaultPolicy()
	w.policies++
	p.Name = fmt.Sprint("policy-", w.policies)
	if pick(t, "policy", "default", "loud") == "loud" {
		p.SharedCases = 2
		p.Rules = []matching.Rule{{
			Grade:    []string{"exact", "normalised", "confusable", "lookalike", "series_missing", "partial"},
			Strength: []string{"fair", "strong"}, None: []string{"make!"}, Then: "notify",
		}}
		p.Else = "candidate"
	}
	raw, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return &events.PolicySet{Raw: raw}
}

// quiet lets the time pass after which standing questions are looked at again.
func (w *world) quiet() {
	w.at += 1000
	w.drain()
}

// lookAgain sets a policy, and waits until all questions have been looked at.
func (w *world) lookAgain(t *rapid.T) {
	w.accept(secretary, w.policy(t))
	w.quiet()
}

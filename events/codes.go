package events

import (
	"fmt"
	"slices"
	"strings"
)

// List is a closed list of codes. Its order is part of the language: an index
// is kept in states and tables, so codes are only ever added, at the end.
type List struct {
	name  string
	codes []string // codes[0] is "", the absent one
	// A hash table, because a fold looks up a dozen codes a record: heads holds
	// for each hash the index of its first code, next that of the one after.
	heads [256]uint8
	next  []uint8
}

// newList makes a list from its codes, separated by white space.
func newList(name, codes string) *List {
	l := &List{name: name, codes: append([]string{""}, strings.Fields(codes)...)}
	if len(l.codes) > 256 {
		panic(fmt.Sprintf("events: list %s has more than 255 codes", name))
	}
	l.next = make([]uint8, len(l.codes))
	for i, c := range l.codes[1:] {
		if l.find(c) != 0 {
			panic(fmt.Sprintf("events: list %s has %s twice", name, c))
		}
		h := hashCode(c)
		l.next[i+1], l.heads[h] = l.heads[h], uint8(i+1)
	}
	return l
}

// find is the index of a code, 0 for none.
func (l *List) find(code string) uint8 {
	if code == "" {
		return 0
	}
	i := l.heads[hashCode(code)]
	for i != 0 && l.codes[i] != code {
		i = l.next[i]
	}
	return i
}

func hashCode(c string) uint8 { return uint8(len(c)) + 3*c[0] + 5*c[len(c)-1] }

// Name is the list's name on the wire and of its file in schemas/codes.
func (l *List) Name() string { return l.name }

// Codes are the codes in their order.
func (l *List) Codes() []string { return slices.Clone(l.codes[1:]) }

// Has says whether the list holds the code.
func (l *List) Has(code string) bool { return l.find(code) != 0 }

// Index is the place of a code, from 1; ok is false for a code that the list
// does not hold. The empty code, "not known", is 0 and ok.
func (l *List) Index(code string) (i uint8, ok bool) {
	i = l.find(code)
	return i, i != 0 || code == ""
}

// At is the code at an index, "" for 0 and for an index that no code has.
func (l *List) At(i uint8) string {
	if int(i) >= len(l.codes) {
		return ""
	}
	return l.codes[i]
}

// Lists are all code lists, by name.
func Lists() []*List {
	all := []*List{
		Categories, IllicitBases, FirearmTypes, Actions, Features, MarkKinds, MarkPlaces, MarkStatuses,
		Circumstances, Purposes, Contexts, OriginStatuses, DiversionKinds, Handlings, CustomsChannels, RouteRoles,
		WithdrawReasons, SearchWithdrawReasons, OrganisationKinds, Rights, Roles, NotifyFloors, RevokeReasons,
		StandingSearches, ReferenceKinds, Countries, MatchClasses, Grades, Strengths, NotificationReasons,
		OperationKinds, Programmes, OperationCloseReasons,
		Urgencies, DomesticChecks, Forwardings, TraceAnswers, StepKinds, Holders, TraceFailures, TraceRefusals, TraceReasons, TraceUses, TraceComments, TraceOutcomes,
		AccessKinds,
		ComparedFields, ConfirmationAnswers, ConfirmationActions,
	}
	slices.SortFunc(all, func(a, b *List) int { return strings.Compare(a.name, b.name) })
	return all
}

// The lists of a record and of a question.
var (
	Categories     = newList("category", "lost stolen trafficked smuggled seized found surrendered")
	IllicitBases   = newList("illicit_basis", "law_of_place embargo not_marked unlicensed_manufacture unlicensed_transfer licit_used_in_crime")
	FirearmTypes   = newList("type", "pistol revolver rifle carbine shotgun submachine_gun machine_gun combination launcher light_weapon part other unknown")
	Actions        = newList("action", "semi_automatic automatic bolt lever pump single_shot double_barrel other unknown")
	Features       = newList("feature", "converted deactivated reactivated craft_made printed cut_down suppressed")
	MarkKinds      = newList("mark_kind", "serial import proof owner_applied other")
	MarkPlaces     = newList("mark_place", "frame receiver upper_receiver lower_receiver slide barrel cylinder bolt other unknown")
	MarkStatuses   = newList("mark_status", "readable partial restored obliterated never_marked not_recorded")
	Circumstances  = newList("circumstance", "theft_private theft_dealer theft_state theft_transit loss_private loss_state loss_transit border_control cargo_control postal_control vehicle_stop premises_search crime_scene unattended surrender_programme conflict other")
	Purposes       = newList("purpose", "border_control security_check criminal_investigation object_identification forensic_analysis threat_analysis")
	Contexts       = newList("context", "recovered in_sight documents routine_control")
	OriginStatuses = newList("origin_status", "not_attempted pending established_by_tracing established_otherwise failed not_traceable")
	DiversionKinds = newList("diversion_kind", "at_manufacture state_theft state_loss theft_private loss_private theft_dealer straw_purchase unauthorised_transfer undeclared_import embargo_violation conversion reactivation unknown")
	Handlings      = newList("handling", "official_use_only restricted confidential")

	CustomsChannels = newList("customs_channel", "postal express cargo passenger vehicle other")
	RouteRoles      = newList("route_role", "departure transit destination")

	WithdrawReasons       = newList("withdraw_reason", "recovered returned destroyed entered_in_error duplicate owner_request")
	SearchWithdrawReasons = newList("search_withdraw_reason", "mistyped case_closed weapon_released")
)

// The lists of a trace request and of what becomes of it.
var (
	Urgencies      = newList("urgency", "urgent routine deferred")
	DomesticChecks = newList("domestic_check", "done pending not_possible")
	Forwardings    = newList("forwarding", "never ask allowed")
	TraceAnswers   = newList("trace_answer", "acknowledged interim completed failed refused referred")
	StepKinds      = newList("step_kind", "manufactured exported imported transferred sold_retail state_issue reported_lost reported_stolen seized deactivated destroyed")
	Holders        = newList("holder", "manufacturer importer exporter wholesaler dealer private_person police military state_agency other")
	TraceFailures  = newList("trace_failure", "not_in_records records_not_kept records_destroyed mark_invalid_for_make insufficient_data make_unknown dealer_no_answer not_marked too_old")
	TraceRefusals  = newList("trace_refusal", "endangers_investigation confidentiality national_security national_law use_not_stated")
	TraceReasons   = newList("trace_because", "import_mark country_of_manufacture make proof_mark exported imported transferred sold_retail state_issue other")
	TraceUses      = newList("trace_use", "lead_only no_onward_sharing not_evidence ask_first")
	TraceComments  = newList("trace_comment", "photo_needed mark_unclear more_time photo_sent mark_confirmed")
	TraceOutcomes  = newList("trace_outcome", "established not_established cancelled")
)

// The lists of the directory and the reference table.
var (
	OrganisationKinds = newList("organisation_kind", "ncb national_entity international_entity general_secretariat customs_administration")
	Rights            = newList("right", "register search trace reference")
	Roles             = newList("role", "searcher registrar tracer desk analyst auditor admin")
	NotifyFloors      = newList("notify_floor", "weak fair strong")
	RevokeReasons     = newList("revoke_reason", "expired terminated suspended superseded breach")
	StandingSearches  = newList("standing_searches", "end keep")
	ReferenceKinds    = newList("reference_kind", "make model calibre type")
)

// The lists of what the registry itself says.
var (
	MatchClasses        = newList("match_class", "alert custody duplicate prior_sighting")
	Grades              = newList("grade", "exact normalised confusable lookalike series_missing partial")
	Strengths           = newList("strength", "weak fair strong")
	NotificationReasons = newList("notification_reason", "match match_ended confirmation_requested confirmation_answered confirmation_overdue trace_addressed trace_responded trace_overdue trace_closed record_review_due agreement_changed match_renewed daily_digest operation_changed trace_commented trace_forwarded mailbox_skipped")
)

// AccessKinds are what is logged when it is looked at.
var AccessKinds = newList("access_kind", "record match trace")

// Countries: ISO 3166-1 alpha-2, XK by convention, and the former states that
// old weapons bear, ISO 3166-3 alpha-4.
var Countries = newList("country", `
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR
GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP
KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT
MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW
SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ
UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
XK SUHH YUCS CSHH DDDE`)

// The two families of categories: only across them is a meeting a lead.
const (
	Wanted    = "wanted"
	Recovered = "recovered"
)

// Family is the family of a category: Wanted, Recovered, or "" for a code that
// is no category.
func Family(category string) string {
	switch category {
	case "lost", "stolen", "trafficked", "smuggled":
		return Wanted
	case "seized", "found", "surrendered":
		return Recovered
	}
	return ""
}

// Comparison says how two descriptions compare.
type Comparison uint8

// The three outcomes of a comparison. The zero one is Unknown.
const (
	Unknown Comparison = iota
	Agree
	Conflict
)

// String is the comparison as Results hold it.
func (c Comparison) String() string { return [...]string{"unknown", "agree", "conflict"}[c] }

// compatibleTypes names for each type the other types that the same weapon is
// also called; the relation goes both ways.
var compatibleTypes = map[string][]string{
	"rifle":          {"carbine"},
	"submachine_gun": {"carbine", "machine_gun"},
	"combination":    {"rifle", "shotgun"},
	"light_weapon":   {"machine_gun", "launcher"},
}

// typeComparisons holds CompareTypes for all pairs of indexes.
var typeComparisons = func() (t [16][16]Comparison) {
	for i := range FirearmTypes.codes {
		for j := range FirearmTypes.codes {
			t[i][j] = compareTypes(FirearmTypes.codes[i], FirearmTypes.codes[j])
		}
	}
	return t
}()

func compareTypes(a, b string) Comparison {
	vague := []string{"", "part", "other", "unknown"}
	switch {
	case slices.Contains(vague, a) || slices.Contains(vague, b):
		return Unknown
	case a == b || slices.Contains(compatibleTypes[a], b) || slices.Contains(compatibleTypes[b], a):
		return Agree
	}
	return Conflict
}

// CompareTypes compares two firearm types given by their index in FirearmTypes.
// Types that the same weapon goes by (carbine and rifle) agree; a part may
// belong to any weapon, and "other" says nothing.
func CompareTypes(a, b uint8) Comparison { return typeComparisons[a&15][b&15] }

// TypesCompatible is CompareTypes for codes.
func TypesCompatible(a, b string) Comparison {
	i, _ := FirearmTypes.Index(a)
	j, _ := FirearmTypes.Index(b)
	return CompareTypes(i, j)
}

package events

import "math"

// Bounds of the directory's and the reference table's bodies.
const (
	maxClockMinutes  = 60 * 24 * 30
	maxDailyLimit    = 1_000_000_000
	maxOrganisations = 256
	maxAliases       = 64
	maxRelated       = 32
	maxCodes         = 16
	maxSerialForms   = 32
	maxSerialPlace   = 32
	maxSerialSigns   = 4
	maxAdminKeys     = 64
)

var organisationSubmitted = []field[OrganisationSubmitted]{
	{"organisation_id", required, func(d *decoder, o *OrganisationSubmitted) { o.OrganisationID = d.text(&ruleOrg) }},
	{"kind", required, func(d *decoder, o *OrganisationSubmitted) { o.Kind = d.code(OrganisationKinds) }},
	{"country", optional, func(d *decoder, o *OrganisationSubmitted) { o.Country = d.code(Countries) }},
	{"name", required, func(d *decoder, o *OrganisationSubmitted) { o.Name = d.text(&ruleTitle) }},
	{"parent", optional, func(d *decoder, o *OrganisationSubmitted) { o.Parent = d.text(&ruleOrg) }},
	{"inbox", optional, func(d *decoder, o *OrganisationSubmitted) { o.Inbox = d.bool() }},
	{"rights", optional, func(d *decoder, o *OrganisationSubmitted) { o.Rights = d.codes(Rights) }},
	{"clocks_minutes", optional, func(d *decoder, o *OrganisationSubmitted) {
		o.Clocks = new(ClockMinutes)
		object(d, clocks, o.Clocks)
	}},
	{"notify_floor", optional, func(d *decoder, o *OrganisationSubmitted) { o.NotifyFloor = d.code(NotifyFloors) }},
}

var clocks = []field[ClockMinutes]{
	{"urgent", optional, func(d *decoder, c *ClockMinutes) { c.Urgent = uint32(d.uint(1, maxClockMinutes)) }},
	{"routine", optional, func(d *decoder, c *ClockMinutes) { c.Routine = uint32(d.uint(1, maxClockMinutes)) }},
	{"deferred", optional, func(d *decoder, c *ClockMinutes) { c.Deferred = uint32(d.uint(1, maxClockMinutes)) }},
}

var agreementGranted = []field[AgreementGranted]{
	{"agreement_id", required, func(d *decoder, a *AgreementGranted) { a.AgreementID = d.text(&ruleToken) }},
	{"grantee", required, func(d *decoder, a *AgreementGranted) { a.Grantee = d.text(&ruleOrg) }},
	{"rights", required, func(d *decoder, a *AgreementGranted) { a.Rights = d.codes(Rights) }},
	{"purposes", optional, func(d *decoder, a *AgreementGranted) { a.Purposes = d.codes(Purposes) }},
	{"acts_for", optional, func(d *decoder, a *AgreementGranted) { a.ActsFor = new(ActsFor); object(d, actsFor, a.ActsFor) }},
	{"limits", optional, func(d *decoder, a *AgreementGranted) {
		a.Limits = new(AgreementLimit)
		object(d, agreementLimit, a.Limits)
	}},
	{"legal_basis", required, func(d *decoder, a *AgreementGranted) { a.LegalBasis = d.text(&ruleBasis) }},
	{"valid_from", required, func(d *decoder, a *AgreementGranted) { a.ValidFrom = d.date() }},
	{"valid_until", required, func(d *decoder, a *AgreementGranted) { a.ValidUntil = d.date() }},
}

var actsFor = []field[ActsFor]{
	{"kinds", optional, func(d *decoder, a *ActsFor) { a.Kinds = d.codes(OrganisationKinds) }},
	{"organisations", optional, func(d *decoder, a *ActsFor) { a.Organisations = d.texts(maxOrganisations, &ruleOrg) }},
	{"only_without_own_access", optional, func(d *decoder, a *ActsFor) { a.OnlyWithoutOwnAccess = d.bool() }},
}

var agreementLimit = []field[AgreementLimit]{
	{"searches_per_day", optional, func(d *decoder, l *AgreementLimit) { l.SearchesPerDay = uint32(d.uint(1, maxDailyLimit)) }},
	{"partial_per_day", optional, func(d *decoder, l *AgreementLimit) { l.PartialPerDay = uint32(d.uint(1, maxDailyLimit)) }},
}

var agreementRevoked = []field[AgreementRevoked]{
	{"agreement_id", required, func(d *decoder, a *AgreementRevoked) { a.AgreementID = d.text(&ruleToken) }},
	{"reason", required, func(d *decoder, a *AgreementRevoked) { a.Reason = d.code(RevokeReasons) }},
	{"standing_searches", required, func(d *decoder, a *AgreementRevoked) { a.StandingSearches = d.code(StandingSearches) }},
}

var referenceSubmitted = []field[ReferenceSubmitted]{
	{"name", required, func(d *decoder, r *ReferenceSubmitted) { r.Name = d.text(&ruleName) }},
	{"kind", required, func(d *decoder, r *ReferenceSubmitted) { r.Kind = d.code(ReferenceKinds) }},
	{"country", optional, func(d *decoder, r *ReferenceSubmitted) { r.Country = d.code(Countries) }},
	{"make", optional, func(d *decoder, r *ReferenceSubmitted) { r.Make = d.text(&ruleReference) }},
	{"type", optional, func(d *decoder, r *ReferenceSubmitted) { r.FirearmType = d.code(FirearmTypes) }},
	{"calibres", optional, func(d *decoder, r *ReferenceSubmitted) { r.Calibres = d.texts(maxRelated, &ruleReference) }},
	{"aliases", optional, func(d *decoder, r *ReferenceSubmitted) { r.Aliases = d.texts(maxAliases, &ruleName) }},
	{"codes", optional, func(d *decoder, r *ReferenceSubmitted) { r.Codes = d.codeMap() }},
	{"related", optional, func(d *decoder, r *ReferenceSubmitted) { r.Related = d.texts(maxRelated, &ruleReference) }},
	{"serial_forms", optional, func(d *decoder, r *ReferenceSubmitted) { r.SerialForms = objects(d, maxSerialForms, serialForm) }},
}

var serialForm = []field[SerialForm]{
	{"pattern", required, func(d *decoder, f *SerialForm) { f.Pattern = d.text(&rulePattern) }},
	{"from", optional, func(d *decoder, f *SerialForm) { f.From = d.text(&ruleYear) }},
	{"until", optional, func(d *decoder, f *SerialForm) { f.Until = d.text(&ruleYear) }},
	{"year", optional, func(d *decoder, f *SerialForm) { f.Year = new(SerialCode); object(d, serialCode, f.Year) }},
	{"month", optional, func(d *decoder, f *SerialForm) { f.Month = new(SerialCode); object(d, serialCode, f.Month) }},
}

var serialCode = []field[SerialCode]{
	{"at", required, func(d *decoder, c *SerialCode) { c.At = uint32(d.uint(1, maxSerialPlace)) }},
	{"length", optional, func(d *decoder, c *SerialCode) { c.Length = uint32(d.uint(1, maxSerialSigns)) }},
	{"signs", optional, func(d *decoder, c *SerialCode) { c.Signs = d.text(&ruleSigns) }},
	{"first", optional, func(d *decoder, c *SerialCode) { c.First = d.text(&ruleYear) }},
	{"down", optional, func(d *decoder, c *SerialCode) { c.Down = d.bool() }},
}

// codeMap reads codes by the name of the list that they are of.
func (d *decoder) codeMap() map[string]string {
	if !d.open('{') {
		return nil
	}
	codes := make(map[string]string)
	n := 0
	for ; d.item(n, '}'); n++ {
		list := d.key()
		d.path[d.depth-1] = step{list, -1}
		if _, twice := codes[list]; twice {
			d.fault(codeDuplicate)
		} else if list == "" || ruleCodeList.check(list, d.wide) != "" {
			d.fault(codeUnknownField)
		}
		codes[list] = d.text(&ruleAnyCode)
	}
	d.depth--
	switch {
	case n == 0:
		d.fault(codeEmpty)
	case n > maxCodes:
		d.faultOf(codeTooMany, detail{most: maxCodes})
	}
	return codes
}

var genesis = []field[Genesis]{
	{"journal_id", required, func(d *decoder, g *Genesis) { g.JournalID = d.uuid() }},
	{"general_secretariat", required, func(d *decoder, g *Genesis) { g.GeneralSecretariat = d.text(&ruleOrg) }},
	{"name", required, func(d *decoder, g *Genesis) { g.Name = d.text(&ruleTitle) }},
	{"admin_keys", optional, func(d *decoder, g *Genesis) { g.AdminKeys = d.texts(maxAdminKeys, &ruleKeyID) }},
	{"policy", required, func(d *decoder, g *Genesis) { g.Policy = d.raw() }},
	{"checkpoint_key", optional, func(d *decoder, g *Genesis) { g.CheckpointKey = d.text(&ruleKey) }},
}

var recordReviewDue = []field[RecordReviewDue]{
	{"organisation", required, func(d *decoder, r *RecordReviewDue) { r.Organisation = d.text(&ruleOrg) }},
	{"day", required, func(d *decoder, r *RecordReviewDue) { r.Day = d.day() }},
	{"months", required, func(d *decoder, r *RecordReviewDue) { r.Months = uint32(d.uint(1, 12)) }},
}

var recordExpired = []field[RecordExpired]{
	{"organisation", required, func(d *decoder, r *RecordExpired) { r.Organisation = d.text(&ruleOrg) }},
	{"day", required, func(d *decoder, r *RecordExpired) { r.Day = d.day() }},
}

var searchLapsed = []field[SearchLapsed]{
	{"day", required, func(d *decoder, s *SearchLapsed) { s.Day = d.day() }},
}

var agreementEnded = []field[AgreementEnded]{
	{"agreement_id", required, func(d *decoder, a *AgreementEnded) { a.AgreementID = d.text(&ruleToken) }},
}

var digestDue = []field[DigestDue]{
	{"organisation", required, func(d *decoder, g *DigestDue) { g.Organisation = d.text(&ruleOrg) }},
	{"day", required, func(d *decoder, g *DigestDue) { g.Day = d.day() }},
}

var effectsContinued = []field[EffectsContinued]{
	{"of", required, func(d *decoder, e *EffectsContinued) { e.Of = d.uint(0, math.MaxUint64) }},
	{"cursor", required, func(d *decoder, e *EffectsContinued) { e.Cursor = d.uint(0, math.MaxUint64) }},
}

var questionsReexamined = []field[QuestionsReexamined]{
	{"of", required, func(d *decoder, q *QuestionsReexamined) { q.Of = d.uint(0, math.MaxUint64) }},
}

package events

import "unicode/utf8"

// Bounds of the bodies of traces.
const (
	maxAddressees = 16
	maxSteps      = 32
	maxReferrals  = 8
)

var traceRequested = []field[TraceRequested]{
	{"record_id", optional, func(d *decoder, t *TraceRequested) { t.RecordID = d.uuid() }},
	{"urgency", required, func(d *decoder, t *TraceRequested) { t.Urgency = d.code(Urgencies) }},
	{"illicit_basis", required, func(d *decoder, t *TraceRequested) { t.IllicitBasis = d.codes(IllicitBases) }},
	{"intended_use", required, func(d *decoder, t *TraceRequested) { t.IntendedUse = d.code(Purposes) }},
	{"domestic_check", required, func(d *decoder, t *TraceRequested) { t.DomesticCheck = d.code(DomesticChecks) }},
	{"firearm", required, func(d *decoder, t *TraceRequested) { object(d, firearmInSearch, &t.Firearm) }},
	{"incident", required, func(d *decoder, t *TraceRequested) { object(d, incidentInRecord, &t.Incident) }},
	{"addressees", required, func(d *decoder, t *TraceRequested) { t.Addressees = d.texts(maxAddressees, &ruleOrg) }},
	{"forwarding", optional, func(d *decoder, t *TraceRequested) { t.Forwarding = d.code(Forwardings) }},
	{"answer_by", optional, func(d *decoder, t *TraceRequested) { t.AnswerBy = d.day() }},
}

var traceResponded = []field[TraceResponded]{
	{"trace_id", required, func(d *decoder, t *TraceResponded) { t.TraceID = d.uuid() }},
	{"status", required, func(d *decoder, t *TraceResponded) { t.Status = d.code(TraceAnswers) }},
	{"case_number", optional, func(d *decoder, t *TraceResponded) { t.CaseNumber = d.text(&ruleCase) }},
	{"steps", optional, func(d *decoder, t *TraceResponded) { t.Steps = d.traceSteps() }},
	{"next", optional, func(d *decoder, t *TraceResponded) { t.Next = objects(d, maxReferrals, traceReferral) }},
	{"failure", optional, func(d *decoder, t *TraceResponded) { t.Failure = d.code(TraceFailures) }},
	{"refusal", optional, func(d *decoder, t *TraceResponded) { t.Refusal = d.code(TraceRefusals) }},
	{"use", optional, func(d *decoder, t *TraceResponded) { t.Use = d.codes(TraceUses) }},
}

var traceStep = []field[TraceStep]{
	{"kind", required, func(d *decoder, s *TraceStep) { s.Kind = d.code(StepKinds) }},
	{"date", optional, func(d *decoder, s *TraceStep) { s.Date = d.date() }},
	{"country", required, func(d *decoder, s *TraceStep) { s.Country = d.code(Countries) }},
	{"to_country", optional, func(d *decoder, s *TraceStep) { s.ToCountry = d.code(Countries) }},
	{"holder", optional, func(d *decoder, s *TraceStep) { s.Holder = d.code(Holders) }},
	{"licence_held", optional, func(d *decoder, s *TraceStep) { s.LicenceHeld = d.bool() }},
}

var traceReferral = []field[TraceReferral]{
	{"organisation", required, func(d *decoder, r *TraceReferral) { r.Organisation = d.text(&ruleOrg) }},
	{"because", required, func(d *decoder, r *TraceReferral) { r.Because = d.code(TraceReasons) }},
}

var traceForwarded = []field[TraceForwarded]{
	{"trace_id", required, func(d *decoder, t *TraceForwarded) { t.TraceID = d.uuid() }},
	{"addressees", required, func(d *decoder, t *TraceForwarded) { t.Addressees = d.texts(maxAddressees, &ruleOrg) }},
	{"because", required, func(d *decoder, t *TraceForwarded) { t.Because = d.code(TraceReasons) }},
}

var traceCommented = []field[TraceCommented]{
	{"trace_id", required, func(d *decoder, t *TraceCommented) { t.TraceID = d.uuid() }},
	{"code", required, func(d *decoder, t *TraceCommented) { t.Code = d.code(TraceComments) }},
	{"until", optional, func(d *decoder, t *TraceCommented) { t.Until = d.day() }},
}

var traceClosed = []field[TraceClosed]{
	{"trace_id", required, func(d *decoder, t *TraceClosed) { t.TraceID = d.uuid() }},
	{"outcome", required, func(d *decoder, t *TraceClosed) { t.Outcome = d.code(TraceOutcomes) }},
	{"diversion", optional, func(d *decoder, t *TraceClosed) {
		t.Diversion = new(Diversion)
		object(d, diversion, t.Diversion)
	}},
	{"first_retail_sale", optional, func(d *decoder, t *TraceClosed) {
		t.FirstRetailSale = new(Sale)
		object(d, sale, t.FirstRetailSale)
	}},
}

var sale = []field[Sale]{
	{"country", optional, func(d *decoder, s *Sale) { s.Country = d.code(Countries) }},
	{"date", optional, func(d *decoder, s *Sale) { s.Date = d.date() }},
}

var traceOverdue = []field[TraceOverdue]{
	{"trace_id", required, func(d *decoder, t *TraceOverdue) { t.TraceID = d.uuid() }},
	{"addressee", required, func(d *decoder, t *TraceOverdue) { t.Addressee = d.text(&ruleOrg) }},
}

func (d *decoder) traceSteps() (steps []TraceStep) {
	if !d.open('[') {
		return nil
	}
	for n := 0; d.element(n, maxSteps); n++ {
		steps = append(steps, TraceStep{})
		s, before := &steps[n], len(d.errs)
		object(d, traceStep, s)
		if leads := s.Kind == "exported" || s.Kind == "transferred"; len(d.errs) == before {
			d.together("to_country", s.ToCountry != "", false, leads)
		}
	}
	return steps
}

// together notes a field that is missing where the rest must have it, or there
// where the rest may not.
func (d *decoder) together(field string, there, must, may bool) {
	switch {
	case must && !there:
		d.faultAt(field, codeRequired)
	case there && !must && !may:
		d.faultAt(field, codeNotTogether)
	}
}

// checkResponse: an answer that gives something says what, one that gives
// nothing says why, and neither says the other.
func checkResponse(d *decoder, t *TraceResponded) {
	gives := t.Status != "acknowledged" && t.Status != "refused"
	d.together("steps", t.Steps != nil, t.Status == "completed", gives)
	d.together("next", t.Next != nil, t.Status == "referred", gives)
	d.together("failure", t.Failure != "", t.Status == "failed", false)
	d.together("refusal", t.Refusal != "", t.Status == "refused", false)
	d.together("use", t.Use != nil, false, gives)
}

func checkComment(d *decoder, t *TraceCommented) {
	d.together("until", t.Until != 0, t.Code == "more_time", false)
}

func checkClosing(d *decoder, t *TraceClosed) {
	d.together("diversion", t.Diversion != nil, t.Outcome == "established", false)
	d.together("first_retail_sale", t.FirstRetailSale != nil, false, t.Outcome != "cancelled")
}

// DecodeFirearm reads {"firearm": {…}} as strictly as a trace request reads its
// firearm, and says in words what is wrong.
func DecodeFirearm(value []byte) (*Firearm, []FieldError) {
	if len(value) > MaxBody {
		return nil, []FieldError{{Code: codeTooLarge, Message: sayings[codeTooLarge].message, Hint: sayings[codeTooLarge].hint}}
	}
	d := decoder{scanner: scanner{s: string(value)}}
	var f Firearm
	if utf8.ValidString(d.s) {
		object(&d, firearmAlone, &f)
	}
	if !utf8.ValidString(d.s) || !d.end() {
		return nil, []FieldError{{Code: codeNotJSON, Message: sayings[codeNotJSON].message, Hint: sayings[codeNotJSON].hint}}
	}
	if len(d.errs) > 0 {
		return nil, explain(&d, value, d.errs)
	}
	return &f, nil
}

var firearmAlone = []field[Firearm]{
	{"firearm", required, func(d *decoder, f *Firearm) { object(d, firearmInSearch, f) }},
}

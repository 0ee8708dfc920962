package events

// Bounds of lists and numbers in a body.
const (
	maxMarks    = 16
	maxRoute    = 16
	maxDeny     = 256
	maxBarrelMM = 5000
)

var firearmInRecord, firearmInSearch = firearm(required), firearm(optional)

func firearm(typeMust bool) []field[Firearm] {
	return []field[Firearm]{
		{"type", typeMust, func(d *decoder, f *Firearm) { f.Type = d.code(FirearmTypes) }},
		{"action", optional, func(d *decoder, f *Firearm) { f.Action = d.code(Actions) }},
		{"make", optional, func(d *decoder, f *Firearm) { f.Make = d.text(&ruleName) }},
		{"make_code", optional, func(d *decoder, f *Firearm) { f.MakeCode = d.text(&ruleCode) }},
		{"model", optional, func(d *decoder, f *Firearm) { f.Model = d.text(&ruleName) }},
		{"calibre", optional, func(d *decoder, f *Firearm) { f.Calibre = d.text(&ruleCalibre) }},
		{"calibre_code", optional, func(d *decoder, f *Firearm) { f.CalibreCode = d.text(&ruleCode) }},
		{"country_of_manufacture", optional, func(d *decoder, f *Firearm) { f.CountryOfManufacture = d.code(Countries) }},
		{"manufactured", optional, func(d *decoder, f *Firearm) { f.Manufactured = d.date() }},
		{"features", optional, func(d *decoder, f *Firearm) { f.Features = d.codes(Features) }},
		{"barrel_length_mm", optional, func(d *decoder, f *Firearm) { f.BarrelLengthMM = uint32(d.uint(1, maxBarrelMM)) }},
		{"reference_id", optional, func(d *decoder, f *Firearm) { f.ReferenceID = d.text(&ruleReference) }},
		{"marks", required, func(d *decoder, f *Firearm) { f.Marks = d.markList() }},
	}
}

var mark = []field[Mark]{
	{"kind", required, func(d *decoder, m *Mark) { m.Kind = d.code(MarkKinds) }},
	{"place", optional, func(d *decoder, m *Mark) { m.Place = d.code(MarkPlaces) }},
	{"status", required, func(d *decoder, m *Mark) { m.Status = d.code(MarkStatuses) }},
	{"text", optional, func(d *decoder, m *Mark) { m.Text = d.text(&ruleMark) }},
	{"series", optional, func(d *decoder, m *Mark) { m.Series = d.text(&ruleSeries) }},
	{"country", optional, func(d *decoder, m *Mark) { m.Country = d.code(Countries) }},
	{"year", optional, func(d *decoder, m *Mark) { m.Year = d.text(&ruleYear) }},
}

var incidentInRecord, incidentInSearch = incident(required), incident(optional)

func incident(countryMust bool) []field[Incident] {
	return []field[Incident]{
		{"date", optional, func(d *decoder, i *Incident) { i.Date = d.date() }},
		{"country", countryMust, func(d *decoder, i *Incident) { i.Country = d.code(Countries) }},
		{"subdivision", optional, func(d *decoder, i *Incident) { i.Subdivision = d.text(&ruleDivision) }},
		{"place", optional, func(d *decoder, i *Incident) { i.Place = d.text(&ruleName) }},
		{"locode", optional, func(d *decoder, i *Incident) { i.Locode = d.text(&ruleLocode) }},
		{"case_number", optional, func(d *decoder, i *Incident) { i.CaseNumber = d.text(&ruleCase) }},
		{"circumstance", optional, func(d *decoder, i *Incident) { i.Circumstance = d.code(Circumstances) }},
		{"operation", optional, func(d *decoder, i *Incident) { i.Operation = d.text(&ruleName) }},
		{"customs", optional, func(d *decoder, i *Incident) { i.Customs = new(Customs); object(d, customs, i.Customs) }},
		{"route", optional, func(d *decoder, i *Incident) { i.Route = objects(d, maxRoute, leg) }},
	}
}

var customs = []field[Customs]{
	{"channel", optional, func(d *decoder, c *Customs) { c.Channel = d.code(CustomsChannels) }},
	{"hs_code", optional, func(d *decoder, c *Customs) { c.HSCode = d.text(&ruleHS) }},
}

var leg = []field[Leg]{
	{"country", required, func(d *decoder, l *Leg) { l.Country = d.code(Countries) }},
	{"role", optional, func(d *decoder, l *Leg) { l.Role = d.code(RouteRoles) }},
}

func (d *decoder) markList() (marks []Mark) {
	if !d.open('[') {
		return nil
	}
	before, serial := len(d.errs), false
	marks = d.marks.take(1)[:0]
	for n := 0; d.element(n, maxMarks); n++ {
		marks = append(marks, Mark{})
		d.mark(&marks[n])
		serial = serial || marks[n].Kind == "serial"
	}
	if !serial && len(d.errs) == before {
		d.fault(codeNoSerialMark)
	}
	return marks
}

func (d *decoder) mark(m *Mark) {
	before := len(d.errs)
	object(d, mark, m)
	if len(d.errs) == before && !d.lenient && !d.bad {
		d.checkMark(m)
	}
}

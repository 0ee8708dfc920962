package imports

import (
	"slices"
	"strconv"

	"github.com/armslog/armslog/events"
)

// field is one place of a record that a mapping can fill.
type field struct {
	path     string
	optional bool                                       // a text that the contract refuses is left out with a warning, instead of the row
	set      func(*events.RecordSubmitted, string) bool // false: the field cannot hold the text; "" empties it
}

func text(at func(*events.RecordSubmitted) *string) func(*events.RecordSubmitted, string) bool {
	return func(r *events.RecordSubmitted, s string) bool {
		*at(r) = s
		return true
	}
}

func list(at func(*events.RecordSubmitted) *[]string) func(*events.RecordSubmitted, string) bool {
	return func(r *events.RecordSubmitted, s string) bool {
		switch l := at(r); {
		case s == "":
			*l = nil
		case !slices.Contains(*l, s):
			*l = append(*l, s)
		}
		return true
	}
}

func date(at func(*events.RecordSubmitted) *events.Date) func(*events.RecordSubmitted, string) bool {
	return func(r *events.RecordSubmitted, s string) bool {
		d, ok := events.ParseDate(s)
		*at(r) = d
		return ok || s == ""
	}
}

// fields are all places, in the order in which they are filled: what depends
// on the incident's date comes after it.
func fields() []field {
	type record = events.RecordSubmitted
	return []field{
		{"source.system", false, text(func(r *record) *string { return &r.Source.System })},
		{"source.id", false, text(func(r *record) *string { return &r.Source.ID })},
		{"category", false, text(func(r *record) *string { return &r.Category })},
		{"illicit_basis", true, list(func(r *record) *[]string { return &r.IllicitBasis })},
		{"incident.date", true, date(func(r *record) *events.Date { return &r.Incident.Date })},
		{"incident.country", false, text(func(r *record) *string { return &r.Incident.Country })},
		{"incident.subdivision", true, text(func(r *record) *string { return &r.Incident.Subdivision })},
		{"incident.place", true, text(func(r *record) *string { return &r.Incident.Place })},
		{"incident.locode", true, text(func(r *record) *string { return &r.Incident.Locode })},
		{"incident.case_number", true, text(func(r *record) *string { return &r.Incident.CaseNumber })},
		{"incident.circumstance", true, text(func(r *record) *string { return &r.Incident.Circumstance })},
		{"incident.operation", true, text(func(r *record) *string { return &r.Incident.Operation })},
		{"firearm.type", false, text(func(r *record) *string { return &r.Firearm.Type })},
		{"firearm.action", true, text(func(r *record) *string { return &r.Firearm.Action })},
		{"firearm.make", true, text(func(r *record) *string { return &r.Firearm.Make })},
		{"firearm.make_code", true, text(func(r *record) *string { return &r.Firearm.MakeCode })},
		{"firearm.model", true, text(func(r *record) *string { return &r.Firearm.Model })},
		{"firearm.calibre", true, text(func(r *record) *string { return &r.Firearm.Calibre })},
		{"firearm.calibre_code", true, text(func(r *record) *string { return &r.Firearm.CalibreCode })},
		{"firearm.country_of_manufacture", true, text(func(r *record) *string { return &r.Firearm.CountryOfManufacture })},
		{"firearm.manufactured", true, date(func(r *record) *events.Date { return &r.Firearm.Manufactured })},
		{"firearm.features", true, list(func(r *record) *[]string { return &r.Firearm.Features })},
		{"firearm.barrel_length_mm", true, millimetres},
		{"handling", true, text(func(r *record) *string { return &r.Handling })},
		{"deny", false, list(func(r *record) *[]string { return &r.Deny })},
		{"retain_until", false, date(func(r *record) *events.Date { return &r.RetainUntil })},
	}
}

func millimetres(r *events.RecordSubmitted, s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	r.Firearm.BarrelLengthMM = uint32(n)
	return err == nil || s == ""
}

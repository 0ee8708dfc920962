// Package decodebench measures what it costs to decode a record: encoding/json,
// a generated decoder, and the one of package events. It is a module of its own,
// so that armslog does not depend on the generator. See
// docs/decisions/decoder.md.
package decodebench

import "github.com/armslog/armslog/events"

//go:generate go run github.com/mailru/easyjson/easyjson -all -disallow_unknown_fields record.go

// Record has the fields of events.RecordSubmitted: the generator makes methods
// for the types of this package alone.
type Record struct {
	Source       Source      `json:"source"`
	BaseRevision uint32      `json:"base_revision,omitempty"`
	Category     string      `json:"category"`
	IllicitBasis []string    `json:"illicit_basis,omitempty"`
	Firearm      Firearm     `json:"firearm"`
	Incident     Incident    `json:"incident"`
	Origin       *Origin     `json:"origin,omitempty"`
	Deny         []string    `json:"deny,omitempty"`
	Handling     string      `json:"handling,omitempty"`
	RetainUntil  events.Date `json:"retain_until"`
}

// Source mirrors events.Source.
type Source struct {
	System string `json:"system"`
	ID     string `json:"id"`
}

// Firearm mirrors events.Firearm.
type Firearm struct {
	Type                 string      `json:"type,omitempty"`
	Action               string      `json:"action,omitempty"`
	Make                 string      `json:"make,omitempty"`
	MakeCode             string      `json:"make_code,omitempty"`
	Model                string      `json:"model,omitempty"`
	Calibre              string      `json:"calibre,omitempty"`
	CalibreCode          string      `json:"calibre_code,omitempty"`
	CountryOfManufacture string      `json:"country_of_manufacture,omitempty"`
	Manufactured         events.Date `json:"manufactured,omitzero"`
	Features             []string    `json:"features,omitempty"`
	BarrelLengthMM       uint32      `json:"barrel_length_mm,omitempty"`
	ReferenceID          string      `json:"reference_id,omitempty"`
	Marks                []Mark      `json:"marks"`
}

// Mark mirrors events.Mark.
type Mark struct {
	Kind    string `json:"kind"`
	Place   string `json:"place,omitempty"`
	Status  string `json:"status"`
	Text    string `json:"text,omitempty"`
	Series  string `json:"series,omitempty"`
	Country string `json:"country,omitempty"`
	Year    string `json:"year,omitempty"`
}

// Incident mirrors events.Incident.
type Incident struct {
	Date         events.Date `json:"date,omitzero"`
	Country      string      `json:"country,omitempty"`
	Subdivision  string      `json:"subdivision,omitempty"`
	Place        string      `json:"place,omitempty"`
	Locode       string      `json:"locode,omitempty"`
	CaseNumber   string      `json:"case_number,omitempty"`
	Circumstance string      `json:"circumstance,omitempty"`
	Operation    string      `json:"operation,omitempty"`
	Customs      *Customs    `json:"customs,omitempty"`
	Route        []Leg       `json:"route,omitempty"`
}

// Customs mirrors events.Customs.
type Customs struct {
	Channel string `json:"channel,omitempty"`
	HSCode  string `json:"hs_code,omitempty"`
}

// Leg mirrors events.Leg.
type Leg struct {
	Country string `json:"country"`
	Role    string `json:"role,omitempty"`
}

// Origin mirrors events.Origin.
type Origin struct {
	Status    string     `json:"status"`
	Diversion *Diversion `json:"diversion,omitempty"`
}

// Diversion mirrors events.Diversion.
type Diversion struct {
	Country string      `json:"country,omitempty"`
	Date    events.Date `json:"date,omitzero"`
	Kind    string      `json:"kind,omitempty"`
}

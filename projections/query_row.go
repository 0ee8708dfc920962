package projections

import (
	"time"

	"github.com/google/uuid"

	"github.com/armslog/armslog/events"
)

// recordRow is a row of records or record_history with what became of it.
type recordRow struct {
	ID                   uuid.UUID `ch:"record_id"`
	Revision             uint32    `ch:"revision"`
	Seq                  uint64    `ch:"seq"`
	At                   time.Time `ch:"at"`
	Owner                string    `ch:"owner"`
	SourceSystem         string    `ch:"source_system"`
	SourceID             string    `ch:"source_id"`
	Category             string    `ch:"category"`
	IllicitBasis         []string  `ch:"illicit_basis"`
	Type                 string    `ch:"type"`
	Action               string    `ch:"action"`
	Make                 string    `ch:"make"`
	MakeCode             string    `ch:"make_code"`
	Model                string    `ch:"model"`
	Calibre              string    `ch:"calibre"`
	CalibreCode          string    `ch:"calibre_code"`
	CountryOfManufacture string    `ch:"country_of_manufacture"`
	Manufactured         string    `ch:"manufactured"`
	Features             []string  `ch:"features"`
	BarrelLengthMM       uint32    `ch:"barrel_length_mm"`
	ReferenceID          string    `ch:"reference_id"`
	Marks                []markRow `ch:"marks"`
	IncidentDate         string    `ch:"incident_date"`
	IncidentCountry      string    `ch:"incident_country"`
	Subdivision          string    `ch:"subdivision"`
	Place                string    `ch:"place"`
	Locode               string    `ch:"locode"`
	CaseNumber           string    `ch:"case_number"`
	Circumstance         string    `ch:"circumstance"`
	Operation            string    `ch:"operation"`
	Channel              string    `ch:"channel"`
	HSCode               string    `ch:"hs_code"`
	Route                []legRow  `ch:"route"`
	OriginStatus         string    `ch:"origin_status"`
	DiversionCountry     string    `ch:"diversion_country"`
	DiversionDate        string    `ch:"diversion_date"`
	DiversionKind        string    `ch:"diversion_kind"`
	Deny                 []string  `ch:"deny"`
	Handling             string    `ch:"handling"`
	Retain               string    `ch:"retain"`

	Status          string    `ch:"status"`
	FirstRecordedAt time.Time `ch:"first_recorded_at"`
	ChangedAt       time.Time `ch:"changed_at"`

	// Derived from the above, not read back.
	MadeYearMin   *int16     `ch:"made_year_min"`
	MadeYearMax   *int16     `ch:"made_year_max"`
	MarkID        uint64     `ch:"mark_id"`
	MarkStatus    string     `ch:"mark_status"`
	MarkMilliBits uint32     `ch:"mark_millibits"`
	IncidentMin   *time.Time `ch:"incident_min"`
	IncidentMax   *time.Time `ch:"incident_max"`
	DiversionMin  *time.Time `ch:"diversion_min"`
	DiversionMax  *time.Time `ch:"diversion_max"`
	RetainUntil   time.Time  `ch:"retain_until"`
}

type markRow struct {
	Kind    string `ch:"kind"`
	Place   string `ch:"place"`
	Status  string `ch:"status"`
	Text    string `ch:"text"`
	Series  string `ch:"series"`
	Country string `ch:"country"`
	Year    string `ch:"year"`
	ID      uint64 `ch:"id"`
}

type legRow struct {
	Country string `ch:"country"`
	Role    string `ch:"role"`
}

// record is the row as the request that it was made of, read back.
func (r *recordRow) record() Record {
	return Record{
		ID: events.UUID(r.ID), Owner: r.Owner, Revision: r.Revision, Seq: r.Seq,
		Status: r.Status, FirstRecordedAt: r.FirstRecordedAt.UTC(), ChangedAt: r.ChangedAt.UTC(),
		Record: events.RecordSubmitted{
			Source:       events.Source{System: r.SourceSystem, ID: r.SourceID},
			Category:     r.Category,
			IllicitBasis: list(r.IllicitBasis),
			Firearm: events.Firearm{
				Type: r.Type, Action: r.Action, Make: r.Make, MakeCode: r.MakeCode, Model: r.Model,
				Calibre: r.Calibre, CalibreCode: r.CalibreCode, CountryOfManufacture: r.CountryOfManufacture,
				Manufactured: date(r.Manufactured), Features: list(r.Features),
				BarrelLengthMM: r.BarrelLengthMM, ReferenceID: r.ReferenceID, Marks: marksOf(r.Marks),
			},
			Incident:    r.incident(),
			Origin:      r.origin(),
			Deny:        list(r.Deny),
			Handling:    r.Handling,
			RetainUntil: date(r.Retain),
		},
	}
}

func (r *recordRow) incident() events.Incident {
	i := events.Incident{
		Date: date(r.IncidentDate), Country: r.IncidentCountry, Subdivision: r.Subdivision, Place: r.Place,
		Locode: r.Locode, CaseNumber: r.CaseNumber, Circumstance: r.Circumstance, Operation: r.Operation,
	}
	if r.Channel != "" || r.HSCode != "" {
		i.Customs = &events.Customs{Channel: r.Channel, HSCode: r.HSCode}
	}
	for _, l := range r.Route {
		i.Route = append(i.Route, events.Leg(l))
	}
	return i
}

func (r *recordRow) origin() *events.Origin {
	if r.OriginStatus == "" {
		return nil
	}
	o := &events.Origin{Status: r.OriginStatus}
	if r.DiversionCountry != "" || r.DiversionDate != "" || r.DiversionKind != "" {
		o.Diversion = &events.Diversion{Country: r.DiversionCountry, Date: date(r.DiversionDate), Kind: r.DiversionKind}
	}
	return o
}

func marksOf(rows []markRow) (marks []events.Mark) {
	for _, m := range rows {
		marks = append(marks, events.Mark{Kind: m.Kind, Place: m.Place, Status: m.Status, Text: m.Text,
			Series: m.Series, Country: m.Country, Year: m.Year})
	}
	return marks
}

// date reads back what a row states; what was accepted once can be parsed.
func date(text string) events.Date {
	d, _ := events.ParseDate(text)
	return d
}

// list is nil for no items, as decoding a request gives it.
func list(items []string) []string {
	if len(items) == 0 {
		return nil
	}
	return items
}

package events

import (
	"crypto/sha256"
	"slices"
	"strconv"
	"sync"
)

// AppendCanonical appends the one form of a record's content: the JSON of its
// fields in their fixed order, sets sorted, base_revision left out. The same
// content gives the same bytes, however it was written. The form is fixed for
// ever: digests of it are in states that live on.
func AppendCanonical(dst []byte, r *RecordSubmitted) []byte {
	w := canonicalWriter{append(dst, '{')}
	w.open("source")
	w.text("system", r.Source.System)
	w.text("id", r.Source.ID)
	w.close()
	w.text("category", r.Category)
	w.set("illicit_basis", r.IllicitBasis)
	w.firearm(&r.Firearm)
	w.incident(&r.Incident)
	w.origin(r.Origin)
	w.set("deny", r.Deny)
	w.text("handling", r.Handling)
	w.text("retain_until", r.RetainUntil.text)
	w.close()
	return w.b
}

// Digest is the fingerprint of a record's content: two submissions with the
// same one are the same record, unchanged.
func Digest(r *RecordSubmitted) [8]byte {
	buf := canonicalBuffers.Get().(*[]byte)
	*buf = AppendCanonical((*buf)[:0], r)
	sum := sha256.Sum256(*buf)
	canonicalBuffers.Put(buf)
	return [8]byte(sum[:8])
}

// canonicalBuffers spare a fold two kilobytes for each record.
var canonicalBuffers = sync.Pool{New: func() any { return new([]byte) }}

// canonicalWriter appends members that hold something.
type canonicalWriter struct{ b []byte }

func (w *canonicalWriter) key(k string) {
	if c := w.b[len(w.b)-1]; c != '{' && c != '[' {
		w.b = append(w.b, ',')
	}
	w.b = append(append(append(w.b, '"'), k...), `":`...)
}

func (w *canonicalWriter) open(k string) {
	w.key(k)
	w.b = append(w.b, '{')
}

func (w *canonicalWriter) close() { w.b = append(w.b, '}') }

func (w *canonicalWriter) text(k, v string) {
	if v != "" {
		w.key(k)
		w.b = appendString(w.b, v)
	}
}

// set writes a list whose order says nothing.
func (w *canonicalWriter) set(k string, v []string) {
	if len(v) == 0 {
		return
	}
	if !slices.IsSorted(v) {
		v = slices.Sorted(slices.Values(v))
	}
	w.key(k)
	w.b = append(w.b, '[')
	for i, s := range v {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		w.b = appendString(w.b, s)
	}
	w.b = append(w.b, ']')
}

func (w *canonicalWriter) firearm(f *Firearm) {
	w.open("firearm")
	w.text("type", f.Type)
	w.text("action", f.Action)
	w.text("make", f.Make)
	w.text("make_code", f.MakeCode)
	w.text("model", f.Model)
	w.text("calibre", f.Calibre)
	w.text("calibre_code", f.CalibreCode)
	w.text("country_of_manufacture", f.CountryOfManufacture)
	w.text("manufactured", f.Manufactured.text)
	w.set("features", f.Features)
	if f.BarrelLengthMM != 0 {
		w.key("barrel_length_mm")
		w.b = strconv.AppendUint(w.b, uint64(f.BarrelLengthMM), 10)
	}
	w.text("reference_id", f.ReferenceID)
	w.key("marks")
	w.b = append(w.b, '[')
	for i := range f.Marks {
		w.mark(i, &f.Marks[i])
	}
	w.b = append(w.b, ']', '}')
}

// mark writes one mark. Marks keep their order: effects point to them.
func (w *canonicalWriter) mark(i int, m *Mark) {
	if i > 0 {
		w.b = append(w.b, ',')
	}
	w.b = append(w.b, '{')
	w.text("kind", m.Kind)
	w.text("place", m.Place)
	w.text("status", m.Status)
	w.text("text", m.Text)
	w.text("series", m.Series)
	w.text("country", m.Country)
	w.text("year", m.Year)
	w.close()
}

func (w *canonicalWriter) incident(i *Incident) {
	w.open("incident")
	w.text("date", i.Date.text)
	w.text("country", i.Country)
	w.text("subdivision", i.Subdivision)
	w.text("place", i.Place)
	w.text("locode", i.Locode)
	w.text("case_number", i.CaseNumber)
	w.text("circumstance", i.Circumstance)
	w.text("operation", i.Operation)
	if i.Customs != nil {
		w.open("customs")
		w.text("channel", i.Customs.Channel)
		w.text("hs_code", i.Customs.HSCode)
		w.close()
	}
	w.route(i.Route)
	w.close()
}

func (w *canonicalWriter) route(legs []Leg) {
	if len(legs) == 0 {
		return
	}
	w.key("route")
	w.b = append(w.b, '[')
	for i, l := range legs {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		w.b = append(w.b, '{')
		w.text("country", l.Country)
		w.text("role", l.Role)
		w.close()
	}
	w.b = append(w.b, ']')
}

func (w *canonicalWriter) origin(o *Origin) {
	if o == nil {
		return
	}
	w.open("origin")
	w.text("status", o.Status)
	if v := o.Diversion; v != nil {
		w.open("diversion")
		w.text("country", v.Country)
		w.text("date", v.Date.text)
		w.text("kind", v.Kind)
		w.close()
	}
	w.close()
}

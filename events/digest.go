package events

import (
	"encoding/binary"
	"slices"
	"sync"

	"github.com/cespare/xxhash/v2"
)

// Digest is the fingerprint of a record's content: two submissions with the
// same one are the same record, unchanged, however they were written. It tells
// an owner's revisions of one record apart and nothing else, so it need not
// withstand anybody who looks for collisions: they would leave out a change of
// their own. docs/decisions/digests.md.
func Digest(r *RecordSubmitted) (digest [8]byte) {
	buf := contents.Get().(*content)
	buf.b = buf.b[:0]
	buf.record(r)
	binary.BigEndian.PutUint64(digest[:], xxhash.Sum64(buf.b))
	contents.Put(buf)
	return digest
}

// contents spare a fold two kilobytes for each record.
var contents = sync.Pool{New: func() any { return new(content) }}

// content is what a record says, in one form: of each field that says something
// its tag and its value, each value with its length before it. No two contents
// have the same form, but for the order of sets and base_revision.
type content struct{ b []byte }

// The tags of fields. None stands for two fields of one object.
const (
	tagEnd byte = iota // of an object in a list
	tagSystem
	tagID
	tagCategory
	tagIllicitBasis
	tagDeny
	tagHandling
	tagRetainUntil

	tagType
	tagAction
	tagMake
	tagMakeCode
	tagModel
	tagCalibre
	tagCalibreCode
	tagCountryOfManufacture
	tagManufactured
	tagFeatures
	tagBarrelLength
	tagReferenceID

	tagMark
	tagKind
	tagPlace
	tagStatus
	tagText
	tagSeries
	tagCountry
	tagYear

	tagIncidentDate
	tagIncidentCountry
	tagSubdivision
	tagIncidentPlace
	tagLocode
	tagCaseNumber
	tagCircumstance
	tagOperation
	tagCustoms
	tagChannel
	tagHSCode
	tagLeg
	tagRole

	tagOrigin
	tagOriginStatus
	tagDiversion
	tagDiversionCountry
	tagDiversionDate
	tagDiversionKind
)

func (c *content) tag(tag byte) { c.b = append(c.b, tag) }

func (c *content) text(tag byte, v string) {
	if v != "" {
		c.b = append(binary.AppendUvarint(append(c.b, tag), uint64(len(v))), v...)
	}
}

// set is a list whose order says nothing.
func (c *content) set(tag byte, v []string) {
	if !slices.IsSorted(v) {
		v = slices.Sorted(slices.Values(v))
	}
	for _, s := range v {
		c.text(tag, s)
	}
}

func (c *content) record(r *RecordSubmitted) {
	c.text(tagSystem, r.Source.System)
	c.text(tagID, r.Source.ID)
	c.text(tagCategory, r.Category)
	c.set(tagIllicitBasis, r.IllicitBasis)
	c.set(tagDeny, r.Deny)
	c.text(tagHandling, r.Handling)
	c.text(tagRetainUntil, r.RetainUntil.text)
	c.firearm(&r.Firearm)
	c.incident(&r.Incident)
	c.origin(r.Origin)
}

func (c *content) firearm(f *Firearm) {
	c.text(tagType, f.Type)
	c.text(tagAction, f.Action)
	c.text(tagMake, f.Make)
	c.text(tagMakeCode, f.MakeCode)
	c.text(tagModel, f.Model)
	c.text(tagCalibre, f.Calibre)
	c.text(tagCalibreCode, f.CalibreCode)
	c.text(tagCountryOfManufacture, f.CountryOfManufacture)
	c.text(tagManufactured, f.Manufactured.text)
	c.set(tagFeatures, f.Features)
	if f.BarrelLengthMM != 0 {
		c.b = binary.AppendUvarint(append(c.b, tagBarrelLength), uint64(f.BarrelLengthMM))
	}
	c.text(tagReferenceID, f.ReferenceID)
	for i := range f.Marks { // in their order: effects point to them
		c.mark(&f.Marks[i])
	}
}

func (c *content) mark(m *Mark) {
	c.tag(tagMark)
	c.text(tagKind, m.Kind)
	c.text(tagPlace, m.Place)
	c.text(tagStatus, m.Status)
	c.text(tagText, m.Text)
	c.text(tagSeries, m.Series)
	c.text(tagCountry, m.Country)
	c.text(tagYear, m.Year)
	c.tag(tagEnd)
}

func (c *content) incident(i *Incident) {
	c.text(tagIncidentDate, i.Date.text)
	c.text(tagIncidentCountry, i.Country)
	c.text(tagSubdivision, i.Subdivision)
	c.text(tagIncidentPlace, i.Place)
	c.text(tagLocode, i.Locode)
	c.text(tagCaseNumber, i.CaseNumber)
	c.text(tagCircumstance, i.Circumstance)
	c.text(tagOperation, i.Operation)
	if i.Customs != nil {
		c.tag(tagCustoms)
		c.text(tagChannel, i.Customs.Channel)
		c.text(tagHSCode, i.Customs.HSCode)
	}
	for _, l := range i.Route {
		c.tag(tagLeg)
		c.text(tagCountry, l.Country)
		c.text(tagRole, l.Role)
		c.tag(tagEnd)
	}
}

func (c *content) origin(o *Origin) {
	if o == nil {
		return
	}
	c.tag(tagOrigin)
	c.text(tagOriginStatus, o.Status)
	if v := o.Diversion; v != nil {
		c.tag(tagDiversion)
		c.text(tagDiversionCountry, v.Country)
		c.text(tagDiversionDate, v.Date.text)
		c.text(tagDiversionKind, v.Kind)
	}
}

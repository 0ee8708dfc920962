package events

import "math"

var recordSubmitted = []field[RecordSubmitted]{
	{"source", required, func(d *decoder, r *RecordSubmitted) { object(d, source, &r.Source) }},
	{"base_revision", optional, func(d *decoder, r *RecordSubmitted) { r.BaseRevision = uint32(d.uint(1, math.MaxInt32)) }},
	{"category", required, func(d *decoder, r *RecordSubmitted) { r.Category = d.code(Categories) }},
	{"illicit_basis", optional, func(d *decoder, r *RecordSubmitted) { r.IllicitBasis = d.codes(IllicitBases) }},
	{"firearm", required, func(d *decoder, r *RecordSubmitted) { object(d, firearmInRecord, &r.Firearm) }},
	{"incident", required, func(d *decoder, r *RecordSubmitted) { object(d, incidentInRecord, &r.Incident) }},
	{"origin", optional, func(d *decoder, r *RecordSubmitted) { r.Origin = new(Origin); object(d, origin, r.Origin) }},
	{"deny", optional, func(d *decoder, r *RecordSubmitted) { r.Deny = d.texts(maxDeny, &ruleOrg) }},
	{"handling", optional, func(d *decoder, r *RecordSubmitted) { r.Handling = d.code(Handlings) }},
	{"retain_until", required, func(d *decoder, r *RecordSubmitted) { r.RetainUntil = d.date() }},
}

var source = []field[Source]{
	{"system", required, func(d *decoder, s *Source) { s.System = d.text(&ruleSystem) }},
	{"id", required, func(d *decoder, s *Source) { s.ID = d.text(&ruleSourceID) }},
}

var origin = []field[Origin]{
	{"status", required, func(d *decoder, o *Origin) { o.Status = d.code(OriginStatuses) }},
	{"diversion", optional, func(d *decoder, o *Origin) { o.Diversion = new(Diversion); object(d, diversion, o.Diversion) }},
}

var diversion = []field[Diversion]{
	{"country", optional, func(d *decoder, v *Diversion) { v.Country = d.code(Countries) }},
	{"date", optional, func(d *decoder, v *Diversion) { v.Date = d.date() }},
	{"kind", optional, func(d *decoder, v *Diversion) { v.Kind = d.code(DiversionKinds) }},
}

var recordWithdrawn = []field[RecordWithdrawn]{
	{"source", required, func(d *decoder, r *RecordWithdrawn) { object(d, source, &r.Source) }},
	{"reason", required, func(d *decoder, r *RecordWithdrawn) { r.Reason = d.code(WithdrawReasons) }},
	{"replaced_by", optional, func(d *decoder, r *RecordWithdrawn) { r.ReplacedBy = d.uuid() }},
}

// maxLimit is the most candidates that one reply shows.
const maxLimit = 200

var searchMade = []field[SearchMade]{
	{"purpose", required, func(d *decoder, s *SearchMade) { s.Purpose = d.code(Purposes) }},
	{"context", required, func(d *decoder, s *SearchMade) { s.Context = d.code(Contexts) }},
	{"firearm", required, func(d *decoder, s *SearchMade) { object(d, firearmInSearch, &s.Firearm) }},
	{"incident", optional, func(d *decoder, s *SearchMade) { object(d, incidentInSearch, &s.Incident) }},
	{"stand_until", optional, func(d *decoder, s *SearchMade) { s.StandUntil = d.date() }},
	{"no_standing", optional, func(d *decoder, s *SearchMade) { s.NoStanding = d.bool() }},
	{"limit", optional, func(d *decoder, s *SearchMade) { s.Limit = uint32(d.uint(1, maxLimit)) }},
}

var searchWithdrawn = []field[SearchWithdrawn]{
	{"search_id", required, func(d *decoder, s *SearchWithdrawn) { s.SearchID = d.uuid() }},
	{"reason", required, func(d *decoder, s *SearchWithdrawn) { s.Reason = d.code(SearchWithdrawReasons) }},
}

var notificationAcknowledged = []field[NotificationAcknowledged]{
	{"n", required, func(d *decoder, a *NotificationAcknowledged) { a.N = d.uint(1, maxCount) }},
}

// maxCount bounds what counts messages and entries: exact in every language.
const maxCount = 1<<53 - 1

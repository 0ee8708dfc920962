package gateway

import (
	"net/http"
	"time"

	"github.com/armslog/armslog/events"
)

// problemKind is what is the same for all problems of one code.
type problemKind struct {
	status     int
	title      string
	retryAfter time.Duration
}

// problemKinds maps codes to statuses: the one table. A code of the registry
// that is not in it is a fault of the body: 422.
var problemKinds = map[string]problemKind{
	// The edge's own.
	"not_found":              {http.StatusNotFound, "Not found", 0},
	"method_not_allowed":     {http.StatusMethodNotAllowed, "Method not allowed", 0},
	"no_credential":          {http.StatusUnauthorized, "Not signed in", 0},
	"no_role":                {http.StatusForbidden, "Not allowed for this key", 0},
	"invalid_parameter":      {http.StatusBadRequest, "Parameter cannot be read", 0},
	"unknown_parameter":      {http.StatusBadRequest, "Unknown parameter", 0},
	"incomplete_body":        {http.StatusBadRequest, "Malformed request", 0},
	"too_large":              {http.StatusRequestEntityTooLarge, "Body too large", 0},
	"unsupported_media_type": {http.StatusUnsupportedMediaType, "Content type not supported", 0},
	"timeout":                {http.StatusRequestTimeout, "Request too slow", 0},
	"busy":                   {http.StatusTooManyRequests, "Queue is full", time.Second},
	"trial_under_way":        {http.StatusTooManyRequests, "A trial is under way", 10 * time.Second},
	"too_different":          {http.StatusUnprocessableEntity, "Too different to tell", 0},
	"too_many_requests":      {http.StatusTooManyRequests, "Too many at once", time.Second},
	"unavailable":            {http.StatusServiceUnavailable, "Not available now", 5 * time.Second},
	"lagging":                {http.StatusServiceUnavailable, "Not there yet", time.Second},
	"outcome_unknown":        {http.StatusGatewayTimeout, "Outcome unknown", time.Second},
	"internal":               {http.StatusInternalServerError, "Internal error", 0},

	// The registry's verdicts.
	"invalid":              {http.StatusUnprocessableEntity, "Request refused", 0},
	"not_json":             {http.StatusBadRequest, "Malformed request", 0},
	"header_invalid":       {http.StatusBadRequest, "Malformed request", 0},
	"header_too_long":      {http.StatusBadRequest, "Malformed request", 0},
	"no_right":             {http.StatusForbidden, "Not allowed for this organisation", 0},
	"not_acting_for":       {http.StatusForbidden, "May not act for that organisation", 0},
	"purpose_required":     {http.StatusForbidden, "Purpose not stated", 0},
	"wrong_purpose":        {http.StatusForbidden, "Purpose not covered by the agreement", 0},
	"not_owner":            {http.StatusForbidden, "Not the owner", 0},
	"quota_exceeded":       {http.StatusTooManyRequests, "Quota used up", time.Hour},
	"revision_conflict":    {http.StatusConflict, "Changed by somebody else", 0},
	"record_closed":        {http.StatusConflict, "Record is closed", 0},
	"family_changed":       {http.StatusConflict, "Wanted and recovered do not change into each other", 0},
	"record_unknown":       {http.StatusNotFound, "Not found", 0},
	"search_unknown":       {http.StatusNotFound, "Not found", 0},
	"match_unknown":        {http.StatusNotFound, "Not found", 0},
	"not_a_party":          {http.StatusForbidden, "Not a party of the match", 0},
	"match_over":           {http.StatusConflict, "The match has ended", 0},
	"already_asked":        {http.StatusConflict, "Asked about already", 0},
	"already_confirmed":    {http.StatusConflict, "Confirmed already", 0},
	"not_asked":            {http.StatusConflict, "Nobody has asked", 0},
	"asker_has_no_record":  {http.StatusConflict, "There is no record to confirm", 0},
	"withheld_from_other":  {http.StatusConflict, "Withheld from the other party", 0},
	"no_more_time":         {http.StatusConflict, "More time was taken already", 0},
	"agreement_unknown":    {http.StatusNotFound, "Not found", 0},
	"notification_unknown": {http.StatusNotFound, "Not found", 0},
	"trace_unknown":        {http.StatusNotFound, "Not found", 0},
	"trace_is_closed":      {http.StatusConflict, "Trace is closed", 0},
	"answer_final":         {http.StatusConflict, "Answered already", 0},
	"answer_acknowledged":  {http.StatusConflict, "Acknowledged already", 0},
	"not_requester":        {http.StatusForbidden, "Not the requester", 0},
	"not_addressee":        {http.StatusForbidden, "Not an addressee", 0},

	"forwarding_not_allowed": {http.StatusForbidden, "Not to be forwarded", 0},
	"operation_unknown":      {http.StatusNotFound, "Not found", 0},
	"operation_taken":        {http.StatusForbidden, "Led by another organisation", 0},
	"operation_closed":       {http.StatusConflict, "Operation is closed", 0},
	"mailbox_unknown":        {http.StatusNotFound, "Not found", 0},
	"offset_decided":         {http.StatusConflict, "Decided already", 0},
	"already_skipped":        {http.StatusConflict, "Permitted already", 0},
}

func kindOf(code string) problemKind {
	if k, ok := problemKinds[code]; ok {
		return k
	}
	return problemKinds["invalid"]
}

// rejection is the problem of an entry that was not accepted. Its code is that
// of the first error with a status of its own; a body that is wrong in several
// ordinary ways is "invalid".
func rejection(e *events.Entry, errs []events.FieldError) *Problem {
	code := "invalid"
	switch {
	case e.Verdict == events.Failed:
		code = "internal"
	case len(errs) == 1:
		code = errs[0].Code
	default:
		for _, f := range errs {
			if kindOf(f.Code).status != http.StatusUnprocessableEntity {
				code = f.Code
				break
			}
		}
	}
	p := newProblem(code, "")
	if len(errs) > 0 {
		p.Detail = errs[0].Message
	}
	p.Seq, p.Errors = &e.Seq, errs
	return p
}

// statusOf is the HTTP status of a reply that is no rejection.
func statusOf(reply *events.Reply) int {
	if reply.Status == "registered" || reply.Status == "open" {
		return http.StatusCreated
	}
	return http.StatusOK
}

// refused says that an entry holds a verdict against its request.
func refused(v events.Verdict) bool {
	return v == events.Rejected || v == events.Undecodable || v == events.Failed
}

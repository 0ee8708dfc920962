package events

import (
	"maps"
	"slices"
)

// What can be wrong with an envelope or a body.
const (
	codeHeaderTooLong = "header_too_long"
	codeHeaderTwice   = "header_twice"
	codeHeaderInvalid = "header_invalid"
	codeNotJSON       = "not_json"
	codeTooDeep       = "too_deep"
	codeTooLarge      = "too_large"
	codeUnknownType   = "unknown_type"

	codeRequired     = "required"
	codeUnknownField = "unknown_field"
	codeDuplicate    = "duplicate"
	codeNull         = "null"
	codeEmpty        = "empty"
	codeWrongType    = "wrong_type"
	codeNotInteger   = "not_integer"
	codeOutOfRange   = "out_of_range"
	codeNotInList    = "not_in_list"
	codeTooMany      = "too_many"
	codeTooLong      = "too_long"
	codeBadFormat    = "bad_format"
	codeNotNFC       = "not_nfc"
	codeNotDate      = "not_a_date"
	codeNotUUID      = "not_a_uuid"
	codePersonData   = "person_data"

	codeNoSerialMark   = "no_serial_mark"
	codeTextRequired   = "text_required"
	codeTextForbidden  = "text_forbidden"
	codeNoKnownSign    = "no_known_sign"
	codeWildcard       = "wildcard_not_partial"
	codeNoWildcard     = "partial_without_wildcard"
	codeSerialIsStatus = "serial_is_status"
	codeNotTogether    = "not_together"
)

// saying is how a code is put into words. In both texts {value} is the text
// that is wrong, quoted, {field} the name of the field, {status} the mark status
// that the text names; the others say what the field may hold.
type saying struct{ message, hint string }

// sayings puts every code into words, the decoder's and those of Decide.
var sayings = map[string]saying{
	codeHeaderTooLong: {"a header of the message is too long, or there are too many", "at most 32 headers ce_…, names up to 64 bytes, values up to 512"},
	codeHeaderTwice:   {"header {field} stands twice", "send each header once"},
	codeHeaderInvalid: {"header {field} holds what it may not", "see the envelope in schemas/asyncapi.json"},
	codeNotJSON:       {"the body is not one JSON object in UTF-8", "check quotes, commas and encoding; send nothing after the object"},
	codeTooDeep:       {"the body is nested too deeply", "no request needs more than six levels"},
	codeTooLarge:      {"the body is larger than 16 KiB", "send one request per message; leave out what does not identify the weapon"},
	codeUnknownType:   {"this registry knows no request of this type", "see the request types in schemas/requests; ce_type ends with a version such as .v1"},

	codeRequired:     {"{field} is missing", "add {field}; the request's schema says what it holds"},
	codeUnknownField: {"{field} is no field of this request", "leave it out, or check the spelling"},
	codeDuplicate:    {"{value} stands twice", "keep one of the two"},
	codeNull:         {"{field} is null", "leave {field} out: absent means not known"},
	codeEmpty:        {"{field} is empty", "leave {field} out: absent means not known"},
	codeWrongType:    {"{field} is a JSON value of the wrong type", "{field} is {says}"},
	codeNotInteger:   {"{value} is no whole number", "write digits alone, without fraction or exponent"},
	codeOutOfRange:   {"{value} is out of range", "{field} is {least} to {most}"},
	codeNotInList:    {"{value} is no code of the list {list}", "{codes}"},
	codeTooMany:      {"{field} has too many entries", "at most {most}"},
	codeTooLong:      {"{field} is too long", "at most {length} characters"},
	codeBadFormat:    {"{value} does not have the form of {field}", "{field} is {says}"},
	codeNotNFC:       {"{field} is not in Unicode normal form C", "normalise the text (NFC) before you send it"},
	codeNotDate:      {"{value} is no date", "write 2019, 2019-05 or 2019-05-14; an interval as 2018/2019-03"},
	codeNotUUID:      {"{value} is no UUID", "write the 36 characters, such as 9c1be2d4-7a30-5c52-8a43-51f0c2d9e001"},
	codePersonData:   {"{field} seems to hold a mail address, a telephone number or the number of a document", "leave it out: armslog holds no person data; case_number is the link to your file"},

	codeNoSerialMark:   {"no mark is of the kind serial", "say so if there is none: kind: serial, status: never_marked or not_recorded"},
	codeTextRequired:   {"a mark of this status has a text", "give text, or a status such as obliterated, never_marked or not_recorded"},
	codeTextForbidden:  {"a mark of this status has no text", "leave {field} out, or give status: readable, partial or restored"},
	codeNoKnownSign:    {"{value} holds no letter and no digit", "status: obliterated or not_recorded, no text"},
	codeWildcard:       {"{value} has unknown signs, so it is not readable in full", "status: partial"},
	codeNoWildcard:     {"{value} does not say which signs are unknown", "write ? for one unknown sign and * for any number of them, or status: readable"},
	codeSerialIsStatus: {"{value} says {status_means}", "status: {status}, no text"},

	codeNotTogether: {"{field} does not go with the rest of this request", "leave {field} out; the request's schema says what it goes with"},

	// Decide
	"no_right":             {"your organisation has no right to do this", "rights come from an agreement with the General Secretariat, or from your NCB"},
	"not_acting_for":       {"your organisation may not act for this one", "ask for an agreement that names it, or let it use its own access"},
	"wrong_purpose":        {"no agreement of your organisation covers this purpose", "use a purpose of the agreement: armslog agreement list"},
	"not_owner":            {"this belongs to another organisation", "only its owner can change it, or answer for it; ask the owner: of a match by armslog match ask, else through its NCB"},
	"source_mismatch":      {"the request names another sender than its mailbox", "leave ce_source out, or give your own organisation's id"},
	"id_reused":            {"this ce_id was used for another request", "give every request an id of its own (UUIDv7)"},
	"revision_conflict":    {"the record has been amended since that revision", "read it again, and send base_revision as it is now, or none"},
	"record_closed":        {"the record is withdrawn or has expired", "register it under a new source id if the weapon is wanted or held again"},
	"family_changed":       {"a record cannot turn from wanted to recovered, or back", "withdraw it with reason recovered, and register the find as a record of its own"},
	"record_unknown":       {"you have no record with this source", "check source.system and source.id: armslog record list"},
	"search_unknown":       {"you have no standing search with this id", "check search_id: armslog search list"},
	"agreement_unknown":    {"there is no agreement with this id", "check agreement_id: armslog agreement list"},
	"organisation_unknown": {"{value} is no organisation of this registry", "check the id: armslog org list"},
	"reference_unknown":    {"{value} is no entry of the reference table", "check the id: armslog reference find"},
	"parent_unknown":       {"a national entity needs an NCB of its country as its parent", "name the NCB in parent; the General Secretariat registers NCBs"},
	"date_in_future":       {"{value} is in the future", "dates are UTC; check day and year"},
	"retain_past":          {"{value} is in the past, so the record would expire at once", "give a later retain_until"},
	"valid_past":           {"{value} is in the past, so the agreement would be over at once", "give a later valid_until; armslog agreement revoke ends an agreement"},
	"dates_reversed":       {"{value} comes before the agreement begins", "valid_until is the last day, valid_from the first"},
	"agreement_over":       {"this agreement has ended already", "see armslog agreement list"},
	"search_over":          {"this search has been withdrawn already", "see armslog search list"},
	"grantee_fixed":        {"an agreement keeps its grantee", "grant another organisation an agreement of its own"},
	"kind_fixed":           {"an organisation keeps its kind", "register a new organisation of that kind under an id of its own"},
	"too_few_signs":        {"{value} has too few known signs to search by", "at least three known digits, and three known signs in a row"},
	"too_broad":            {"too many records could meet this", "give more of the number, or make, type and calibre"},
	"quota_exceeded":       {"the day's quota of your agreement is used up", "try again after 00:00 UTC, or ask for a higher limit"},
	"match_unknown":        {"you see no match with this id", "check match_id: armslog match list"},
	"match_over":           {"this match has ended, or its record is no more", "armslog match show says why; if the two meet again you are told, and may ask then"},
	"already_asked":        {"this match is asked about already, and not answered yet", "wait for the answer of the party that was asked: armslog match show says until when"},
	"already_confirmed":    {"this match is confirmed", "nothing more is asked; it ends when the record or the question is withdrawn"},
	"not_asked":            {"nobody waits for an answer about this match", "a party of the match asks first: armslog match ask"},
	"not_a_party":          {"your organisation is no party that may ask about this match", "its asker asks the owner, and where both hold a record, the owner asks the asker: armslog match ask"},
	"asker_has_no_record":  {"the other side of this match is a search: it has no record that it could confirm", "wait until it asks you, then answer: armslog match answer"},
	"withheld_from_other":  {"your own record is withheld from the other party of this match", "take that party off the deny list of your record, then ask"},
	"no_more_time":         {"more time was taken once already", "answer confirmed, not_same_weapon, record_outdated or cannot_confirm"},
	"not_sent_yet":         {"your inbox has no entry with this n yet", "acknowledge only what you have read"},
	"genesis_is_first":     {"a journal has one genesis entry, its first", "start a new data directory for a new registry"},
	"nothing_due":          {"nothing of this kind is due", "tell the operator the seq"},
	"policy_name_taken":    {"there has been another table by the name {value}", "give the policy a new name: a match names its policy, so a name means one table for ever"},
	"invalid_policy":       {"the policy cannot be used", "see the policy's schema; armslog policy show prints the one in force"},
	"gateway_only":         {"only the gateway says who has looked at what", "looks are logged when records, matches and traces are read over the API"},
	"access_only":          {"the gateway's own mailbox takes nothing but access.made", "send requests to your organisation's mailbox"},
	"failed":               {"the registry could not decide this request; it is kept", "tell the operator the seq"},

	// Operations
	"operation_unknown":    {"no operation of yours bears this id", "check the id: armslog operation list"},
	"operation_closed":     {"this operation is closed", "open a new one under an id of its own"},
	"operation_taken":      {"another organisation leads an operation of this id", "its lead amends and closes it; give your own operation another id"},
	"operation_ends_early": {"{value} is before the operation's first day", "give a later until, or none"},
	"not_a_programme":      {"an operation has no programme code", "kind: programme, or leave programme out"},
	"operation_not_yours":  {"{value} is no operation that you take part in: it stays as free text and counts for none", "check the id: armslog operation list; its lead names the members"},
	"operation_not_then":   {"this happened outside of the dates of {value}, and does not count for it", "check the date; armslog operation show says when it runs"},

	// Mailboxes
	"mailbox_unknown": {"{value} has no mailbox: it sends nothing", "check the id: armslog org list"},
	"offset_decided":  {"every request before offset {value} is decided: none of them is lost", "to is the first offset that the mailbox still holds: armslog doctor names it"},
	"already_skipped": {"what is lost before offset {value} may be passed over already", "if the mailbox is stopped, more is lost: armslog doctor names the offset"},

	// Decide, of traces
	"trace_unknown":          {"you are no party of a trace with this id", "check trace_id: armslog trace list"},
	"trace_is_closed":        {"this trace is closed", "an addressee may still answer late (interim, completed, failed, refused, referred); for all else request a new trace"},
	"answer_acknowledged":    {"you have acknowledged this trace already", "answer interim, completed, failed, refused or referred, or comment"},
	"answer_final":           {"you have given your final answer", "nothing more is asked of you; while the trace is open you may comment"},
	"not_requester":          {"only the requester can do this", "answer interim, completed, failed, refused or referred, or comment"},
	"not_addressee":          {"only an addressee can do this", "the requester may comment, forward or close"},
	"addressee_self":         {"{value} is your own organisation", "look into your own records first and say so in domestic_check; address others"},
	"addressee_unfit":        {"{value} answers no trace requests", "address the NCB of its country: armslog org list"},
	"addressee_denied":       {"your record is withheld from {value}", "leave it out, or take it from the record's deny list first"},
	"already_addressed":      {"{value} has this trace already", "name others; a comment reaches all who have not answered yet"},
	"too_many_addressees":    {"a trace has at most 64 addressees", "close this trace with what there is, and request another"},
	"forwarding_not_allowed": {"the requester wants nobody to forward this trace", "answer referred and name others in next: the requester decides"},
	"answer_by_past":         {"{value} is in the past", "give a later day, or leave answer_by out"},
	"more_time_used":         {"your deadline has been moved already", "answer interim with what there is, or completed, failed, refused or referred"},
	"until_not_later":        {"{value} is not later than your deadline as it stands, or is past", "give a later day, or answer in time"},
	"until_too_far":          {"{value} is more than 90 days after your deadline", "give an earlier day; answer interim with what there is"},

	// Of the policy's table (package registry/matching)
	"malformed": {"the policy is not valid JSON", "check quotes and commas"},
	"missing":   {"{field} is missing", "add {field}"},

	// Warnings
	"source_id_twice": {"this source id stood in the file before", "the later row amends the earlier one"},
	"left_out":        {"what stood here does not fit the field and was left out", "check the row and the mapping"},
	"not_xml":         {"the element is not well-formed XML", "mend it, or leave it out"},
	"expires_soon":    {"the record expires within a month, and no reminder comes before", "give a later retain_until if it shall be kept longer"},
	"weak_mark":       {"the number is too short to identify a weapon", "it is searchable and never alerts by itself"},
}

// Codes are all codes that a FieldError can have, sorted.
func Codes() []string { return slices.Sorted(maps.Keys(sayings)) }

package projections

import (
	"encoding/binary"
	"slices"
	"strconv"
	"strings"

	"github.com/armslog/armslog/events"
)

// Table is one table of a generation. Its columns are listed in the order of
// the encoded rows; a test holds them equal to the migrations.
type Table struct {
	Name    string
	Columns string // comma separated
	Key     string // comma separated: the first columns
	key     []keyPart
	sheet   int // which sheet of Rows holds its rows
}

// keyPart is how a key column is encoded: its size in bytes, or text.
type keyPart int

const text keyPart = -1

// The sheets of Rows.
const (
	recordSheet = iota
	recordStatusSheet
	searchSheet
	searchStatusSheet
	matchSheet
	matchStatusSheet
	matchTellSheet
	confirmationSheet
	inboxSheet
	acknowledgedSheet
	organisationSheet
	agreementSheet
	agreementStatusSheet
	referenceSheet
	entrySheet
	rejectSheet
	traceSheet
	traceStatusSheet
	traceAddresseeSheet
	traceStepSheet
	traceCommentSheet
	operationSheet
	operationStatusSheet
	accessSheet
	sheets
)

const recordColumns = "record_id, revision, seq, at, owner, source_system, source_id, category, illicit_basis," +
	" type, action, make, make_code, model, calibre, calibre_code, country_of_manufacture," +
	" manufactured, made_year_min, made_year_max, features, barrel_length_mm, reference_id," +
	" marks, mark_id, mark_status, mark_millibits," +
	" incident_date, incident_min, incident_max, incident_country, subdivision, place, locode, case_number," +
	" circumstance, operation, channel, hs_code, route," +
	" origin_status, diversion_country, diversion_date, diversion_min, diversion_max, diversion_kind," +
	" deny, handling, retain, retain_until"

// tables are all tables that follow from the journal, in the order in which
// they are written.
var tables = []Table{
	{"record_history", recordColumns, "record_id, revision", []keyPart{16, 4}, recordSheet},
	{"record_status", "record_id, seq, at, revision, owner, status, reason, replaced_by",
		"record_id, seq", []keyPart{16, 8}, recordStatusSheet},
	{"searches", "search_id, seq, at, organisation, on_behalf_of, actor, purpose, context," +
		" type, make, model, calibre, country_of_manufacture, marks, mark_id, mark_status, mark_millibits," +
		" incident_date, incident_min, incident_max, incident_country, place, case_number, circumstance, operation," +
		" stands_until, truncated, policy",
		"search_id", []keyPart{16}, searchSheet},
	{"search_status", "search_id, seq, at, status, reason", "search_id", []keyPart{16}, searchStatusSheet},
	{"matches", "match_id, seq, at, kind, class, question, question_seq, asker, acting_for, record, record_seq, owner," +
		" question_mark, record_mark, grade, millibits, strength, shared," +
		" result_make, result_model, result_calibre, result_type, policy, rule",
		"match_id", []keyPart{16}, matchSheet},
	{"match_status", "match_id, seq, at, status, because", "match_id", []keyPart{16}, matchStatusSheet},
	{"match_tells", "organisation, match_id, n, seq, at, role, reason",
		"organisation, match_id, n", []keyPart{text, 16, 8}, matchTellSheet},
	{"confirmations", "match_id, seq, at, status, requested, asking, asked, side, urgency, due_at, compared, case_number," +
		" answer, action, located, located_by, located_for",
		"match_id, seq", []keyPart{16, 8}, confirmationSheet},
	{"inbox", "organisation, n, seq, at, role, reason, about_kind, about_id, count",
		"organisation, n", []keyPart{text, 8}, inboxSheet},
	{"inbox_acknowledged", "organisation, seq, at, n", "organisation", []keyPart{text}, acknowledgedSheet},
	{"organisations", "organisation_id, seq, at, kind, country, name, parent, inbox, rights," +
		" clock_urgent, clock_routine, clock_deferred, notify_floor, submitted_by",
		"organisation_id", []keyPart{text}, organisationSheet},
	{"agreements", "agreement_id, seq, at, grantee, rights, purposes, acts_for_kinds, acts_for_organisations," +
		" only_without_own_access, searches_per_day, partial_per_day, legal_basis, valid_from, valid_until, granted_by",
		"agreement_id", []keyPart{text}, agreementSheet},
	{"agreement_status", "agreement_id, seq, at, status, reason, standing_searches",
		"agreement_id", []keyPart{text}, agreementStatusSheet},
	{"reference", "reference_id, seq, at, kind, name, country, make, type, calibres, aliases, codes, related, serial_forms, submitted_by",
		"reference_id", []keyPart{text}, referenceSheet},
	{"entries", "seq, at, src, off, span, type, request, verdict, of, codes, warnings, effects, bytes, erased," +
		" actor, on_behalf_of, engine, policy",
		"seq", []keyPart{8}, entrySheet},
	{"operations", "operation_id, seq, at, kind, programme, name, lead, members, runs_from, runs_until," +
		" first_day, last_day, submitted_by",
		"operation_id", []keyPart{text}, operationSheet},
	{"operation_status", "operation_id, seq, at, status, reason", "operation_id", []keyPart{text}, operationStatusSheet},
	{"rejects", "seq, ordinal, at, src, type, verdict, pointer, code", "seq, ordinal", []keyPart{8, 2}, rejectSheet},
	{"traces", "trace_id, seq, at, organisation, on_behalf_of, actor, record_id, urgency, illicit_basis, intended_use, domestic_check," +
		" forwarding, type, make, model, calibre, country_of_manufacture, marks, mark_id, mark_status, mark_millibits," +
		" incident_date, incident_min, incident_max, incident_country, place, case_number, circumstance, operation, truncated, policy",
		"trace_id", []keyPart{16}, traceSheet},
	{"trace_status", "trace_id, seq, at, status, diversion_country, diversion_date, diversion_min, diversion_max, diversion_kind," +
		" sale_country, sale_date, sale_min, sale_max",
		"trace_id", []keyPart{16}, traceStatusSheet},
	{"trace_addressees", "trace_id, organisation, seq, at, status, answer_by, late, case_number, failure, refusal, use, steps",
		"trace_id, organisation, seq", []keyPart{16, text, 8}, traceAddresseeSheet},
	{"trace_steps", "trace_id, seq, ordinal, at, organisation, status, kind, date, date_min, date_max, country, to_country, holder, licence_held",
		"trace_id, seq, ordinal", []keyPart{16, 8, 2}, traceStepSheet},
	{"trace_comments", "trace_id, seq, at, organisation, code, until, addressees, because",
		"trace_id, seq", []keyPart{16, 8}, traceCommentSheet},
	{"accesses", "id, request, seq, at, organisation, actor, acting_for, what, parties, purpose, shown",
		"id, request", []keyPart{16, 16}, accessSheet},
}

// Tables are all tables that follow from the journal, in the order in which
// they are written.
func Tables() []Table { return slices.Clone(tables) }

// TableNames are the names of Tables.
func TableNames() []string {
	var names []string
	for _, t := range tables {
		names = append(names, t.Name)
	}
	return names
}

func (t Table) insert(database string) string {
	return "INSERT INTO " + database + "." + t.Name + " (" + t.Columns + ")"
}

// keyOf is the encoded key columns at the start of an encoded row.
func (t Table) keyOf(row []byte) []byte {
	n := 0
	for _, p := range t.key {
		if p == text {
			_, size := cutText(row[n:])
			p = keyPart(size)
		}
		n += int(p)
	}
	return row[:n]
}

// cutText is the text that a row starts with, and its encoded size.
func cutText(row []byte) (text []byte, size int) {
	length, n := binary.Uvarint(row)
	size = n + int(length)
	return row[n:size], size
}

// keyText is the key of an encoded row for people, its columns apart by spaces.
func (t Table) keyText(row []byte) string {
	var parts []string
	for _, p := range t.key {
		size := int(p)
		switch p {
		case text:
			var org []byte
			org, size = cutText(row)
			parts = append(parts, string(org))
		case 16:
			var id events.UUID
			binary.BigEndian.PutUint64(id[:8], binary.LittleEndian.Uint64(row))
			binary.BigEndian.PutUint64(id[8:], binary.LittleEndian.Uint64(row[8:]))
			parts = append(parts, id.String())
		default:
			var number [8]byte
			copy(number[:], row[:p])
			parts = append(parts, strconv.FormatUint(binary.LittleEndian.Uint64(number[:]), 10))
		}
		row = row[size:]
	}
	return strings.Join(parts, " ")
}

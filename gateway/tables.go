package gateway

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/armslog/armslog/events"
)

// Tables are the read models in ClickHouse. Every method takes the
// organisation that asks and MUST return nothing that is withheld from it; it
// returns *UnavailableError where ClickHouse is down, or has not got as far as
// MinSeq within a short wait, and ErrCursor for an After that it never gave.
type Tables interface {
	Records(ctx context.Context, org events.OrgID, q RecordQuery) (Page[RecordRow], error)
	RecordHistory(ctx context.Context, org events.OrgID, id events.UUID, q PageQuery) (Page[RecordRow], error)
	// RecordAsOf is the record as it stood at a seq or at a log time; ok is
	// false where org had no such record then.
	RecordAsOf(ctx context.Context, org events.OrgID, id events.UUID, at AsOf) (row RecordRow, ok bool, err error)
	Searches(ctx context.Context, org events.OrgID, q SearchQuery) (Page[SearchRow], error)
	Matches(ctx context.Context, org events.OrgID, q MatchQuery) (Page[MatchRow], error)
	Traces(ctx context.Context, org events.OrgID, q TraceQuery) (Page[TraceRow], error)
	// OperationReport is asked for operations that org may see.
	OperationReport(ctx context.Context, org events.OrgID, operation string, minSeq uint64) (Page[OperationCount], error)
	Accesses(ctx context.Context, org events.OrgID, q AccessQuery) (Page[AccessRow], error)
}

// ErrCursor is returned when the cursor of a list is none of that list's.
var ErrCursor = errors.New("no cursor of this list")

// PageQuery asks for one page of a list.
type PageQuery struct {
	Limit  int
	After  string // the cursor that the page before gave as next
	MinSeq uint64 // the list must know this entry
}

// RecordQuery filters one's own records; "" is no filter.
type RecordQuery struct {
	PageQuery
	Status     string
	Category   string
	CaseNumber string
	SourceID   string
	Mark       string // as written; compared in normal form

	RetainUntilBefore string // a day
}

// SearchQuery filters one's own questions.
type SearchQuery struct {
	PageQuery
	Status string
}

// MatchQuery filters the matches one may see.
type MatchQuery struct {
	PageQuery
	Status string
}

// TraceQuery filters the traces one may see.
type TraceQuery struct {
	PageQuery
	Direction string // incoming, outgoing
	Status    string
}

// AsOf is a point in the past: an entry, or where Seq is 0 a log time in Unix
// milliseconds.
type AsOf struct {
	Seq uint64
	At  int64
}

// Page is one page of a list.
type Page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty" doc:"Cursor of the next page: ?after=; absent on the last page."`
	Seq   uint64 `json:"-"` // the list knows every entry up to this one
}

// RecordRow is a record in a list: what a table shows. Body is the full record,
// where it was asked for.
type RecordRow struct {
	ID              events.UUID     `json:"id"`
	Revision        uint32          `json:"revision"`
	Seq             uint64          `json:"seq" doc:"Entry that made this revision."`
	Status          string          `json:"status" doc:"active, located, withdrawn, expired"`
	Category        string          `json:"category"`
	Source          events.Source   `json:"source"`
	Type            string          `json:"type,omitempty"`
	Make            string          `json:"make,omitempty"`
	Model           string          `json:"model,omitempty"`
	Calibre         string          `json:"calibre,omitempty"`
	Marks           []string        `json:"marks,omitempty"`
	CaseNumber      string          `json:"case_number,omitempty"`
	IncidentCountry string          `json:"incident_country,omitempty"`
	IncidentDate    string          `json:"incident_date,omitempty"`
	RetainUntil     string          `json:"retain_until,omitempty"`
	FirstRecordedAt string          `json:"first_recorded_at,omitempty" doc:"RFC 3339, UTC"`
	ChangedAt       string          `json:"changed_at,omitempty" doc:"RFC 3339, UTC"`
	Body            json.RawMessage `json:"record,omitempty" doc:"The full record (record.submitted), in a history."`
}

// SearchRow is one of one's own questions in a list.
type SearchRow struct {
	ID          events.UUID  `json:"id"`
	Seq         uint64       `json:"seq"`
	At          string       `json:"at" doc:"RFC 3339, UTC"`
	Status      string       `json:"status" doc:"standing, ended, answered"`
	Purpose     string       `json:"purpose"`
	Context     string       `json:"context"`
	OnBehalfOf  events.OrgID `json:"on_behalf_of,omitempty"`
	Marks       []string     `json:"marks,omitempty"`
	CaseNumber  string       `json:"case_number,omitempty"`
	StandsUntil string       `json:"stands_until,omitempty"`
	Matches     uint32       `json:"matches"`
	Candidates  uint32       `json:"candidates"`
}

// MatchRow is a match or a candidate in a list, as its reader may see it.
type MatchRow struct {
	ID       events.UUID    `json:"id"`
	Seq      uint64         `json:"seq"`
	At       string         `json:"at" doc:"RFC 3339, UTC"`
	Kind     string         `json:"kind" doc:"match, candidate"`
	Status   string         `json:"status" doc:"candidate, notified, asked, confirmed, ended"`
	Class    string         `json:"class"`
	Grade    string         `json:"grade"`
	Strength string         `json:"strength"`
	Role     string         `json:"role"`
	Question *events.UUID   `json:"your_question,omitempty" doc:"To the asker alone."`
	Record   *events.UUID   `json:"your_record,omitempty" doc:"To the owner alone."`
	Other    events.Summary `json:"other,omitzero" doc:"The other side in short."`
	Because  string         `json:"because,omitempty" doc:"Why it ended."`
}

// TraceRow is a trace in a list, as its reader may see it.
type TraceRow struct {
	ID         events.UUID      `json:"id"`
	Seq        uint64           `json:"seq" doc:"Entry that holds the request."`
	At         string           `json:"at" doc:"RFC 3339, UTC"`
	Role       string           `json:"role" doc:"requester, addressee or general_secretariat: as what you see it."`
	Status     string           `json:"status" doc:"open, established, not_established, cancelled"`
	Requester  events.OrgID     `json:"requester"`
	ActingFor  events.OrgID     `json:"acting_for,omitempty"`
	Urgency    string           `json:"urgency,omitempty"`
	Addressees []TraceAddressee `json:"addressees" doc:"To an addressee, itself."`
	AnswerBy   string           `json:"answer_by,omitempty" doc:"Day: the first by which a final answer is due."`
	Type       string           `json:"type,omitempty" doc:"Of the weapon; to requester and addressees, as all that follows."`
	Make       string           `json:"make,omitempty"`
	Model      string           `json:"model,omitempty"`
	Calibre    string           `json:"calibre,omitempty"`
	Marks      []string         `json:"marks,omitempty"`
	Country    string           `json:"incident_country,omitempty"`
	Date       string           `json:"incident_date,omitempty"`
	CaseNumber string           `json:"case_number,omitempty"`
}

// TraceAddressee is where a trace stands with one addressee.
type TraceAddressee struct {
	Organisation events.OrgID `json:"organisation"`
	Status       string       `json:"status" doc:"proposed, sent, acknowledged, completed, failed, refused, referred"`
}

package imports

import (
	"bytes"
	"encoding/json"

	"github.com/armslog/armslog/events"
)

// RejectedRow is how a refused row of a JSON file is written down: mended in
// its row, it can be read again as it stands.
type RejectedRow struct {
	Line    int64           `json:"line"`
	Code    string          `json:"code"`
	Pointer string          `json:"pointer,omitempty"`
	Message string          `json:"message,omitempty"`
	Hint    string          `json:"hint,omitempty"`
	Row     json.RawMessage `json:"row,omitempty"`
	Text    string          `json:"text,omitempty"` // of a row that is no JSON
}

// Unwrap takes a row out of the RejectedRow that it may stand in.
func Unwrap(row Row) Row {
	if row.Err != nil || !bytes.HasPrefix(row.JSON, []byte(`{"line":`)) {
		return row
	}
	var r RejectedRow
	if json.Unmarshal(row.JSON, &r) != nil || r.Code == "" {
		return row
	}
	if row.JSON = r.Row; r.Row == nil {
		row.JSON = []byte(r.Text)
	}
	return row
}

// exported is a record as an export wrote it.
type exported struct {
	ID     events.UUID     `json:"id"`
	Status string          `json:"status"`
	Record json.RawMessage `json:"record"`
}

// AsIs takes a row of JSON for a request as it stands, on one line. Of a record
// that was exported it takes the record, and none where it is closed.
func AsIs(row Row) Mapped {
	if row.Err != nil {
		return rejected(*row.Err)
	}
	body := row.JSON
	if bytes.HasPrefix(body, []byte(`{"id":`)) {
		var e exported
		if err := json.Unmarshal(body, &e); err == nil && closed(e.Status) {
			return Mapped{Outcome: Filtered}
		} else if err == nil && e.Record != nil {
			body = e.Record
		}
	}
	if bytes.ContainsAny(body, "\n\r") {
		var line bytes.Buffer
		if err := json.Compact(&line, body); err != nil {
			return rejected(events.FieldError{Code: "not_json", Message: "the row is no JSON", Hint: "mend it, or leave it out"})
		}
		body = line.Bytes()
	}
	return Mapped{Body: body}
}

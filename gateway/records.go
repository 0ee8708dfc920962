package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
)

// Record is a record in full: one's own, or the other side's of a match.
type Record struct {
	ID              events.UUID      `json:"id"`
	Owner           events.OrgID     `json:"owner,omitempty" doc:"Where it is another organisation's."`
	Revision        uint32           `json:"revision"`
	Seq             uint64           `json:"seq" doc:"Entry that holds this revision."`
	Status          string           `json:"status" doc:"active, located, withdrawn, expired"`
	FirstRecordedAt string           `json:"first_recorded_at,omitempty" doc:"RFC 3339, UTC"`
	ChangedAt       string           `json:"changed_at,omitempty" doc:"RFC 3339, UTC"`
	Record          json.RawMessage  `json:"record,omitempty" doc:"As it was submitted; to others without the list of those from whom it is withheld. Of a withdrawn record it is in the history."`
	Withdrawal      json.RawMessage  `json:"withdrawal,omitempty" doc:"Why it was withdrawn."`
	Located         *events.Location `json:"located,omitempty" doc:"Who has met the weapon, as you have confirmed; to the owner."`
}

// putRecord amends a record: If-Match makes it conditional.
func (c *call) putRecord() error {
	body, err := c.body(events.MaxBody)
	if err != nil {
		return err
	}
	if match := c.text("If-Match"); match != "" && match != "*" {
		n, err := strconv.ParseUint(strings.Trim(match, `"`), 10, 32)
		if err != nil || n == 0 {
			return invalidParameter("invalid_parameter", "/header/If-Match", "If-Match must be a revision", `If-Match: "3"`)
		}
		body = splice(body, `"base_revision":`+strconv.FormatUint(n, 10))
	}
	p := registry.Prepare(c.org(), c.headers(events.TypeRecordSubmitted, events.UUID{15: 1}), body)
	if p.Body != nil && p.RecordID != c.id("id") {
		return invalidParameter("source_mismatch", "/source", "this source is another record's", "a record's id follows from its owner and its source")
	}
	return c.submit(events.TypeRecordSubmitted, body)
}

// withdrawRecord closes a record. Its source, which the request needs, is in
// its last revision.
func (c *call) withdrawRecord() error {
	body, err := c.body(events.MaxBody)
	if err != nil {
		return err
	}
	info, e, err := c.visibleRecord(c.id("id"))
	if err == nil && info.Owner != c.org() {
		err = notFound() // a parent sees, and does not act
	}
	if err != nil {
		return err
	}
	source, err := sourceOf(e)
	if err != nil {
		return err
	}
	return c.submit(events.TypeRecordWithdrawn, splice(body, `"source":`+string(source)))
}

// showRecord answers from state and journal; only the past needs ClickHouse.
func (c *call) showRecord() error {
	if c.text("as_of") != "" {
		return c.recordAsOf()
	}
	if err := c.waitSeq(); err != nil {
		return err
	}
	r, own, err := c.fullRecord(c.id("id"))
	if err != nil {
		return err
	}
	if err := c.logAccess(whatRecord, r.ID, r.Seq, own); err != nil {
		return err
	}
	c.w.Header().Set("ETag", `"`+strconv.FormatUint(uint64(r.Revision), 10)+`"`)
	return c.json(http.StatusOK, r.Seq, r)
}

func (c *call) recordAsOf() error {
	t, err := c.tables()
	if err != nil {
		return err
	}
	row, ok, err := t.RecordAsOf(c.r.Context(), c.org(), c.id("id"), c.value("as_of").asOf)
	if err != nil {
		return c.tablesError(err)
	}
	if !ok {
		return notFound()
	}
	if err := c.logAccess(whatRecord, row.ID, row.Seq, true); err != nil {
		return err
	}
	r := Record{
		ID: row.ID, Revision: row.Revision, Seq: row.Seq, Status: row.Status, Record: row.Body,
		FirstRecordedAt: row.FirstRecordedAt, ChangedAt: row.ChangedAt,
	}
	return c.json(http.StatusOK, r.Seq, r)
}

// visibleRecord finds a record of the caller's organisation, or of one whose
// parent it is, and the entry of its last revision. Somebody else's is as
// little there as none.
func (c *call) visibleRecord(id events.UUID) (info registry.RecordInfo, e *events.Entry, err error) {
	found := false
	err = c.cfg.Registry.Read(c.r.Context(), func(s *registry.State) {
		info, found = s.Record(id)
		found = found && s.Sees(c.org(), info.Owner)
	})
	if err != nil {
		return info, nil, err
	}
	if !found {
		return info, nil, notFound()
	}
	e, err = c.cfg.View.Entry(c.r.Context(), info.Seq)
	if err == nil && e.Commit != nil {
		return info, nil, notFound() // erased
	}
	return info, e, err
}

// sourceOf is the source that a record's request names, as JSON.
func sourceOf(e *events.Entry) (json.RawMessage, error) {
	var body struct {
		Source json.RawMessage `json:"source"`
	}
	if err := json.Unmarshal(e.Value, &body); err != nil {
		return nil, fmt.Errorf("read entry %d: %w", e.Seq, err)
	}
	return body.Source, nil
}

// listRecords, recordHistory and the lists in searches.go and matches.go come
// from ClickHouse.
func (c *call) listRecords() error {
	return list(c, func(ctx context.Context, t Tables, q PageQuery) (Page[RecordRow], error) {
		return t.Records(ctx, c.org(), RecordQuery{
			PageQuery: q, Status: c.text("status"), Category: c.text("category"),
			CaseNumber: c.text("case_number"), SourceID: c.text("source_id"), Mark: c.text("mark"),
			RetainUntilBefore: c.text("retain_until_before"),
		})
	})
}

func (c *call) recordHistory() error {
	return list(c, func(ctx context.Context, t Tables, q PageQuery) (Page[RecordRow], error) {
		page, err := t.RecordHistory(ctx, c.org(), c.id("id"), q)
		switch {
		case err != nil:
		case len(page.Items) > 0:
			err = c.logAccess(whatRecord, c.id("id"), page.Items[0].Seq, true)
		case q.After == "":
			err = notFound()
		}
		return page, err
	})
}

func (c *call) listSearches() error {
	return list(c, func(ctx context.Context, t Tables, q PageQuery) (Page[SearchRow], error) {
		return t.Searches(ctx, c.org(), SearchQuery{PageQuery: q, Status: c.text("status")})
	})
}

func (c *call) withdrawSearch() error {
	body, err := c.body(events.MaxBody)
	if err != nil {
		return err
	}
	return c.submit(events.TypeSearchWithdrawn, splice(body, `"search_id":"`+c.id("id").String()+`"`))
}

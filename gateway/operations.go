package gateway

import (
	"bytes"
	"context"
	"encoding/csv"
	"net/http"
	"strconv"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
)

// Operations are those that the caller may see.
type Operations struct {
	Items []registry.OperationInfo `json:"items"`
}

// OperationCount is what counts for an operation in one country and for one
// type of weapon.
type OperationCount struct {
	Country   string `json:"country,omitempty" doc:"Where it happened; absent = not stated."`
	Type      string `json:"type,omitempty" doc:"Type of weapon; absent = not stated."`
	Questions uint64 `json:"questions"`
	Records   uint64 `json:"records"`
	Seizures  uint64 `json:"seizures" doc:"Of the records: weapons seized."`
	Traces    uint64 `json:"traces"`
	Matches   uint64 `json:"matches" doc:"That parties were told of."`
	Confirmed uint64 `json:"confirmed" doc:"Of the matches: those that an owner has confirmed."`
}

const mediaCSV = "text/csv"

// leaders are who opens, amends and closes an operation: its desk, day by day.
var leaders = []Role{Desk, Admin}

// jointRoutes are those of what several organisations do together.
func jointRoutes() []*route {
	id := param{name: "id", in: "path", kind: text, max: 64, doc: "The operation's id."}
	return []*route{
		{
			method: http.MethodGet, path: "/v1/operations", id: "list-operations", tag: "Operations", doc: "Operations and programmes that you take part in.",
			params: []param{minSeq()}, needs: []string{"lagging"}, ok: []answer{answers[Operations](200, "All of them.")}, serve: (*call).listOperations,
		},
		{
			method: http.MethodPost, path: "/v1/operations", id: "submit-operation", tag: "Operations", doc: "Open or amend an operation that you lead.",
			roles: leaders, params: postParams(), body: bodyOf[events.OperationSubmitted](), posts: true,
			needs: []string{"operation_taken", "operation_closed"}, ok: directoryAnswers(), serve: post(events.TypeOperationSubmitted),
		},
		{
			method: http.MethodGet, path: "/v1/operations/{id}", id: "show-operation", tag: "Operations", doc: "One operation, to those who take part in it.",
			params: []param{id, minSeq()}, needs: []string{"not_found", "lagging"},
			ok: []answer{answers[registry.OperationInfo](200, "The operation.")}, serve: (*call).showOperation,
		},
		{
			method: http.MethodGet, path: "/v1/operations/{id}/report", id: "report-operation", tag: "Operations",
			doc:   "What counts for an operation, by country and type of weapon; without what is withheld from you.",
			roles: readers, params: []param{id, minSeq()}, needs: append([]string{"not_found"}, tableCodes...),
			ok: []answer{answers[Page[OperationCount]](200, "The counts.")}, serve: (*call).reportOperation,
		},
		{
			method: http.MethodGet, path: "/v1/operations/{id}/report.csv", id: "export-operation", tag: "Operations", doc: "The same as CSV.",
			roles: readers, params: []param{id, minSeq()}, needs: append([]string{"not_found"}, tableCodes...),
			ok: []answer{{status: 200, doc: "The counts.", content: content{media: mediaCSV}}}, serve: (*call).exportOperation,
		},
		{
			method: http.MethodPost, path: "/v1/operations/{id}/closure", id: "close-operation", tag: "Operations", doc: "End an operation: what happens later does not count for it.",
			roles: leaders, params: postParams(id), body: bodyWithout[events.OperationClosed]("operation_id"), posts: true,
			needs: []string{"operation_unknown", "operation_taken", "operation_closed"}, ok: []answer{answers[events.Reply](200, "Closed.")}, serve: (*call).closeOperation,
		},
	}
}

func (c *call) listOperations() error {
	return c.fromState(func(s *registry.State) any {
		return Operations{Items: append([]registry.OperationInfo{}, s.Operations(c.org())...)}
	})
}

// operation is the one that the path names, if the caller may see it.
func (c *call) operation() (info registry.OperationInfo, err error) {
	if err := c.waitSeq(); err != nil {
		return info, err
	}
	found := false
	err = c.cfg.Registry.Read(c.r.Context(), func(s *registry.State) { info, found = s.Operation(c.org(), c.text("id")) })
	if err == nil && !found {
		err = notFound() // the same for one that is not theirs as for none
	}
	return info, err
}

func (c *call) showOperation() error {
	info, err := c.operation()
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, info.Seq, info)
}

// operationReport is what counts for the operation that the path names.
func (c *call) operationReport() (id string, page Page[OperationCount], err error) {
	info, err := c.operation()
	if err != nil {
		return "", page, err
	}
	t, err := c.tables()
	if err != nil {
		return "", page, err
	}
	ctx, cancel := context.WithTimeout(c.r.Context(), tablesWithin)
	defer cancel()
	page, err = t.OperationReport(ctx, c.org(), info.OperationID, max(c.number("min_seq"), info.Seq)) // never older than what they were just shown
	if err != nil {
		return "", page, c.tablesError(err)
	}
	return info.OperationID, page, nil
}

func (c *call) reportOperation() error {
	_, page, err := c.operationReport()
	if err != nil {
		return err
	}
	if page.Items == nil {
		page.Items = []OperationCount{} // an empty list is a list
	}
	return c.json(http.StatusOK, page.Seq, page)
}

func (c *call) exportOperation() error {
	id, page, err := c.operationReport()
	if err != nil {
		return err
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write([]string{"operation", "country", "type", "questions", "records", "seizures", "traces", "matches", "confirmed"}) // a buffer takes all
	for _, n := range page.Items {
		row := []string{id, n.Country, n.Type}
		for _, v := range []uint64{n.Questions, n.Records, n.Seizures, n.Traces, n.Matches, n.Confirmed} {
			row = append(row, strconv.FormatUint(v, 10))
		}
		_ = w.Write(row)
	}
	w.Flush()
	c.w.Header().Set("Content-Type", mediaCSV)
	c.w.Header().Set("Cache-Control", "no-store")
	_, _ = c.w.Write(b.Bytes()) // who does not read the answer needs none
	return nil
}

func (c *call) closeOperation() error {
	body, err := c.body(events.MaxBody)
	if err != nil {
		return err
	}
	return c.submit(events.TypeOperationClosed, splice(body, `"operation_id":`+string(appendString(nil, c.text("id")))))
}

package gateway

import (
	"math"
	"reflect"

	"github.com/armslog/armslog/events"
)

// Parts that many routes have in common.

const maxInt = math.MaxInt64 // of counters: what every client can read

// tableCodes are the problems of a list that ClickHouse serves.
var tableCodes = []string{"unavailable", "lagging"}

func minSeq() param {
	return queryNumber("min_seq", 0, maxInt, 0, "The answer must know this entry; where it does not yet, 503 with Retry-After.")
}

func pathUUID(name, doc string) param { return param{name: name, in: "path", kind: uuid, doc: doc} }

func listParams(more ...param) []param {
	return append(more,
		queryNumber("limit", 1, 1000, 100, "At most so many."),
		queryText("after", "The cursor that the page before gave as next."),
		minSeq(),
	)
}

// postParams are what every request to the registry takes.
func postParams(more ...param) []param {
	return append(more,
		header(headerKey, "The same key is the same request for at least 30 days: its first answer is told again."),
		header(headerOnBehalfOf, "The organisation you act for; checked against your agreements."),
		header("Prefer", "wait=N: wait up to N seconds (1 to 60) for the decision."),
	)
}

func batchParams(more ...param) []param {
	return append(more,
		queryCode("only", "errors: lines with a rejection, a warning or a match alone, and progress every 1,000 lines.", "errors"),
		queryNumber("from", 1, maxInt, 1, "Number of the first line: a batch that broke off goes on there, under the same key."),
		header(headerKey, "Line i is asked under this key and i: sent again it is not asked twice."),
		header(headerOnBehalfOf, "The organisation you act for; checked against your agreements."),
	)
}

func bodyOf[T any]() *content {
	c := jsonOf[T]()
	return &c
}

// bodyWithout is a body of which the path says a part.
func bodyWithout[T any](member string) *content {
	c := jsonOf[T]()
	c.without = member
	return &c
}

func batchBody(doc string) *content { return &content{media: mediaNDJSON, doc: doc} }

func verdicts() answer {
	return answer{status: 200, doc: "One verdict a line, in the order of the lines.", content: content{
		media: mediaNDJSON, of: reflect.TypeFor[Verdict](), doc: "A line's verdict; progress; and as the last line done, or error and from.",
	}}
}

func directoryAnswers() []answer {
	return []answer{answers[events.Reply](201, "Registered."), answers[events.Reply](200, "Amended.")}
}

// Verdict is one line that a batch answers: for the document; the lines are
// written by hand.
type Verdict struct {
	Line        uint64              `json:"line,omitempty"`
	Seq         uint64              `json:"seq,omitempty" doc:"Entry that holds the line and its verdict; of an unchanged record, that of its revision. Absent where the line was refused unread."`
	Status      string              `json:"status,omitempty" doc:"registered, amended, unchanged, withdrawn, answered, rejected"`
	Replayed    bool                `json:"replayed,omitempty" doc:"Decided before, under the same key."`
	ID          string              `json:"id,omitempty"`
	Revision    uint32              `json:"revision,omitempty"`
	StandsUntil string              `json:"stands_until,omitempty"`
	Truncated   bool                `json:"truncated,omitempty"`
	Policy      string              `json:"policy,omitempty"`
	OnBehalfOf  events.OrgID        `json:"on_behalf_of,omitempty"`
	Matches     []events.MatchView  `json:"matches,omitempty"`
	Candidates  []events.MatchView  `json:"candidates,omitempty"`
	Errors      []events.FieldError `json:"errors,omitempty"`
	Warnings    []events.FieldError `json:"warnings,omitempty"`
	Progress    *Counts             `json:"progress,omitempty"`
	Done        *Counts             `json:"done,omitempty"`
	Error       *Problem            `json:"error,omitempty"`
	From        uint64              `json:"from,omitempty" doc:"With error: the line to go on from."`
}

// Counts are what a batch came to.
type Counts struct {
	Lines      uint64 `json:"lines"`
	Registered uint64 `json:"registered"`
	Amended    uint64 `json:"amended"`
	Unchanged  uint64 `json:"unchanged"`
	Withdrawn  uint64 `json:"withdrawn"`
	Answered   uint64 `json:"answered"`
	Rejected   uint64 `json:"rejected"`
	Matches    uint64 `json:"matches"`
	LastSeq    uint64 `json:"last_seq"`
}

func recordBatchType(c *call) events.Type {
	if c.text("type") == "record.withdrawn" {
		return events.TypeRecordWithdrawn
	}
	return events.TypeRecordSubmitted
}

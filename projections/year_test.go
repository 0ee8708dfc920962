package projections

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/embedded/embeddedtest"
)

// year is a year of invented data whose answers are known by construction: what
// is to be found stands in tables, and requests are made from them.
type year struct {
	*journal
	weapons int
	met     int // searches that met a record
}

// found are weapons recovered in one country of which the same is known.
type found struct {
	owner, country string
	n              int
	origin         string // as its owner states it; "" = not stated
	mark           string // status of the number
	diverted       string
	traced         string // where the closed trace of it found that it was diverted
}

var yearOfFinds = []found{
	{"NCB-BR", "BR", 6, "established_by_tracing", "readable", "PY", ""},
	{"NCB-BR", "BR", 4, "established_otherwise", "obliterated", "BR", ""},
	{"NCB-BR", "BR", 5, "failed", "readable", "", ""},
	{"NCB-BR", "BR", 3, "pending", "partial", "", ""},
	{"NCB-BR", "BR", 7, "", "readable", "", ""},
	{"NCB-BR", "BR", 5, "", "obliterated", "", ""},
	{"NCB-BR", "BR", 2, "not_traceable", "readable", "", ""},
	{"NCB-BR", "BR", 2, "", "restored", "", "CL"},
	{"NCB-CL", "CL", 8, "not_attempted", "readable", "", ""},
	{"NCB-CL", "CL", 1, "established_by_tracing", "readable", "PY", ""},
	{"NCB-CL", "AR", 3, "established_otherwise", "readable", "CL", ""},
}

// sold are weapons traced to their first retail sale.
type sold struct {
	make              string
	sale, recovery    string
	least, most       int // days from the one to the other
	outcome           string
	statedAtClosing   bool // the finding states the sale; else an answer did
	answered, refused bool
}

var yearOfTraces = []sold{
	{"Glock", "2024-01-01", "2025-01-01", 366, 366, "established", true, true, false},
	{"glock", "2023-01-01", "2025-01-01", 731, 731, "established", false, true, false},
	{"Glock", "2024", "2025-06-01", 152, 517, "not_established", true, true, false},
	{"Taurus", "2025-02-28", "2025-03-01", 1, 1, "established", true, true, false},
	{"Taurus", "", "2025-03-01", 0, 0, "not_established", false, false, true},
}

// asked is a match whose owner is asked to confirm it.
type asked struct {
	urgency string
	seconds int64  // to the answer
	answer  string // "" = none
}

// The owner keeps the default clocks: ten minutes, and an hour.
var yearOfAsking = []asked{
	{"urgent", 120, "confirmed"}, {"urgent", 900, "not_same_weapon"}, {"urgent", 300, "confirmed"}, {"routine", 600, "confirmed"}, {"routine", 0, ""},
}

// confirm asks the owner about what a search met, and has it answered.
func (y *year) confirm(e *events.Entry, a asked) {
	for _, x := range e.Effects {
		m, ok := x.(*events.MatchEffect)
		if !ok {
			continue
		}
		y.accept(m.Asker, &events.ConfirmationRequested{MatchID: m.ID, Urgency: a.urgency})
		if a.answer != "" {
			y.at += (a.seconds - 1) * 1000 // a decision takes a second of this year
			answered := y.ask(m.Owner, &events.ConfirmationAnswered{MatchID: m.ID, Answer: a.answer})
			require.Equal(y.t, events.Accepted, answered.Verdict, "%v", answered.Errors)
		}
	}
}

func newYear(t *testing.T) *year {
	y := &year{journal: newJournal(t)}
	y.accept("IPSG", &events.OrganisationSubmitted{OrganisationID: "NCB-PY", Kind: "ncb", Country: "PY", Name: "NCB Asuncion", Inbox: true})
	y.accept("IPSG", &events.ReferenceSubmitted{Name: "Taurus", Kind: "make", Aliases: []string{"FORJAS TAURUS"}})
	return y
}

// accept sends a request that must be accepted, an hour after the last one.
func (y *year) accept(org events.OrgID, body events.Body) *events.Entry {
	y.t.Helper()
	y.at += 60 * 60 * 1000
	e := y.ask(org, body)
	require.Equal(y.t, events.Accepted, e.Verdict, "%s: %v", body.Type(), e.Errors)
	return e
}

// serial is a number that meets no other of the year, and identifies a weapon.
func (y *year) serial() string {
	y.weapons++
	return fmt.Sprintf("KT%07d", 1_000_000+7919*y.weapons)
}

// find records one weapon, recovered on some day of 2025.
func (y *year) find(f found) (serial string, source events.Source) {
	serial = y.serial()
	b := record(fmt.Sprint(y.weapons), serial)
	b.Category = []string{"seized", "found", "surrendered"}[y.weapons%3]
	b.Incident = events.Incident{Country: f.country, Date: events.MustDate(fmt.Sprintf("2025-%02d-%02d", 1+y.weapons%12, 1+y.weapons%28))}
	switch m := &b.Firearm.Marks[0]; f.mark {
	case "obliterated":
		m.Status, m.Text = f.mark, ""
	case "partial":
		m.Status, m.Text = f.mark, serial[:7]+"*"
	default:
		m.Status = f.mark
	}
	if f.origin != "" {
		b.Origin = &events.Origin{Status: f.origin}
		if f.diverted != "" {
			b.Origin.Diversion = &events.Diversion{Country: f.diverted}
		}
	}
	y.accept(f.owner, b)
	return serial, b.Source
}

// trace asks NCB-PY for a weapon, has it answered and closes it.
func (y *year) trace(owner events.OrgID, s sold, of events.UUID, diverted string) {
	e := y.accept(owner, &events.TraceRequested{RecordID: of, Urgency: "routine", IllicitBasis: []string{"law_of_place"}, IntendedUse: "criminal_investigation",
		DomesticCheck: "done", Addressees: []events.OrgID{"NCB-PY"},
		Firearm:  events.Firearm{Type: "pistol", Make: s.make, Marks: []events.Mark{{Kind: "serial", Status: "readable", Text: y.serial()}}},
		Incident: events.Incident{Country: "BR", Date: events.MustDate(s.recovery)}})
	id := events.TraceID(owner, e.Envelope.ID)
	answer := &events.TraceResponded{TraceID: id, Status: "failed", Failure: "not_in_records"}
	switch {
	case s.refused:
		answer.Status, answer.Failure, answer.Refusal = "refused", "", "national_law"
	case s.sale != "" && !s.statedAtClosing:
		answer.Status, answer.Failure = "completed", ""
		answer.Steps = []events.TraceStep{{Kind: "sold_retail", Country: "PY", Date: events.MustDate(s.sale)}}
	}
	y.accept("NCB-PY", answer)
	end := &events.TraceClosed{TraceID: id, Outcome: s.outcome}
	if s.statedAtClosing {
		end.FirstRetailSale = &events.Sale{Country: "PY", Date: events.MustDate(s.sale)}
	}
	if diverted != "" {
		end.Diversion = &events.Diversion{Country: diverted}
	}
	if s.outcome == "established" && end.Diversion == nil {
		end.Diversion = &events.Diversion{Country: "PY"}
	}
	y.accept(owner, end)
}

// fill sends the whole year.
func (y *year) fill() {
	for _, f := range yearOfFinds {
		for range f.n {
			serial, source := y.find(f)
			if f.traced != "" {
				y.trace(f.owner, sold{make: "Rossi", recovery: "2025", outcome: "established"}, events.RecordID(f.owner, source), f.traced)
			}
			if f.owner == "NCB-CL" && f.mark == "readable" && y.weapons%2 == 0 {
				e := y.accept("NCB-PY", question(serial)) // meets it: two parties
				if y.met < len(yearOfAsking) {
					y.confirm(e, yearOfAsking[y.met])
				}
				y.met++
			}
		}
	}
	for _, s := range yearOfTraces {
		y.trace("NCB-BR", s, events.UUID{}, "")
	}
	require.Equal(y.t, events.Rejected, y.ask("WCO", record("9", "X1")).Verdict)
	// What must not count: a part, and a record entered by mistake.
	part := record("part", y.serial())
	part.Firearm.Type, part.Incident.Date = "part", events.MustDate("2025-05-05")
	y.accept("NCB-BR", part)
	mistake := record("mistake", y.serial())
	y.accept("NCB-BR", mistake)
	y.accept("NCB-BR", &events.RecordWithdrawn{Source: mistake.Source, Reason: "entered_in_error"})
}

var sqlBlock = regexp.MustCompile("(?s)```sql\n(.*?)```")

// questions are the queries of docs/analytics.md, as they stand there.
func questions(t *testing.T) (all []string) {
	page, err := os.ReadFile("../docs/analytics.md")
	require.NoError(t, err)
	for _, m := range sqlBlock.FindAllStringSubmatch(string(page), -1) {
		all = append(all, m[1])
	}
	return all
}

// TestFiveQuestions runs every query of docs/analytics.md, verbatim and as the
// analyst, on a year whose answers follow from the tables above.
func TestFiveQuestions(t *testing.T) {
	server := embeddedtest.ClickHouse(t)
	d := openDatabase(t, server, embeddedtest.Database(t, "armslog"), "analytics")
	y := newYear(t)
	y.fill()
	p, _ := project(t, ProjectorConfig{Database: d, Source: y.journal})
	q := NewQueries(QueriesConfig{Database: d, Projector: p})
	wait(t, q, y.last())
	want := []string{
		// BR: 34 recovered, of which 6 + 4 + 2 established; 5 obliterated and 2 stated untraceable could not be.
		"AR,2025,3,3,3,1,1\nBR,2025,34,12,27,0.353,0.444\nCL,2025,9,1,9,0.111,0.111\n",
		"glock,3,366,517\ntaurus,1,1,1\n",
		"PY,BR,6\nBR,BR,4\nCL,AR,3\nCL,BR,2\nPY,CL,1\n",
		"BR,36,0,0,0\nCL,12,0,6,3\nPY,0,6,6,3\n",
		"routine,2,1,0.5,600,0\nurgent,3,3,0.667,300,0.333\n",
	}
	for i, query := range questions(t) {
		require.Less(t, i, len(want), "a query without a known answer: %s", query)
		require.Equal(t, want[i], answer(t, q, query), query)
	}
	require.Len(t, questions(t), len(want))
	for query, want := range map[string]string{
		// Cells under 5 are not shown, nor those that would tell them.
		"SELECT * FROM analytics.open_origins ORDER BY country":                                                          "AR,2025,\\N,\\N,\\N\nBR,2025,34,12,27\nCL,2025,9,\\N,9\n",
		"SELECT from_country, to_country, year, firearms FROM analytics.open_flows WHERE leg = 'diversion' ORDER BY ALL": "BR,BR,2025,\\N\nCL,AR,2025,\\N\nCL,BR,2025,\\N\nPY,BR,2025,6\nPY,CL,2025,\\N\n",
		"SELECT * FROM analytics.open_contributions WHERE country != '' ORDER BY country":                                "BR,2026,36,\\N,\\N,\\N\nCL,2026,12,\\N,6,\\N\nPY,2026,\\N,6,6,\\N\n",
		// Of NCB-BR's 36: no calibre of a kind, every make known; 9 obliterated, 3 partial, 2 restored.
		"SELECT sum(records), round(sum(records * with_make)), round(sum(records * with_type)), round(sum(records * with_serial)), round(sum(records * partial_numbers)), sum(unknown_makes), sum(weak_numbers) FROM analytics.data_quality WHERE owner = 'NCB-BR'": "36,36,36,22,3,0,0\n",
		"SELECT rejected, rejects_by_code['no_right'], rejects_by_code['not_json'] FROM analytics.data_quality WHERE owner = 'WCO'":                                                                                                                                 "1,1,0\n",
		"SELECT day > '2026-01-01', traces_sent, traces_answered FROM (SELECT max(day) AS day, sum(traces_sent) AS traces_sent, sum(traces_answered) AS traces_answered FROM analytics.contributions)":                                                              "1,7,7\n",
	} {
		require.Equal(t, want, answer(t, q, query), query)
	}
}

// answer is the answer of a query as CSV without its head.
func answer(t *testing.T, q *Queries, query string) string {
	r, err := q.SQL(t.Context(), query, FormatCSV)
	require.NoError(t, err)
	defer r.Close()
	text, err := io.ReadAll(r)
	require.NoError(t, err)
	_, rows, _ := strings.Cut(strings.ReplaceAll(string(text), `"`, ""), "\n")
	return rows
}

package e2e

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
)

// receipt is what an import leaves behind.
type receipt struct {
	Rows, Registered, Amended, Unchanged, Rejected, Filtered, Matches int
	Errors                                                            map[string]int
	RejectsFile                                                       string `json:"rejects_file"`
}

func readReceipt(t testing.TB, path string) (r receipt) {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &r))
	return r
}

// counts asks the analysts' tables for counts by one thing.
func (w *world) counts(query string) map[string]int {
	w.t.Helper()
	rows, err := csv.NewReader(strings.NewReader(w.by("IPSG").ok("sql", "-o", "csv", query))).ReadAll()
	require.NoError(w.t, err)
	got := map[string]int{}
	for _, r := range rows[1:] {
		n, err := strconv.Atoi(r[1])
		require.NoError(w.t, err)
		got[r[0]] = n
	}
	return got
}

// TestRealTable imports a real table of seized firearms after questions were
// asked about it, with the very command line of a bureau.
func TestRealTable(t *testing.T) {
	x := saoPaulo(t)
	withTables(t).realTable(x)
}

func (w *world) realTable(x *table) {
	t := w.t
	asked := w.askAbout(x)
	require.Equal(t, map[events.OrgID]int{"WCO": 0, "NCB-BR": 0, "NCB-CL": 0, "NCB-PY": 0, "IPSG": 0}, w.told(), "nothing is recorded yet")

	bureau := w.by("NCB-BR")
	bureau.home = filepath.Dir(x.path) // rejects and receipt are written beside the file
	r := bureau.run("import", "seizures.csv", "--map", "sp-ssp")
	require.Equal(t, 3, r.code, "%s%s", r.out, r.err)
	w.checkReceipt(x, len(asked))
	w.checkTables(x)
	w.checkNotifications(asked)
	w.fsck()

	before := audit(t, w.kafka())
	r = bureau.run("import", "seizures.csv", "--map", "sp-ssp")
	require.Equal(t, 3, r.code, "%s%s", r.out, r.err)
	got := readReceipt(t, filepath.Join(filepath.Dir(x.path), "seizures.receipt.json"))
	require.Equal(t, len(x.weapons), got.Unchanged)
	require.Zero(t, got.Registered+got.Amended+got.Matches)
	var anew []string
	for _, e := range audit(t, w.kafka()).entries[len(before.entries):] {
		if e.Src == "NCB-BR" && e.Verdict == events.Unchanged {
			continue // rows for which the journal's end was not known in time: TestARowIsAppendedWhereTheStateIsBehind
		}
		anew = append(anew, fmt.Sprint(e.Src, " ", e.Envelope.Type, " ", e.Verdict))
	}
	require.Empty(t, anew, "the second import changes nothing")
	require.Equal(t, len(asked), w.told()["WCO"], "and tells nothing")
	w.askAgain(x)
}

// askedAbout is a question and the one weapon of the table that it meets.
type askedAbout struct {
	reply events.Reply
	grade string
}

// askAgain asks after the weapon whose number has a hole: it is a candidate,
// and to be one tells nobody.
func (w *world) askAgain(x *table) {
	w.t.Helper()
	s := x.single(w.t, 4, exactShape)[3]
	before := w.told()
	r := w.post("WCO", "/v1/searches", s.question(s.hole(), "partial")).reply(w.t)
	require.Empty(w.t, r.Matches)
	var found []string
	for _, c := range r.Candidates {
		require.Equal(w.t, "partial", c.Grade)
		found = append(found, c.Compared[0].Record)
	}
	require.Contains(w.t, found, s.number)
	require.Equal(w.t, before, w.told())
}

// exactShape is a number that nobody confuses with another.
const exactShape = `^[A-Z]{3}[1-9]{5}$`

// hole is the number with one sign that cannot be read.
func (w seized) hole() string { return w.number[:4] + "?" + w.number[5:] }

func (w seized) question(number, status string) string {
	return fmt.Sprintf(`{"purpose":"border_control","context":"recovered","firearm":{"type":"pistol","make":%q,"calibre":%q,"marks":[{"kind":"serial","status":%q,"text":%q}]}}`,
		w.make, w.calibre, status, number)
}

// askAbout asks what the table will answer: exact numbers, numbers with an O
// for a 0, one of them for a customs administration; and what it will not: a
// number with a hole in it, which alerts nobody, and one that is not there.
func (w *world) askAbout(x *table) (asked []askedAbout) {
	ask := func(s seized, number, status string, header ...string) events.Reply {
		r := w.post("WCO", "/v1/searches", s.question(number, status), header...).reply(w.t)
		require.Empty(w.t, r.Matches)
		require.Empty(w.t, r.Candidates)
		return r
	}
	exact := x.single(w.t, 4, exactShape)
	asked = append(asked,
		askedAbout{ask(exact[0], exact[0].number, "readable"), "exact"},
		askedAbout{ask(exact[1], exact[1].number, "readable"), "exact"},
		askedAbout{ask(exact[2], exact[2].number, "readable", "Armslog-On-Behalf-Of", "FJ-CUSTOMS"), "exact"})
	for _, s := range x.single(w.t, 2, `^[A-Z]{3}[1-9]+0[1-9]+$`) {
		asked = append(asked, askedAbout{ask(s, strings.Replace(s.number, "0", "O", 1), "readable"), "confusable"})
	}
	ask(exact[3], exact[3].hole(), "partial")
	ask(exact[3], x.unlike(), "readable")
	return asked
}

func (w *world) checkReceipt(x *table, met int) {
	w.t.Helper()
	require.Equal(w.t, [...]int{55_687, 48_773, 154, 6_760}, [...]int{x.rows, len(x.weapons), x.rejected, x.filtered}, "the table is another one")
	got := readReceipt(w.t, filepath.Join(filepath.Dir(x.path), "seizures.receipt.json"))
	require.Equal(w.t, receipt{
		Rows: x.rows, Registered: len(x.weapons), Rejected: x.rejected, Filtered: x.filtered, Matches: met,
		Errors: map[string]int{"not_a_firearm": x.rejected}, RejectsFile: "seizures.rejects.csv",
	}, got)
	f, err := os.Open(filepath.Join(filepath.Dir(x.path), got.RejectsFile))
	require.NoError(w.t, err)
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	require.NoError(w.t, err)
	require.Len(w.t, rows, 1+x.rejected)
}

// checkTables holds what analysts count against what the file holds.
func (w *world) checkTables(x *table) {
	w.t.Helper()
	w.settled()
	by := func(column string) map[string]int {
		return w.counts("SELECT " + column + " AS x, count() FROM analytics.records WHERE owner = 'NCB-BR' AND family = 'recovered' GROUP BY x")
	}
	require.Equal(w.t, x.count(seized.status), by("mark_status"))
	require.Equal(w.t, x.count(func(s seized) string { return s.year }), by("toYear(incident_min)"))
	require.Equal(w.t, x.count(seized.stated), by("make"))
}

// checkNotifications: each question that met a record is told to its asker, to
// the record's owner and to the General Secretariat, once, and to nobody else.
func (w *world) checkNotifications(asked []askedAbout) {
	w.t.Helper()
	n := len(asked)
	require.Equal(w.t, map[events.OrgID]int{"WCO": n, "NCB-BR": n, "NCB-CL": 0, "NCB-PY": 0, "IPSG": n}, w.told())
	grades := map[string]string{}
	for _, note := range w.news("WCO") {
		require.Equal(w.t, "match", note.Reason)
		require.Equal(w.t, "asker", note.Role)
		require.True(w.t, note.Body.Late, "the question came before the record")
		require.EqualValues(w.t, "NCB-BR", note.Body.Match.Summary.Owner)
		grades[note.Body.YourSearch.String()] = note.Body.Match.Grade
	}
	for _, a := range asked {
		require.Equal(w.t, a.grade, grades[a.reply.ID])
	}
	acting := 0
	for _, note := range w.news("NCB-BR") {
		require.Equal(w.t, "owner", note.Role)
		require.EqualValues(w.t, "WCO", note.Body.Question.Owner)
		if note.Body.Question.ActingFor == "FJ-CUSTOMS" {
			acting++
		}
	}
	require.Equal(w.t, 1, acting, "one question was asked on behalf of another")
}

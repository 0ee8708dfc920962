package projections

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
)

// filled is a database that holds a whole journal.
func filled(t testing.TB) (*Database, *journal, *Queries) {
	t.Helper()
	d, j := database(t), newJournal(t)
	j.fill()
	p, _ := project(t, ProjectorConfig{Database: d, Source: j})
	q := NewQueries(QueriesConfig{Database: d, Projector: p})
	wait(t, q, j.last())
	return d, j, q
}

func TestRecordsList(t *testing.T) {
	_, _, q := filled(t)
	ids := func(list []Record) (all []string) {
		for _, r := range list {
			all = append(all, r.Record.Source.ID)
		}
		return all
	}
	list := func(org events.OrgID, f RecordFilter) []string {
		found, _, err := q.Records(t.Context(), org, f)
		require.NoError(t, err)
		return ids(found)
	}
	both := []string{"2", "D-101/2019/384/1"}
	require.Equal(t, both, list("NCB-BR", RecordFilter{}), "last changed first")
	require.Equal(t, both[:1], list("NCB-BR", RecordFilter{Status: "withdrawn"}))
	require.Equal(t, both[1:], list("NCB-BR", RecordFilter{Status: "active"}))
	require.Equal(t, both[:1], list("NCB-BR", RecordFilter{Mark: "KT044170"}), "0 and O alike")
	require.Equal(t, both[1:], list("NCB-BR", RecordFilter{CaseNumber: "D-101/2019/384"}))
	require.Equal(t, both[:1], list("NCB-BR", RecordFilter{SourceID: "2", Category: "seized"}))
	require.Empty(t, list("NCB-BR", RecordFilter{Mark: "AB12345"}), "another's")
	require.Empty(t, list("WCO", RecordFilter{}))

	page, next, err := q.Records(t.Context(), "NCB-BR", RecordFilter{Limit: 1})
	require.NoError(t, err)
	require.Equal(t, both[:1], ids(page))
	page, next, err = q.Records(t.Context(), "NCB-BR", RecordFilter{Limit: 1, After: next})
	require.NoError(t, err)
	require.Equal(t, both[1:], ids(page))
	require.Zero(t, next)
}

func TestRecordHistoryAndAsOf(t *testing.T) {
	_, j, q := filled(t)
	source := events.Source{System: "table", ID: "3"}
	id := events.RecordID("NCB-CL", source)
	history, err := q.History(t.Context(), "NCB-CL", id)
	require.NoError(t, err)
	require.Len(t, history, 2)
	require.Equal(t, []string{"", "82"}, []string{history[0].Record.Firearm.Model, history[1].Record.Firearm.Model})
	require.Equal(t, history[0].ChangedAt, history[1].FirstRecordedAt)
	theirs, err := q.History(t.Context(), "NCB-BR", id)
	require.NoError(t, err)
	require.Empty(t, theirs)

	then, ok, err := q.RecordAsOf(t.Context(), "NCB-CL", id, history[1].ChangedAt.Add(-time.Millisecond))
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, uint32(1), then.Revision)
	_, ok, err = q.RecordAtSeq(t.Context(), "NCB-CL", id, history[0].Seq-1)
	require.NoError(t, err)
	require.False(t, ok, "it was not there yet")

	gone := events.RecordID("NCB-BR", events.Source{System: "table", ID: "2"})
	now, ok, err := q.RecordAtSeq(t.Context(), "NCB-BR", gone, j.last())
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, "withdrawn", now.Status)
	before, _, err := q.RecordAtSeq(t.Context(), "NCB-BR", gone, now.Seq)
	require.NoError(t, err)
	require.Equal(t, "active", before.Status)
}

func TestSearchesList(t *testing.T) {
	_, _, q := filled(t)
	list, next, err := q.Searches(t.Context(), "WCO", SearchFilter{})
	require.NoError(t, err)
	require.Zero(t, next)
	require.Len(t, list, 3)
	require.Equal(t, "withdrawn", list[0].Status)
	require.Equal(t, "ended", list[1].Status, "its agreement was revoked")
	require.Equal(t, "KTO44170", list[1].Marks[0].Text)
	page, next, err := q.Searches(t.Context(), "WCO", SearchFilter{Limit: 1, Status: "ended"})
	require.NoError(t, err)
	require.Equal(t, list[1:2], page)
	page, _, err = q.Searches(t.Context(), "WCO", SearchFilter{Limit: 1, Status: "ended", After: next})
	require.NoError(t, err)
	require.Equal(t, list[2:], page)
	list, _, err = q.Searches(t.Context(), "NCB-BR", SearchFilter{})
	require.NoError(t, err)
	require.Empty(t, list)
}

// Each party lists what it was told, and what is withheld later is gone.
func TestMatchesList(t *testing.T) {
	d, j := database(t), newJournal(t)
	j.ask("WCO", question("RV204187"))
	j.ask("NCB-BR", record("1", "RV204187"))
	j.ask("NCB-BR", record("2", "RV2O4187"))
	p, _ := project(t, ProjectorConfig{Database: d, Source: j})
	q := NewQueries(QueriesConfig{Database: d, Projector: p})
	list := func(org events.OrgID, f MatchFilter) []Match {
		wait(t, q, j.last())
		found, _, err := q.Matches(t.Context(), org, f)
		require.NoError(t, err)
		return found
	}
	for _, org := range []events.OrgID{"WCO", "NCB-BR", "IPSG"} {
		require.Len(t, list(org, MatchFilter{}), 2, org)
		require.Len(t, list(org, MatchFilter{Status: "notified"}), 2, org)
	}
	require.Empty(t, list("NCB-CL", MatchFilter{}))
	first, next, err := q.Matches(t.Context(), "WCO", MatchFilter{Limit: 1})
	require.NoError(t, err)
	require.NotEmpty(t, next)
	second, _, err := q.Matches(t.Context(), "WCO", MatchFilter{Limit: 1, After: next})
	require.NoError(t, err)
	require.NotEqual(t, first[0].ID, second[0].ID)
	_, _, err = q.Matches(t.Context(), "WCO", MatchFilter{After: "x"})
	require.ErrorIs(t, err, ErrRefused)

	met := func(org events.OrgID) (n uint32) {
		searches, _, err := q.Searches(t.Context(), org, SearchFilter{})
		require.NoError(t, err)
		return searches[0].Matches
	}
	require.Equal(t, uint32(2), met("WCO"))

	withheld := record("1", "RV204187")
	withheld.Deny = []events.OrgID{"WCO"}
	j.ask("NCB-BR", withheld)
	require.Len(t, list("WCO", MatchFilter{}), 1)
	require.Equal(t, uint32(1), met("WCO"), "counts too")
	require.Len(t, list("NCB-BR", MatchFilter{}), 2)
	require.Len(t, list("IPSG", MatchFilter{}), 2)
	j.ask("NCB-BR", &events.RecordWithdrawn{Source: events.Source{System: "table", ID: "2"}, Reason: "returned"})
	require.Equal(t, "record_withdrawn", list("WCO", MatchFilter{Status: "ended"})[0].EndedBecause)
}

func TestOrganisationsList(t *testing.T) {
	_, _, q := filled(t)
	all, err := q.Organisations(t.Context())
	require.NoError(t, err)
	var ids []string
	for _, o := range all {
		ids = append(ids, o.ID)
	}
	require.Equal(t, []string{"IPSG", "NCB-BR", "NCB-CL", "NCB-PY", "WCO"}, ids)
	require.Equal(t, "general_secretariat", all[0].Kind)
}

func TestWaitForSeq(t *testing.T) {
	d, j, q := filled(t)
	elsewhere := NewQueries(QueriesConfig{Database: d}) // a process without a worker
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	for _, from := range []*Queries{q, elsewhere} {
		var lag *LaggingError
		require.ErrorAs(t, from.Wait(ctx, j.last()+1), &lag)
		require.Equal(t, j.last()+1, lag.Seq)
		require.Positive(t, lag.RetryAfter)
	}
	done, next := make(chan error, 2), j.last()+1
	for _, from := range []*Queries{q, elsewhere} {
		go func() { done <- from.Wait(t.Context(), next) }()
	}
	require.Equal(t, next, j.ask("NCB-BR", record("later", "LT12345")).Seq)
	require.NoError(t, <-done)
	require.NoError(t, <-done)
}

func TestQueriesSayWhenTablesAreNotThere(t *testing.T) {
	d, err := Open(Config{Native: "127.0.0.1:1", HTTP: "127.0.0.1:1", User: "x", Analyst: "y"})
	require.NoError(t, err)
	defer d.Close()
	q := NewQueries(QueriesConfig{Database: d})
	_, err = q.Organisations(t.Context())
	require.ErrorIs(t, err, ErrUnavailable)
	require.ErrorIs(t, q.Wait(t.Context(), 1), ErrUnavailable)
	_, err = q.SQL(t.Context(), "SELECT 1", FormatCSV)
	require.ErrorIs(t, err, ErrUnavailable)
}

// sql is the analyst's answer.
func sql(t testing.TB, q *Queries, query string) (string, error) {
	t.Helper()
	r, err := q.SQL(t.Context(), query, FormatCSV)
	if err != nil {
		return "", err
	}
	defer r.Close()
	var b bytes.Buffer
	_, err = io.Copy(&b, r)
	return b.String(), err
}

func TestAnalystReadsViewsAndNothingElse(t *testing.T) {
	d, j, q := filled(t)
	a := d.cfg.Analytics
	for view, want := range map[string]string{
		"records": "3", "record_history": "4", "searches": "3", "entries": fmt.Sprint(j.last() + 1), "rejects": "2", "organisations": "5", "reference": "1", "lag": "1", "traces": "2", "trace_addressees": "3", "trace_steps": "3", "accesses": "1",
		"records_as_of(at = '2100-01-01 00:00:00')": "3", "records_as_of(at = '2000-01-01 00:00:00')": "0", "matches": "2",
	} {
		_, err := sql(t, q, "SELECT * FROM "+a+"."+view)
		require.NoError(t, err, "every column of %s", view)
		got, err := sql(t, q, "SELECT count() FROM "+a+"."+view)
		require.NoError(t, err, view)
		require.Equal(t, "\"count()\"\n"+want+"\n", got, view)
	}
	for _, query := range []string{
		"SELECT count() FROM " + d.cfg.Database + ".records",
		"SELECT count() FROM " + d.database(1) + ".record_history",
		"SELECT * FROM system.query_log",
		"SELECT * FROM url('http://127.0.0.1:1/', CSV, 'a String')",
		"INSERT INTO " + a + ".records (make) VALUES ('x')",
		"DROP VIEW " + a + ".records",
		"CREATE TABLE " + a + ".x (a Int8) ENGINE = Memory",
	} {
		_, err := sql(t, q, query)
		require.ErrorIs(t, err, ErrRefused, query)
	}
	status, err := sql(t, q, "SELECT status, count() AS n FROM "+a+".records GROUP BY status ORDER BY status")
	require.NoError(t, err)
	require.Equal(t, "\"status\",\"n\"\n\"active\",2\n\"withdrawn\",1\n", status)
}

// The views hold the columns that users were promised, each with a comment, and
// none that holds a number as it was stamped.
func TestViewsKeepTheirColumns(t *testing.T) {
	d := database(t)
	require.NoError(t, d.Setup(t.Context()))
	require.Zero(t, count(t, d, "system.columns WHERE comment = '' AND database = '"+d.cfg.Analytics+"'"))
	require.Zero(t, count(t, d, "system.tables WHERE comment = '' AND database = '"+d.cfg.Analytics+"'"))
	require.Zero(t, count(t, d, "system.columns WHERE database = '"+d.cfg.Analytics+"' AND (has(['marks', 'text', 'serial', 'deny',"+
		" 'case_number', 'source_id', 'actor', 'place'], name) OR name LIKE '%marks%')"))
	want := strings.Fields(`record_id owner owner_country category family status type action make model calibre
		country_of_manufacture made_year_min made_year_max mark_id mark_status mark_strength incident_country subdivision
		incident_min incident_max circumstance operation channel hs_code origin_status diversion_country diversion_min
		diversion_max diversion_kind first_recorded_at changed_at revision retain_until source_system`)
	for _, view := range []string{"records", "records_as_of(at = '2026-01-01 00:00:00')"} {
		rows, err := d.native.Query(t.Context(), "SELECT * FROM "+d.cfg.Analytics+"."+view+" LIMIT 0")
		require.NoError(t, err)
		require.Equal(t, want, rows.Columns(), view)
		require.NoError(t, rows.Close())
	}
}

// What stands in the page for users stands in the view.
func TestViewsHoldWhatTheExperiencePageNames(t *testing.T) {
	shared := os.Getenv("ARMSLOG_SHARED")
	if shared == "" {
		t.Skip("ARMSLOG_SHARED is not set")
	}
	page, err := os.ReadFile(filepath.Join(shared, "experience.md"))
	require.NoError(t, err)
	named := regexp.MustCompile("(?s)`records` (.*?) · `record_history`").FindSubmatch(page)
	require.NotNil(t, named)
	d := database(t)
	require.NoError(t, d.Setup(t.Context()))
	for _, word := range strings.Fields(regexp.MustCompile(`\(.*?\)`).ReplaceAllString(string(named[1]), "")) {
		for _, name := range columnsOf(word) {
			require.Equal(t, uint64(1), count(t, d, "system.columns WHERE database = '"+d.cfg.Analytics+"' AND table = 'records' AND name = '"+name+"'"), name)
		}
	}
}

// columnsOf spells out "made_year_min/_max".
func columnsOf(word string) []string {
	first, other, both := strings.Cut(word, "/")
	if !both {
		return []string{first}
	}
	return []string{first, strings.TrimSuffix(first, "_min") + other}
}

// A match that is asked about and confirmed shows it in the list, marks the
// wanted record as located, and no longer when it has ended.
func TestConfirmationInTheTables(t *testing.T) {
	d, j := database(t), newJournal(t)
	stolen := record("1", "NXPA30718")
	stolen.Category = "stolen"
	j.ask("NCB-CL", stolen)
	search := j.ask("WCO", question("NXPA30718"))
	met, _ := search.Effects[1].(*events.MatchEffect)
	require.NotNil(t, met, "%v", search.Effects)
	p, _ := project(t, ProjectorConfig{Database: d, Source: j})
	q := NewQueries(QueriesConfig{Database: d, Projector: p})
	status := func() string {
		wait(t, q, j.last())
		found, _, err := q.Matches(t.Context(), "WCO", MatchFilter{})
		require.NoError(t, err)
		require.Len(t, found, 1)
		list, _, err := q.Records(t.Context(), "NCB-CL", RecordFilter{})
		require.NoError(t, err)
		return found[0].Status + " " + list[0].Status
	}
	analysts := func() string {
		wait(t, q, j.last())
		return sqlText(t, q, "SELECT status, urgency, dateDiff('second', asked_at, due_at), answer, response_seconds, false_alert,"+
			" (SELECT any(status) FROM "+d.cfg.Analytics+".records WHERE family = 'wanted') FROM "+d.cfg.Analytics+".matches")
	}
	require.Equal(t, "notified active", status())
	require.Equal(t, "notified,,\\N,,\\N,false,active", analysts())
	j.ask("WCO", &events.ConfirmationRequested{MatchID: met.ID, Urgency: "urgent", Compared: []string{"serial"}, CaseNumber: "FJ-881"})
	require.Equal(t, "asked active", status())
	require.Equal(t, "asked,urgent,600,,\\N,false,active", analysts())
	j.at += 700_000
	j.due()
	j.ask("NCB-CL", &events.ConfirmationAnswered{MatchID: met.ID, Answer: "confirmed", Action: "hold_and_contact"})
	require.Equal(t, "confirmed located", status())
	require.Equal(t, "confirmed,urgent,600,confirmed,702,false,located", analysts())
	id := events.RecordID("NCB-CL", stolen.Source)
	then, ok, err := q.RecordAtSeq(t.Context(), "NCB-CL", id, j.last()-1)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, "active", then.Status)
	located := j.last()
	j.ask("WCO", &events.SearchWithdrawn{SearchID: events.SearchID("WCO", search.Envelope.ID), Reason: "mistyped"})
	require.Equal(t, "ended active", status())
	then, _, err = q.RecordAtSeq(t.Context(), "NCB-CL", id, located)
	require.NoError(t, err)
	require.Equal(t, "located", then.Status)
	report, err := d.Fsck(t.Context(), FsckConfig{Source: j, Inboxes: j.state})
	require.NoError(t, err)
	require.Empty(t, report.Differences)
}

func sqlText(t *testing.T, q *Queries, query string) string {
	r, err := q.SQL(t.Context(), query, "CSV")
	require.NoError(t, err)
	defer r.Close()
	text, err := io.ReadAll(r)
	require.NoError(t, err)
	return strings.ReplaceAll(strings.TrimSpace(string(text)), `"`, "")
}

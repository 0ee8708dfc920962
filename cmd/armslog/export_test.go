package main

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"

	"github.com/armslog/armslog/events"
)

// someRecords are valid records of many shapes, one a line: with texts that
// look like formulas, numbers that look like quantities, and all their lists.
func someRecords(n int) string {
	var b strings.Builder
	text := rapid.SampledFrom([]string{"taurus", "=1+1", "-5", "+x", "'=A1", "00287", "a, b", "ção", "1E5"})
	one := rapid.Custom(func(t *rapid.T) string {
		var parts []string
		maybe := func(format string, args ...any) {
			if rapid.Bool().Draw(t, "maybe") {
				parts = append(parts, fmt.Sprintf(format, args...))
			}
		}
		maybe(`"make":%q`, text.Draw(t, "make"))
		maybe(`"model":%q`, text.Draw(t, "model"))
		maybe(`"calibre":".40"`)
		maybe(`"manufactured":"2006-11"`)
		maybe(`"features":["cut_down","converted"]`)
		maybe(`"barrel_length_mm":101`)
		var marks []string
		for i := range rapid.IntRange(1, 6).Draw(t, "marks") {
			marks = append(marks, fmt.Sprintf(`{"kind":"serial","place":"frame","status":"readable","text":"0%d%d"}`, i, rapid.IntRange(100_000, 999_999).Draw(t, "serial")))
		}
		firearm := strings.Join(append(parts, `"type":"pistol"`, `"marks":[`+strings.Join(marks, ",")+`]`), ",")
		parts = nil
		maybe(`"date":"2018/2019-03"`)
		maybe(`"case_number":"D-7/1"`)
		maybe(`"customs":{"channel":"postal","hs_code":"930200"}`)
		maybe(`"route":[{"country":"PY","role":"departure"},{"country":"BR","role":"destination"}]`)
		incident := strings.Join(append(parts, `"country":"BR"`), ",")
		parts = nil
		maybe(`"origin":{"status":"established_otherwise","diversion":{"country":"PY","date":"2017","kind":"theft_private"}}`)
		maybe(`"deny":["NCB-ZZ","NCB-YY"]`)
		maybe(`"illicit_basis":["law_of_place"]`)
		return strings.Join(append(parts, `"category":"seized"`, `"firearm":{`+firearm+`}`, `"incident":{`+incident+`}`, `"retain_until":"2036-12-31"`), ",")
	})
	for i := range n {
		fmt.Fprintf(&b, `{"source":{"system":"desk","id":"=%d"},%s}`+"\n", i, one.Example(i))
	}
	return b.String()
}

// TestExportIsTakenBack exports records in every format and imports them as
// they are: each is unchanged, and nothing is appended.
func TestExportIsTakenBack(t *testing.T) {
	w := newWorld(t)
	w.write("records.ndjson", someRecords(60))
	require.Contains(t, w.ok("-p ncb-br import records.ndjson"), " 60 registered")
	w.write("one.json", strings.Replace(stolen, "PY-7", "gone", 1))
	w.ok("-p ncb-br record put one.json")
	w.ok("-p ncb-br record withdraw gone --reason entered_in_error --yes")
	before := len(w.journal.accepted(events.TypeRecordSubmitted))
	for _, name := range []string{"out.csv", "out.ndjson", "out.xlsx"} {
		require.Equal(t, "61 records → "+name+"\n", w.run("-p ncb-br record export "+name).err)
		require.Contains(t, w.ok("-p ncb-br import "+name), " 60 unchanged   1 filtered   nothing appended\n")
		_, err := os.Stat(name + ".part")
		require.ErrorIs(t, err, os.ErrNotExist)
	}
	require.Len(t, w.journal.accepted(events.TypeRecordSubmitted), before)
	require.True(t, mask(w.read("out.csv")) == w.ok("-p ncb-br record export --format csv"), "a file holds what standard output gets")

	// A spreadsheet meets no formula and no quantity.
	rows, err := csv.NewReader(strings.NewReader(w.read("out.csv"))).ReadAll()
	require.NoError(t, err)
	for _, row := range rows {
		for _, cell := range row {
			require.False(t, strings.ContainsAny(cell[:min(1, len(cell))], "=+-@"), cell)
		}
	}
	book, err := excelize.OpenFile("out.xlsx")
	require.NoError(t, err)
	for i := range rows {
		for j := range rows[0] {
			at, err := excelize.CoordinatesToCellName(j+1, i+1)
			require.NoError(t, err)
			kind, err := book.GetCellType("Sheet1", at)
			require.NoError(t, err)
			require.Contains(t, []excelize.CellType{excelize.CellTypeUnset, excelize.CellTypeInlineString, excelize.CellTypeSharedString}, kind, at)
			text, err := book.GetCellValue("Sheet1", at)
			require.NoError(t, err)
			require.True(t, kind != excelize.CellTypeUnset || text == "", "%s holds %q as a quantity", at, text)
		}
	}
	require.NoError(t, book.Close())
}

// What was amended in a table amends the record, and nothing else.
func TestExportAmended(t *testing.T) {
	w := newWorld(t)
	w.write("records.ndjson", someRecords(9))
	w.ok("-p ncb-br import records.ndjson")
	w.ok("-p ncb-br record export out.csv")
	w.write("out.csv", strings.Replace(w.read("out.csv"), ",seized,", ",found,", 1))
	require.Contains(t, w.ok("-p ncb-br import out.csv"), " 1 amended   8 unchanged")
}

func TestExportUsage(t *testing.T) {
	w := newWorld(t)
	require.Equal(t, exitUsage, w.run("-p ncb-br record export --format pdf").code)
	r := w.run("-p ncb-br record export nowhere/out.csv")
	require.Equal(t, exitError, r.code, r.err)
	r = w.run("-p nobody record export out.csv")
	require.NotZero(t, r.code)
	_, err := os.Stat("out.csv")
	require.ErrorIs(t, err, os.ErrNotExist, "a file that is not complete has no name")
	_, err = os.Stat("out.csv.part")
	require.ErrorIs(t, err, os.ErrNotExist)
	require.Empty(t, w.ok("-p wco record export --format ndjson"))
	require.Contains(t, w.ok("-p wco record export --format csv"), "id,revision,seq,status,changed_at,source_system,source_id,")
}

// The inbox is exported whole, in order, in each format.
func TestInboxExport(t *testing.T) {
	w := newWorld(t)
	w.write("file.csv", header+row("1", "KTO44170"))
	w.ok("-p ncb-br import file.csv --map sp-ssp")
	for range 3 {
		w.ok("-p wco search KTO44170 --make rossi")
	}
	all := strings.Count(w.ok("-p wco -o ndjson inbox"), "\n")
	require.Greater(t, all, 3)
	require.Equal(t, w.ok("-p wco -o ndjson inbox"), w.ok("-p wco inbox export --format ndjson"))
	rows, err := csv.NewReader(strings.NewReader(w.ok("-p wco inbox export --format csv --after 1"))).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, all)
	require.Equal(t, []string{"n", "at", "seq", "reason"}, rows[0][:4])
	require.Equal(t, "2", rows[1][0])
	require.Contains(t, rows[1][11], "KTO44170")
	w.ok("-p wco inbox export inbox.xlsx --kind custody --limit 2")
	book, err := excelize.OpenFile("inbox.xlsx")
	require.NoError(t, err)
	cells, err := book.GetRows("Sheet1")
	require.NoError(t, err)
	require.Len(t, cells, 3)
	require.NoError(t, book.Close())
}

// A record that is amended while others are exported goes to the front of the
// list, from a page that was still to come: it is in the export, once. One
// that is new is not of this export.
func TestExportWhileAmended(t *testing.T) {
	w := newWorld(t)
	lists := 0
	item := func(id string, seq, revision int) string {
		return fmt.Sprintf(`{"id":%q,"seq":%d,"revision":%d}`, id, seq, revision)
	}
	a, b, after, fresh := item("a", 5, 1), item("b", 4, 1), item("c", 8, 2), item("d", 9, 1)
	pages := map[string]string{
		"1": `{"items":[` + a + `,` + b + `],"next":"4"}`,
		"2": `{"items":[]}`,                                                // here c stood, when the first page was read
		"3": `{"items":[` + fresh + `,` + after + `],"next":"8"}`,          // the list is read again
		"4": `{"items":[` + a + `,` + b + `]}`,                             // up to where it began
		"5": `{"items":[` + fresh + `,` + after + `,` + a + `,` + b + `]}`, // and once more: nothing is new
	}
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if id, one := strings.CutPrefix(r.URL.Path, "/v1/records/"); one {
			fmt.Fprintf(out, `{"id":%q,"status":"active","record":{}}`, id)
			return
		}
		lists++
		fmt.Fprint(out, pages[fmt.Sprint(lists)])
	}))
	defer server.Close()
	t.Setenv("ARMSLOG_URL", server.URL)
	var ids []string
	for line := range strings.SplitSeq(strings.TrimSpace(w.ok("-p ncb-br record export --format ndjson")), "\n") {
		ids = append(ids, line[7:8])
	}
	require.Equal(t, []string{"a", "b", "c"}, ids)
	require.Equal(t, 5, lists)
}

// The traces are exported as the list has them, to whoever may see them.
func TestTraceExport(t *testing.T) {
	w := newWorld(t)
	for range 2 {
		w.ok("-p ncb-br trace submit KTO44170 --make =taurus --date 2020 --addressees NCB-PY --illicit-basis embargo --domestic-check pending --country BR --yes")
	}
	require.Equal(t, w.ok("-p ncb-py -o ndjson trace list"), w.ok("-p ncb-py trace export --format ndjson"))
	rows, err := csv.NewReader(strings.NewReader(w.ok("-p ncb-br trace export --format csv --direction outgoing"))).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 3)
	require.Equal(t, "requester", rows[1][3])
	require.Equal(t, "NCB-PY sent", rows[1][8])
	require.Contains(t, w.run("-p ncb-py trace export traces.xlsx").err, "2 traces → traces.xlsx")
	require.Empty(t, w.ok("-p wco trace export --format ndjson"), "it has no part in them")
}

package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
)

// ours is a mapping of a table with the columns id, mark, make and day, of
// whatever format.
func ours(file string) string {
	return `{"mapping":"ours@1","description":"invented","file":{` + file + `},"fields":{"source.system":{"value":"desk"},"source.id":{"column":"id"},
"category":{"value":"found"},"firearm.type":{"value":"pistol"},"incident.country":{"value":"BR"},"retain_until":{"value":"2036-12-31"},
"firearm.make":{"column":"make"},"incident.date":{"date":{"column":"day","layouts":["02.01.2006"]}}},
"marks":[{"kind":"serial","column":"mark","empty":"not_recorded"}]}`
}

const (
	xmlFile   = `"record":"weapon","columns":[{"name":"id","path":"@id"},{"name":"mark","path":"number"},{"name":"make","path":"make"},{"name":"day","path":"day"}]`
	fixedFile = `"format":"fixed","row_length":30,"columns":[{"name":"id","at":1,"length":4},{"name":"mark","at":5,"length":10},{"name":"make","at":15,"length":6},{"name":"day","at":21,"length":10}]`
)

// book writes a workbook into the working directory.
func (w *world) book(name string, sheets map[string][][]any) {
	f := excelize.NewFile()
	for sheet, rows := range sheets {
		_, err := f.NewSheet(sheet)
		require.NoError(w.t, err)
		for i, row := range rows {
			require.NoError(w.t, f.SetSheetRow(sheet, fmt.Sprintf("A%d", i+1), &row))
		}
	}
	if sheets["Sheet1"] == nil {
		require.NoError(w.t, f.DeleteSheet("Sheet1"))
	}
	require.NoError(w.t, f.SaveAs(name))
	require.NoError(w.t, f.Close())
}

// TestOtherFormats imports the same four rows, one of which is bad, from a
// sheet, from XML and from columns of fixed width; then mends the row in the
// file of rejects and imports it with the same mapping.
func TestOtherFormats(t *testing.T) {
	head := []any{"id", "mark", "make", "day"}
	rows := [][]any{{"1", "00287", "rossi", "14.05.2019"}, {"2", "RZ100002", "rossi", "14.05.2999"}, {"3", "RZ100003", "rossi", "2019-05"}, {"4", "=1+1", "rossi", ""}}
	var xml, fixed strings.Builder
	xml.WriteString("<?xml version=\"1.0\"?>\n<list>\n")
	for _, r := range rows {
		fmt.Fprintf(&xml, "<weapon id=\"%s\"><number>%s</number><make>%s</make><day>%s</day></weapon>\n", r...)
		fmt.Fprintf(&fixed, "%-4s%-10s%-6s%-10s\n", r...)
	}
	for _, c := range []struct {
		name, mapping string
		line          int
		write         func(w *world)
	}{
		{"file.xlsx", "", 3, func(w *world) { w.book("file.xlsx", map[string][][]any{"Sheet1": append([][]any{head}, rows...)}) }},
		{"file.xml", xmlFile, 4, func(w *world) { w.write("file.xml", xml.String()+"</list>\n") }},
		{"file.txt", fixedFile, 2, func(w *world) { w.write("file.txt", fixed.String()) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			c.write(w)
			w.write("ours.json", ours(c.mapping))
			r := w.run("-p ncb-br import " + c.name + " --map ours.json")
			require.Equal(t, exitRejected, r.code, r.err)
			require.Contains(t, r.out, " 3 registered   1 rejected")
			rejects, err := csv.NewReader(strings.NewReader(w.read("file.rejects.csv"))).ReadAll()
			require.NoError(t, err)
			require.Equal(t, []string{"id", "mark", "make", "day", "line", "code", "message", "hint"}, rejects[0])
			require.Equal(t, []string{"2", "RZ100002", "rossi", "14.05.2999", fmt.Sprint(c.line), "date_in_future"}, rejects[1][:6])
			w.write("file.rejects.csv", strings.Replace(w.read("file.rejects.csv"), "2999", "2019", 1))
			require.Contains(t, w.ok("-p ncb-br import file.rejects.csv --map ours.json"), " 1 registered")
			require.Contains(t, w.run("-p ncb-br import "+c.name+" --map ours.json").out, " 3 unchanged   1 rejected")
		})
	}
}

// A workbook with several sheets wants one of them named; cells that a
// spreadsheet may have damaged are warned of, row by row.
func TestSheets(t *testing.T) {
	w := newWorld(t)
	w.book("file.xlsx", map[string][][]any{
		"Notes": {{"read me"}},
		"Found": {{"id", "mark", "make", "day"}, {"1", 287, "rossi", ""}, {"2", "00287", "rossi", ""}, {"3", "RZ100003", "rossi", ""}},
	})
	w.write("ours.json", ours(""))
	r := w.run("-p ncb-br import file.xlsx --map ours.json")
	require.Equal(t, exitError, r.code)
	require.Contains(t, r.err, "sheet_needed: the workbook has 2 sheets, and none is named\nhint: it has ")
	require.Contains(t, r.err, `"Found"`)
	require.Contains(t, w.ok("-p ncb-br import file.xlsx --map ours.json --sheet Found"),
		"warnings         1   stored_as_number: line 2: the sheet holds the number as a quantity: zeros at its beginning may be lost\n")
	w.write("sheet.json", ours(`"sheet":"Found"`))
	require.Contains(t, w.ok("-p ncb-br import file.xlsx --map sheet.json"), " 3 unchanged")
	require.Equal(t, "usage: a workbook needs a mapping\n", strings.SplitAfter(w.run("-p ncb-br import file.xlsx --sheet Found").err, "\n")[0])
	require.Contains(t, w.run("-p ncb-br import file.xlsx --map sheet.json --follow").err, "not_a_workbook: a workbook does not grow")
}

// An import of a sheet that was interrupted is resumed, and repeats nothing.
func TestSheetInterrupted(t *testing.T) {
	w := newWorld(t)
	rows := [][]any{{"id", "mark", "make", "day"}}
	for i := range 6000 {
		rows = append(rows, []any{fmt.Sprint(i), fmt.Sprintf("RZ%06d", i), "rossi", "2019"})
	}
	w.book("file.xlsx", map[string][][]any{"One": rows, "Two": nil})
	w.write("ours.json", ours(""))
	release := w.journal.holdAt(3000)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		w.journal.reach(3000, nil)
		cancel()
	}()
	r := w.runContext(ctx, strings.Fields("-p ncb-br import file.xlsx --map ours.json --sheet One"), "")
	release()
	require.Equal(t, exitInterrupted, r.code, r.err)
	require.Contains(t, w.ok("-p ncb-br import resume "+onlyJob(t, w).ID), "registered")
	require.Contains(t, w.read("file.receipt.json"), `"registered": 6000`)
	require.Contains(t, w.read("file.receipt.json"), `"unchanged": 0`)
}

// Questions come from a sheet as from CSV: one row in, one row out.
func TestSearchSheet(t *testing.T) {
	w := newWorld(t)
	w.write("file.csv", header+row("1", "KTO44170"))
	w.ok("-p ncb-br import file.csv --map sp-ssp")
	w.book("list.xlsx", map[string][][]any{"Sheet1": {{"mark", "make"}, {"KTO44170", "rossi"}, {nil, "rossi"}, {4417044, "rossi"}}})
	r := w.run("-p wco search --file list.xlsx -o csv")
	require.Equal(t, exitRejected, r.code, r.err)
	rows, err := csv.NewReader(strings.NewReader(r.out)).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 4)
	last := len(rows[0]) - 1
	require.Equal(t, "warning", rows[0][last])
	require.Equal(t, []string{"KTO44170", "rossi", "answered"}, rows[1][:3])
	require.Equal(t, []string{"", "rossi", "rejected"}, rows[2][:3])
	require.Equal(t, []string{"4417044", "rossi", "answered"}, rows[3][:3])
	require.Equal(t, "stored_as_number", rows[3][last])
	require.Empty(t, rows[1][last])
}

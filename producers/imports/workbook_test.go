package imports

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"
)

// sheetOf writes a workbook of one sheet by a library that is not ours.
func sheetOf(t require.TestingT, rows [][]any) []byte {
	f := excelize.NewFile()
	w, err := f.NewStreamWriter("Sheet1")
	require.NoError(t, err)
	for i, row := range rows {
		at, err := excelize.CoordinatesToCellName(1, i+1)
		require.NoError(t, err)
		require.NoError(t, w.SetRow(at, row))
	}
	require.NoError(t, w.Flush())
	b, err := f.WriteToBuffer()
	require.NoError(t, err)
	require.NoError(t, f.Close())
	return b.Bytes()
}

// rowsOf reads a file to its end; at says whether it can be read at any place.
func rowsOf(t require.TestingT, text []byte, o Options, at bool) (*Reader, []Row) {
	if at {
		o.At, o.Size = bytes.NewReader(text), int64(len(text))
	}
	r, err := NewReader(bytes.NewReader(text), o)
	require.NoError(t, err)
	var rows []Row
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			return r, rows
		}
		require.NoError(t, err)
		rows = append(rows, row)
	}
}

// What excelize writes is read back cell by cell, under the number that each
// row has in the sheet, whatever its texts hold and however it comes.
func TestWorkbookRoundTrip(t *testing.T) {
	text := rapid.StringMatching(`[a-z0-9 ,;"'<>&\n=_xX4ç\x{416}\x{1F52B}]{0,14}`)
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(rapid.SliceOfN(text, 3, 3), 1, 6).Draw(t, "rows")
		rows := [][]any{{"first", "second", "third"}}
		for _, row := range want {
			rows = append(rows, []any{row[0], row[1], row[2]})
		}
		r, got := rowsOf(t, sheetOf(t, rows), Options{}, rapid.Bool().Draw(t, "at"))
		require.Equal(t, []string{"first", "second", "third"}, r.Header())
		for i, row := range want {
			if row[0]+row[1]+row[2] == "" {
				continue // an empty row is none
			}
			require.NotEmpty(t, got)
			require.Nil(t, got[0].Err)
			require.EqualValues(t, i+2, got[0].Line)
			require.Equal(t, row, got[0].Fields)
			got = got[1:]
		}
		require.Empty(t, got)
	})
}

// TestCells holds what each kind of cell becomes, as Excel stores them.
func TestCells(t *testing.T) {
	f := excelize.NewFile()
	style := func(id int, code string) int {
		s := &excelize.Style{NumFmt: id}
		if code != "" {
			s.CustomNumFmt = &code
		}
		n, err := f.NewStyle(s)
		require.NoError(t, err)
		return n
	}
	day := 43599.0 // 2019-05-14
	for i, c := range []struct {
		value any
		style int
		want  string
		kind  Cell
	}{
		{"00287", 0, "00287", CellText},
		{"1E5", 0, "1E5", CellText},
		{287, 0, "287", CellNumber},
		{287, style(0, "00000"), "00287", CellText},
		{9.81, 0, "9.81", CellNumber},
		{0.1 + 0.2, 0, "0.3", CellNumber},
		{-4, 0, "-4", CellNumber},
		{100000, style(11, ""), "1E+05", CellPower},
		{12e9, style(0, "0.00E+00"), "1.2E+10", CellPower},
		{12345678901234567, 0, "1.2345678901234568E+16", CellPower},
		{day, style(14, ""), "2019-05-14", CellDate},
		{day, style(0, `[$-416]dd/mm/yyyy;@`), "2019-05-14", CellDate},
		{day + 0.5, style(22, ""), "2019-05-14T12:00:00", CellDate},
		{day, style(17, ""), "2019-05", CellDate},
		{day, style(0, "yyyy"), "2019", CellDate},
		{0.5, style(21, ""), "12:00:00", CellDate},
		{day, style(0, `0" days"`), "43599", CellNumber},
		{1, style(14, ""), "1900-01-01", CellDate},
		{61, style(14, ""), "1900-03-01", CellDate},
		{3e6, style(14, ""), "3000000", CellNumber},
		{time.Date(2019, 5, 14, 0, 0, 0, 0, time.UTC), style(14, ""), "2019-05-14", CellDate},
		{true, 0, "TRUE", CellText},
	} {
		require.NoError(t, f.SetSheetRow("Sheet1", "A1", &[]any{"cell", "row"}))
		at, err := excelize.CoordinatesToCellName(1, i+2)
		require.NoError(t, err)
		require.NoError(t, f.SetCellValue("Sheet1", at, c.value))
		if c.style > 0 {
			require.NoError(t, f.SetCellStyle("Sheet1", at, at, c.style))
		}
		b, err := f.WriteToBuffer()
		require.NoError(t, err)
		_, rows := rowsOf(t, b.Bytes(), Options{}, true)
		require.Len(t, rows, i+1)
		require.Equal(t, c.want, rows[i].Fields[0], "%v", c.value)
		require.Equal(t, c.kind, rows[i].Cells[0], "%v", c.value)
	}
}

// A mark is warned of where its cell is no text.
func TestMarksOfSheets(t *testing.T) {
	m, err := ParseMapping([]byte(smallest))
	require.NoError(t, err)
	mapper, err := NewMapper(m, []string{"id", "make", "day", "barrel", "number"}, today)
	require.NoError(t, err)
	for i, c := range []struct {
		text, warning, status, mark string
		kind                        Cell
	}{
		{"00287", "", "readable", "00287", CellText},
		{"287", "stored_as_number", "readable", "287", CellNumber},
		{"1E+05", "number_destroyed", "not_recorded", "", CellPower},
		{"2014-03-14", "stored_as_date", "not_recorded", "", CellDate},
		{"", "cell_error", "not_recorded", "", CellError},
		{"", "", "not_recorded", "", CellText},
	} {
		got := mapper.Map(Row{Line: 2, Fields: []string{strings.Repeat("i", i+1), "rossi", "2019", "", c.text}, Cells: []Cell{4: c.kind}})
		mark := record(t, got).Firearm.Marks[0]
		require.Equal(t, c.status, mark.Status, c)
		require.Equal(t, c.mark, mark.Text, c)
		if c.warning == "" {
			require.Empty(t, got.Warnings)
			continue
		}
		require.Len(t, got.Warnings, 1)
		require.Equal(t, c.warning, got.Warnings[0].Code)
		require.NotEmpty(t, got.Warnings[0].Message)
	}
}

// archive makes a workbook by hand; parts replace those of a good one.
func archive(t require.TestingT, parts map[string]string) []byte {
	all := map[string]string{
		"xl/workbook.xml":            `<workbook xmlns:r="x"><sheets><sheet name="One" r:id="r1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="r1" Type="x/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
		"xl/worksheets/sheet1.xml":   goodSheet,
		"xl/sharedStrings.xml":       `<sst><si><t>shared</t></si><si><r><t>rich </t></r><r><t>text</t></r><rPh><t>guide</t></rPh></si></sst>`,
	}
	for name, text := range parts {
		all[name] = text
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range sortedNames(all) {
		if all[name] == "" {
			continue
		}
		p, err := w.Create(name)
		require.NoError(t, err)
		_, err = io.WriteString(p, all[name])
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

func sortedNames(m map[string]string) (names []string) {
	for name := range m {
		names = append(names, name)
	}
	return names
}

const goodSheet = `<worksheet><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>id</t></is></c><c r="B1" t="str"><v>mark</v></c></row>` +
	`<row r="3"><c r="A3" t="s"><v>0</v></c><c r="B3" t="s"><v>1</v></c></row></sheetData></worksheet>`

func sheetWith(rows string) map[string]string {
	return map[string]string{"xl/worksheets/sheet1.xml": strings.Replace(goodSheet, "</sheetData>", rows+"</sheetData>", 1)}
}

// TestBadWorkbook holds the verdict of each row and that nothing else is lost.
func TestBadWorkbook(t *testing.T) {
	last := `<row r="9"><c r="A9" t="str"><v>last</v></c></row>`
	for _, c := range []struct {
		name  string
		parts map[string]string
		codes string // of the rows behind row 3, and whether the last one came
	}{
		{"good", sheetWith(last), "last"},
		{"inline text of ten megabytes", sheetWith(`<row r="5"><c t="inlineStr"><is><t>` + strings.Repeat("x", 10<<20) + `</t></is></c></row>` + last), "too_long last"},
		{"many cells", sheetWith(`<row r="5">` + strings.Repeat(`<c t="str"><v>0123456789</v></c>`, 9000) + `</row>` + last), "ok last"},
		{"text that is not there", sheetWith(`<row r="5"><c t="s"><v>99</v></c></row>` + last), "not_xml last"},
		{"broken cell", sheetWith(`<row r="5"><c t="str"><v>1<2</v></c></row>` + last), "not_xml last"},
		{"row without an end", sheetWith(`<row r="5"><c t="str"><v>5</v></c>` + last), "not_xml last"},
		{"entities", sheetWith(`<row r="5"><c t="str"><v>&lol;</v></c></row>` + last), "not_xml last"},
		{"nul", sheetWith("<row r=\"5\"><c t=\"str\"><v>\x00</v></c></row>" + last), "not_xml last"},
		{"not UTF-8", sheetWith("<row r=\"5\"><c t=\"str\"><v>\xff</v></c></row>" + last), "not_xml last"},
		{"error cells", sheetWith(`<row r="5"><c t="e"><v>#REF!</v></c></row>` + last), "last"},
		{"cut off", map[string]string{"xl/worksheets/sheet1.xml": strings.TrimSuffix(goodSheet, "</sheetData></worksheet>") + last + `<row r="10"><c t="st`}, "last not_xml not_xml"},
		{"numbers that go back", sheetWith(`<row r="2"><c t="str"><v>x</v></c></row>` + last), "ok last"},
		{"shared text too long", map[string]string{"xl/sharedStrings.xml": `<sst><si><t>` + strings.Repeat("x", 9<<16) + `</t></si><si><t>y</t></si></sst>`, "xl/worksheets/sheet1.xml": sheetWith(last)["xl/worksheets/sheet1.xml"]}, "last"},
	} {
		_, rows := rowsOf(t, archive(t, c.parts), Options{}, true)
		require.EqualValues(t, 3, rows[0].Line, c.name)
		if c.name == "shared text too long" {
			require.Equal(t, "too_long", rows[0].Err.Code)
		} else {
			require.Equal(t, []string{"shared", "rich text"}, rows[0].Fields, c.name)
		}
		var codes []string
		for i, row := range rows[1:] {
			require.Greater(t, row.Line, rows[i].Line, c.name)
			switch {
			case row.Err != nil:
				codes = append(codes, row.Err.Code)
			case row.Fields[0] == "last":
				codes = append(codes, "last")
			case row.Fields[0] != "":
				codes = append(codes, "ok")
			}
		}
		require.Equal(t, c.codes, strings.Join(codes, " "), c.name)
	}
}

// A workbook that is none, or whose sheet is not said, says what is wrong.
func TestNoWorkbook(t *testing.T) {
	two := `<workbook xmlns:r="x"><sheets><sheet name="One" r:id="r1"/><sheet name="Two" r:id="r1"/></sheets></workbook>`
	for _, c := range []struct {
		name, sheet string
		text        []byte
		code, hint  string
	}{
		{"cut", "", archive(t, nil)[:200], "not_a_workbook", ".xlsx"},
		{"other archive", "", archive(t, map[string]string{"xl/workbook.xml": ""}), "not_a_workbook", ".xlsx"},
		{"broken list", "", archive(t, map[string]string{"xl/workbook.xml": "<workbook"}), "not_a_workbook", ".xlsx"},
		{"huge list", "", archive(t, map[string]string{"xl/workbook.xml": "<workbook>" + strings.Repeat(" ", maxPart+1) + "</workbook>"}), "not_a_workbook", ".xlsx"},
		{"two sheets", "", archive(t, map[string]string{"xl/workbook.xml": two}), "sheet_needed", `it has "One", "Two": --sheet NAME, or sheet in the mapping`},
		{"no such sheet", "Three", archive(t, map[string]string{"xl/workbook.xml": two}), "sheet_missing", `it has "One", "Two"`},
		{"no rows", "", archive(t, map[string]string{"xl/worksheets/sheet1.xml": "<worksheet><sheetData/></worksheet>"}), "empty_file", "sheet"},
		{"document type", "", archive(t, map[string]string{"xl/worksheets/sheet1.xml": "<!DOCTYPE x><worksheet/>"}), "dtd_refused", "DOCTYPE"},
		{"old kind", "", []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "not_a_workbook", ".xlsx"},
	} {
		_, err := NewReader(bytes.NewReader(c.text), Options{Sheet: c.sheet})
		var file *FileError
		require.ErrorAs(t, err, &file, c.name)
		require.Equal(t, c.code, file.Code, c.name)
		require.Contains(t, file.Hint, c.hint, c.name)
	}
	_, rows := rowsOf(t, archive(t, map[string]string{"xl/workbook.xml": two}), Options{Sheet: "Two"}, true)
	require.Len(t, rows, 1)
}

// A sheet that unpacks without end is stopped at a bound, and holds no memory
// meanwhile.
func TestZipBomb(t *testing.T) {
	bomb := newElements(newReader(io.MultiReader(strings.NewReader("<row>"), endless('x'))), "row", 1000, 1<<20)
	_, err := bomb.next()
	var file *FileError
	require.ErrorAs(t, err, &file)
	require.Equal(t, "too_large", file.Code)
	require.LessOrEqual(t, cap(bomb.text), 4096)
}

// A damaged archive loses what cannot be unpacked, and says so once; a disk
// that fails is an error.
func TestDamagedArchive(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	var rows [][]any
	for range 3000 {
		rows = append(rows, []any{random.Int64(), random.Int64()})
	}
	text := sheetOf(t, rows)
	at := bytes.Index(text, []byte("xl/worksheets/sheet1.xml")) + 20_000
	for i := range 64 {
		text[at+i] ^= 0x5a
	}
	r, got := rowsOf(t, text, Options{}, true)
	require.Len(t, r.Header(), 2)
	require.NotEmpty(t, got)
	require.Less(t, len(got), 2999)
	require.Nil(t, got[100].Err)
	require.Equal(t, "not_xml", got[len(got)-1].Err.Code)

	broken := errors.New("disk is gone")
	_, err := NewReader(io.MultiReader(strings.NewReader(zipMagic), iotest.ErrReader(broken)), Options{})
	require.ErrorIs(t, err, broken)
}

// What looks like an escaped sign is none.
func TestEscapes(t *testing.T) {
	for _, text := range []string{"_x0041_", "_x005F_", "a_x000D_b", "_xZZZZ_", " leading", "line\nline"} {
		_, rows := rowsOf(t, sheetOf(t, [][]any{{"a"}, {text}}), Options{}, true)
		require.Len(t, rows, 1)
		require.Equal(t, []string{text}, rows[0].Fields)
	}
	require.Equal(t, "_x0041_ A \uFFFD", unescape("_x005F_x0041_ _x0041_ \uFFFD"))
}

// BenchmarkSheet reads a sheet of 17 columns; bytes are those of the file.
func BenchmarkSheet(b *testing.B) {
	const rows = 10_000
	table := [][]any{}
	for i := range rows + 1 {
		row := []any{}
		for j := range 17 {
			row = append(row, strings.Repeat(string(rune('a'+j)), 3+(i+j)%9))
		}
		table = append(table, row)
	}
	text := sheetOf(b, table)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		_, got := rowsOf(b, text, Options{}, true)
		require.Len(b, got, rows)
	}
	b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

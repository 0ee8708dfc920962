package imports

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/armslog/armslog/events"
)

// anyRecord draws the JSON of a record in which every field may stand, with
// texts that are unkind to files.
func anyRecord() *rapid.Generator[map[string]any] {
	text := rapid.StringMatching(`[=+@'"A-Z-]?[A-Za-z0-9 ,;'"ç=\x{416}-]{0,8}[A-Za-z0-9]`)
	date := rapid.SampledFrom([]string{"2019", "2019-05", "2019-05-14", "2018/2019-03"})
	code := rapid.SampledFrom([]string{"one", "two", "three", "=four"})
	return rapid.Custom(func(t *rapid.T) map[string]any {
		record := map[string]any{}
		for _, c := range NewRecordTable().columns {
			if len(c.path) > 2 && c.path[1] == "marks" || rapid.IntRange(0, 2).Draw(t, "here") > 0 {
				continue
			}
			switch c.kind {
			case columnNumber:
				put(record, c.path, rapid.IntRange(1, 5000).Draw(t, "number"))
			case columnWords:
				put(record, c.path, rapid.SliceOfNDistinct(code, 1, 4, rapid.ID).Draw(t, "codes"))
			case columnJSON:
				put(record, c.path, []any{map[string]any{"country": "PY", "role": text.Draw(t, "role")}, map[string]any{"country": "BR"}})
			default:
				put(record, c.path, rapid.OneOf(text, date).Draw(t, "text"))
			}
		}
		var marks []any
		for range rapid.IntRange(1, 7).Draw(t, "marks") {
			m := map[string]any{"kind": "serial", "status": code.Draw(t, "status")}
			for _, name := range []string{"place", "text", "series", "country", "year"} {
				if rapid.Bool().Draw(t, name) {
					m[name] = text.Draw(t, name)
				}
			}
			marks = append(marks, m)
		}
		put(record, []string{"firearm", "marks"}, marks)
		for _, path := range [][]string{{"source", "system"}, {"source", "id"}, {"category"}, {"firearm", "type"}} {
			put(record, path, text.Draw(t, path[len(path)-1]))
		}
		return record
	})
}

// A record that is written as a row of CSV or of a sheet and read again is the
// same, however many marks it has and whatever a spreadsheet would make of it.
func TestRecordTableRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table := NewRecordTable()
		header := append([]string{"status"}, table.Header()...)
		var written bytes.Buffer
		w := csv.NewWriter(&written)
		require.NoError(t, w.Write(header))
		sheet := [][]any{anyOf(header)}
		want := rapid.SliceOfN(anyRecord(), 1, 3).Draw(t, "records")
		for _, record := range want {
			raw, err := json.Marshal(record)
			require.NoError(t, err)
			row, err := table.Row(raw)
			require.NoError(t, err)
			row = append([]string{"active"}, row...)
			sheet = append(sheet, anyOf(row))
			for i := range row {
				row[i] = Guard(row[i])
			}
			require.NoError(t, w.Write(row))
		}
		w.Flush()
		for _, file := range [][]byte{written.Bytes(), sheetOf(t, sheet)} {
			r, rows := rowsOf(t, file, Options{}, true)
			bound, ok := table.Bind(r.Header())
			require.True(t, ok)
			require.Len(t, rows, len(want))
			for i, row := range rows {
				mapped := bound.Map(row)
				require.Equal(t, Ready, mapped.Outcome, mapped.Errors)
				raw, err := json.Marshal(want[i])
				require.NoError(t, err)
				require.JSONEq(t, string(raw), string(mapped.Body))
			}
		}
	})
}

func anyOf(row []string) (out []any) {
	for _, text := range row {
		out = append(out, text)
	}
	return out
}

// Every field of a record has a column; no two have the same name.
func TestRecordTableIsComplete(t *testing.T) {
	header := NewRecordTable().Header()
	seen := map[string]bool{}
	for _, name := range header {
		require.False(t, seen[name], name)
		seen[name] = true
	}
	for _, f := range fields() {
		if name := underscored(f.path); !seen[name] {
			require.Fail(t, "no column", name)
		}
	}
	require.True(t, seen["incident_route"] && seen["origin_diversion_date"] && seen["firearm_marks_3_year"] && seen["firearm_marks_more"])
	require.False(t, seen["base_revision"])
	_, ok := NewRecordTable().Bind([]string{"source_system", "source_id"})
	require.False(t, ok)
}

func underscored(path string) string {
	return string(bytes.ReplaceAll([]byte(path), []byte("."), []byte("_")))
}

// What was exported as JSON is taken back; a closed record is left out.
func TestExportedJSON(t *testing.T) {
	take := func(text string) Mapped { return AsIs(Row{JSON: []byte(text)}) }
	require.JSONEq(t, `{"category":"lost"}`, string(take(`{"id":"9c1be2d4-7a30-5c52-8a43-51f0c2d9e001","revision":1,"seq":7,"status":"active","record":{"category":"lost"}}`).Body))
	require.Equal(t, Filtered, take(`{"id":"9c1be2d4-7a30-5c52-8a43-51f0c2d9e001","status":"withdrawn","withdrawal":{}}`).Outcome)
	require.Equal(t, Filtered, take(`{"id":"9c1be2d4-7a30-5c52-8a43-51f0c2d9e001","status":"expired","record":{}}`).Outcome)
	require.Equal(t, `{"id":7}`, string(take(`{"id":7}`).Body))
}

// A row that was changed into what no record can be is refused at its field.
func TestRecordTableRefuses(t *testing.T) {
	bound, ok := NewRecordTable().Bind(NewRecordTable().Header())
	require.True(t, ok)
	row := Row{Line: 2, Fields: make([]string, len(bound.columns))}
	for i, c := range bound.columns {
		if c.kind == columnJSON {
			row.Fields[i] = "no list"
		}
	}
	got := bound.Map(row)
	require.Equal(t, "not_json", got.Errors[0].Code)
	for i, c := range bound.columns {
		row.Fields[i] = ""
		if c.kind == columnNumber {
			row.Fields[i] = "long"
		}
	}
	_, errs := events.Decode(events.TypeRecordSubmitted, bound.Map(row).Body)
	require.Contains(t, errs, events.FieldError{Pointer: "/firearm/barrel_length_mm", Code: "wrong_type"})
}

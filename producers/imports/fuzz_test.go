package imports

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
)

// readAny reads whatever it is given: rows and verdicts, never a failure; line
// numbers that do not fall, fields as many as the header has.
func readAny(t *testing.T, text []byte, f File) {
	if f.check() != nil {
		return
	}
	r, err := NewReader(bytes.NewReader(text), Options{File: f})
	var last int64
	for err == nil {
		var row Row
		if row, err = r.Next(); err != nil {
			break
		}
		require.GreaterOrEqual(t, row.Line, last)
		last = row.Line
		if row.Err == nil && row.JSON == nil {
			require.Len(t, row.Fields, len(r.Header()))
			require.True(t, row.Cells == nil || len(row.Cells) == len(row.Fields))
		}
	}
	var file *FileError
	if !errors.Is(err, io.EOF) && !errors.As(err, &file) {
		_, charset := legacyCharset("")
		require.NoError(t, charset)
		require.Fail(t, "a file is no reason to fail", "%v", err)
	}
}

func FuzzSheet(f *testing.F) {
	f.Add(goodSheet, `<sst><si><t>shared</t></si></sst>`, `<styleSheet><cellXfs><xf numFmtId="14"/></cellXfs></styleSheet>`)
	f.Add(`<row r="1"><c s="0"><v>1</v></c></row><row><c s="0"><v>-1e400</v></c>`, ``, `<numFmts/>`)
	f.Fuzz(func(t *testing.T, sheet, texts, styles string) {
		if sheet == "" {
			return
		}
		readAny(t, archive(t, map[string]string{"xl/worksheets/sheet1.xml": sheet, "xl/sharedStrings.xml": texts, "xl/styles.xml": styles}), File{})
	})
}

func FuzzXML(f *testing.F) {
	f.Add([]byte(`<l><weapon id="1"><mark><serial>A<!-- x --></serial></mark></weapon><weapon/></l>`), "weapon", "mark/serial")
	f.Add([]byte(`<?xml version="1.0" encoding="ISO-8859-1"?><a:weapon><weapon></a:weapon`), "weapon", "@id")
	f.Fuzz(func(t *testing.T, text []byte, record, path string) {
		readAny(t, text, File{Record: record, Columns: []Column{{Name: "x", Path: path}}})
	})
}

func FuzzFixed(f *testing.F) {
	f.Add([]byte("0001RZ100001  ROSSI\n"), 1, 4, 20, 0)
	f.Add([]byte("\xc3\xa7\xff\x1a\r\n \n"), 2, 9, 0, 1)
	f.Fuzz(func(t *testing.T, text []byte, at, length, row, skip int) {
		readAny(t, text, File{Format: Fixed, Length: row, Skip: min(skip, 1000), Columns: []Column{{Name: "x", At: at, Length: length}}})
	})
}

// A mapping is refused with a reason, or maps whatever row it is given.
func FuzzMapping(f *testing.F) {
	f.Add([]byte(smallest), "x")
	for _, name := range MappingNames() {
		m, err := LoadMapping(name)
		require.NoError(f, err)
		text, err := json.Marshal(m)
		require.NoError(f, err)
		f.Add(text, "S/N 1E5*")
	}
	f.Fuzz(func(t *testing.T, text []byte, value string) {
		m, err := ParseMapping(text)
		if err != nil {
			return
		}
		mapper, err := NewMapper(m, nil, today)
		if err != nil {
			return
		}
		object := map[string]string{}
		for _, name := range mapper.columns {
			object[name] = value
		}
		row, err := json.Marshal(object)
		require.NoError(t, err)
		got := mapper.Map(Row{Line: 1, JSON: row})
		require.True(t, got.Outcome == Filtered || len(got.Body) > 0 || len(got.Errors) > 0)
	})
}

// FuzzFile: a file of whatever kind, seen or stated, is rows and verdicts.
func FuzzFile(f *testing.F) {
	formats := []Format{"", CSV, NDJSON, JSON, XLSX, XML}
	f.Add([]byte("\xef\xbb\xbfid;serial\n1;\"RV\n204187\"\n2;1E5\n3\n"), uint8(1), 0)
	f.Add([]byte("{\"id\":\"1\"}\n\n{\n{\"id\":\"2\"}"), uint8(2), 0)
	f.Add([]byte("[{\"id\":\"1\"},\n{\"id\":\n{\"id\":\"2\"}]"), uint8(3), 0)
	f.Add([]byte("<list><weapon><id>1</id></weapon></list>"), uint8(5), 0)
	f.Add(archive(f, map[string]string{"xl/worksheets/sheet1.xml": goodSheet}), uint8(0), 1)
	f.Fuzz(func(t *testing.T, text []byte, format uint8, skip int) {
		readAny(t, text, File{Format: formats[int(format)%len(formats)], Skip: min(max(skip, 0), 1000)})
	})
}

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/charmap"
)

const header = "ID_DELEGACIA,CIDADE,ANO_BO,NUM_BO,CONT_ARMA,DESCR_MODO_OBJETO,DESCR_ARMA_FOGO,MARCA_ARMA,MARCA_ARMA_V2,CALIBRE_ARMA,CALIBRE_ARMA_V2,NUMERO_ARMA,ano_fabricacao_final,mes_fabricacao_final,marca_final,calibre_final,FLAG_ARMA\n"

// row is a row of sp-ssp with that case number and serial.
func row(number, serial string) string {
	return "100,SANTOS,2020," + number + ",1,APREENDIDO,Revolver,rossi,rossi,38,.38," + serial + ",,,,,TRUE\n"
}

// TestBadInput holds, for every kind of damage, the verdict of each row, that
// nothing else is lost, and the exit code.
func TestBadInput(t *testing.T) {
	long := strings.Repeat("x", 10<<20)
	windows1252, err := charmap.Windows1252.NewEncoder().String(strings.Replace(row("1", "RZ100001"), "SANTOS", "SÃO SEBASTIÃO", 1))
	require.NoError(t, err)
	for _, c := range []struct {
		name, text string
		code       int
		out        string   // on stdout
		err        string   // on stderr
		rejects    []string // line and code of each, in order
	}{
		{name: "good", text: header + row("1", "RZ100001"), out: " 1 registered"},
		{name: "bom", text: "\ufeff" + header + row("1", "RZ100001"), out: " 1 registered"},
		{name: "semicolons", text: strings.ReplaceAll(header+row("1", "RZ100001"), ",", ";"), out: " 1 registered"},
		{name: "tabs", text: strings.ReplaceAll(header+row("1", "RZ100001"), ",", "\t"), out: " 1 registered"},
		{name: "crlf", text: strings.ReplaceAll(header+row("1", "RZ100001"), "\n", "\r\n"), out: " 1 registered"},
		{name: "no line end", text: strings.TrimSuffix(header+row("1", "RZ100001"), "\n"), out: " 1 registered"},
		{name: "blank lines", text: header + "\n\n" + row("1", "RZ100001") + "\n", out: " 1 registered"},
		{name: "windows-1252", text: header + windows1252 + strings.Replace(row("2", "RZ100002"), "SANTOS", "SÃO ROQUE", 1), out: " 2 registered"},
		{name: "columns", text: header + row("1", "RZ100001") + "1,2,3\n" + row("2", "RZ100002,9,9") + row("3", "RZ100003"), code: exitRejected,
			out: " 2 registered   2 rejected", rejects: []string{"3,wrong_column_count", "4,wrong_column_count"}},
		{name: "nul", text: header + row("1", "RZ\x00100001") + row("2", "RZ100002"), code: exitRejected, out: " 1 registered   1 rejected", rejects: []string{"2,nul_byte"}},
		{name: "ten megabytes", text: header + row("1", "RZ100001") + row("2", long) + row("3", "RZ100003"), code: exitRejected,
			out: " 2 registered   1 rejected", rejects: []string{"3,too_long"}},
		{name: "quote that never closes", text: header + row("1", "RZ100001") + row("2", `"RZ100002`) + row("3", "RZ100003") + row("4", `"RZ""100004"`), code: exitRejected,
			out: " 3 registered   1 rejected", rejects: []string{"3,quote_unclosed"}},
		{name: "quoted line end", text: header + row("1", "\"RZ\n100001\"") + row("2", "RZ100002"), out: " 2 registered"},
		{name: "twice", text: header + row("1", "RZ100001") + row("1", "RZ100009"), out: " 1 registered   1 amended", err: ""},
		{name: "future", text: header + strings.Replace(row("1", "RZ100001"), "2020", "2999", 1) + row("2", "RZ100002"), code: exitRejected,
			out: " 1 registered   1 rejected", rejects: []string{"2,date_in_future"}},
		{name: "no date", text: header + strings.Replace(row("1", "RZ100001"), "2020", "soon", 1), out: " 1 registered"},
		{name: "powers", text: header + row("1", "1E5") + row("2", "1.7E+27"), out: " 2 registered"},
		{name: "person data", text: header + strings.Replace(row("1", "RZ100001"), ",rossi,rossi", ",a@b.example,rossi", 1), out: " 1 registered"},
		{name: "header alone", text: header, out: " no rows"},
		{name: "empty", text: "", code: exitError, err: "empty_file: the file holds no rows\nhint: "},
		{name: "spaces", text: " \n\n ", code: exitError, err: "empty_file: "},
		{name: "utf-16", text: "\xff\xfeI\x00D\x00", code: exitError, err: "utf16: the file is in UTF-16\nhint: save it as CSV UTF-8\n"},
		{name: "workbook", text: "PK\x03\x04 …", code: exitError, err: "not_a_workbook: "},
		{name: "binary", text: "ID\x00\x01\n", code: exitError, err: "not_text: "},
		{name: "other table", text: "a,b\n1,2\n", code: exitError, err: "column_missing: mapping sp-ssp@1 reads a column FLAG_ARMA, which the file does not have\nhint: the file has a, b\n"},
		{name: "column twice", text: strings.Replace(header, "CIDADE", "ANO_BO", 1) + row("1", "RZ100001"), code: exitError, err: "column_"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.write("file.csv", c.text)
			r := w.run("-p ncb-br import file.csv --map sp-ssp")
			require.Equal(t, c.code, r.code, "%s%s", r.out, r.err)
			require.Contains(t, r.out, c.out)
			require.Contains(t, r.err, c.err)
			require.Equal(t, c.rejects, w.rejected("file.rejects.csv"))
		})
	}
}

// rejected gives line and code of the rows of a file of rejects.
func (w *world) rejected(name string) (found []string) {
	text, err := os.ReadFile(filepath.Join(w.home, name))
	if os.IsNotExist(err) {
		return nil
	}
	require.NoError(w.t, err)
	for _, line := range strings.Split(string(text), "\n")[1:] {
		for i, code := range strings.Split(line, ",") {
			if i > 0 && strings.Contains(code, "_") || code == "required" {
				found = append(found, strings.Split(line, ",")[i-1]+","+code)
				break
			}
		}
	}
	return found
}

// The same for NDJSON and JSON arrays, whose rows are requests as they stand.
func TestBadJSON(t *testing.T) {
	one := strings.ReplaceAll(stolen, "\n", "")
	two := strings.Replace(one, "PY-7", "PY-8", 1)
	three := strings.Replace(one, "PY-7", "PY-9", 1)
	for _, c := range []struct {
		name, text string
		code       int
		out        string
		codes      []string
	}{
		{name: "array", text: "[" + one + ",\n  " + two + "\n]", out: " 2 registered"},
		{name: "array on many lines", text: "[\n" + strings.ReplaceAll(one, ",", ",\n") + "\n,\n" + two + "]", out: " 2 registered"},
		{name: "array not closed", text: "[" + one + ",\n" + two, code: exitRejected, out: " 2 registered   1 rejected", codes: []string{"array_unclosed"}},
		{name: "array with a broken row", text: "[" + one + ",\n{\"source\":{\"system\n},\n" + two + "]", code: exitRejected, out: " 2 registered   1 rejected", codes: []string{"not_json"}},
		{name: "array with other values", text: `["a",` + one + `,7]`, code: exitRejected, out: " 1 registered   2 rejected", codes: []string{"wrong_type", "wrong_type"}},
		{name: "long lines", text: one + "\n{\"x\":\"" + strings.Repeat("y", 10<<20) + "\"}\n" + two + "\n", code: exitRejected, out: " 2 registered   1 rejected", codes: []string{"too_long"}},
		{name: "long element", text: "[" + one + ",{\"x\":\"" + strings.Repeat("y", 10<<20) + "\"}," + two + "]", code: exitRejected, out: " 2 registered   1 rejected", codes: []string{"too_long"}},
		{name: "broken lines", text: one + "\n{\n\n" + two + "\r\nnull\n\"\x00\"\n" + three, code: exitRejected, out: " 3 registered   3 rejected", codes: []string{"not_json", "null", "not_json"}},
		{name: "unknown codes", text: strings.Replace(one, "pistol", "catapult", 1) + "\n" + two, code: exitRejected, out: " 1 registered   1 rejected", codes: []string{"not_in_list"}},
		{name: "twice", text: one + "\n" + strings.Replace(one, "2018", "2017", 1) + "\n" + one + "\n", out: " 1 registered   2 amended"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.write("file.txt", c.text)
			r := w.run("-p ncb-py import file.txt")
			require.Equal(t, c.code, r.code, "%s%s", r.out, r.err)
			require.Contains(t, r.out, c.out)
			var codes []string
			if len(c.codes) > 0 {
				for _, line := range strings.Split(strings.TrimSpace(w.read("file.rejects.ndjson")), "\n") {
					_, rest, _ := strings.Cut(line, `"code":"`)
					code, _, _ := strings.Cut(rest, `"`)
					codes = append(codes, code)
				}
			}
			require.Equal(t, c.codes, codes)
		})
	}
}

// A directory is no file.
func TestImportDirectory(t *testing.T) {
	w := newWorld(t)
	r := w.run("-p ncb-br import armslog-data --map sp-ssp")
	require.Equal(t, exitError, r.code)
	require.Equal(t, "not_a_file: armslog-data is a directory\nhint: name one of the files in it\n", r.err)
}

// Later rows of one source id amend, with a warning that names both lines.
func TestSourceIDTwice(t *testing.T) {
	w := newWorld(t)
	w.write("file.csv", header+row("1", "RZ100001")+row("2", "RZ100002")+row("1", "RZ100009"))
	require.Contains(t, w.ok("-p ncb-br import file.csv --map sp-ssp"), "warnings         1   source_id_twice: line 4: the same id stands on line 2: this row amends that one\n")
}

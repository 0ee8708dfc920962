package imports

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/charmap"
)

// TestInferSaoPaulo looks at the real table, which never enters the project:
// the columns that a person would choose are found.
func TestInferSaoPaulo(t *testing.T) {
	f := saoPaulo(t)
	info, err := f.Stat()
	require.NoError(t, err)
	p, err := Infer(f, info.Size(), "sp_seized", Known{Country: "br", RetainYears: 15})
	require.NoError(t, err)
	found := byField(p)
	for field, column := range map[string]string{
		"mark": "NUMERO_ARMA", "firearm.make": "MARCA_ARMA", "firearm.calibre": "CALIBRE_ARMA", "firearm.type": "DESCR_ARMA_FOGO",
		"incident.date": "ANO_BO", "firearm.manufactured": "ano_fabricacao_final", "category": "DESCR_MODO_OBJETO", "incident.place": "CIDADE",
	} {
		require.Equal(t, column, found[field], field)
	}
	require.Equal(t, &DateRule{Year: "ano_fabricacao_final", Month: "mes_fabricacao_final", From: "1800", Until: "incident.date"}, p.Mapping.Fields["firearm.manufactured"].Date)
	require.Equal(t, "{ID_DELEGACIA}/{ANO_BO}/{NUM_BO}/{CONT_ARMA}", p.Mapping.Fields["source.id"].Template)
	require.Len(t, p.Sample, 5)

	// What was proposed registers the rows: of the first 2,000 hardly one is refused.
	text, err := json.Marshal(p.Mapping)
	require.NoError(t, err)
	m, err := ParseMapping(text)
	require.NoError(t, err)
	r, err := NewReader(f, Options{File: m.File})
	require.NoError(t, err)
	mapper, err := NewMapper(m, r.Header(), today)
	require.NoError(t, err)
	for range 2000 {
		row, err := r.Next()
		require.NoError(t, err)
		require.Equal(t, Ready, mapper.Map(row).Outcome, row.Fields)
	}
}

func byField(p *Proposal) map[string]string {
	found := map[string]string{}
	for _, f := range p.Findings {
		found[f.Field] = f.Column
	}
	return found
}

func infer(t *testing.T, text []byte, k Known) *Proposal {
	p, err := Infer(bytes.NewReader(text), int64(len(text)), "some table", k)
	require.NoError(t, err)
	_, err = json.Marshal(p.Mapping)
	require.NoError(t, err)
	return p
}

// TestInferFormats finds the same five columns whatever the file is, and the
// mapping that is proposed reads it.
func TestInferFormats(t *testing.T) {
	head := []string{"id", "n° de série", "arme", "marque", "date des faits"}
	rows := [][]string{
		{"1", "RZ100001", "pistolet", "rossi", "14.05.2019"}, {"2", "RZ100002", "revolver", "taurus", "15.05.2019"}, {"3", "00287", "fusil de chasse", "ancien", "16.05.2019"},
		{"4", "RZ100004", "pistolet", "rossi", "01.06.2019"}, {"5", "effacé", "pistolet", "glock", "02.06.2019"}, {"6", "RZ100006", "pistolet", "glock", "03.06.2019"},
	}
	var csv, fixed, xml, ndjson strings.Builder
	csv.WriteString("Armes\r\n\r\n" + strings.Join(head, ";") + "\r\n")
	fixed.WriteString("id  n° de série   arme             marque    date des faits\n")
	sheet := [][]any{{"Armes saisies"}, {}, anyOf(head)}
	xml.WriteString(`<?xml version="1.0" encoding="UTF-8"?><armes xmlns="urn:x"><entete><auteur>x</auteur></entete>`)
	for _, r := range rows {
		csv.WriteString(strings.Join(r, ";") + "\r\n")
		for i, width := range []int{4, 14, 17, 10, 10} {
			fixed.WriteString(r[i] + strings.Repeat(" ", width-len([]rune(r[i]))))
		}
		fixed.WriteString("\n")
		xml.WriteString(`<arme id="` + r[0] + `"><numero_serie>` + r[1] + `</numero_serie><type>` + r[2] + `</type><marque>` + r[3] + `</marque><date>` + r[4] + `</date></arme>`)
		line, err := json.Marshal(map[string]string{"id": r[0], "numéro_série": r[1], "arme": r[2], "marque": r[3], "date": r[4]})
		require.NoError(t, err)
		ndjson.Write(append(line, '\n'))
		sheet = append(sheet, anyOf(r))
	}
	xml.WriteString("</armes>")
	latin, err := charmap.Windows1252.NewEncoder().String(csv.String())
	require.NoError(t, err)
	for name, text := range map[string][]byte{
		"csv": []byte(csv.String()), "windows-1252": []byte(latin), "fixed": []byte(fixed.String()), "xml": []byte(xml.String()), "ndjson": []byte(ndjson.String()), "xlsx": sheetOf(t, sheet),
	} {
		p := infer(t, text, Known{Country: "FR", Category: "found", RetainYears: 10})
		found := byField(p)
		for _, field := range []string{"source.id", "mark", "firearm.type", "firearm.make", "incident.date"} {
			require.NotEmpty(t, found[field], "%s: %s in %v", name, field, found)
		}
		require.Equal(t, name == "windows-1252", p.Mapping.Legacy == "windows-1252", name)
		_, got := rowsOf(t, text, Options{Legacy: p.Mapping.Legacy, File: p.Mapping.File}, true)
		require.Len(t, got, len(rows), name)
		r, err := NewReader(bytes.NewReader(text), Options{Legacy: p.Mapping.Legacy, File: p.Mapping.File})
		require.NoError(t, err)
		mapper, err := NewMapper(p.Mapping, r.Header(), today)
		require.NoError(t, err)
		for i, row := range got {
			made := record(t, mapper.Map(row))
			require.Equal(t, rows[i][0], made.Source.ID, name)
			require.Equal(t, "2019-0", made.Incident.Date.String()[:6], name)
			require.Equal(t, "FR", made.Incident.Country)
			if mark := made.Firearm.Marks[0]; i == 4 {
				require.Equal(t, "obliterated", mark.Status, name)
			} else {
				require.Equal(t, rows[i][1], mark.Text, name)
			}
		}
		require.Equal(t, "shotgun", p.Sample[2].Firearm.Type, name)
	}
}

// What cannot be told is left out and asked.
func TestInferAsks(t *testing.T) {
	p := infer(t, []byte("fecha,serie,marca,activo\n01/02/2019,A*1234,rossi,si\n03/04/2019,B12345,taurus,no\n05/06/2019,C12345,glock,si\n"), Known{})
	require.NotContains(t, p.Mapping.Fields, "incident.date")
	require.NotContains(t, p.Mapping.Fields, "incident.country")
	require.NotContains(t, p.Mapping.Fields, "retain_until")
	asked := strings.Join(p.Mapping.Questions, "\n")
	for _, says := range []string{
		"Is the day or the month first in fecha", "is it one unknown sign", "In which country", "Were the weapons lost", "For how many years", "The rows have no id", "The column activo says si or no",
	} {
		require.Contains(t, asked, says)
	}
	require.Equal(t, "2019-12-31", record(t, p.first(t, "fecha,serie,marca,activo\n31/12/2019,A1234,rossi,si\n01/02/2019,B12345,taurus,no\n")).Incident.Date.String(),
		"one day beyond the twelfth tells")
}

// first maps the first row of a table as a proposal for it says.
func (*Proposal) first(t *testing.T, text string) Mapped {
	p := infer(t, []byte(text), Known{Country: "BR", Category: "lost", RetainYears: 5})
	r, rows := rowsOf(t, []byte(text), Options{File: p.Mapping.File}, false)
	m, err := NewMapper(p.Mapping, r.Header(), today)
	require.NoError(t, err)
	return m.Map(rows[0])
}

// A table without a header gets one.
func TestInferHeadless(t *testing.T) {
	p := infer(t, []byte("1,RZ100001,pistola,14/05/2019\n2,RZ100002,pistola,15/05/2019\n3,RZ100003,revolver,16/05/2019\n"), Known{})
	require.Equal(t, []string{"column_1", "column_2", "column_3", "column_4"}, p.Mapping.File.Header)
	found := byField(p)
	require.Equal(t, "column_2", found["mark"])
	require.Equal(t, "column_3", found["firearm.type"])
	require.Equal(t, "column_4", found["incident.date"])
	require.Equal(t, 3, p.Rows)
}

// What is no table says so, and nothing makes looking fail.
func TestInferNoTable(t *testing.T) {
	for text, code := range map[string]string{"": "empty_file", "a,b\n": "empty_file", "<a><b/></a>": "no_records", strings.Join(NewRecordTable().Header(), ",") + "\n1\n": "no_mapping_needed", zipMagic: "not_a_workbook"} {
		_, err := Infer(strings.NewReader(text), int64(len(text)), "x", Known{})
		var file *FileError
		require.ErrorAs(t, err, &file, text)
		require.Equal(t, code, file.Code, text)
	}
}

func FuzzInfer(f *testing.F) {
	f.Add([]byte("fecha,serie\n01/02/2019,A1\n"))
	f.Add([]byte("id  serial\n1   RZ100001\n2   RZ100002\n3   RZ100003\n"))
	f.Add([]byte(`<l><w id="1"><n>A1</n></w><w id="2"/></l>`))
	f.Add([]byte(`{"serial":"A1","n":[1]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := Infer(bytes.NewReader(text), int64(len(text)), string(text[:min(len(text), 9)]), Known{})
		if err != nil {
			var file *FileError
			require.ErrorAs(t, err, &file)
			return
		}
		raw, err := json.Marshal(p.Mapping)
		require.NoError(t, err)
		_, err = ParseMapping(raw)
		require.NoError(t, err)
	})
}

package imports

import (
	"encoding/csv"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
)

// saoPaulo opens the real table, which never enters the project.
func saoPaulo(t *testing.T) *os.File {
	t.Helper()
	shared := os.Getenv("ARMSLOG_SHARED")
	if shared == "" {
		t.Skip("ARMSLOG_SHARED is not set")
	}
	f, err := os.Open(filepath.Join(shared, "data", "sp_seized_2019_2023.csv"))
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
	return f
}

// TestSaoPauloCounts maps the real table and holds the outcome against counts
// made straight from the file, by rules of the test's own.
func TestSaoPauloCounts(t *testing.T) {
	want := countByHand(t)
	got := map[string]int{}
	f := saoPaulo(t)
	m, err := LoadMapping("sp-ssp@1")
	require.NoError(t, err)
	r, err := NewReader(f, Options{Legacy: m.Legacy})
	require.NoError(t, err)
	mapper, err := NewMapper(m, r.Header(), time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC))
	require.NoError(t, err)
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		got["rows"]++
		switch mapped := mapper.Map(row); mapped.Outcome {
		case Filtered:
			got["filtered"]++
		case Rejected:
			got["rejected "+mapped.Errors[0].Code]++
		case Ready:
			body, errs := events.Decode(events.TypeRecordSubmitted, mapped.Body)
			require.Empty(t, errs, "line %d", row.Line)
			record := body.(*events.RecordSubmitted)
			got["ready"]++
			got[record.Firearm.Marks[0].Status]++
			got["year "+record.Incident.Date.String()]++
		}
	}
	require.Equal(t, want, got)
	require.Equal(t, 55_687, got["rows"])
	require.Equal(t, 48_773, got["ready"])
	require.Equal(t, 154, got["rejected not_a_firearm"])
	require.Equal(t, 6_760, got["filtered"])
}

func countByHand(t *testing.T) map[string]int {
	rows, err := csv.NewReader(saoPaulo(t)).ReadAll()
	require.NoError(t, err)
	column := map[string]int{}
	for i, name := range rows[0] {
		column[name] = i
	}
	counts := map[string]int{}
	for _, row := range rows[1:] {
		counts["rows"]++
		kind := row[column["DESCR_ARMA_FOGO"]]
		switch {
		case row[column["FLAG_ARMA"]] != "TRUE":
			counts["filtered"]++
		case kind == "Arma Branca" || kind == "Granada" || kind == "Bomba":
			counts["rejected not_a_firearm"]++
		default:
			counts["ready"]++
			counts[statusByHand(row[column["NUMERO_ARMA"]])]++
			counts["year "+row[column["ANO_BO"]]]++
		}
	}
	return counts
}

// statusByHand says what a text of the table means, by looking for bits of
// words in a fixed order.
func statusByHand(text string) string {
	text = strings.ToUpper(strings.TrimSpace(text))
	for _, pair := range []string{"ÃA", "ÁA", "ÍI", "ÚU", "ÇC", "ÓO", "ÕO", "ÉE", "ÊE"} {
		r := []rune(pair)
		text = strings.ReplaceAll(text, string(r[0]), string(r[1]))
	}
	digits, letters := 0, 0
	for _, r := range text {
		if unicode.IsDigit(r) {
			digits++
		} else if unicode.IsLetter(r) {
			letters++
		}
	}
	has := func(parts ...string) bool {
		for _, p := range parts {
			if strings.Contains(text, p) {
				return true
			}
		}
		return false
	}
	if digits > 1 || digits == 1 && letters < 5 {
		switch {
		case has("LACRE", "UNIDADES", "CALIBRE", "CAL.", "E+") || len(text) == 18, text == "0":
			return "not_recorded"
		case has("*", "?", "XXX"):
			return "partial"
		}
		return "readable"
	}
	switch {
	case has("SUPR", "RIMID", "PRIMAD", "SUMP", "SURP", "RASP", "RASO", "RASA", "OBL", "PINAD", "PICOT", "PREJ", "DANIF", "LEGIVEL",
		"ILEG", "ADULT", "ALTERAD", "CORRO", "DESGA", "FERRUJ", "OXIDAD", "QUEIM", "EXPUN", "RISC", "REMARC", "SOBREP", "PARC", "SUPLIM"), text == "SUP":
		return "obliterated"
	case text != "" && strings.Trim(text, "?*") == "":
		return "obliterated"
	case has("**", "X") && strings.Trim(text, "*X") != "" && !has("EX"):
		return "partial"
	case has("APAR", "APREN", "CONS", "INDEF", "SPEC", "VISI", "LOCAL", "ENCON", "IDENT", "INFO", "DESCON", "IGN"):
		return "not_recorded"
	case strings.HasPrefix(text, "SEM"), has("POSS", "TEM", "OSTENTA", "HA", "INEXIST", "AUSENTE", "DESPROV", "ARMA SEM") && !has("METRALHA"):
		return "never_marked"
	case strings.HasPrefix(text, "S/"), strings.HasPrefix(text, "S "), text == "SN", text == "S.N.":
		return "never_marked"
	}
	switch text {
	case "BKTR", "BMV", "KDP", "KMA", "MGM", "B", "H":
		return "readable"
	}
	return "not_recorded"
}

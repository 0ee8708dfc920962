package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/schemas"
)

func withSeed(t *testing.T) *world {
	w := newWorld(t)
	for line := range bytes.Lines(schemas.ReferenceSeed()) {
		w.journal.must(t, events.TypeReferenceSubmitted, string(bytes.TrimSpace(line)))
	}
	return w
}

// What the commands of the reference table print is held against a golden file.
func TestReferenceScreens(t *testing.T) {
	w := withSeed(t)
	w.write("mak.tsv", "TAS\tTAURUS BRAZIL\nKIE\tKIMBER\nAGC\tAGENCY WORKS, LLC VENTURA, CA\nBG\tBELGIUM USE COUNTRY CODE IF MAKE CAN NOT BE DETERMINED\n")
	w.write("entry.json", `{"name":"SAF","kind":"model","make":"make:FAMAE","type":"submachine_gun","country":"CL","calibres":["calibre:9X19"]}`)
	w.write("seizures.csv", sample)
	var tour strings.Builder
	for _, args := range [][]string{
		{"reference", "find", "TAURUS BRASIL"},
		{"reference", "find", "S&W"},
		{"reference", "find", "tuarus"},
		{"reference", "find", "smith", "--kind", "make"},
		{"reference", "find", "wesson"},
		{"reference", "find", "7.62x39", "--kind", "calibre"},
		{"reference", "find", "revólver"},
		{"reference", "find", "nobody at all"},
		{"reference", "show", "make:TAS"},
		{"reference", "show", "calibre:7.62"},
		{"reference", "check", "taurus", "ZK434432"},
		{"reference", "check", "taurus", "RV204187", "--year", "2006"},
		{"reference", "check", "tuarus", "IA49598", "--year", "1990"},
		{"reference", "check", "rossi", "E123456"},
		{"reference", "check", "nobody", "1"},
		{"reference", "put", "entry.json"},
		{"reference", "show", "model:FAMAE/SAF"},
		{"reference", "import", "mak.tsv", "--map", "ncic-mak", "--dry-run"},
		{"reference", "import", "mak.tsv", "--map", "ncic-mak"},
		{"reference", "import", "mak.tsv", "--map", "ncic-mak", "--new-makes"},
		{"reference", "import", "mak.tsv", "--map", "ncic-mak", "--new-makes"},
		{"reference", "import", "--seed"},
		{"reference", "coverage", "seizures.csv", "--map", "sp-ssp", "--seed"},
	} {
		r := w.runContext(t.Context(), append([]string{"-p", "ipsg"}, args...), "")
		fmt.Fprintf(&tour, "$ armslog %s\n%s%sexit %d\n\n", strings.Join(args, " "), r.out, r.err, r.code)
	}
	golden(t, "reference", tour.String())
}

func TestReferenceCommandsRefuse(t *testing.T) {
	w := newWorld(t)
	w.write("mak.tsv", "TAS\tTAURUS\n")
	for line, says := range map[string]string{
		"-p ipsg reference import":                                "missing FILE",
		"-p ipsg reference import mak.tsv":                        "one of ncic-mak",
		"-p ipsg reference import mak.tsv --seed":                 "together",
		"-p ipsg reference import mak.tsv --map nvdrs":            "code, make, model",
		"-p ipsg reference find --kind gun":                       "kind must be one of",
		"-p ipsg reference check taurus":                          "missing SERIAL",
		"-p ncb-br reference import mak.tsv --map ncic-mak":       "", // nothing is known, so nothing is sent
		"-p ncb-br reference import --seed":                       "no_right",
		"-p ipsg reference coverage mak.tsv --map nothing --seed": "nothing",
	} {
		r := w.run(line)
		require.Contains(t, r.out+r.err, says, line)
		require.Equal(t, says == "", r.code == 0, "%s\n%s%s", line, r.out, r.err)
	}
}

// The figures of docs/reference.md are those of the real table.
func TestCoverageOfSaoPaulo(t *testing.T) {
	shared := os.Getenv("ARMSLOG_SHARED")
	if shared == "" {
		t.Skip("ARMSLOG_SHARED is not set")
	}
	page, err := os.ReadFile(filepath.Join(goldenDir, "..", "..", "..", "docs", "reference.md"))
	require.NoError(t, err)
	w := newWorld(t)
	out := w.ok("reference coverage " + filepath.Join(shared, "data", "sp_seized_2019_2023.csv") + " --map sp-ssp --seed")
	_, figures, ok := strings.Cut(out, "\n")
	require.True(t, ok)
	require.Contains(t, string(page), figures, "docs/reference.md quotes another run")
}

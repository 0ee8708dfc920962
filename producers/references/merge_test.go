package references

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
	"github.com/armslog/armslog/registry/reference"
	"github.com/armslog/armslog/schemas"
)

func seed(t *testing.T) []*events.ReferenceSubmitted {
	rows, err := Read("armslog", bytes.NewReader(schemas.ReferenceSeed()))
	require.NoError(t, err)
	var all []*events.ReferenceSubmitted
	for _, r := range rows {
		require.Empty(t, r.Left, "line %d", r.Line)
		all = append(all, r.Whole)
	}
	return all
}

func merged(t *testing.T, have []*events.ReferenceSubmitted, table, text string) (Merged, map[string]*events.ReferenceSubmitted) {
	return mergedWith(t, have, table, text, true)
}

func mergedWith(t *testing.T, have []*events.ReferenceSubmitted, table, text string, newMakes bool) (Merged, map[string]*events.ReferenceSubmitted) {
	rows, err := Read(table, strings.NewReader(text))
	require.NoError(t, err)
	m := Merge(have, rows, newMakes)
	changed := map[string]*events.ReferenceSubmitted{}
	for _, b := range m.Changed {
		changed[registry.ReferenceID(b)] = b
	}
	require.Len(t, changed, len(m.Changed), "each entry once")
	return m, changed
}

func TestMergeMakes(t *testing.T) {
	m, changed := merged(t, seed(t), "ncic-mak", strings.Join([]string{
		"TAS\tTAURUS BRAZIL",                 // by its code, like its name: a spelling more
		"KIE\tKIMBER",                        // by its spelling: a code
		"AGC\tAGENCY WORKS, LLC VENTURA, CA", // a maker that is not there
		"AGD\tAGENCY WORKS, INC. RENO, NV",   // the same again
		"BG\tBELGIUM USE COUNTRY CODE IF MAKE CAN NOT BE DETERMINED",
		"SW\tSMITH & WESSON OR SWAZILAND USE COUNTRY CODE IF MAKE CANNOT BE DETERMINED",
		"BER\tBANTAM MODEL MFG BY BERETTA",  // a model
		"ANA\tANN ARBOR ARMS ANN ARBOR, MI", // where does the name end
		"REM\tGLOCK",                        // the code of one, the name of another
		"nonsense",
	}, "\n"))
	require.Equal(t, map[string]int{"country": 1, "of_another_make": 1, "unclear": 0, "unknown": 1, "names_two": 1, "no_code": 1}, withZero(m.Left, "unclear"))
	require.Contains(t, changed["make:TAS"].Aliases, "TAURUS BRAZIL")
	require.Equal(t, "KIE", changed["make:KIMBER"].Codes["ncic"])
	require.Equal(t, &events.ReferenceSubmitted{Name: "AGENCY WORKS", Kind: "make", Codes: map[string]string{"ncic": "AGC"}}, changed["make:AGENCYWORKS"])
	require.Equal(t, []int{1, 2, 2}, []int{m.Added, m.Amended, m.Known})
}

func withZero(m map[string]int, key string) map[string]int {
	m[key] += 0
	return m
}

func TestMergeCalibresAndTypes(t *testing.T) {
	m, changed := merged(t, seed(t), "ncic-cal", "9\t9MM LUGER/PARABELLUM/9X19, 9MM KURZ/CORTO/9X17 (.380ACP), 9X21, ETC\n44\t.44-40 WINCHESTER, .44 SPECIAL")
	require.Equal(t, "9", changed["calibre:9X19"].Codes["ncic"])
	require.Equal(t, "9", changed["calibre:9X21"].Codes["ncic"])
	require.Equal(t, "44", changed["calibre:44-40"].Codes["ncic"])
	require.Zero(t, m.Added, "a family is no calibre")
	m, changed = merged(t, seed(t), "ncic-gtyp", "B\tSUBMACHINE GUN OR MACHINE PISTOL\nO\tMORTAR\nPR\tPISTOL, REVOLVER\nC\tCARBINE\nV\tSILENCER (MUFFLER OR SOUND MODERATOR)")
	require.Equal(t, "O", changed["type:LIGHT-WEAPON"].Codes["ncic"])
	require.Equal(t, map[string]int{"names_two": 1, "unknown": 1}, m.Left)
	require.Equal(t, 2, m.Known)
}

func TestMergeModels(t *testing.T) {
	text := "code,make,model\n1,TAURUS,85\n2,TAURUS,PT-92\n3,\"MOSSBERG / LAKEFIELD ARMS\",500\n4,FEG / NEWMAKE (HUNGARY),PA-63\n5,UNKNOWN,X\n6,BRANDNEW ARMS,A1\n"
	m, changed := merged(t, seed(t), "nvdrs", text)
	require.Equal(t, &events.ReferenceSubmitted{Name: "PT-92", Kind: "model", Make: "make:TAS", Codes: map[string]string{"nvdrs": "2"}}, changed["model:TAS/PT92"])
	require.Contains(t, changed, "model:MOS/500")
	require.NotContains(t, changed, "make:MOS", "its other name is another make")
	require.Equal(t, []string{"fegyver es gepgyar", "fegarmy", "fegyvergyar", "NEWMAKE"}, changed["make:FEG"].Aliases)
	require.Contains(t, changed, "make:BRANDNEWARMS")
	require.Equal(t, "make:BRANDNEWARMS", changed["model:BRANDNEWARMS/A1"].Make)
	require.Equal(t, map[string]int{"not_a_make": 1}, m.Left)
	again := append(seed(t), m.Changed...)
	m, _ = merged(t, latest(again), "nvdrs", text)
	require.Empty(t, m.Changed, "merged once it is known")
	m, changed = mergedWith(t, seed(t), "nvdrs", text, false)
	require.NotContains(t, changed, "make:BRANDNEWARMS")
	require.Equal(t, map[string]int{"not_a_make": 1, "unknown": 1, "make_unknown": 1}, m.Left)
	_, err := Read("nvdrs", strings.NewReader("a,b\n"))
	require.Error(t, err)
	_, err = Read("nothing", strings.NewReader(""))
	require.Error(t, err)
}

// latest keeps the last state of each entry.
func latest(all []*events.ReferenceSubmitted) (out []*events.ReferenceSubmitted) {
	at := map[string]int{}
	for _, b := range all {
		id := registry.ReferenceID(b)
		if i, ok := at[id]; ok {
			out[i] = b
			continue
		}
		at[id] = len(out)
		out = append(out, b)
	}
	return out
}

func TestMergeSeed(t *testing.T) {
	m, _ := merged(t, nil, "armslog", string(schemas.ReferenceSeed()))
	require.Equal(t, len(seed(t)), m.Added)
	m, _ = merged(t, seed(t), "armslog", string(schemas.ReferenceSeed()))
	require.Empty(t, m.Changed)
	m, changed := merged(t, seed(t), "armslog", `{"name":"Taurus","kind":"make","aliases":["taurus del sur"],"codes":{"local":"TAS","mine":"7"}}`+"\n"+`{"name":"Tauros","kind":"make"}`+"\n"+`{"kind":"make"}`)
	require.Equal(t, 1, m.Amended)
	taurus := changed["make:TAS"]
	require.Subset(t, taurus.Aliases, []string{"forjas taurus", "taurus del sur"}, "it keeps what it has")
	require.Equal(t, map[string]string{"local": "TAS", "ncic": "TAS", "mine": "7"}, taurus.Codes)
	require.Len(t, taurus.SerialForms, 5)
	require.Equal(t, map[string]int{"required": 1, "names_two": 1}, m.Left)
}

// The real tables, merged one after another into the seed: nothing is claimed
// twice, no entry is lost, and a second time nothing changes.
func TestMergeRealTables(t *testing.T) {
	shared := os.Getenv("ARMSLOG_SHARED")
	if shared == "" {
		t.Skip("ARMSLOG_SHARED is not set")
	}
	have := seed(t)
	for _, c := range []struct {
		file, table    string
		added, amended int // at least
	}{
		{"ncic_mak.tsv", "ncic-mak", 800, 120}, {"ncic_cal.tsv", "ncic-cal", 0, 20}, {"ncic_gtyp.tsv", "ncic-gtyp", 0, 1},
		{"nvdrs_make_model.csv", "nvdrs", 3000, 5},
	} {
		text, err := os.ReadFile(filepath.Join(shared, "data", c.file))
		require.NoError(t, err)
		m, _ := merged(t, have, c.table, string(text))
		t.Logf("%s: %d added, %d amended, %d known, left %v", c.file, m.Added, m.Amended, m.Known, m.Left)
		require.GreaterOrEqual(t, m.Added, c.added)
		require.GreaterOrEqual(t, m.Amended, c.amended)
		have = latest(append(have, m.Changed...))
		claimed := map[string]string{}
		for _, b := range have {
			for _, name := range append([]string{b.Name}, b.Aliases...) {
				key := place(b.Kind, b.Make) + reference.Fold(name)
				require.Empty(t, claimed[key], "%s is %s too", name, registry.ReferenceID(b))
				claimed[key] = registry.ReferenceID(b)
			}
		}
		m, _ = merged(t, have, c.table, string(text))
		require.Empty(t, m.Changed, c.file)
	}
}

// The codes that the seed has of NCIC's are NCIC's.
func TestSeedCodesAreNCICs(t *testing.T) {
	shared := os.Getenv("ARMSLOG_SHARED")
	if shared == "" {
		t.Skip("ARMSLOG_SHARED is not set")
	}
	codes := map[string]bool{}
	for kind, files := range map[string][]string{"make": {"ncic_mak.tsv"}, "calibre": {"ncic_cal.tsv"}, "type": {"ncic_gtyp.tsv", "ncic_gtyp3.tsv"}} {
		for _, file := range files {
			text, err := os.ReadFile(filepath.Join(shared, "data", file))
			require.NoError(t, err)
			for line := range strings.Lines(string(text)) {
				code, _, _ := strings.Cut(line, "\t")
				codes[kind+" "+code] = true
			}
		}
	}
	for _, b := range seed(t) {
		if code := b.Codes["ncic"]; code != "" {
			require.True(t, codes[b.Kind+" "+code], "%s has %s", b.Name, code)
		}
	}
}

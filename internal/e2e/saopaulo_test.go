package e2e

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
)

// seized is one row of the real table, as far as these tests look at it.
type seized struct{ kind, make, calibre, number, year string }

// table is the real table, counted by rules of these tests' own, which are as
// simple as the file allows.
type table struct {
	path     string // a copy, which may be imported from
	rows     int
	filtered int
	rejected int
	weapons  []seized
}

// saoPaulo reads the real table, which is no part of the project: the test is
// skipped where ARMSLOG_SHARED does not name the folder that holds it.
func saoPaulo(t *testing.T) *table {
	shared := os.Getenv("ARMSLOG_SHARED")
	if shared == "" {
		t.Skip("ARMSLOG_SHARED is not set: no real table to import")
	}
	text, err := os.ReadFile(filepath.Join(shared, "data", "sp_seized_2019_2023.csv"))
	require.NoError(t, err)
	out := &table{path: filepath.Join(t.TempDir(), "seizures.csv")}
	require.NoError(t, os.WriteFile(out.path, text, 0o600))
	rows, err := csv.NewReader(strings.NewReader(string(text))).ReadAll()
	require.NoError(t, err)
	column := map[string]int{}
	for i, name := range rows[0] {
		column[name] = i
	}
	out.rows = len(rows) - 1
	for _, r := range rows[1:] {
		kind := r[column["DESCR_ARMA_FOGO"]]
		switch {
		case r[column["FLAG_ARMA"]] != "TRUE":
			out.filtered++
		case kind == "Arma Branca" || kind == "Granada" || kind == "Bomba":
			out.rejected++
		default:
			out.weapons = append(out.weapons, seized{
				kind, r[column["MARCA_ARMA"]], r[column["CALIBRE_ARMA"]], r[column["NUMERO_ARMA"]], r[column["ANO_BO"]],
			})
		}
	}
	return out
}

// count counts the weapons by what f says of them.
func (x *table) count(f func(seized) string) map[string]int {
	counts := map[string]int{}
	for _, w := range x.weapons {
		counts[f(w)]++
	}
	return counts
}

func plain(s string) string {
	bare, _, _ := transform.String(transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn))), s)
	return strings.ToUpper(strings.TrimSpace(bare))
}

var (
	digits  = regexp.MustCompile(`\d`)
	letters = regexp.MustCompile(`[A-Z]`)
	noMark  = regexp.MustCompile(`LACRE|UNIDADES|CAL(IBRE|\.)|E\+|^0$|\.\d{10}`)
	unclear = regexp.MustCompile(`[*?]|XXX$`)
	nothing = regexp.MustCompile(`^[*?]+$`)
	silent  = regexp.MustCompile(`APAR|APREN|CONST?|INDEF|VISI|LOCAL|ENCON|IDENT|INFO|DESCON|IGNO`)
	gone    = regexp.MustCompile(`^SUP|SUM?PR|SURP|RIMID|RAS[POA]|OBL|PI[NC][AO]|PREJ|DANIF|LEGI?V|ILEG|ADUL|ALTERA|CORR?O|DESGA|FERRU|OXID|QUEI|EXPUN|RISC|REMAR|SOBREP|LIXA|^PARC`)
	never   = regexp.MustCompile(`^(ARMA )?SEM\b|^S ?[/. ] ?N|^S/|^SN$|POSS|\bTEM\b|OSTENT|\bHA\b|INEXIST|AUSENTE|DESPROV`)
	hidden  = regexp.MustCompile(`[*?]|[^X]XXX`)
	short   = regexp.MustCompile(`^[A-Z]{1,4}$`)
	noShort = regexp.MustCompile(`^(NULL|NAO|BOM|ARMA|CANO|SNA|IG|NC|X+)$`)
	noMake  = regexp.MustCompile(`^$|^(A?A ?APUR|\(PREJ|NAO|NADA|N/|N\.A|NAPAR|SEM|S/|SMARCA|IGNOR|DESC|IND[EI]|INEX|INCERT|ILEG|AUSE|PREJ|SUPR|RASP|ESCLA|CASEIR[AO]$)|` +
		`^(SM|NC?|N[./]C\.?|N\.C\.|NULL|IG|NIHIL|TRADE?MARK|ARTESANAL|SIMULACRO|REVOLVER|PISTOLA|ESPINGARDA|GARRUCHA|MUNICAO|OUTROS|DIVERSOS|\.|0|[-?*X]+)$`)
)

// status is what the text in the number's place says of the mark.
func (w seized) status() string {
	text := plain(w.number)
	if d := len(digits.FindAllString(text, -1)); d > 1 || d == 1 && len(letters.FindAllString(text, -1)) < 5 {
		switch {
		case noMark.MatchString(text):
			return "not_recorded"
		case unclear.MatchString(text):
			return "partial"
		}
		return "readable"
	}
	switch {
	case nothing.MatchString(text):
		return "obliterated"
	case silent.MatchString(text):
		return "not_recorded"
	case gone.MatchString(text) && !never.MatchString(text):
		return "obliterated"
	case never.MatchString(text):
		return "never_marked"
	case hidden.MatchString(text):
		return "partial"
	case short.MatchString(text) && !noShort.MatchString(text):
		return "readable"
	}
	return "not_recorded"
}

// stated is the make as the file states it; "" where its place holds none.
func (w seized) stated() string {
	if noMake.MatchString(plain(w.make)) {
		return ""
	}
	return w.make
}

// alike is the number as anybody might misread it: two numbers that may be the
// same are alike.
func alike(number string) string {
	s := strings.Map(func(r rune) rune {
		switch {
		case r == 'O' || r == 'Q' || r == 'D':
			return '0'
		case r == 'I' || r == 'L':
			return '1'
		case strings.ContainsRune("SBZG", r):
			return rune("5826"[strings.IndexRune("SBZG", r)])
		case r < '0' || r > '9' && r < 'A' || r > 'Z':
			return -1
		}
		return r
	}, plain(number))
	return strings.TrimLeft(s, "0")
}

// unlike is a number that no weapon of the table may have.
func (x *table) unlike() string {
	seen := x.count(func(w seized) string { return alike(w.number) })
	for n := 10_000; ; n++ {
		if number := "XYW" + strconv.Itoa(n); seen[alike(number)] == 0 {
			return number
		}
	}
}

// single are n weapons that a number of that shape tells from all others of the
// table.
func (x *table) single(t testing.TB, n int, shape string) (list []seized) {
	seen := x.count(func(w seized) string { return alike(w.number) })
	is := regexp.MustCompile(shape)
	for _, w := range x.weapons {
		if is.MatchString(w.number) && seen[alike(w.number)] == 1 && w.make == "taurus" && w.kind == "Pistola" {
			if list = append(list, w); len(list) == n {
				return list
			}
		}
	}
	t.Fatalf("the table has only %d of %d weapons with a number like %s", len(list), n, shape)
	return nil
}

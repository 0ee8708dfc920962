package events

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestExplain(t *testing.T) {
	record := string(sampleRecord(t))
	with := func(old, new string) string {
		require.Contains(t, record, old)
		return strings.Replace(record, old, new, 1)
	}
	tests := map[string]struct {
		value         string
		message, hint string
	}{
		"status word":  {with("RV204187", "raspado"), `"raspado" says the number was scraped off`, "status: obliterated, no text"},
		"no number":    {with("RV204187", "SEM NÚMERO"), `"SEM NÚMERO" says there is no number`, "status: never_marked, no text"},
		"not known":    {with("RV204187", "N/C"), `"N/C" says the number is not known`, "status: not_recorded, no text"},
		"code":         {with(`"revolver"`, `"gun"`), `"gun" is no code of the list type`, "one of: pistol, revolver, rifle, carbine, shotgun, submachine_gun, machine_gun, combination, launcher, light_weapon, part, other, unknown"},
		"country":      {with(`"PY"`, `"PRY"`), `"PRY" is no code of the list country`, "see schemas/codes/country.csv"},
		"length":       {with(`"taurus"`, `"`+strings.Repeat("x", 65)+`"`), "make is too long", "at most 64 characters"},
		"form":         {with(`"TAS"`, `"Tas"`), `"Tas" does not have the form of make_code`, "make_code is capital letters, digits, dot and hyphen, such as TAS"},
		"type":         {with(`"82"`, `82`), "model is a JSON value of the wrong type", "model is a text"},
		"list":         {with(`["NCB-ZZ"]`, `"NCB-ZZ"`), "deny is a JSON value of the wrong type", "deny is a list"},
		"object":       {with(`{"channel":"postal","hs_code":"930200"}`, `"postal"`), "customs is a JSON value of the wrong type", "customs is an object"},
		"range":        {with(`:101`, `:50000`), `"50000" is out of range`, "barrel_length_mm is 1 to 5000"},
		"unknown":      {with(`"category"`, `"Category"`), "Category is no field of this request", "leave it out, or check the spelling"},
		"date":         {with(`"2017"`, `"17"`), `"17" is no date`, "write 2019, 2019-05 or 2019-05-14; an interval as 2018/2019-03"},
		"many":         {with(`"deny":["NCB-ZZ"]`, `"illicit_basis":["embargo"]`), "illicit_basis stands twice", "keep one of the two"},
		"person":       {with("SAO PAULO", "mail a@b.example"), "place seems to hold a mail address, a telephone number or the number of a document", sayings["person_data"].hint},
		"not even":     {"null", "the request is null", "leave the request out: absent means not known"},
		"no JSON":      {"<xml/>", "the body is not one JSON object in UTF-8", sayings["not_json"].hint},
		"odd name":     {with(`"category"`, `"a/b~c\n"`), "a/b~c\uFFFD is no field of this request", "leave it out, or check the spelling"},
		"quoted short": {with(`"2017"`, `"`+strings.Repeat("é", 100)+`"`), `"` + strings.Repeat("é", maxQuoted/2) + `" is no date`, sayings["not_a_date"].hint},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, errs := Decode(TypeRecordSubmitted, []byte(tt.value))
			require.NotEmpty(t, errs)
			got := Explain(TypeRecordSubmitted, []byte(tt.value), errs)[0]
			require.Equal(t, tt.message, got.Message)
			require.Equal(t, tt.hint, got.Hint)
			require.Empty(t, errs[0].Message, "the errors handed in stay as they are")
		})
	}
}

// Without the value, and for a code of a later version, there still are words.
func TestExplainWithoutValue(t *testing.T) {
	got := Explain("armslog.sneeze.v1", nil, []FieldError{{Pointer: "/firearm/marks/0/text", Code: "serial_is_status"}, {Code: "moon_is_full"}, {Code: "failed", Message: "kept"}})
	require.Equal(t, "text says something about the number", got[0].Message)
	require.Equal(t, "status: obliterated, never_marked or not_recorded, no text", got[0].Hint)
	require.Equal(t, "moon is full", got[1].Message)
	require.Equal(t, "kept", got[2].Message)
}

var usesOfCodes = regexp.MustCompile(`(?:reject\([^"]*(?:"[^"]*")?,\s*|FieldError\{[^}]*Code:\s*)"([a-z_]+)"`)

// Every code that the module gives to a FieldError has words, and each has both.
func TestEveryCodeHasWords(t *testing.T) {
	for code, s := range sayings {
		require.NotEmpty(t, s.message, code)
		require.NotEmpty(t, s.hint, code)
	}
	for _, code := range constants(t, "messages.go") {
		require.Contains(t, sayings, code)
	}
	used := 0
	walkSources(t, func(path string, source []byte) {
		for _, m := range usesOfCodes.FindAllSubmatch(source, -1) {
			used++
			require.Contains(t, sayings, string(m[1]), path)
		}
	})
	require.NotZero(t, used)
}

// constants are the values of the string constants of a file.
func constants(t *testing.T, path string) (values []string) {
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	require.NoError(t, err)
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST {
			continue
		}
		for _, s := range g.Specs {
			lit := s.(*ast.ValueSpec).Values[0].(*ast.BasicLit)
			values = append(values, strings.Trim(lit.Value, `"`))
		}
	}
	require.NotEmpty(t, values)
	return values
}

// walkSources shows the sources of the packages whose verdicts are explained.
func walkSources(t *testing.T, see func(path string, source []byte)) {
	for _, root := range []string{".", "../registry", "../producers/imports"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			source, err := os.ReadFile(path)
			see(path, source)
			return err
		})
		require.NoError(t, err)
	}
}

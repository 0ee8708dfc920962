package imports

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The mappings that ship can be read, and say what is wrong with a file that
// is not theirs.
func TestShippedMappings(t *testing.T) {
	require.Equal(t, []string{"sp-ssp", "ua-weapons"}, MappingNames())
	for _, name := range MappingNames() {
		m, err := LoadMapping(name)
		require.NoError(t, err)
		require.Equal(t, name+"@1", m.Name)
		_, err = NewMapper(m, []string{"a", "b"}, today)
		var file *FileError
		require.ErrorAs(t, err, &file)
		require.Equal(t, "column_missing", file.Code)
	}
}

func TestLoadMapping(t *testing.T) {
	_, err := LoadMapping("sp-ssp@2")
	require.ErrorContains(t, err, `"sp-ssp@2" is not there, sp-ssp@1 is`)
	_, err = LoadMapping("sp")
	require.ErrorContains(t, err, "there are sp-ssp, ua-weapons")
	path := filepath.Join(t.TempDir(), "own.json")
	require.NoError(t, os.WriteFile(path, []byte(smallest), 0o600))
	m, err := LoadMapping(path)
	require.NoError(t, err)
	require.Equal(t, "own@3", m.Name)
}

const smallest = `{"mapping":"own@3","description":"","fields":{"source.system":{"value":"desk"},"source.id":{"column":"id"},"category":{"value":"found"},
"firearm.type":{"value":"other"},"incident.country":{"value":"BR"},"retain_until":{"value":"2036-12-31"},"firearm.make":{"column":"make"},
"incident.date":{"date":{"column":"day","layouts":["02.01.2006","01.2006","2006"]}},"firearm.barrel_length_mm":{"column":"barrel"}},
"marks":[{"kind":"serial","column":"number","empty":"not_recorded"}]}`

// A mapping with a mistake is refused, and says which.
func TestMappingMistakes(t *testing.T) {
	for _, c := range []struct{ from, to, says string }{
		{`"own@3"`, `"own"`, "no name with a version"},
		{`"marks":`, `"mark":`, `unknown field "mark"`},
		{`"incident.date"`, `"incident.dat"`, `field "incident.dat" is not one`},
		{`{"column":"make"}`, `{"column":"make","value":"x"}`, "exactly one of"},
		{`{"column":"make"}`, `{}`, "exactly one of"},
		{`{"column":"make"}`, `{"column":"make","absent":{"patterns":["("]}}`, "compile pattern"},
		{`{"column":"make"}`, `{"column":"make","rewrite":[["(",""]]}`, "compile rewrite"},
		{`"layouts":["02.01.2006","01.2006","2006"]`, `"from":"never"`, "read bound"},
		{`[{"kind":"serial","column":"number","empty":"not_recorded"}]`, `[]`, "a record needs a mark"},
		{`"empty":"not_recorded"`, `"empty":"not_recorded","strip":["("]`, "compile strip"},
		{`"empty":"not_recorded"`, `"empty":"not_recorded","unknown_run":"("`, "compile unknown_run"},
	} {
		text := strings.Replace(smallest, c.from, c.to, 1)
		require.NotEqual(t, smallest, text, c.from)
		m, err := ParseMapping([]byte(text))
		if err == nil {
			_, err = NewMapper(m, nil, today)
		}
		require.ErrorContains(t, err, c.says)
	}
}

// What a field cannot hold is left out with a warning where the field may be
// absent, and refuses the row where it may not.
func TestLeftOut(t *testing.T) {
	m, err := ParseMapping([]byte(smallest))
	require.NoError(t, err)
	mapper, err := NewMapper(m, []string{"id", "make", "day", "barrel", "number"}, today)
	require.NoError(t, err)
	row := func(fields ...string) Mapped { return mapper.Map(Row{Line: 2, Fields: fields}) }

	good := record(t, row("1", "rossi", "14.05.2019", "101", "A1"))
	require.Equal(t, "2019-05-14", good.Incident.Date.String())
	require.EqualValues(t, 101, good.Firearm.BarrelLengthMM)
	require.Equal(t, "2019-05", record(t, row("2", "rossi", "05.2019", "", "A2")).Incident.Date.String())

	for i, c := range []struct{ make, day, barrel, pointer, code string }{
		{"a@b.example", "2019", "", "/firearm/make", "left_out"},
		{strings.Repeat("m", 500), "2019", "", "/firearm/make", "left_out"},
		{"rossi", "yesterday", "", "/incident/date", "date_unreadable"},
		{"rossi", "2019", "long", "/firearm/barrel_length_mm", "left_out"},
	} {
		got := row(strings.Repeat("i", i+5), c.make, c.day, c.barrel, "A3")
		record(t, got)
		require.Len(t, got.Warnings, 1)
		require.Equal(t, c.code, got.Warnings[0].Code)
		require.Equal(t, c.pointer, got.Warnings[0].Pointer)
		require.NotEmpty(t, got.Warnings[0].Message)
	}
	got := row("", "rossi", "2019", "", "A4")
	require.Equal(t, Rejected, got.Outcome)
	require.Equal(t, "/source/id", got.Errors[0].Pointer)
	got = row("9", "rossi", "2019", "", strings.Repeat("7", 100))
	require.Equal(t, Rejected, got.Outcome)
	require.Equal(t, "/firearm/marks/0/text", got.Errors[0].Pointer)
}

// The same content gives the same bytes, whatever stood before it.
func TestSourceIDTwice(t *testing.T) {
	m, err := ParseMapping([]byte(smallest))
	require.NoError(t, err)
	mapper, err := NewMapper(m, []string{"id", "make", "day", "barrel", "number"}, today)
	require.NoError(t, err)
	first := mapper.Map(Row{Line: 2, Fields: []string{"1", "rossi", "2019", "", "A1"}})
	second := mapper.Map(Row{Line: 7, Fields: []string{"1", "rossi", "2019", "", "A1"}})
	require.Empty(t, first.Warnings)
	require.Equal(t, "source_id_twice", second.Warnings[0].Code)
	require.Contains(t, second.Warnings[0].Message, "line 2")
	require.Equal(t, string(first.Body), string(second.Body))
}

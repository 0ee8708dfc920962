package imports

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// What texts of a serial column say, one of each kind.
func TestMarkReadings(t *testing.T) {
	m, err := LoadMapping("sp-ssp")
	require.NoError(t, err)
	mk, err := (&builder{index: map[string]int{}}).mark(m.Marks[0])
	require.NoError(t, err)
	for text, want := range map[string]reading{
		"RV204187":           {status: "readable", text: "RV204187"},
		"  rv 204187 ":       {status: "readable", text: "rv 204187"},
		"1":                  {status: "readable", text: "1"},
		"BKTR":               {status: "readable", text: "BKTR"},
		"NUM. 12345":         {status: "readable", text: "12345"},
		"Número: 12345":      {status: "readable", text: "12345"},
		"Nº 12345":           {status: "readable", text: "12345"},
		"NO49001":            {status: "readable", text: "NO49001"},
		"N12345":             {status: "readable", text: "N12345"},
		"APARENTE 388":       {status: "readable", text: "388"},
		"1E5":                {status: "readable", text: "1E5", warning: "looks_like_formula"},
		"1.7E+27":            {status: "not_recorded", warning: "number_destroyed"},
		"165.78807947019868": {status: "not_recorded", warning: "number_destroyed"},
		"*02037*":            {status: "partial", text: "?02037?"},
		"742??":              {status: "partial", text: "742??"},
		"169XXX":             {status: "partial", text: "169???"},
		"71XX73":             {status: "readable", text: "71XX73"},
		"*****":              {status: "obliterated"},
		"???":                {status: "obliterated"},
		"SUPRIMIDO":          {status: "obliterated"},
		"suprmido":           {status: "obliterated"},
		"SU8PRIMIDO":         {status: "obliterated"},
		"OBLITERAD0":         {status: "obliterated"},
		"N. RASPADA":         {status: "obliterated"},
		"Ilegível":           {status: "obliterated"},
		"DESPROVIDO":         {status: "never_marked"},
		"S/N":                {status: "never_marked"},
		"Sem Número":         {status: "never_marked"},
		"INEXISTENTE":        {status: "never_marked"},
		"":                   {status: "not_recorded"},
		"---":                {status: "not_recorded"},
		"NULL":               {status: "not_recorded"},
		"0":                  {status: "not_recorded"},
		"NÃO CONSTA":         {status: "not_recorded"},
		"S/N APARENTE":       {status: "not_recorded"},
		"XXXXX":              {status: "not_recorded"},
		"LACRE 000850":       {status: "not_recorded", warning: "not_of_the_weapon"},
		"algum texto":        {status: "not_recorded", warning: "not_a_number"},
	} {
		require.Equal(t, want, mk.read(text), "%q", text)
		require.Equal(t, want, mk.read(text), "%q again", text)
	}
}

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"Não  Consta ": "NAO CONSTA", "ABC 12": "ABC 12", " A": "A", "ВТРАТА": "BTPATA", "Nº": "N°", "a\u200bb\x01": "A\u200bB", "": "",
	} {
		require.Equal(t, want, fold(in), "%q", in)
		require.Equal(t, fold(in), fold(fold(in)), "%q", in)
	}
}

func TestSlips(t *testing.T) {
	for _, c := range []struct {
		a, b string
		n    int
	}{{"", "", 0}, {"RASPADO", "RASPADO", 0}, {"RASPDAO", "RASPADO", 1}, {"RASPAO", "RASPADO", 1}, {"", "ABC", 3}, {"KITTEN", "SITTING", 3}} {
		require.Equal(t, c.n, Slips(c.a, c.b), "%s %s", c.a, c.b)
		require.Equal(t, c.n, Slips(c.b, c.a))
	}
}

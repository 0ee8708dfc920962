package main

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/charmap"
)

// invented is a table as a police office might send it: Spanish, separated by
// semicolons, with a title, in the character set of old systems.
const invented = `Armas incautadas;;;;;;;
;;;;;;;
Expediente;Número de serie;Tipo de arma;Marca;Calibre;Fecha;Ciudad;Devuelta
E-1/2019;NXPA30718;Pistola;Glock;.40;14/05/2019;Concepción;no
E-2/2019;RZ100002;Revólver;Taurus;38;03/06/2019;Asunción;no
E-3/2019;limado;Pistola;Bersa;9 mm;21/06/2019;Itauguá;sí
E-4/2019;S/N;Escopeta;;12;30/06/2019;Asunción;no
E-5/2019;KTO44170;Subfusil;FAMAE;.40;01/07/2019;Luque;no
E-6/2019;22-7*81;Pistolón;Rossi;32;02/07/2019;Luque;no
`

// TestInfer holds the screen of infer, and that the next command uses what was
// saved.
func TestInfer(t *testing.T) {
	w := newWorld(t)
	text, err := charmap.Windows1252.NewEncoder().String(invented)
	require.NoError(t, err)
	w.write("incautadas.csv", text)
	golden(t, "infer", w.ok("import infer incautadas.csv"))

	r := w.run("import infer incautadas.csv --country PY --category seized --retain-years 15 --save ours --quiet")
	require.Zero(t, r.code, r.err)
	require.NotContains(t, r.out, "--country")
	r = w.run("-p ncb-py import incautadas.csv --map ours")
	require.Contains(t, r.out, " 5 registered   1 rejected", "%s", r.err)
	require.Contains(t, r.out, "wildcard_not_partial 1", "that is one of the questions")
	require.Contains(t, w.ok("-p ncb-py record show NXPA30718"), "2019-05-14")
	require.Contains(t, w.run("import infer incautadas.csv --save ours").err, "mapping_exists: ")
	w.ok("import infer incautadas.csv --save ours.json")
	require.Contains(t, w.run("-p ncb-py import incautadas.csv --map ours.json").out, " 6 rejected", "its questions are not answered")

	var m struct{ Questions []string }
	require.NoError(t, json.Unmarshal([]byte(w.ok("-o json import infer incautadas.csv")), &m))
	require.NotEmpty(t, m.Questions)
	for _, line := range []string{"--save sp-ssp", "--save ../x", "--country Paraguay", "--category gone"} {
		require.Equal(t, exitUsage, w.run("import infer incautadas.csv "+line).code, line)
	}
}

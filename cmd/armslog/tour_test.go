package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
)

// sample is a table like that of Sao Paulo: all of it is invented.
const sample = "ID_DELEGACIA,CIDADE,ANO_BO,NUM_BO,CONT_ARMA,DESCR_MODO_OBJETO,DESCR_ARMA_FOGO,MARCA_ARMA,MARCA_ARMA_V2,CALIBRE_ARMA,CALIBRE_ARMA_V2,NUMERO_ARMA,ano_fabricacao_final,mes_fabricacao_final,marca_final,calibre_final,FLAG_ARMA\n" +
	"200,S.PAULO,2020,491,2,APREENDIDO,Submetralhadora,famae,,.40,4,KTO44170,,,,,TRUE\n" +
	"201,SANTOS,2019,88,1,APREENDIDO,Submetralhadora,famae,,.40,4,KT044170,,,,,TRUE\n" +
	"201,SANTOS,2019,89,1,APREENDIDO,Pistola,glock,glock,.40,4,NXPA30718,2044,,,,TRUE\n" +
	"202,S.PAULO,2021,7,1,APREENDIDO,Revolver,rossi,rossi,38,.38,SUPRIMIDO,,,,,TRUE\n" +
	"202,S.PAULO,2021,8,1,APREENDIDO,Arma Branca,,,,,,,,,,TRUE\n" +
	"202,S.PAULO,2021,9,1,APREENDIDO,Outros,,,,,,,,,,FALSE\n"

const stolen = `{"source":{"system":"desk","id":"PY-7"},"category":"stolen","firearm":{"type":"pistol","make":"glock","calibre":".40",
"marks":[{"kind":"serial","status":"readable","text":"NXPA30718"}]},"incident":{"country":"PY","date":"2018","place":"ASUNCION"},"retain_until":"2036-12-31"}`

// TestTour walks through every command against a registry: what it prints is
// held against golden files.
func TestTour(t *testing.T) {
	w := newWorld(t)
	w.write("seizures.csv", sample)
	w.write("stolen.json", stolen)
	w.write("list.csv", "mark,make\nKTO44170,famae\n,famae\nNXPA3?718,glock\n")
	w.write("org.json", `{"organisation_id":"NCB-CL","kind":"ncb","country":"CL","name":"Bureau CL"}`)
	w.write("agreement.json", `{"agreement_id":"AGR-X","grantee":"WCO","rights":["trace"],"legal_basis":"invented","valid_from":"2026-01-01","valid_until":"2030-12-31"}`)
	w.journal.must(t, events.TypeReferenceSubmitted, `{"name":"FAMAE","kind":"make","country":"CL"}`)
	w.journal.must(t, events.TypeReferenceSubmitted, `{"name":"Taurus","kind":"make","country":"BR","related":["make:FAMAE"]}`)
	tour := w.transcript([]string{
		"-p wco search KTO44170 --make FAMAE --calibre .40 --type submachine_gun --context recovered --country FJ --on-behalf-of FJ-CUSTOMS --operation TRIGGER-X --case-number FJ-881",
		"-p ncb-br import seizures.csv --map sp-ssp",
		"-p ncb-br import seizures.csv --map sp-ssp",
		"-p ncb-br import seizures.rejects.csv --map sp-ssp",
		"-p wco inbox",
		"-p ncb-br inbox --limit 1",
		"-p ipsg inbox --limit 1",
		"-p wco inbox --kind alert",
		"-p wco inbox ack 2",
		"-p wco search NXPA3?718 --make glock",
		"-p wco search 387 --no-standing",
		"-p wco search KTO44170 --exit-code --quiet",
		"-p wco search XYZ --dry-run",
		"-p wco search --file list.csv -o csv",
		"-p wco search list",
		"-p ncb-py record put stolen.json",
		"-p ncb-br match list",
		"-p ncb-br record list",
		"-p ncb-br record show D-200/2020/491/2",
		"-p ncb-br record show KT044170",
		"-p ncb-br record history D-200/2020/491/2",
		"-p ncb-br audit who-saw",
		"-p ncb-py audit who-saw",
		"-p ncb-py record export",
		"-p ncb-py record withdraw PY-7 --reason entered_in_error --yes",
		"-p ncb-br inbox --after 3",
		"-p ipsg org put org.json",
		"-p ipsg org list",
		"-p ipsg org show ncb-cl",
		"-p wco org show",
		"-p ipsg agreement grant agreement.json",
		"-p ipsg agreement list",
		"-p ipsg agreement revoke AGR-X --reason terminated --yes",
		"-p ipsg policy show",
		"-o csv import status",
		"config profile",
		"-p wco doctor",
	})
	golden(t, "tour", strings.ReplaceAll(tour, w.home, "<home>"))
}

// transcript is what each command line prints, on both streams, and its exit.
func (w *world) transcript(lines []string) string {
	var b strings.Builder
	for i, line := range lines {
		r := w.run(line)
		fmt.Fprintf(&b, "$ armslog %s\n%s", line, r.out)
		for _, l := range strings.SplitAfter(r.err, "\n") {
			if l != "" {
				fmt.Fprintf(&b, "! %s", l)
			}
		}
		fmt.Fprintf(&b, "exit %d\n\n", r.code)
		require.NotContains(w.t, r.err, "panic", "step %d", i)
	}
	return b.String()
}

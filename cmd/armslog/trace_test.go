package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
)

func TestParseStep(t *testing.T) {
	for text, want := range map[string]events.TraceStep{
		"exported 2008-09 CL>BR police licence": {Kind: "exported", Date: events.MustDate("2008-09"), Country: "CL", ToCountry: "BR", Holder: "police", LicenceHeld: true},
		"manufactured,CL,2008/2009":             {Kind: "manufactured", Country: "CL", Date: events.MustDate("2008/2009")},
		"sold_retail private_person BR":         {Kind: "sold_retail", Country: "BR", Holder: "private_person"},
	} {
		got, err := parseStep(text)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	_, err := parseStep("exported to Brazil")
	require.ErrorContains(t, err, `"to" in step`)
}

// A trace by the command line, with a request and an answer from files, and what
// is refused before anything is sent.
func TestTraceCommands(t *testing.T) {
	w := newWorld(t)
	w.journal.must(t, events.TypeReferenceSubmitted, `{"name":"Taurus","kind":"make","country":"PY"}`)
	const basis = " --illicit-basis embargo --domestic-check pending --country BR"
	for line, says := range map[string]string{
		"trace submit KTO44170 --addressees NCB-PY --illicit-basis embargo":                  "--domestic-check",
		"trace submit KTO44170 --domestic-check done --illicit-basis embargo":                "--addressees",
		"trace submit KTO44170 --domestic-check done --addressees NCB-PY":                    "--illicit-basis",
		"trace submit --domestic-check done --addressees NCB-PY":                             "--record",
		"trace submit KTO44170 --make taurus --addressees suggest" + basis:                   "--yes",
		"trace respond 4c1a90e2 completed --step exported,CL,nobody":                         "holders",
		"trace respond 4c1a90e2 referred --next NCB-PY":                                      "NCB-US=import_mark",
		"trace submit KTO44170 --addressees NCB-PY --answer-by tomorrow --date 2020" + basis: "2026-05-14",
	} {
		r := w.run("-p ncb-br " + line)
		require.Equal(t, exitUsage, r.code, "%s: %s", line, r.err)
		require.Contains(t, r.err, says, line)
	}
	require.Contains(t, w.run("-p ncb-br trace submit KTO44170 --make nobody --addressees suggest --yes"+basis).err, "nobody_suggested")
	require.Empty(t, w.journal.accepted(events.TypeTraceRequested), "nothing was sent")

	sent := w.run("-p ncb-br trace submit KTO44170 --make taurus --date 2020 --addressees suggest --yes" + basis)
	require.Equal(t, 0, sent.code, sent.err)
	require.Contains(t, sent.err, "suggested: NCB-PY (make taurus → Paraguay)")
	require.Contains(t, sent.err, "intended use border_control")
	w.write("request.json", strings.Replace(`{"urgency":"urgent","illicit_basis":["embargo"],"intended_use":"forensic_analysis","domestic_check":"done",
		"firearm":{"marks":[{"kind":"serial","status":"readable","text":"KTO44170"}]},"incident":{"country":"BR"},"addressees":["X"]}`, "X", "NCB-PY", 1))
	w.ok("-p ncb-br trace submit --file request.json")
	all := w.journal.accepted(events.TypeTraceRequested)
	require.Len(t, all, 2)
	first := events.TraceID("NCB-BR", all[0].Envelope.ID).String()

	require.Equal(t, 2, strings.Count(w.ok("-p ncb-py trace list -o ndjson"), `"role":"addressee"`))
	w.write("answer.json", `{"status":"completed","steps":[{"kind":"sold_retail","country":"PY","date":"2009"}],"use":["ask_first"]}`)
	w.ok("-p ncb-py trace respond " + first + " --file answer.json completed")
	require.Equal(t, exitError, w.run("-p ncb-py trace respond "+first+" completed --step manufactured,CL").code)
	require.Contains(t, w.ok("-p ncb-br trace show "+first[:8]), "time     3,653 to 4,382 days")
	require.Contains(t, w.ok("-p ncb-br trace show "+first[:8]+" -o json"), `"time_to_crime"`)
	require.Contains(t, w.ok("-p ncb-br trace list -o csv"), `NCB-PY completed`)
	require.Contains(t, w.ok("-p ncb-br inbox --kind trace_responded"), "NCB-PY completed: 1 step")
	require.Contains(t, w.ok("-p ncb-py inbox --kind trace_addressed"), "NCB-BR asks about KTO44170 taurus, routine")
	w.ok("-p ncb-br trace close " + first + " not_established")
	require.Equal(t, exitNotAllowed, w.run("-p ncb-py trace close "+first+" cancelled").code, "an addressee closes nothing")
	require.Contains(t, w.run("-p wco trace show "+first).err, "not_found")
	require.Contains(t, w.ok("-p ipsg inbox --kind trace_closed"), "not_established")
}

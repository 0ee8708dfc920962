package main

import (
	"fmt"
	"strings"
	"testing"
)

// TestOperationTour walks through an operation, from its opening to its end,
// as its lead, a member and a stranger: what is printed is held against a
// golden file.
func TestOperationTour(t *testing.T) {
	w := newWorld(t)
	w.write("trigger.json", `{"operation_id":"TRIGGER-X","kind":"operation","name":"Trigger X","lead":"NCB-BR","members":["WCO"],"from":"2026-01-01"}`)
	w.write("wrong.json", `{"operation_id":"TRIGGER-X","kind":"programme","name":"Trigger X","lead":"NCB-BR","members":["WCO"],"from":"2026-01-01"}`)
	var tour strings.Builder
	for _, line := range []string{
		"-p ncb-br operation put trigger.json",
		"-p wco inbox --after 1",
		"-p wco operation list",
		"-p wco search KTO44170 --country FJ --operation TRIGGER-X",
		"-p ncb-py search KTO44170 --country PY --operation TRIGGER-X",
		"-p wco operation show TRIGGER-X",
		"-p wco operation report TRIGGER-X",
		"-p wco -o csv operation report TRIGGER-X",
		"-p ncb-py operation show TRIGGER-X",
		"-p ncb-py operation report TRIGGER-X",
		"-p ncb-py operation list",
		"-p ncb-br operation put wrong.json",
		"-p wco operation close TRIGGER-X --yes",
		"-p ncb-br operation close TRIGGER-X --reason over --yes",
		"-p ncb-br operation close TRIGGER-X --yes",
		"-p ncb-br operation put trigger.json",
	} {
		r := w.run(line)
		fmt.Fprintf(&tour, "$ armslog %s\n%s", line, r.out)
		for _, l := range strings.SplitAfter(r.err, "\n") {
			if l != "" {
				fmt.Fprintf(&tour, "! %s", l)
			}
		}
		fmt.Fprintf(&tour, "exit %d\n\n", r.code)
	}
	golden(t, "operation", tour.String())
}

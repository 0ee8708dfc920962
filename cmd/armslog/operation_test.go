package main

import "testing"

// TestOperationTour walks through an operation, from its opening to its end,
// as its lead, a member and a stranger: what is printed is held against a
// golden file.
func TestOperationTour(t *testing.T) {
	w := newWorld(t)
	w.write("trigger.json", `{"operation_id":"TRIGGER-X","kind":"operation","name":"Trigger X","lead":"NCB-BR","members":["WCO"],"from":"2026-01-01"}`)
	w.write("wrong.json", `{"operation_id":"TRIGGER-X","kind":"programme","name":"Trigger X","lead":"NCB-BR","members":["WCO"],"from":"2026-01-01"}`)
	golden(t, "operation", w.transcript([]string{
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
	}))
}

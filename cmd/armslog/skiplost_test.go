package main

import "testing"

// TestSkipLostTour lets a mailbox go on as who may and who may not, rightly and
// wrongly: what is printed is held against a golden file.
func TestSkipLostTour(t *testing.T) {
	w := newWorld(t)
	golden(t, "skip-lost", w.transcript([]string{
		"-p ncb-br org skip-lost NCB-BR --to 1042 --yes",
		"-p ipsg org skip-lost NCB-BR --yes",
		"-p ipsg org skip-lost NCB-BR --to 1042",
		"-p ipsg org skip-lost NCB-BR --to 1042 --dry-run --yes",
		"-p ipsg org skip-lost NCB-XX --to 1042 --yes",
		"-p ipsg org skip-lost NCB-BR --to 1042 --yes",
		"-p ipsg org skip-lost NCB-BR --to 1042 --yes",
		"-p ipsg -o json org skip-lost NCB-BR --to 1043 --yes",
		"-p ncb-br inbox --kind mailbox_skipped",
		"-p ncb-py org skip-lost NCB-BR --to 2000 --yes",
	}))
}

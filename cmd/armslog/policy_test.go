package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
)

// TestPolicyTriedThenSet walks through what a policy's author does: what is
// printed is held against a golden file.
func TestPolicyTriedThenSet(t *testing.T) {
	w := newWorld(t)
	w.write("loud.json", `{"policy":"loud","bits":{"fair":14,"strong":26},"shared_cases":3,"rules":[
		{"grade":["partial"],"strength":["fair","strong"],"min_known_digits":3,"any":["make=","type="],"then":"candidate"}],"else":"notify"}`)
	w.write("silent.json", `{"policy":"silent","bits":{"fair":14,"strong":26},"shared_cases":3,"rules":[],"else":"nothing"}`)
	w.write("wrong.json", `{"policy":"wrong","bits":{"fair":14,"strong":26},"shared_cases":1,"rules":[{"grade":["best"],"strength":["fair"],"then":"shout"}],"else":"nothing"}`)
	w.write("other.json", `{"policy":"loud","bits":{"fair":14,"strong":26},"shared_cases":3,"rules":[],"else":"nothing"}`)
	w.write("stolen.json", stolen)
	w.write("weak.json", strings.NewReplacer("NXPA30718", "387", "PY-7", "PY-8").Replace(stolen))
	var tour strings.Builder
	for _, line := range []string{
		"-p ncb-py record put stolen.json",
		"-p ncb-py record put weak.json",
		"-p ncb-br search 387 --idempotency-key weak",
		"-p ncb-br search NXPA30718 --make glock --idempotency-key strong",
		"-p ipsg policy show",
		"-p ipsg policy try loud.json",
		"-p ipsg policy try silent.json",
		"-p ipsg policy try silent.json -o csv",
		"-p ipsg policy try loud.json -o json",
		"-p ipsg policy try wrong.json",
		"-p ipsg policy try wrong.json --dry-run",
		"-p ipsg policy try loud.json --dry-run",
		"-p ncb-br policy try loud.json",
		"-p ipsg policy set loud.json",
		"-p ipsg policy set loud.json --yes",
		"-p ipsg policy set loud.json --yes",
		"-p ipsg policy set other.json --yes",
		"-p ncb-br policy set other.json --yes",
		"-p ipsg policy show",
		"-p ipsg policy show --at-seq 3 -o json",
	} {
		before := len(w.journal.entries)
		r := w.run(line)
		if strings.Contains(line, "policy try") || strings.Contains(line, "policy show") {
			require.Len(t, w.journal.entries, before, "%s appended something", line)
		}
		fmt.Fprintf(&tour, "$ armslog %s\n%s", line, r.out)
		for _, l := range strings.SplitAfter(r.err, "\n") {
			if l != "" {
				fmt.Fprintf(&tour, "! %s", l)
			}
		}
		fmt.Fprintf(&tour, "exit %d\n\n", r.code)
	}
	golden(t, "policy", strings.ReplaceAll(tour.String(), w.home, "<home>"))
	require.Equal(t, events.TypePolicySet, w.journal.entries[len(w.journal.entries)-1].Envelope.Type)
}

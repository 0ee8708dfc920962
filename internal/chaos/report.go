package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/armslog/armslog/events"
)

// stall is a time without a decision.
type stall struct {
	from, until time.Time
	broken      []string
}

// stalls are the longest, the longest first, while somebody was asking.
func stalls(requests []*request, seen *observed, list []*fault, most int) []stall {
	if len(requests) == 0 {
		return nil
	}
	begun := requests[0].Begun
	var all []stall
	last := time.Time{}
	for _, d := range seen.Decisions {
		if d.Src == events.SourceRegistry || d.At.Before(begun) {
			continue
		}
		if !last.IsZero() {
			all = append(all, stall{from: last, until: d.At})
		}
		last = d.At
	}
	slices.SortStableFunc(all, func(a, b stall) int { return int(b.until.Sub(b.from) - a.until.Sub(a.from)) })
	all = all[:min(most, len(all))]
	for i := range all {
		for _, f := range list {
			if f.From.Before(all[i].until) && (f.Until.IsZero() || f.Until.After(all[i].from)) {
				all[i].broken = append(all[i].broken, f.Member+" "+f.Way)
			}
		}
	}
	return all
}

// report prints what was done, what came of it and what was found.
func report(out io.Writer, r *record, found findings) {
	requests, list, seen := r.Requests, r.Faults, r.Seen
	line := func(format string, args ...any) { fmt.Fprintf(out, format+"\n", args...) }
	line("mix: %s", usual)
	line("faults %d: %s", len(list), byKind(list))
	acked, again, tries := 0, 0, 0
	types := map[string]int{}
	for _, r := range requests {
		types[string(r.Type)]++
		tries += r.Tries
		if !r.Acked.IsZero() {
			acked++
		}
		if r.Tries > 1 {
			again++
		}
	}
	line("requests %d (%s), straight to Kafka %d; acknowledged %d; asked again %d, sent %d times in all", len(requests), counts(types), len(seen.Mailed), acked, again, tries)
	verdicts := map[string]int{}
	for _, d := range seen.Decisions {
		verdicts[string(d.Verdict)]++
	}
	line("entries %d (%s), fences %d, records of the journal that do not count %d", len(seen.Decisions), counts(verdicts), seen.Fences, seen.Stale)
	notes, replies := 0, 0
	for _, list := range seen.Expected {
		notes += len(list)
	}
	for _, box := range seen.Outboxes {
		for _, m := range box {
			if m.Reply != nil {
				replies++
			}
		}
	}
	line("notifications %d, replies by Kafka %d; %d nodes at seq %d with one state", notes, replies, len(seen.Nodes), seen.Fold.Seq)
	for i, s := range stalls(requests, seen, list, 5) {
		name := "longest time without a decision"
		if i > 0 {
			name = "next"
		}
		line("%s: %.1f s at %s; broken then: %s", name, s.until.Sub(s.from).Seconds(), s.from.UTC().Format("15:04:05"), strings.Join(s.broken, ", "))
	}
	for _, k := range kinds {
		line("%s: %d", k, found.count(k))
	}
	for _, f := range found[:min(50, len(found))] {
		line("  %s: %s", f.kind, f.text)
	}
}

func byKind(list []*fault) string {
	of := map[string]int{}
	for _, f := range list {
		what, _, _ := strings.Cut(f.Member, "-")
		of[what+" "+f.Way]++
	}
	return counts(of)
}

func counts(of map[string]int) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(of)) {
		parts = append(parts, fmt.Sprintf("%s %d", name, of[name]))
	}
	return strings.Join(parts, ", ")
}
